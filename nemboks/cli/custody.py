"""`nemboks mailbox`: shadow mode, going live, legal hold, and comparing a mailbox with Digital Post now."""

import asyncio
import sys

import click

from nemboks.cli.errors import ATTENTION, LATER
from nemboks.cli.letters import CvrType
from nemboks.cli.output import Call, Group, acting, line, minute, spaced
from nemboks.desk import custody as desk
from nemboks.desk.access import Asking
from nemboks.desk.fuses import to_reconcile
from nemboks.desk.golive import go_live
from nemboks.desk.words import Item, Words
from nemboks.domain.mailbox import Cvr


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  nemboks mailbox shadow 13748136 --as bo
  nemboks mailbox golive 13748136 --dry-run""",
)
def mailbox() -> None:
    """Shadow mode, going live, legal hold, reconciliation of one CVR."""


@mailbox.command(
    epilog="""\b
Example:
  nemboks mailbox shadow 13748136 --days 14 --as bo"""
)
@click.argument("cvr_number", type=CvrType(), metavar="CVR")
@click.option("--days", type=click.IntRange(1, 90), default=desk.DAYS, show_default=True, help="Then you are reminded.")
@acting
def shadow(call: Call, asking: Asking, cvr_number: Cvr, days: int) -> None:
    """Forward its letters, and leave every one of them in Digital Post until somebody says go."""
    item = call.with_store(lambda store: desk.shadow(store, asking, cvr_number, days))
    until = minute(item["shadow_until"], call.lang)
    words = call.word(
        f"CVR {spaced(cvr_number)} er i prøvetid: breve sendes og bliver i Digital Post. Vi minder om det {until}.",
        f"CVR {spaced(cvr_number)} is in shadow mode: letters go, and stay in Digital Post. Reminder: {until}.",
    )
    call.answer("custody", {"item": item}, lambda: line(words))


@mailbox.command(
    epilog="""\b
Examples:
  nemboks mailbox golive 13748136 --dry-run
  nemboks mailbox golive 13748136 --as bo"""
)
@click.argument("cvr_number", type=CvrType(), metavar="CVR")
@click.option("--dry-run", is_flag=True, help="Show the report, change nothing.")
@click.option("--anyway", is_flag=True, help="Although something is not delivered; needs --reason.")
@click.option("--reason", default="", help="Why; the history keeps it.")
@acting
def golive(call: Call, asking: Asking, cvr_number: Cvr, dry_run: bool, anyway: bool, reason: str) -> None:
    """End shadow mode: from now on the receipt goes once a letter is delivered. You vouch for the address.

    Refused while a letter is not delivered, or before the first one is.
    """
    if anyway and not reason:
        raise click.UsageError("--anyway needs --reason")
    item = call.with_store(lambda store: go_live(store, asking, cvr_number, dry_run, anyway, reason))
    call.answer("golive", {"item": item}, lambda: _report(call, item))


@mailbox.command(
    "legal-hold",
    epilog="""\b
Examples:
  nemboks mailbox legal-hold 13748136 on --reason "sag 17/2026" --as clara
  nemboks mailbox legal-hold 13748136 off --reason "sagen er slut" --as clara""",
)
@click.argument("cvr_number", type=CvrType(), metavar="CVR")
@click.argument("switch", type=click.Choice(["on", "off"]))
@click.option("--reason", required=True, help="Why; the history keeps it.")
@acting
def legal_hold(call: Call, asking: Asking, cvr_number: Cvr, switch: str, reason: str) -> None:
    """While it is on, nothing leaves Digital Post and nothing that we hold is cleared."""
    item = call.with_store(lambda store: desk.legal_hold(store, asking, cvr_number, switch == "on", reason))
    words = (
        call.word("alt bevares: ingen kvitteringer, intet slettes.", "all is kept: no receipts, nothing is cleared.")
        if switch == "on"
        else call.word("bevares ikke længere; kvitteringer går igen.", "no longer kept; receipts go again.")
    )
    call.answer("custody", {"item": item}, lambda: line(f"CVR {spaced(cvr_number)}: {words}"))


@mailbox.command(
    epilog="""\b
Example:
  nemboks mailbox reconcile 13748136 --json"""
)
@click.argument("cvr_number", type=CvrType(), metavar="CVR")
@acting
def reconcile(call: Call, asking: Asking, cvr_number: Cvr) -> None:
    """Compare Digital Post, our ledger and the confirmations now, as the daemon does daily.

    Exits with 5 if they differ. Takes five minutes when a letter looks gone: it is believed after a second look.
    """
    item = asyncio.run(_reconcile(call, asking, cvr_number))
    fine = not item["differences"] and not item["trouble"]
    call.answer("reconciliation", {"item": item}, lambda: _differences(call, item), ok=fine)
    if not fine:
        sys.exit(LATER if item["trouble"] else ATTENTION)


async def _reconcile(call: Call, asking: Asking, cvr: Cvr) -> Item:
    from nemboks.journey.reconcile import reconcile as compare
    from nemboks.logs import configure
    from nemboks.wiring import reconciler

    configure(sys.stderr)  # what is logged is not part of the answer
    async with reconciler(call.settings()) as (store, world):
        box = await to_reconcile(store, asking, cvr)
        call.say(Words("Sammenligner …", "Comparing …"))
        (outcome,) = await compare([box], world)
    return {
        "cvr": cvr,
        "listed": outcome.listed,
        "differences": [{"kind": one.kind.value, "what": one.what} for one in outcome.differences],
        "trouble": outcome.trouble or None,
    }


def _report(call: Call, item: Item) -> None:
    """Print the report on a shadow mode, and what became of it."""
    letters, forwarded, waits, held = (item[name] for name in ("letters", "forwarded", "undelivered", "held"))
    half, most = (f"{item[name]} s" if item[name] is not None else "–" for name in ("median_seconds", "p95_seconds"))
    landed = minute(item["last_landing_at"], call.lang)
    lines = Words(
        f"Breve: {letters}. Leveret: {forwarded}. Ikke leveret: {waits}, heraf holdt tilbage: {held}.\n"
        f"Halvdelen var fremme efter {half}, 95 % efter {most}. Sidst set i indbakken: {landed}.",
        f"Letters: {letters}. Forwarded: {forwarded}. Not delivered: {waits}, of these held: {held}.\n"
        f"Half of them were there after {half}, 95 % after {most}. Last seen in the inbox: {landed}.",
    )
    for text in lines.to(call.lang).splitlines():
        line(text)
    if item["live"]:
        live = call.word("er sat i drift: kvitteringer går fra nu af.", "is live: receipts go from now on.")
        line(f"CVR {spaced(item['cvr'])} {live}")


def _differences(call: Call, item: Item) -> None:
    if item["trouble"]:
        line(item["trouble"])
        return
    found = item["differences"]
    line(call.word(f"{item['listed']} breve i Digital Post, ", f"{item['listed']} letters in Digital Post, ")
         + call.word(f"{len(found)} uoverensstemmelser.", f"{len(found)} differences."))  # fmt: skip
    for one in found:
        line(f"  {one['kind']} {one['what']}")
