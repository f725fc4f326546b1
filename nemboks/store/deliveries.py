"""The Deliveries port on the ledger: a letter's further recipients, each with a small life of its own.

Promises: the rules are `domain.delivery.step` and nothing else; a delivery is claimed, and its dot begun, only while
its mailbox is not paused, the current route names this recipient, and the letter is one that may go to people.
Never: touches the letter.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, insert, or_, select, update

from nemboks.domain.delivery import Delivery, DeliveryEvent, DeliveryState, step
from nemboks.domain.letter import AttemptEnded, Claimed, Confirmed, DotBegun, Hold, Letter, PartConfirmed, Stale
from nemboks.domain.mailbox import Recipient
from nemboks.ports import Clock
from nemboks.store import attempts, events
from nemboks.store.copies import CURRENT, MAY_GO, NAMES_RECIPIENT, NOT_FROZEN, SERVED
from nemboks.store.reader import Reader
from nemboks.store.ready import Ready
from nemboks.store.rows import delivery_changes, delivery_from, delivery_values
from nemboks.store.schema import deliveries, letters, mailboxes, routes
from nemboks.store.writer import Tx, Writer

READ: Final = Ready(select(deliveries).where(deliveries.c.id == bindparam("id")))
_OF_LETTER: Final = Ready(
    select(deliveries).where(deliveries.c.letter_id == bindparam("letter")).order_by(deliveries.c.id)
)
_GOING: Final = (
    select(deliveries)
    .join_from(deliveries, letters)
    .join(mailboxes, mailboxes.c.id == deliveries.c.mailbox_id)
    .join(routes, CURRENT)
    .where(mailboxes.c.paused_at.is_(None), SERVED, NOT_FROZEN, MAY_GO, NAMES_RECIPIENT)
)


def due_where(*also: ColumnElement[bool]) -> Ready:
    """The statement of `due`, with these conditions besides."""
    return Ready(
        _GOING.where(
            deliveries.c.state == DeliveryState.WAITING,
            deliveries.c.due_at <= bindparam("now"),
            deliveries.c.mailbox_id.not_in(bindparam("without", expanding=True)),
            deliveries.c.destination.not_in(bindparam("busy", expanding=True)),
            *also,
        )
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(bindparam("most")),
        lists=("without", "busy"),
    )


DUE: Final = due_where()
MAY_SEND: Final = Ready(_GOING.where(deliveries.c.id == bindparam("id")).with_only_columns(deliveries.c.id))
_SENDING = select(deliveries).where(deliveries.c.state == DeliveryState.SENDING).order_by(deliveries.c.deadline_at)
SENDING: Final = Ready(_SENDING)
OVERDUE: Final = Ready(
    _SENDING.where(
        or_(
            and_(deliveries.c.dot_begun_at.is_(None), deliveries.c.deadline_at <= bindparam("now")),
            deliveries.c.deadline_at <= bindparam("grace_from"),
        )
    )
)
INSERT: Final = insert(deliveries)
GUARDED: Final = update(deliveries).where(
    deliveries.c.id == bindparam("b_id"),
    deliveries.c.state == bindparam("b_state"),
    deliveries.c.fence == bindparam("b_fence"),
)


class SqlDeliveries:
    """A letter's further recipients."""

    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer, self._reader, self._clock = writer, reader, clock

    async def plan(self, letter: Letter, recipients: Sequence[Recipient], at: datetime) -> Sequence[Delivery]:
        """The letter's deliveries after these recipients were added, due at once."""
        return await self._writer.step(lambda tx: plan(tx, letter, recipients, at))

    async def of(self, letter: int) -> Sequence[Delivery]:
        """The letter's deliveries, in the order in which they were planned."""
        return await self._reader.glance(lambda tx: _of(tx, letter))

    async def get(self, delivery: int) -> Delivery:
        """The delivery. Stale if there is none."""
        return await self._reader.glance(lambda tx: _read(tx, delivery))

    async def due(
        self, now: datetime, limit: int, without: Collection[int] = (), busy: Collection[str] = ()
    ) -> Sequence[Delivery]:
        """WAITING deliveries whose time has come and that may go now, oldest due first."""
        values = {"now": now, "most": limit, "without": list(without), "busy": list(busy)}
        return await self._reader.read(lambda tx: deliveries_of(tx, DUE, values))

    async def move(self, delivery: Delivery, event: DeliveryEvent) -> Delivery:
        """The delivery after the event, committed. Raises Stale; then nothing changed."""
        must = delivery.state is DeliveryState.SENDING and not isinstance(event, DotBegun)
        return await self._writer.step(lambda tx: _move(tx, delivery, event, self._clock.now()), must)

    async def overdue(self, now: datetime, grace_seconds: float, sole: bool) -> Sequence[Delivery]:
        """SENDING deliveries whose attempt may be ended, the longest overdue first."""
        if sole:
            return await self._reader.read(lambda tx: deliveries_of(tx, SENDING, {}))
        values = {"now": now, "grace_from": now - timedelta(seconds=grace_seconds)}
        return await self._reader.read(lambda tx: deliveries_of(tx, OVERDUE, values))


