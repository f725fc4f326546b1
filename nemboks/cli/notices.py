"""`nemboks notices`: what people were told, to whom, and whether they got it."""

from collections.abc import Sequence

import click

from nemboks.cli.output import Call, Row, acting, line, minute, table
from nemboks.desk import notices as desk
from nemboks.desk.access import Asking
from nemboks.desk.words import Item


@click.command(
    epilog="""\b
Examples:
  nemboks notices
  nemboks notices --limit 5 --json | jq '.items[] | select(.state != "sent")'
  nemboks notices --json | jq '.announcements[] | select(.state == "dropped")'"""
)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many of each."
)
@acting
def notices(call: Call, asking: Asking, limit: int) -> None:
    """Notices about trouble, then announcements of acts and dates, the latest first: what was said, to whom, and
    whether it was taken."""
    items, announcements = call.with_store(lambda store: desk.told_list(store, asking, limit, call.lang))
    call.answer("notices", {"items": items, "announcements": announcements}, lambda: show(call, items, announcements))


def show(call: Call, items: Sequence[Item], announcements: Sequence[Item]) -> None:
    """Print notices and announcements, one a line, each with its words beneath."""
    if items:
        _table(call, items)
    else:
        line(call.word("Ingen beskeder endnu: intet har været galt.", "No notices yet: nothing was wrong."))
    if announcements:
        line("")
        line(call.word("Om ændringer og datoer:", "Of changes and dates:"), bold=True)
        _table(call, announcements)


def _table(call: Call, items: Sequence[Item]) -> None:
    columns = (
        call.word("Nr.", "No."),
        call.word("Lavet", "Made"),
        call.word("Til", "To"),
        call.word("Tilstand", "State"),
        call.word("Sendt", "Sent"),
    )
    table(columns, [_row(call, item) for item in items])


def _row(call: Call, item: Item) -> Row:
    made, sent = minute(item["created_at"], call.lang), minute(item["sent_at"], call.lang)
    state, due = item["state_text"], item["next_try_at"]
    if item["state"] == "owed" and due > item["created_at"]:  # of a date that is still to come
        state += call.word(f" til {minute(due)}", f" until {minute(due, call.lang)}")
    cells = (str(item["id"]), made, item["to"], state, sent)
    if item["state"] != "failing":
        return cells, item["text"]
    again = f"{call.word('Næste forsøg', 'Next try')} {minute(item['next_try_at'], call.lang)}: {item['receipt']}"
    return cells, f"{item['text']} {again}"
