"""`nemboks plan`: set an account's plan, cancel it, undo that until the end."""

from datetime import datetime

import click

from nemboks.cli.accounts import plan_words
from nemboks.cli.kinds import MomentType
from nemboks.cli.output import Call, Group, acting, line
from nemboks.desk import plans as desk
from nemboks.desk.access import Asking
from nemboks.desk.words import Item


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  nemboks plan set "Bageriet ApS" Basis --paid-until 01-01-2027
  nemboks plan cancel "Bageriet ApS" --as anna
  nemboks plan undo "Bageriet ApS" --as anna""",
)
def plan() -> None:
    """What an account may use, and until when."""


@plan.command(
    "set",
    epilog="""\b
Example:
  nemboks plan set "Bageriet ApS" Pro --paid-until 01-01-2027""",
)
@click.argument("account")
@click.argument("plan_name", metavar="PLAN")
@click.option("--paid-until", type=MomentType(), help="Till when it is paid; of a date its first minute.")
@acting
def set_(call: Call, asking: Asking, account: str, plan_name: str, paid_until: datetime | None) -> None:
    """Give an account a plan of the settings' [plans]. One that was cancelled goes on; one that ended begins anew."""
    sold = call.settings().sold
    item = call.with_store(lambda store: desk.plan_set(store, asking, account, plan_name, sold, paid_until))
    _answer(call, item)


@plan.command(
    epilog="""\b
Example:
  nemboks plan cancel "Bageriet ApS" --as anna"""
)
@click.argument("account")
@acting
def cancel(call: Call, asking: Asking, account: str) -> None:
    """Cancel: it runs until what is paid for is over, else until the month's end.

    Then nothing new is fetched or sent, receipts of what was delivered still go, and new post stays in Digital Post.
    """
    _answer(call, call.with_store(lambda store: desk.plan_cancel(store, asking, account)))


@plan.command(
    epilog="""\b
Example:
  nemboks plan undo "Bageriet ApS" --as anna"""
)
@click.argument("account")
@acting
def undo(call: Call, asking: Asking, account: str) -> None:
    """Undo a cancel, until the end."""
    _answer(call, call.with_store(lambda store: desk.plan_undo(store, asking, account)))


def _answer(call: Call, item: Item) -> None:
    call.answer("plan", {"item": item}, lambda: line(f"{item['account']}: {plan_words(call, item)}"))
