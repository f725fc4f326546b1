"""`nemboks cvr fetch` and `cvr set`: look now; what a company is called, and how its letters are kept."""

from typing import Any, Final

import click

from nemboks.cli.letters import CvrType
from nemboks.cli.output import Call, acting, line, spaced
from nemboks.desk import cvrs as desk
from nemboks.desk.access import Asking
from nemboks.desk.cvrs import NAME, NONE, REFERENCE, Chosen
from nemboks.desk.words import Item
from nemboks.domain.mailbox import Address, Cvr

OFF: Final = "off"


class AddressOrOff(click.ParamType[str]):
    """An address, or `off` for none."""

    name = "address|off"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value == OFF:
            return NONE
        try:
            return Address(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command(
    epilog="""\b
Example:
  nemboks cvr fetch 13748136"""
)
@click.argument("cvr_number", type=CvrType(), metavar="CVR")
@acting
def fetch(call: Call, asking: Asking, cvr_number: Cvr) -> None:
    """Look into the mailbox now. A running daemon does so within two seconds."""
    item = call.with_store(lambda store: desk.fetch_now(store, asking, cvr_number))
    da, en = "Vi ser efter post nu.", "we look for post now."
    if item["asks_the_register"]:
        da, en = "Vi spørger Digital Post, om der nu er givet adgang.", "we ask Digital Post whether we are let in now."
    words = call.word(f"CVR {spaced(cvr_number)}: {da}", f"CVR {spaced(cvr_number)}: {en}")
    call.answer("cvr", {"item": item}, lambda: line(words))


@click.command(
    "set",
    epilog="""\b
Examples:
  nemboks cvr set 13748136 --keep-days 3 --reference K-1042
  nemboks cvr set 13748136 --second-contact anna@andet-firma.dk --as anna
  nemboks cvr set 13748136 --digest off""",
)
@click.argument("cvr_number", type=CvrType(), metavar="CVR")
@click.option("--keep-days", type=int, help="Days that a letter stays in Digital Post after its delivery: 0 to 5.")
@click.option("--name", help="The company's name, for people.")
@click.option("--reference", help="Your own number for it.")
@click.option("--neutral-subject/--no-neutral-subject", default=None, help="Subjects without a letter's title.")
@click.option("--digest", type=AddressOrOff(), help="Gets a digest every morning.")
@click.option(
    "--second-contact", type=AddressOrOff(), help="Is told when the address fails; the one before hears of it."
)
@acting
def set_(
    call: Call, asking: Asking, cvr_number: Cvr, keep_days: int | None, name: str | None, reference: str | None,
    neutral_subject: bool | None, digest: str | None, second_contact: str | None,
) -> None:  # fmt: skip
    """Change what a company is called, and how its letters are kept. Says nothing of where they go."""
    name, reference = _short(name, NAME, "--name"), _short(reference, REFERENCE, "--reference")
    chosen = Chosen(keep_days, name, reference, neutral_subject, digest, second_contact)
    if chosen == Chosen():
        raise click.UsageError("say what is to be changed; see --help")
    declared = [box.cvr for box in call.settings().mailboxes]
    item = call.with_store(lambda store: desk.cvr_set(store, asking, cvr_number, chosen, declared))
    call.answer("cvr", {"item": item}, lambda: _show(call, item))


def attach(group: click.Group) -> None:
    """Nothing; the commands are in the group."""
    group.add_command(fetch)
    group.add_command(set_)


def _short(text: str | None, most: int, option: str) -> str | None:
    if text is not None and (len(text) > most or not text.isprintable()):
        raise click.BadParameter(f"one line of at most {most} characters", param_hint=option)
    return text


def _show(call: Call, item: Item) -> None:
    line(f"CVR {spaced(item['cvr'])}  {item['name'] or '–'}")
    yes_no = call.word("ja", "yes") if item["neutral_subject"] else call.word("nej", "no")
    for label, value in (
        (call.word("Reference", "Reference"), item["reference"]),
        (call.word("Dage i Digital Post", "Days in Digital Post"), str(item["keep_days"])),
        (call.word("Neutralt emne", "Neutral subject"), yes_no),
        (call.word("Digest til", "Digest to"), item["digest"]),
        (call.word("Anden kontakt", "Second contact"), item["second_contact"]),
    ):
        line(f"    {label}: {value or '–'}")
