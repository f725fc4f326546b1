"""The six kinds of work of a daemon: where each finds its rows, what it does with one, and who is told of what.

Whatever is committed here wakes the role whose state it is; the sweep's look is for what others commit and for time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, Final, TypeVar, cast

from nemboks.daemon.destinations import Destinations, Seat
from nemboks.daemon.faults import Guarded
from nemboks.daemon.work import Work
from nemboks.domain.custody import NO_CUSTODY
from nemboks.domain.delivery import Delivery, DeliveryState
from nemboks.domain.guard import receipt_may_go
from nemboks.domain.letter import Event, FetchBegun, Letter, ReceiptBegun, State
from nemboks.domain.mailbox import Mailbox, destination
from nemboks.domain.routing import aim
from nemboks.journey.acknowledge import acknowledge
from nemboks.journey.attempt import Permission
from nemboks.journey.collect import collect, look
from nemboks.journey.forward import forward
from nemboks.journey.further import send_further
from nemboks.journey.landed import look_for
from nemboks.journey.world import World
from nemboks.ports import Deliveries, Letters
from nemboks.settings import Rates, Seats

T = TypeVar("T")
Due = Callable[[int, Collection[int]], Awaitable[Sequence[Any]]]
_ROLE_OF: Final = {State.FOUND: 1, State.WAITING: 2, State.HANDED_OVER: 3, State.FORWARDED: 4}
_MIDWAY: Final = (FetchBegun, ReceiptBegun)  # the step that committed it goes on, and the row is not due to anybody
MOST_KNOWN: Final = 1000  # mailboxes
FRESH_SECONDS: Final = 1.0  # so long what was read of a mailbox may serve a step; the guards ask the row itself


class Noticing:
    """A port of the ledger; `told` hears of every row that a call of ours changed, `came` of new ones."""

    def __init__(self, real: Any, told: Callable[[Any], None], came: Callable[[], None]) -> None:
        self._real, self._told, self._came = real, told, came

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def move(self, row: Any, event: Event) -> Any:
        after = await self._real.move(row, event)
        if not isinstance(event, _MIDWAY):
            self._told(after)
        return after

    async def found(self, *args: Any) -> int:
        new: int = await self._real.found(*args)
        if new:
            self._came()
        return new

    async def plan(self, *args: Any) -> Any:
        planned = await self._real.plan(*args)
        self._came()
        return planned


def _ordinary(box: Mailbox) -> bool:
    """Whether nothing about the mailbox itself could keep a due letter from being one of the store's due rows."""
    return box.custody == NO_CUSTODY and not any((box.paused_at, box.parked_until, box.frozen_at, box.serves_until))


