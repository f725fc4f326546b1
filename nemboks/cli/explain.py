"""`nemboks explain`: why did I get no mail? Asked of a company or of one letter."""

import re

import click

from nemboks.cli.output import Call, acting, line, spaced
from nemboks.desk import explain as desk
from nemboks.desk.access import Asking
from nemboks.desk.words import Item
from nemboks.domain.mailbox import Cvr

CVR = re.compile(r"(DK)?\s*([0-9]\s*){8}", re.IGNORECASE)


@click.command(
    epilog="""\b
Examples:
  nemboks explain 13748136          why the company got no mail
  nemboks explain 17                where letter 17 is, and why
  nemboks explain 7F3K-92QD --json  by the reference in its mail"""
)
@click.argument("what", metavar="CVR|LETTER")
@acting
def explain(call: Call, asking: Asking, what: str) -> None:
    """Why did I get no mail? What stands in the way, the worst first, each with the next step.

    Eight digits are a CVR number, fewer a letter's; a reference has the form 7F3K-92QD. ! marks what puts post at risk.
    """
    if CVR.fullmatch(what.strip()):
        item = call.with_store(lambda store: desk.explain_cvr(store, asking, Cvr(what), call.lang))
    else:
        item = call.with_store(lambda store: desk.explain_letter(store, asking, what.strip(), call.lang))
    call.answer("explain", {"item": item}, lambda: show(call, item))


def show(call: Call, item: Item) -> None:
    """Print the answer as text."""
    named = f"CVR {spaced(item['cvr'])}" + (f", {item['name']}" if item["name"] else "")
    if item["about"] == "letter":
        line(
            f"{call.word('Brev', 'Letter')} {item['id']} ({item['reference']}), {named}: {item['state_text']}",
            bold=True,
        )
    else:
        line(named, bold=True)
    line(item["headline"])
    for one in item["causes"]:
        line("")
        line(f"{'!' if one['at_risk'] else '-'} {one['text']}")
        line(f"  {call.word('Næste skridt', 'Next step')}: {one['next_step']}")
        if one["technical"]:
            line(f"  {call.word('Der blev svaret', 'The answer was')}: {one['technical']}")
        if one["numbers"] and item["about"] == "cvr":
            more = " …" if one["letters"] > len(one["numbers"]) else ""
            numbers = ", ".join(map(str, one["numbers"]))
            line(f"  {call.word('Se', 'See')}: `nemboks explain {one['numbers'][0]}` ({numbers}{more})")
