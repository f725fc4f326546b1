"""`nemboks fuse`: whether the delete fuse has tripped, and resetting it with a reason."""

import sys

import click

from nemboks.cli.errors import ATTENTION
from nemboks.cli.letters import CvrType
from nemboks.cli.output import Call, Group, Row, acting, line, spaced, table
from nemboks.desk import fuses as desk
from nemboks.desk.access import Asking
from nemboks.desk.words import Item
from nemboks.domain.mailbox import Cvr


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  nemboks fuse show
  nemboks fuse reset 13748136 --reason "row restored from backup" --as dorte""",
)
def fuse() -> None:
    """See and reset the delete fuse: tripped, letters are forwarded and nothing leaves Digital Post."""


@fuse.command(
    epilog="""\b
Example:
  nemboks fuse show --json"""
)
@acting
def show(call: Call, asking: Asking) -> None:
    """Tripped mailboxes first, then what left Digital Post in the last hour. Exits with 5 if one has tripped."""
    items = call.with_store(lambda store: desk.fuse_show(store, asking))
    fine = not any(item["fuse"] for item in items)
    call.answer("fuses", {"items": items}, lambda: _show(call, items), ok=fine)
    if not fine:
        sys.exit(ATTENTION)


@fuse.command(
    epilog="""\b
Examples:
  nemboks fuse reset 13748136 --reason "row restored from backup" --as dorte
  nemboks fuse reset --all --reason "a great mailing; ceiling raised" --as dorte"""
)
@click.argument("cvr_number", type=CvrType(), metavar="[CVR]", required=False)
@click.option("--all", "every", is_flag=True, help="Every fuse that has tripped.")
@click.option("--reason", required=True, help="What was found; the history keeps it.")
@acting
def reset(call: Call, asking: Asking, cvr_number: Cvr | None, every: bool, reason: str) -> None:
    """Let receipts go again, after somebody has looked at why they were stopped."""
    if every is (cvr_number is not None):
        raise click.UsageError("name a CVR, or --all")
    items = call.with_store(lambda store: desk.fuse_reset(store, asking, cvr_number, reason))
    call.answer("fuses", {"items": items}, lambda: _reset(call, items))


def _show(call: Call, items: list[Item]) -> None:
    if not items:
        line(call.word("Sikringen holder; intet er fjernet den sidste time.", "The fuse holds; nothing left lately."))
        return
    columns = ("CVR", call.word("Sikring", "Fuse"), call.word("Sidste time", "Last hour"), call.word("Navn", "Name"))
    table(columns, [_row(call, item) for item in items])


def _row(call: Call, item: Item) -> Row:
    state = call.word("sprunget", "tripped") if item["fuse"] else call.word("holder", "holds")
    why = call.word(item["why_da"] or "", item["why_en"] or "")
    return (spaced(item["cvr"]), state, str(item["let_through"]), item["name"]), why


def _reset(call: Call, items: list[Item]) -> None:
    for item in items:
        owed = item["receipts_owed"]
        line(
            call.word(
                f"CVR {spaced(item['cvr'])}: sikringen er slået til igen; {owed} kvitteringer går nu.",
                f"CVR {spaced(item['cvr'])}: the fuse holds again; {owed} receipts go now.",
            )
        )
