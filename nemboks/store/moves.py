"""One move of one letter inside a transaction: read, ask the domain, write under guard, note it down.

Promises: the rules are `domain.letter.move` and nothing else; what the row said when it was read is what it says when
it is written (id, state and fence); a letter is claimed, and its dot begun, only while its mailbox is not paused and
its route is the one the attempt names; while a legal hold is on, no contents are cleared.
"""

from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import bindparam, select, update

from nemboks.domain import letter as rules
from nemboks.domain.guard import receipt_may_go
from nemboks.domain.letter import (
    Acknowledged,
    AttemptEnded,
    Claimed,
    Cleared,
    Confirmed,
    DotBegun,
    Event,
    FetchBegun,
    Hold,
    Letter,
    PartConfirmed,
    Postponed,
    ReceiptBegun,
    Returned,
    ReturnedElsewhere,
    Stale,
    Vanished,
)
from nemboks.domain.plans import serves
from nemboks.domain.routing import BY_MAILBOX, aim, obstacle
from nemboks.store import attempts, events
from nemboks.store.copies import TAKES_EFFECT
from nemboks.store.desk_schema import estates
from nemboks.store.mailbox_rows import one
from nemboks.store.ready import Ready
from nemboks.store.rows import changes, letter_from
from nemboks.store.schema import letters
from nemboks.store.writer import Tx

READ: Final = Ready(select(letters).where(letters.c.id == bindparam("b_id")))
GUARDED: Final = update(letters).where(
    letters.c.id == bindparam("b_id"),
    letters.c.state == bindparam("b_state"),
    letters.c.fence == bindparam("b_fence"),
)
_UNSETTLED: Final = Ready(TAKES_EFFECT.where(estates.c.mailbox == bindparam("mailbox")))


def read(tx: Tx, letter: int) -> Letter:
    """The letter as the row says. Stale if there is no such row (any more)."""
    row = READ.first(tx, {"b_id": letter})
    if row is None:
        raise Stale(f"there is no letter {letter}")
    return letter_from(row)


def move(tx: Tx, seen: Letter, event: Event, at: datetime) -> Letter:
    """The letter after the event; `seen` is what the caller last saw of it. Raises Stale and changes nothing."""
    before = read(tx, seen.id)
    check(seen, before, event)
    if isinstance(event, Acknowledged | Cleared):
        event = _kept(tx, before, event)
    after = rules.move(before, event, at)
    if isinstance(event, Claimed | DotBegun):
        _may_send(tx, before, event, at)
    if isinstance(event, ReceiptBegun) and (why := receipt_may_go(before, one(tx, before.mailbox), at)):
        raise Stale(f"letter {before.id}: no receipt: {why}")
    write(tx, before, after)
    attempts.record(tx, before, event, at)
    events.moved(tx, before, after, event, at)
    return after


def step(tx: Tx, seen: Letter, event: Event, at: datetime) -> Letter:
    """`move` for a daemon's step, which saw the mailbox as well as the letter some time ago. Raises Stale, too, for a
    hold that the mailbox does not ask for any more: nobody would come again to let such a letter go on."""
    if isinstance(event, Hold) and event.reason in BY_MAILBOX:
        before = read(tx, seen.id)
        if (reason := obstacle(before, one(tx, before.mailbox), at)) != event.reason:
            raise Stale(f"letter {before.id}: {event.reason} was its obstacle, now it is {reason}")
    return move(tx, seen, event, at)


def check(seen: Letter, before: Letter, event: Event) -> None:
    """Raises Stale for what rests on an old sight of the letter, ValueError for another letter's confirmation."""
    # Two claimers saw the letter due. The first one's attempt is over and has moved the due time: look again.
    if isinstance(event, Claimed) and seen.fence != before.fence:
        raise Stale(f"letter {before.id}: attempt {before.fence} came between")
    # A slow step's trouble or hold speaks of the state that it saw, not of what others have made of the letter since.
    then, now = (seen.state, seen.fence), (before.state, before.fence)
    if isinstance(event, Postponed | Vanished | Hold | Returned | ReturnedElsewhere) and then != now:
        raise Stale(f"letter {before.id} was {then[0]} ({then[1]}) and is {now[0]} ({now[1]})")
    # Seen without its dot, it would be due again as a cut one: within a minute, while its mail may be on its way.
    if isinstance(event, AttemptEnded) and seen.dot_begun_at != before.dot_begun_at:
        raise Stale(f"letter {before.id}: its dot came between")
    # The seal that the row names may hold the only bytes there are (a fetch may take the letter off the list).
    if isinstance(event, FetchBegun) and seen.contents != before.contents:
        raise Stale(f"letter {before.id}: another fetch came between")
    if isinstance(event, Confirmed | PartConfirmed) and event.confirmation.letter != before.id:
        raise ValueError(f"a confirmation of letter {event.confirmation.letter} cannot forward letter {before.id}")


def write(tx: Tx, before: Letter, after: Letter) -> None:
    """Writes the letter, if the row is still what was read (on PostgreSQL another writer may come between)."""
    guard = {"b_id": before.id, "b_state": before.state, "b_fence": before.fence}
    changed = changes(before, after)
    if _write(frozenset(changed)).run(tx, {**guard, **changed}) != 1:
        raise Stale(f"letter {before.id}: another was first")


@cache  # one statement for each set of columns that some event writes: some forty
def _write(columns: frozenset[str]) -> Ready:
    return Ready(GUARDED.values({name: bindparam(name) for name in sorted(columns)}))


def _kept(tx: Tx, letter: Letter, event: Acknowledged | Cleared) -> Acknowledged | Cleared:
    """The event without its clearing, or Stale, while a legal hold keeps the mailbox's contents."""
    if one(tx, letter.mailbox).custody.legal_hold_since is None:
        return event
    if isinstance(event, Cleared):
        raise Stale(f"letter {letter.id}: a legal hold keeps its contents")
    return replace(event, keep=True)


def _may_send(tx: Tx, letter: Letter, event: Claimed | DotBegun, at: datetime) -> None:
    """Raises Stale unless the letter may go now, to the address that the attempt names and by the route it names."""
    box = one(tx, letter.mailbox)
    if box.paused_at is not None:
        raise Stale(f"letter {letter.id}: its mailbox is paused")
    if not serves(box.serves_until, at):
        raise Stale(f"letter {letter.id}: the plan has ended")
    if reason := obstacle(letter, box, at):
        raise Stale(f"letter {letter.id}: {reason}")
    # Between a second kurator's time and the act that gives the mailbox to him, the first one's route still stands.
    if box.frozen_at is not None and _UNSETTLED.first(tx, {"mailbox": box.id, "now": at}) is not None:
        raise Stale(f"letter {letter.id}: an estate takes effect now")
    target = aim(box.route, letter, at)
    if isinstance(event, Claimed):
        named: tuple[int, str, str] | None = (event.route_version, event.address, event.server)
    else:
        named = attempts.aimed_at(tx, letter, event.fence)
    if target is None or named != (box.route.version, target.address, target.server):
        raise Stale(f"letter {letter.id}: its route has changed")
