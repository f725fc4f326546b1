"""Seats: how many things of one kind are in hand at a time, and the loop that fills them.

A free seat is taken before a row is read, so a busy neighbour slows us down by itself. No mailbox has more than half
of the seats, so one with a thousand letters delays no other. Rows are read some at a time; those without a seat yet
are remembered in the order in which they came to be due, with those that the process itself has just made due, and the
store is asked again only when it may have more. What is in hand or remembered saves work and decides nothing: the
guards in the store are what makes a double or a late step harmless.
"""

import asyncio
from bisect import insort
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from nemboks.domain.delivery import Delivery
from nemboks.domain.letter import Letter, Stale
from nemboks.domain.mailbox import Mailbox
from nemboks.logs import log

Row = TypeVar("Row", Letter, Delivery, Mailbox)
AHEAD: Final = 2  # rows read for each seat
MOST: Final = 500  # rows that wait because they may not have a seat now
BELIEVED: Final = 1.0  # seconds for which a row is thought to go where it went: each is asked for with every free seat


@dataclass(eq=False)
class Work(Generic[Row]):
    """One role: where its due rows come from (at most so many, without these mailboxes), what is done with one."""

    name: str
    due: Callable[[int, Collection[int]], Awaitable[Sequence[Row]]]
    step: Callable[[Row], Awaitable[None]]
    seats: int
    enter: Callable[[Row], ExitStack | None] = lambda _: ExitStack()  # what it holds until its end; None: not now
    where: Callable[[Row], str | None] = lambda _: None  # if one may not go there now, no other row may; None: unknown
    done: Callable[[], None] = lambda: None  # called after every step: somebody may have work now
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    in_hand: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _waiting: dict[int, Row] = field(default_factory=dict)  # read, and without a seat
    _line: list[Row] = field(default_factory=list)  # the same in the store's order; mailboxes as they were asked for
    _without: frozenset[int] | None = None  # the store had no more rows but of these mailboxes; None: not asked yet
    _news: bool = True  # something may have come to be due before those that we know
    _behind: frozenset[int] = frozenset()  # mailboxes that were left out when the store was asked for that
    _boxes: Counter[int] = field(default_factory=Counter)
    _again: set[int] = field(default_factory=set)  # in hand, and due anew: looked at when the step is over
    _places: dict[int, str | None] = field(default_factory=dict)  # where rows go, by id
    _placed_at: float = 0.0  # of the loop's clock: the oldest of them

    def look(self) -> None:
        """The store is asked at the next filling: something may have come to be due."""
        self._without, self._news = None, True
        self.nudge.set()

    def offer(self, row: Row, sure: bool = True) -> None:
        """A row that is due as it was just committed: it need not be read, if it is `sure` that the store would bring
        it."""
        if row.id in self.in_hand:
            self._again.add(row.id)
        elif sure and len(self._waiting) < MOST and not self._after_what_was_not_read(row):
            self._remember([row])
        else:
            self.look()
        self.nudge.set()

    def put_back(self, row: Row) -> None:
        """A row in hand whose step leaves it as it was, and due: it comes again at its place."""
        if len(self._waiting) < MOST:
            self._remember([row])
        else:
            self._again.add(row.id)

    def _after_what_was_not_read(self, row: Row) -> bool:
        """Whether the store may have rows that we did not see and that come before this one.

        What comes before a remembered row was read with it: of its own mailbox, if that was left out the last time.
        """
        without = self._without
        if without is not None and _box(row) not in without:
            return False
        known = (one for one in reversed(self._line) if without is None or _box(one) == _box(row))
        last = next(known, None)
        return last is None or _when(row) > _when(last)

    @property
    def goes_on(self) -> bool:
        """Whether a free seat would find a row, as far as we know."""
        return bool(self._waiting) or self._more()

    @property
    def refused(self) -> int:
        """While there are free seats: how many rows may not have one now."""
        return len(self._waiting) if len(self.in_hand) < self.seats else 0

    @property
    def known(self) -> set[int]:
        """The rows that are in hand, or wait here for a seat."""
        return {*self.in_hand, *self._waiting}

    async def fill(self, group: asyncio.TaskGroup) -> int:
        """How many steps were started: due rows on free seats, oldest due first, none twice."""
        total = 0 if self._news or self._behind - self._full() else self._seat(group)
        while self._more() and len(self.in_hand) < self.seats:
            brought = await self._read()
            total += self._seat(group)
            if not brought or len(self._waiting) > MOST:
                break
        return total

    async def _read(self) -> int:
        """How many rows the store had that we did not know. Those that wait come again, so more are asked for."""
        if len(self._waiting) > MOST:
            self._waiting, self._line = {}, []  # they are due in the store
        limit, without = AHEAD * self.seats + len(self.in_hand) + 2 * len(self._waiting), frozenset(self._full())
        known, self._without = self.in_hand.keys() | self._waiting.keys(), without
        self._behind, self._news = without if self._news else self._behind & without, False
        rows = await self.due(limit, without)
        if len(rows) >= limit:
            self._without = None
        # One whose step ended while we asked was read as it stood before it; one that was offered is newer.
        known |= self._waiting.keys()
        new = {row.id: row for row in rows if row.id not in known}
        self._remember(new.values())
        return len(new)

    def _remember(self, rows: Collection[Row]) -> None:
        for row in rows:
            if row.id in self._waiting:
                self._line = [one for one in self._line if one.id != row.id]
            self._waiting[row.id] = row
            if self._line and _when(row) < _when(self._line[-1]):
                insort(self._line, row, key=_when)
            else:
                self._line.append(row)

    def _more(self) -> bool:
        """Whether the store may have due rows that we did not see and that could have a seat."""
        return self._without is None or bool(self._without - self._full())

    def _seat(self, group: asyncio.TaskGroup) -> int:
        started, full, refused, places = 0, self._full(), set[str](), self._believed_places()
        free = self.seats - len(self.in_hand)
        for row in self._line:
            if started >= free:
                break
            if (place := places.get(row.id)) is None:
                place = places[row.id] = self.where(row)
            if place in refused or row.id in self.in_hand or _box(row) in full:
                continue
            held = self.enter(row)
            if held is None:
                place = places[row.id] = self.where(row)  # where it was refused, which may be elsewhere by now
                refused |= {place} if place else set()
                if refused.issuperset(places.values()) and self._waiting.keys() <= places.keys():
                    break  # none of those behind it goes elsewhere
                continue
            del self._waiting[row.id], places[row.id]
            self._start(row, held, group)
            started, full = started + 1, self._full()
        if started:
            self._line = [row for row in self._line if row.id in self._waiting]
        return started

    def _believed_places(self) -> dict[int, str | None]:
        now = asyncio.get_running_loop().time()
        if now > self._placed_at + BELIEVED:
            self._places, self._placed_at = {}, now
        return self._places

    def _start(self, row: Row, held: ExitStack, group: asyncio.TaskGroup) -> None:
        box = _box(row)
        task = group.create_task(self._run(row), name=f"{self.name} {row.id}")
        self.in_hand[row.id] = task
        self._boxes[box] += 1

        def leave(_: asyncio.Task[None]) -> None:
            held.close()
            del self.in_hand[row.id]
            self._boxes[box] -= 1
            if not self._boxes[box]:
                del self._boxes[box]
            if row.id in self._again:
                self._again.discard(row.id)
                self.look()
            self.done()

        task.add_done_callback(leave)

    def _full(self) -> set[int]:
        """The mailboxes that have their share of the seats."""
        return {box for box, number in self._boxes.items() if number >= max(1, self.seats // 2)}

    async def _run(self, row: Row) -> None:
        try:
            await self.step(row)
        except Stale as e:  # another was quicker; the row says where it is now
            log().info("letter_stale", letter=row.id, words=str(e))


def _when(row: Letter | Delivery | Mailbox) -> tuple[Any, ...]:
    match row:
        case Letter():
            return row.due_at, row.available_at, row.id
        case Delivery():
            return row.due_at, row.id
    return ()


def _box(row: Letter | Delivery | Mailbox) -> int:
    return row.id if isinstance(row, Mailbox) else row.mailbox
