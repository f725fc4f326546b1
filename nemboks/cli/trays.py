"""`nemboks letter hold|dismiss|tray`: stop a letter, leave it in Digital Post, see what no rule fits.

The commands hang themselves on the group of letters.py, which the program takes from here.
"""

import click

from nemboks.cli.letters import LETTER, CvrType, letter, with_letter
from nemboks.cli.output import Call, acting, age, line, minute, spaced, table
from nemboks.desk import trays as desk
from nemboks.desk.access import Asking
from nemboks.desk.words import Item
from nemboks.domain.mailbox import Cvr

REASON = click.option("--reason", required=True, help="Why, for the history.")


@letter.command(
    epilog="""\b
Example:
  nemboks letter hold 17 --reason "our lawyer looks at it first" --as anna"""
)
@LETTER
@REASON
@acting
def hold(call: Call, asking: Asking, name: str, reason: str) -> None:
    """Hold a letter that was not sent yet, until somebody releases it."""
    item = with_letter(call, asking, name, lambda store, number: desk.letter_hold(store, asking, number, reason))
    words = call.word(
        f"Brev {item['id']} er holdt tilbage; frigiv det med `nemboks letter release {item['id']}`.",
        f"Letter {item['id']} is on hold; `nemboks letter release {item['id']}` lets it go on.",
    )
    call.answer("letter", {"item": item}, lambda: line(words))


@letter.command(
    epilog="""\b
Example:
  nemboks letter dismiss 17 --reason "read in Digital Post" --as anna"""
)
@LETTER
@REASON
@acting
def dismiss(call: Call, asking: Asking, name: str, reason: str) -> None:
    """Close a letter that was not sent: it stays in Digital Post, for good."""
    item = with_letter(call, asking, name, lambda store, number: desk.letter_dismiss(store, asking, number, reason))
    words = call.word(
        f"Brev {item['id']} bliver liggende i Digital Post; læs det dér.",
        f"Letter {item['id']} stays in Digital Post; read it there.",
    )
    call.answer("letter", {"item": item}, lambda: line(words))


@letter.command(
    epilog="""\b
Examples:
  nemboks letter tray
  nemboks letter tray --cvr 13748136 --json"""
)
@click.option("--cvr", type=CvrType(), help="Only of this mailbox.")
@acting
def tray(call: Call, asking: Asking, cvr: Cvr | None) -> None:
    """The letters that no rule sends anywhere, with who looks after them and how long they have waited."""
    items = call.with_store(lambda store: desk.letter_tray(store, asking, cvr))
    call.answer("letters", {"items": items}, lambda: _show(call, items))


def _show(call: Call, items: list[Item]) -> None:
    if not items:
        line(call.word("Bakken er tom.", "The tray is empty."))
        return
    columns = (
        call.word("Nr.", "No."), "CVR", call.word("Ansvarlig", "Owner"), call.word("I Digital Post", "In Digital Post"),
        call.word("Ventet", "Waited"),
    )  # fmt: skip
    rows = [
        (str(one["id"]), spaced(one["cvr"]), one["owner"] or "–", minute(one["available_at"], call.lang),
         age(one["waited_seconds"]))
        for one in items
    ]  # fmt: skip
    table(columns, [(row, "") for row in rows])
    line(call.word("Sæt en regel, der passer (`nemboks route rule add`), så går de videre af sig selv.",
                   "Set a rule that fits (`nemboks route rule add`), and they go on by themselves."))  # fmt: skip
