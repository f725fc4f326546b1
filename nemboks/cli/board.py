"""`nemboks cvr board`: which companies need somebody, the worst first."""

from datetime import datetime
from typing import Any

import click

from nemboks.cli.output import Call, Row, acting, age, line, minute, spaced, table
from nemboks.desk import board as desk
from nemboks.desk.access import Asking
from nemboks.desk.board_lights import SIGNS, Light
from nemboks.desk.words import Item


@click.command(
    epilog="""\b
Examples:
  nemboks cvr board
  nemboks cvr board --as bo@revisor.dk --limit 20
  nemboks cvr board --json | jq '.items[] | select(.light == "red") | .cvr'"""
)
@click.option("--account", default="", metavar="NAME", help="Only the companies of this account.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many lines; the counts are of all.")
@acting
def board(call: Call, asking: Asking, account: str, limit: int | None) -> None:
    """One line per company that you see, the worst first: red needs somebody now, yellow is worth a look."""
    whole = call.with_store(lambda store: desk.board(store, asking, account, limit, call.lang))
    call.answer("board", whole, lambda: show(call, whole))


def attach(group: click.Group) -> None:
    """Makes the command one of the group."""
    group.add_command(board)


def show(call: Call, whole: Item) -> None:
    """Print the board as text."""
    counted: dict[str, Any] = whole["counts"]
    line(", ".join(f"{SIGNS[light].to(call.lang)}: {counted[light]}" for light in Light), bold=True)
    if not whole["items"]:
        line(call.word("Ingen postkasser at vise.", "No mailboxes to show."))
        return
    columns = (
        "",
        "CVR",
        call.word("Venter", "Waiting"),
        call.word("Holdt", "Held"),
        call.word("Ældste", "Oldest"),
        call.word("Navn", "Name"),
    )
    table(columns, [_row(call, item) for item in whole["items"]])
    if more := sum(counted.values()) - whole["shown"]:
        line(call.word(f"og {more} til: uden --limit vises alle", f"and {more} more: without --limit all are shown"))


def _row(call: Call, item: Item) -> Row:
    cells = (
        item["light_text"],
        spaced(item["cvr"]),
        _count(item["waiting"]),
        _count(item["held"]),
        age(item["oldest_seconds"]),
        item["name"] + (f" ({item['reference']})" if item["reference"] else ""),
    )
    facts = (
        item["address"] or "",
        _at(call.word("sidste brev", "last letter"), item["last_letter_at"], call),
        _at(call.word("sidst kigget", "last look"), item["listed_at"], call),
    )
    return cells, item["text"], " · ".join(filter(None, facts))


def _at(what: str, at: datetime | None, call: Call) -> str:
    return f"{what} {minute(at, call.lang)}" if at else ""


def _count(number: int | None) -> str:
    return "–" if number is None else str(number)
