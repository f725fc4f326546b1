"""Seats: how many things of one kind are in hand at a time, and the loop that fills them.

A free seat is taken before a row is read, so a busy neighbour slows us down by itself. No mailbox has more than half
of the seats, so one with a thousand letters delays no other. What is in hand is only remembered here to save work;
the guards in the store are what makes a double step harmless.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from nemboks.domain.delivery import Delivery
from nemboks.domain.letter import Letter, Stale
from nemboks.domain.mailbox import Mailbox
from nemboks.logs import log

Row = TypeVar("Row", Letter, Delivery, Mailbox)


@dataclass(eq=False)
class Work(Generic[Row]):
    """One role: where its due rows come from (at most so many, without these mailboxes), what is done with one."""

    name: str
    due: Callable[[int, Collection[int]], Awaitable[Sequence[Row]]]
    step: Callable[[Row], Awaitable[None]]
    seats: int
    done: Callable[[], None] = lambda: None  # called after every step: somebody may have work now
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    in_hand: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _boxes: Counter[int] = field(default_factory=Counter)

    async def fill(self, group: asyncio.TaskGroup) -> int:
        """How many steps were started: due rows on free seats, oldest due first, none twice."""
        started = -1
        total = 0
        while started and len(self.in_hand) < self.seats:
            rows = await self.due(self.seats + len(self.in_hand), self._full())
            started = sum(self.start(row, group) for row in rows)
            total += started
        return total

    def start(self, row: Row, group: asyncio.TaskGroup) -> bool:
        """Whether the row was taken in hand: not if it is already, and only while it has a seat."""
        box = _box(row)
        if row.id in self.in_hand or len(self.in_hand) >= self.seats or box in self._full():
            return False
        task = group.create_task(self._run(row), name=f"{self.name} {row.id}")
        self.in_hand[row.id] = task
        self._boxes[box] += 1

        def leave(_: asyncio.Task[None]) -> None:
            del self.in_hand[row.id]
            self._boxes[box] -= 1
            self.done()

        task.add_done_callback(leave)
        return True

    def _full(self) -> set[int]:
        """The mailboxes that have their share of the seats."""
        return {box for box, number in self._boxes.items() if number >= max(1, self.seats // 2)}

    async def _run(self, row: Row) -> None:
        try:
            await self.step(row)
        except Stale as e:  # another was quicker; the row says where it is now
            log().info("letter_stale", letter=row.id, words=str(e))


def _box(row: Letter | Delivery | Mailbox) -> int:
    return row.id if isinstance(row, Mailbox) else row.mailbox
