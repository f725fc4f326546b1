"""`nemboks status`: does the post come through? And `nemboks version`."""

import platform
import sys
from importlib import metadata
from pathlib import Path

import click

from nemboks.cli.errors import ATTENTION, CRITICAL
from nemboks.cli.output import Call, Row, acting, age, line, minute, options, spaced, table
from nemboks.desk import status as desk
from nemboks.desk.access import Asking
from nemboks.desk.words import Item, by_words


@click.command(
    epilog="""\b
Examples:
  nemboks status
  nemboks status --json | jq '.items[] | select(.attention)'"""
)
@acting
def status(call: Call, asking: Asking) -> None:
    """One line per mailbox, the oldest undelivered letter first.

    Exits with 0 when all is well, with 5 when letters are held or late, when people were told of a trouble that is not
    solved or when Digital Post refuses a mailbox, and with 6 when nobody looks into the mailboxes.
    """
    from nemboks.clock import RealClock

    now = RealClock().now()
    whole = call.with_store(lambda store: desk.status(store, asking, now))
    call.answer("status", whole, lambda: show(call, whole), ok=whole["state"] == desk.OK)
    if whole["state"] != desk.OK:
        sys.exit(CRITICAL if whole["state"] == desk.CRITICAL else ATTENTION)


def show(call: Call, whole: Item) -> None:
    """Print the whole as text."""
    line(desk.HEADLINES[whole["state"]].to(call.lang), bold=True)
    if not whole["items"]:
        line(call.word("Ingen postkasser endnu: `nemboks cvr add`.", "No mailboxes yet: `nemboks cvr add`."))
        return
    columns = (
        "CVR",
        call.word("Venter", "Waiting"),
        call.word("Holdt", "Held"),
        call.word("Ældste", "Oldest"),
        call.word("Sidst set efter", "Last look"),
        call.word("Navn", "Name"),
    )
    table(columns, [_row(call, item) for item in whole["items"]])


def _row(call: Call, item: Item) -> Row:
    state = desk.MAILBOX_STATES[item["state"]].to(call.lang)
    why = by_words(item["paused_by"]).to(call.lang) if item["paused_by"] else item["trouble"]
    cells = (
        spaced(item["cvr"]),
        str(item["waiting"]),
        str(item["held"]),
        age(item["oldest_seconds"]),
        minute(item["listed_at"], call.lang),
        item["name"],
    )
    notes = [item["standing"][call.lang]] if item["standing"] else []
    notes += [] if item["state"] == desk.OK else [f"{state} ({why})" if why else state]
    if item["unusable"]:
        notes.append(call.word("har post i Digital Post, som vi ikke kan hente", "has post that we cannot fetch"))
    if number := item["incidents"]:
        da = "1 uløst problem" if number == 1 else f"{number} uløste problemer"
        en = "1 unsolved trouble" if number == 1 else f"{number} unsolved troubles"
        notes.append(call.word(f"{da}: se `nemboks notices`", f"{en}: see `nemboks notices`"))
    return cells, "; ".join(notes)


@click.command(
    epilog="""\b
Example:
  nemboks version --json"""
)
@options
def version(call: Call) -> None:
    """Show the version of Nemboks and of Python."""
    ours = _version()
    values = {"version": ours, "python": platform.python_version()}
    call.answer("version", values, lambda: line(f"nemboks {ours} (Python {values['python']})"))


def _version() -> str:
    """The installed version; beside its source, the one that pyproject.toml names."""
    try:
        return metadata.version("nemboks")
    except metadata.PackageNotFoundError:
        import tomllib

        project = Path(__file__).resolve().parents[2] / "pyproject.toml"
        return f"{tomllib.loads(project.read_text())['project']['version']}+source"
