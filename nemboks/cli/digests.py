"""`nemboks digest`: the morning's mail about many companies, looked at, sent now, or switched on."""

import click

from nemboks.cli.letters import CvrType
from nemboks.cli.output import Call, Group, acting, line
from nemboks.desk import digests as desk
from nemboks.desk.access import Asking
from nemboks.desk.words import Item
from nemboks.domain.mailbox import Cvr


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  nemboks digest preview --account "Revision Syd"
  nemboks digest set --account "Revision Syd" on --as bo@revisor.dk""",
)
def digest() -> None:
    """The mail of every morning at seven: problems first, then deadlines and who got post."""


@digest.command(
    epilog="""\b
Examples:
  nemboks digest preview --account "Revision Syd" --as bo@revisor.dk
  nemboks digest preview --cvr 13748136 --lang en"""
)
@click.option("--account", default="", metavar="NAME", help="Of all companies of this account.")
@click.option("--cvr", type=CvrType(), help="Of this company.")
@acting
def preview(call: Call, asking: Asking, account: str, cvr: Cvr | None) -> None:
    """What the digest would say now, of the time since seven o'clock. Nothing is sent."""
    item = call.with_store(lambda store: desk.digest_preview(store, asking, account, cvr, call.lang))
    call.answer("digest", {"item": item}, lambda: show(call, item))


@digest.command(
    epilog="""\b
Example:
  nemboks digest send --cvr 13748136 --as anna@bageriet.dk"""
)
@click.option("--account", default="", metavar="NAME", help="Of all companies of this account.")
@click.option("--cvr", type=CvrType(), help="Of this company.")
@acting
def send(call: Call, asking: Asking, account: str, cvr: Cvr | None) -> None:
    """Send the digest now, of the time since seven o'clock. The one of the morning comes as ever."""
    item = call.with_store(lambda store: desk.digest_send(store, asking, account, cvr))
    words = call.word(f"Digesten er på vej til {item['to']}.", f"The digest is on its way to {item['to']}.")
    call.answer("digest", {"item": item}, lambda: line(words))


@digest.command(
    "set",
    epilog="""\b
Examples:
  nemboks digest set --account "Revision Syd" on
  nemboks cvr set 13748136 --digest post@bageriet.dk     of one company""",
)
@click.option("--account", required=True, metavar="NAME", help="Whose clients it is about.")
@click.argument("choice", type=click.Choice(["on", "off"]))
@acting
def set_(call: Call, asking: Asking, account: str, choice: str) -> None:
    """Whether an account's own e-mail gets a digest of all its clients every morning."""
    item = call.with_store(lambda store: desk.digest_set(store, asking, account, choice == "on"))
    every = call.word(f"Hver morgen kl. 7 til {item['to']}.", f"Every morning at 7 to {item['to']}.")
    words = every if item["digest"] else call.word("Ingen digest mere.", "No digest any more.")
    call.answer("digest", {"item": item}, lambda: line(words))


def show(call: Call, item: Item) -> None:
    """Print the digest as it would be mailed."""
    if item["text"] is None:
        line(call.word("Der er intet at fortælle; ingen mail.", "There is nothing to tell; no mail."))
        return
    line(item["subject"], bold=True)
    line("")
    for one in item["text"].splitlines():
        line(one)
