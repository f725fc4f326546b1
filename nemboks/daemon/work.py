"""Seats: how many things of one kind are in hand at a time, and the loop that fills them.

A free seat is taken before a row is read, so a busy neighbour slows us down by itself. What is in hand is only
remembered here to save work; the guards in the store are what makes a double step harmless.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from nemboks.domain.letter import Letter, Stale
from nemboks.domain.mailbox import Mailbox
from nemboks.logs import log

Row = TypeVar("Row", Letter, Mailbox)


@dataclass(eq=False)
class Work(Generic[Row]):
    """One role: where its due rows come from, what is done with one, how many at a time."""

    name: str
    due: Callable[[int], Awaitable[Sequence[Row]]]
    step: Callable[[Row], Awaitable[None]]
    seats: int
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    in_hand: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _boxes: Counter[int] = field(default_factory=Counter)

    async def fill(self, group: asyncio.TaskGroup, done: Callable[[], None]) -> int:
        """How many steps were started: due rows on free seats, none twice, no mailbox on more than half of them."""
        free = self.seats - len(self.in_hand)
        if free <= 0:
            return 0
        started = 0
        for row in await self.due(self.seats * 4 + len(self.in_hand)):
            if started == free:
                break
            if row.id in self.in_hand or self._boxes[_box(row)] >= max(1, self.seats // 2):
                continue
            self._start(row, group, done)
            started += 1
        return started

    def _start(self, row: Row, group: asyncio.TaskGroup, done: Callable[[], None]) -> None:
        task = group.create_task(self._run(row), name=f"{self.name} {row.id}")
        self.in_hand[row.id] = task
        self._boxes[_box(row)] += 1

        def leave(_: asyncio.Task[None]) -> None:
            del self.in_hand[row.id]
            self._boxes[_box(row)] -= 1
            done()

        task.add_done_callback(leave)

    async def _run(self, row: Row) -> None:
        try:
            await self.step(row)
        except Stale as e:  # another was quicker; the row says where it is now
            log().info("letter_stale", letter=row.id, words=str(e))


def _box(row: Letter | Mailbox) -> int:
    return row.mailbox if isinstance(row, Letter) else row.id
