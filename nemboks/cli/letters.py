"""`nemboks letter`: see letters, try one again now, let a held one go on. Contents are never shown."""

import re
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from nemboks.cli.kinds import in_words
from nemboks.cli.letter_text import show_list, show_page
from nemboks.cli.output import Call, Group, acting
from nemboks.content.announcement_facts import letters_words
from nemboks.content.texts import DENMARK
from nemboks.desk import letters as desk
from nemboks.desk.access import Asking
from nemboks.desk.references import number_of
from nemboks.desk.words import Item, state_words
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Cvr

if TYPE_CHECKING:
    from nemboks.store.store import Store

UNITS = {"m": 60, "h": 3_600, "d": 86_400}


class CvrType(click.ParamType[Cvr]):
    """A CVR number on the command line."""

    name = "cvr"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Cvr:
        try:
            return Cvr(str(value))
        except ValueError as error:
            da = f"{value!r} er ikke et CVR-nummer: det har otte cifre, for eksempel 13748136"
            self.fail(in_words(ctx, da, str(error)), param, ctx)


class Since(click.ParamType[datetime]):
    """A moment: a date, a date and time (Danish where it names no zone), or how long ago, such as 2d."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        from nemboks.clock import RealClock

        if isinstance(value, datetime):
            return value
        if ago := re.fullmatch(r"([0-9]{1,5})([mhd])", value):
            return RealClock().now() - timedelta(seconds=int(ago[1]) * UNITS[ago[2]])
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            da = f"{value!r} er ikke et tidspunkt; skriv 2026-11-21, 2026-11-21T14:05, 30m, 6h eller 2d"
            en = f"{value!r} is no moment; write 2026-11-21, 2026-11-21T14:05, 30m, 6h or 2d"
            self.fail(in_words(ctx, da, en), param, ctx)
        return at if at.tzinfo else at.replace(tzinfo=DENMARK)


LETTER = click.argument("name", metavar="LETTER")


def with_letter(
    call: Call, asking: Asking, name: str, act: Callable[["Store", int], Coroutine[Any, Any, Item]]
) -> Item:
    """What `act` answers, handed the letter's number; `name` is that, or the reference in its mail. NotFound."""

    async def named(store: "Store") -> Item:
        return await act(store, await number_of(store, asking, name))

    return call.with_store(named)


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  nemboks letter list --state held
  nemboks letter show 17
  nemboks letter show 7F3K-92QD  by the reference in its mail""",
)
def letter() -> None:
    """See letters; try again; release."""


@letter.command(
    "list",
    epilog="""\b
Examples:
  nemboks letter list --state waiting --since 2d
  nemboks letter list --cvr 13748136 --limit 20 --json""",
)
@click.option("--state", type=click.Choice(State, case_sensitive=False), help="Only letters in this state.")
@click.option("--cvr", type=CvrType(), help="Only letters of this mailbox.")
@click.option("--since", type=Since(), help="Only letters found since: 2026-11-21, 6h, 2d …")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
@acting
def list_(call: Call, asking: Asking, state: State | None, cvr: Cvr | None, since: datetime | None, limit: int) -> None:
    """Letters, the latest found first; without titles."""
    items = call.with_store(lambda store: desk.letter_list(store, asking, state, cvr, since, limit))
    call.answer("letters", {"items": items}, lambda: show_list(call, items))


@letter.command(
    epilog="""\b
Examples:
  nemboks letter show 17
  nemboks letter show 7F3K-92QD --json --lang en"""
)
@LETTER
@acting
def show(call: Call, asking: Asking, name: str) -> None:
    """One letter's whole way: every step, every attempt with the server's own words, and the proofs.

    LETTER is its number, or the reference that stands in its mail (7F3K-92QD).
    """
    item = with_letter(call, asking, name, lambda store, number: desk.letter_show(store, asking, number, call.lang))
    call.answer("letter", {"item": item}, lambda: show_page(call, item))


@letter.command(
    epilog="""\b
Examples:
  nemboks letter retry 17
  nemboks letter retry --cvr 13748136
  nemboks letter retry --all             after a mail server was mended"""
)
@click.argument("name", metavar="[LETTER]", required=False)
@click.option("--cvr", type=CvrType(), help="Every letter of this mailbox that waits for its time.")
@click.option("--all", "every", is_flag=True, help="Of every mailbox that you may do it for.")
@acting
def retry(call: Call, asking: Asking, name: str | None, cvr: Cvr | None, every: bool) -> None:
    """Try a waiting letter now instead of at its time; or all that wait, once what stood in their way was mended.

    Of many the oldest goes first, at the pace that [rates] and each mail server allow; a server that did not answer is
    tried with one letter within five minutes. Copies, and letters with an uncertain end, keep their own time.
    """
    if [name is not None, cvr is not None, every].count(True) != 1:
        raise click.UsageError("say one letter, --cvr CVR or --all")
    if name is None:
        number = call.with_store(lambda store: desk.retry_waiting(store, asking, cvr))
        words = call.word(
            f"{letters_words(number, 'da').capitalize()} står nu for tur.",
            f"{letters_words(number, 'en').capitalize()} due now.",
        )
        call.answer("retried", {"letters": number}, lambda: click.echo(words))
        return
    _moved(call, with_letter(call, asking, name, lambda store, number: desk.retry(store, asking, number)))


@letter.command(
    epilog="""\b
Example:
  nemboks letter release 17"""
)
@LETTER
@acting
def release(call: Call, asking: Asking, name: str) -> None:
    """Let a letter that is on hold go on. After an uncertain ending it may then arrive twice."""
    _moved(call, with_letter(call, asking, name, lambda store, number: desk.release(store, asking, number)))


def _moved(call: Call, item: Item) -> None:
    state = state_words(item).to(call.lang)
    words = call.word(f"Brev {item['id']}: {state}, prøves nu.", f"Letter {item['id']}: {state}, tried now.")
    call.answer("letter", {"item": item}, lambda: click.echo(words))
