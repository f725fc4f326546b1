"""`nemboks notices`: what people were told, to whom, and whether they got it."""

import click

from nemboks.cli.output import Call, Row, line, minute, options, table
from nemboks.desk import notices as desk
from nemboks.desk.words import Item


@click.command(
    epilog="""\b
Examples:
  nemboks notices
  nemboks notices --limit 5 --json | jq '.items[] | select(.state != "sent")'"""
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
@options
def notices(call: Call, limit: int) -> None:
    """Notices about trouble, the latest first: what was wrong, who was told, and whether it was taken."""
    items = call.with_store(lambda store: desk.notice_list(store, limit, call.lang))
    call.answer("notices", {"items": items}, lambda: show(call, items))


def show(call: Call, items: list[Item]) -> None:
    """Print notices, one a line, each with its words beneath."""
    if not items:
        line(call.word("Ingen beskeder endnu: intet har været galt.", "No notices yet: nothing was wrong."))
        return
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
    cells = (str(item["id"]), made, item["to"], item["state_text"], sent)
    if item["state"] != "failing":
        return cells, item["text"]
    again = f"{call.word('Næste forsøg', 'Next try')} {minute(item['next_try_at'], call.lang)}: {item['receipt']}"
    return cells, f"{item['text']} {again}"