class Roles:
    """The work of one process, with nothing running yet."""

    def __init__(
        self, world: World, seats: Seats, faulty: Callable[[Exception, bool], None], rates: Rates | None = None
    ) -> None:
        """`faulty` is told of each step's fault, and whether no other row would survive it either."""
        self.stopping = asyncio.Event()
        self._told_of_faults = faulty
        letters = Noticing(world.letters, self._moved, lambda: self.roles[1].look())
        copies = Noticing(world.deliveries, self._copied, lambda: self.roles[5].look())
        self.world = replace(world, letters=cast(Letters, letters), deliveries=cast(Deliveries, copies))
        self.destinations = Destinations(
            seats.forward, world.pace.breaker_seconds, world.clock, rates or Rates(), self._server_free
        )
        self.news: set[int] = set()  # mailboxes that have told of post and were not looked into since
        self._irrevocable: set[asyncio.Task[Any]] = set()  # a dot is out, or a letter comes that may come only once
        self._known: dict[int, tuple[float, Mailbox]] = {}  # mailboxes, and when they were read (monotonic)
        self._seats: dict[tuple[str, int], tuple[str, Seat]] = {}  # of servers, by role and row
        # Destinations that were left out when a role last asked the store.
        self._busy: dict[str, set[str]] = {"forward": set(), "further": set()}
        self.roles: tuple[Work[Any], ...] = (
            self._role("look", self._mailboxes, self._look, seats.look),
            self._role("collect", self._letters(State.FOUND), self._collect, seats.collect),
            self._role("forward", self._sendable, self._forward, seats.forward, self._letter_enters, self._where),
            self._role("land", self._letters(State.HANDED_OVER), self._land, seats.look),
            self._role("acknowledge", self._letters(State.FORWARDED), self._acknowledge, seats.acknowledge),
            self._role("further", self._further, self._send_further, max(1, seats.forward // 2), self._copy_enters),
        )

    def _role(
        self, name: str, due: Due, step: Callable[[Any], Awaitable[None]], seats: int,
        enter: Callable[[Any], ExitStack | None] = lambda _: ExitStack(),
        where: Callable[[Any], str | None] = lambda _: None,
    ) -> Work[Any]:  # fmt: skip
        async def unless_stopping(limit: int, without: Collection[int]) -> Sequence[Any]:
            rows = await due(limit, without)
            return () if self.stopping.is_set() else rows

        guarded: Guarded[Any] = Guarded(name, unless_stopping, step, self.world, self._told_of_faults)
        work: Work[Any] = Work(
            name, guarded.due, guarded.step, seats, lambda row: None if self.stopping.is_set() else enter(row), where
        )
        work.done = partial(self._done, work)
        return work

    # --- who is told of what ---

    def _moved(self, letter: Letter) -> None:
        if letter.why:  # it may be for what we believe of the mailbox
            self._known.pop(letter.mailbox, None)
        number, now = _ROLE_OF.get(letter.state), self.world.clock.now()
        if number is None or letter.due_at is None or letter.due_at > now:
            return
        box = self._fresh(letter.mailbox)
        self.roles[number].offer(letter, sure=box is not None and _ordinary(box))

    def _copied(self, copy: Delivery) -> None:
        if copy.state is DeliveryState.WAITING and copy.due_at is not None and copy.due_at <= self.world.clock.now():
            self.roles[5].offer(copy, sure=False)

    def _server_free(self) -> None:
        """A server's next turn has come."""
        for one in (self.roles[2], self.roles[5]):
            one.look()

    def _done(self, role: Work[Any]) -> None:
        senders = (self.roles[2], self.roles[5])
        for one in senders if role in senders else ():
            if self._busy[one.name] - self.destinations.busy():
                one.look()  # a server has a seat again: its letters were left out
            elif one.goes_on:
                one.nudge.set()
        if role.goes_on:
            role.nudge.set()

    # --- what each works on ---

    def _letters(self, state: State) -> Due:
        async def due(limit: int, without: Collection[int]) -> Sequence[Letter]:
            found = await self.world.letters.due(state, self.world.clock.now(), limit, without)
            await self._know(found)
            return found

        return due

    async def _sendable(self, limit: int, without: Collection[int]) -> Sequence[Letter]:
        busy = self._busy["forward"] = self._left_out()
        found = await self.world.letters.due(State.WAITING, self.world.clock.now(), limit, without, busy)
        await self._know(found)
        return found

    async def _further(self, limit: int, without: Collection[int]) -> Sequence[Delivery]:
        busy = self._busy["further"] = self._left_out()
        return await self.world.deliveries.due(self.world.clock.now(), limit, without, busy)

    def _left_out(self) -> set[str]:
        """Destinations that nobody may go to now; of very many only some, for no statement takes more: the others' rows
        are refused one by one."""
        return set(islice(self.destinations.busy(), MOST_KNOWN))

    async def _mailboxes(self, limit: int, _: Collection[int]) -> Sequence[Mailbox]:
        news = [await self.world.mailboxes.get(x) for x in sorted(self.news)]
        return [*news, *await self.world.mailboxes.due(self.world.clock.now(), limit)]

    async def _know(self, letters: Sequence[Letter]) -> None:
        """The letters' mailboxes, read together."""
        now = self.world.clock.monotonic()
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        wanted = {x.mailbox for x in letters if self._fresh(x.mailbox) is None}
        for box in await self.world.mailboxes.some(wanted) if wanted else ():
            self._known[box.id] = now, box

    def _fresh(self, mailbox: int) -> Mailbox | None:
        read_at, box = self._known.get(mailbox, (0.0, None))
        return box if self.world.clock.monotonic() < read_at + FRESH_SECONDS else None

    async def _box(self, mailbox: int, anew: bool = False) -> Mailbox:
        if anew or (box := self._fresh(mailbox)) is None:
            read_at = self.world.clock.monotonic()
            box = await self.world.mailboxes.get(mailbox)
            self._known[mailbox] = read_at, box
        return box

    # --- the steps ---

    async def _look(self, mailbox: Mailbox) -> None:
        self.news.discard(mailbox.id)
        await look(mailbox, self.world)

    async def _collect(self, letter: Letter) -> None:
        box = await self._box(letter.mailbox)
        await self._waited_for(partial(collect, letter, box, self.world))

    async def _acknowledge(self, letter: Letter) -> None:
        box = await self._box(letter.mailbox)
        if receipt_may_go(letter, box, self.world.clock.now()):  # so it said a second ago; a no puts off for long
            box = await self._box(letter.mailbox, anew=True)
        await acknowledge(letter, box, self.world)

    async def _land(self, letter: Letter) -> None:
        await look_for(letter, await self._box(letter.mailbox), self.world)

    def _where(self, letter: Letter) -> str | None:
        """The destination, as far as is known without a look."""
        _, box = self._known.get(letter.mailbox, (0.0, None))
        return None if box is None else self._leads(box, letter)

    def _leads(self, box: Mailbox, letter: Letter) -> str:
        return (aim(box.route, letter, self.world.clock.now()) or box.route).destination

    async def _forward(self, letter: Letter) -> None:
        box = await self._box(letter.mailbox, anew=True)  # addresses and certificates are never a second old
        with self._seat("forward", letter.id, self._leads(box, letter)) as seat:
            if seat is None:  # its route leads elsewhere now, and there is no seat: it stays due
                self.roles[2].put_back(letter)
            else:
                seat.report = await self._waited_for(partial(forward, letter, box, self.world))

    async def _send_further(self, delivery: Delivery) -> None:
        with self._seat("further", delivery.id, destination(delivery.server, delivery.address)) as seat:
            if seat is None:
                self.roles[5].put_back(delivery)
            else:
                seat.report = await self._waited_for(partial(send_further, delivery, self.world))

    # --- the servers' seats: taken with ours, so that nobody passes by ---

    def _letter_enters(self, letter: Letter) -> ExitStack | None:
        where = self._where(letter)
        return self._enter("forward", letter.id, where) if where is not None else ExitStack()

    def _copy_enters(self, copy: Delivery) -> ExitStack | None:
        return self._enter("further", copy.id, destination(copy.server, copy.address))

    def _enter(self, role: str, row: int, where: str) -> ExitStack | None:
        if not self.destinations.goes(where):
            return None
        held = ExitStack()
        seat = held.enter_context(self.destinations.seat(where))
        assert seat is not None
        self._seats[role, row] = where, seat
        held.callback(self._seats.pop, (role, row))
        return held

    def _seat(self, role: str, row: int, where: str) -> AbstractContextManager[Seat | None]:
        """The seat that the row entered with, if that is the right server's."""
        given, seat = self._seats.get((role, row), ("", None))
        return nullcontext(seat) if given == where else self.destinations.seat(where)

    async def _waited_for(self, step: Callable[[Permission], Awaitable[T]]) -> T:
        """What came of a step; from where it was allowed to go past its point of no return, a stop waits for it."""
        task = asyncio.current_task()
        assert task is not None

        def may_begin() -> bool:
            if self.stopping.is_set():
                return False
            self._irrevocable.add(task)
            return True

        try:
            return await step(may_begin)
        finally:
            self._irrevocable.discard(task)
