"""The Deliveries port over a dictionary."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from nemboks.domain.delivery import Delivery, DeliveryEvent, DeliveryState, step
from nemboks.domain.letter import (
    AttemptEnded,
    Claimed,
    Confirmed,
    DotBegun,
    Hold,
    Letter,
    PartConfirmed,
    Stale,
    State,
)
from nemboks.domain.mailbox import Recipient, Role, destination
from nemboks.domain.plans import serves
from nemboks.ports import Clock
from tests.helpers.fakes import OUT_OF_REACH, FakeLetters, FakeMailboxes

SHUT = (State.FOUND, State.VANISHED, State.DISMISSED)


class FakeDeliveries:
    """A letter's further recipients; `past` keeps every event with its delivery's id."""

    def __init__(self, clock: Clock, mailboxes: FakeMailboxes, letters: FakeLetters) -> None:
        self._clock, self._mailboxes, self._letters = clock, mailboxes, letters
        self.rows: dict[int, Delivery] = letters.further
        self.past: list[tuple[int, DeliveryEvent]] = []

    async def plan(self, letter: Letter, recipients: Sequence[Recipient], at: datetime) -> Sequence[Delivery]:
        for one in recipients:
            known = {(x.role, x.address, x.server) for x in await self.of(letter.id)}
            if (one.role, one.address, one.server) not in known:
                id_ = len(self.rows) + 1
                self.rows[id_] = Delivery(
                    id_, letter.id, letter.mailbox, one.role, one.address, one.server, DeliveryState.WAITING, at, at
                )
        return await self.of(letter.id)

    async def of(self, letter: int) -> Sequence[Delivery]:
        return [x for x in self.rows.values() if x.letter == letter]

    async def get(self, delivery: int) -> Delivery:
        if delivery not in self.rows:
            raise Stale(f"there is no delivery {delivery}")
        return self.rows[delivery]

    async def due(
        self, now: datetime, limit: int, without: Collection[int] = (), busy: Collection[str] = ()
    ) -> Sequence[Delivery]:
        due = [
            x
            for x in self.rows.values()
            if x.state is DeliveryState.WAITING and x.due_at and x.due_at <= now and self._may_go(x)
            if x.mailbox not in without and destination(x.server, x.address) not in busy
        ]
        return sorted(due, key=lambda x: (x.due_at, x.id))[:limit]

    async def move(self, delivery: Delivery, event: DeliveryEvent) -> Delivery:
        before = await self.get(delivery.id)
        if isinstance(event, Claimed) and (delivery.fence, event.address, event.server) != (
            before.fence, before.address, before.server,
        ):  # fmt: skip
            raise Stale("an attempt came between, or the claim names another")
        if isinstance(event, AttemptEnded) and delivery.dot_begun_at != before.dot_begun_at:
            raise Stale("its dot came between")
        if isinstance(event, Hold) and delivery.state is not before.state:
            raise Stale("it went another way since")
        if isinstance(event, Confirmed | PartConfirmed) and event.confirmation.letter != before.letter:
            raise ValueError("a confirmation of another letter")
        after = step(before, event, self._clock.now())
        if isinstance(event, Claimed | DotBegun) and not self._may_go(before):
            raise Stale("it may not go now")
        self.rows[before.id] = after
        self.past.append((before.id, event))
        return after

    async def overdue(self, now: datetime, grace_seconds: float, sole: bool) -> Sequence[Delivery]:
        def over(x: Delivery) -> bool:
            grace = timedelta(seconds=grace_seconds if x.dot_begun_at else 0)
            return sole or (x.deadline_at is not None and x.deadline_at + grace <= now)

        return [x for x in self.rows.values() if x.state is DeliveryState.SENDING and over(x)]

    def _may_go(self, delivery: Delivery) -> bool:
        letter, mailbox = self._letters.rows[delivery.letter], self._mailboxes.rows[delivery.mailbox]
        named = {(x.role, x.address, x.server) for x in mailbox.route.others}
        named.add((Role.COPY, mailbox.route.address, mailbox.route.server))
        open_ = letter.state not in SHUT and (letter.state is not State.HELD or letter.why in OUT_OF_REACH)
        here = (delivery.role, delivery.address, delivery.server) in named and None not in (
            letter.contents,
            letter.headline,
            letter.copy,
        )
        now = self._clock.now()
        frozen = mailbox.frozen_at is not None and (mailbox.boundary_at is None or mailbox.boundary_at > now)
        return here and open_ and mailbox.paused_at is None and not frozen and serves(mailbox.serves_until, now)