def deliveries_of(tx: Tx, statement: Ready, values: dict[str, Any]) -> list[Delivery]:
    """The deliveries that the statement brings."""
    return [delivery_from(row) for row in statement.all(tx, values)]


def _of(tx: Tx, letter: int) -> list[Delivery]:
    return deliveries_of(tx, _OF_LETTER, {"letter": letter})


def _read(tx: Tx, delivery: int) -> Delivery:
    found = deliveries_of(tx, READ, {"id": delivery})
    if not found:
        raise Stale(f"there is no delivery {delivery}")
    return found[0]


def plan(tx: Tx, letter: Letter, recipients: Sequence[Recipient], at: datetime) -> list[Delivery]:
    """The letter's deliveries after these recipients were added."""
    plan_new(tx, letter, recipients, at)
    return _of(tx, letter.id)


def plan_new(tx: Tx, letter: Letter, recipients: Sequence[Recipient], at: datetime) -> int:
    """How many of these recipients the letter did not have yet."""
    known = {(one.role, one.address, one.server) for one in _of(tx, letter.id)}
    new = [one for one in dict.fromkeys(recipients) if (one.role, one.address, one.server) not in known]
    for one in new:
        planned = Delivery(
            0, letter.id, letter.mailbox, one.role, one.address, one.server, DeliveryState.WAITING, at, at
        )
        tx.execute(INSERT, delivery_values(planned))
        told = {"role": one.role.value, "address": one.address.masked, "server": one.server}
        events.add(tx, events.row(letter.mailbox, "copy_planned", at, told, letter.id))
    return len(new)


def _move(tx: Tx, seen: Delivery, event: DeliveryEvent, at: datetime) -> Delivery:
    before = _read(tx, seen.id)
    _check(seen, before, event)
    after = step(before, event, at)
    if isinstance(event, Claimed | DotBegun) and MAY_SEND.first(tx, {"id": before.id, "now": at}) is None:
        raise Stale(f"delivery {before.id}: its mailbox is paused, its route has changed, or its letter may not go")
    changed = delivery_changes(before, after)
    guard = {"b_id": before.id, "b_state": before.state, "b_fence": before.fence}
    if tx.execute(GUARDED.values(changed), guard).rowcount != 1:
        raise Stale(f"delivery {before.id}: another was first")
    attempts.record(tx, before, event, at)
    _note(tx, after, event, at)
    return after


def _check(seen: Delivery, before: Delivery, event: DeliveryEvent) -> None:
    """As moves.check, for a further recipient."""
    if isinstance(event, Claimed):
        if seen.fence != before.fence:
            raise Stale(f"delivery {before.id}: attempt {before.fence} came between")
        if (event.address, event.server) != (before.address, before.server):
            raise Stale(f"delivery {before.id}: the claim names another recipient")
    if isinstance(event, AttemptEnded) and seen.dot_begun_at != before.dot_begun_at:
        raise Stale(f"delivery {before.id}: its dot came between")
    if isinstance(event, Hold) and seen.state is not before.state:
        raise Stale(f"delivery {before.id} was {seen.state} and is {before.state}")
    if isinstance(event, Confirmed | PartConfirmed) and event.confirmation.letter != before.letter:
        raise ValueError(f"a confirmation of letter {event.confirmation.letter} is not one of letter {before.letter}")


def _note(tx: Tx, after: Delivery, event: DeliveryEvent, at: datetime) -> None:
    told = {"delivery": after.id, "role": after.role.value, "state": after.state.value, **events.detail(event)}
    row = events.row(after.mailbox, f"copy_{events.NAMES[type(event)]}", at, told, after.letter)
    events.add(tx, {**row, "fence": after.fence})
