"""The long-running process: six kinds of work, one store between them, and a way to stop.

A loop that raises ends the process on purpose: systemd starts it again, and the store knows where we were. A step that
raises puts its row aside (faults.py). Start is recovery. A stop, also one that a fault brings about, takes nothing new,
closes what has not sent its dot, and waits for the replies to the dots that are out, so that it never causes an
uncertain ending.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Any

from nemboks.daemon.chores import chores
from nemboks.daemon.destinations import Destinations
from nemboks.daemon.faults import Guarded
from nemboks.daemon.notify import Systemd
from nemboks.daemon.ticks import Ticks
from nemboks.daemon.watch import Watch
from nemboks.daemon.work import Work
from nemboks.domain.delivery import Delivery
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Mailbox, destination
from nemboks.domain.proof import Report
from nemboks.domain.routing import aim
from nemboks.journey.acknowledge import acknowledge
from nemboks.journey.collect import collect, look
from nemboks.journey.forward import forward
from nemboks.journey.further import send_further
from nemboks.journey.landed import look_for
from nemboks.journey.recover import recover
from nemboks.logs import log
from nemboks.wiring import Services

CLOCK_SECONDS = 600.0  # the wall clock put back by more is looked after; less delays nothing worth a look
Due = Callable[[int, Collection[int]], Awaitable[Sequence[Any]]]


class Daemon:
    """All work of one process over one store."""

    def __init__(self, services: Services) -> None:
        self.services, self.world = services, services.world
        self.stopping = asyncio.Event()
        self.failed = False  # a loop or a chore raised: the process is to end as failed
        self.fault: Exception | None = None  # the first one; `drain` raises it in the end
        self._past_dot: set[asyncio.Task[Any]] = set()
        self._watch = Watch(services.world)
        self._lead = self._clock_lead()
        seats = services.settings.seats
        self.destinations = Destinations(seats.forward, self.world.pace.breaker_seconds, self.world.clock)
        self.roles: tuple[Work[Any], ...] = (
            self._role("look", self._mailboxes, self._look, seats.look),
            self._role("collect", self._letters(State.FOUND), self._collect, seats.collect),
            self._role("forward", self._sendable, self._forward, seats.forward),
            self._role("land", self._letters(State.HANDED_OVER), self._land, seats.look),
            self._role("acknowledge", self._letters(State.FORWARDED), self._acknowledge, seats.acknowledge),
            self._role("further", self._further, self._send_further, max(1, seats.forward // 2)),
        )
        for role, following in zip(self.roles, (*self.roles[1:], self.roles[0]), strict=True):
            role.done = partial(_nudge, role, following)

    # --- what each role works on ---

    def _role(self, name: str, due: Due, step: Callable[[Any], Awaitable[None]], seats: int) -> Work[Any]:
        async def unless_stopping(limit: int, without: Collection[int]) -> Sequence[Any]:
            rows = await due(limit, without)
            return () if self.stopping.is_set() else rows

        guarded: Guarded[Any] = Guarded(name, unless_stopping, step, self.world, self._faulty)
        return Work(name, guarded.due, guarded.step, seats)

    def _letters(self, state: State) -> Due:
        async def due(limit: int, without: Collection[int]) -> Sequence[Letter]:
            return await self.world.letters.due(state, self.world.clock.now(), limit, without)

        return due

    async def _sendable(self, limit: int, without: Collection[int]) -> Sequence[Letter]:
        now, busy = self.world.clock.now(), self.destinations.busy()
        return await self.world.letters.due(State.WAITING, now, limit, without, busy)

    async def _further(self, limit: int, without: Collection[int]) -> Sequence[Delivery]:
        return await self.world.deliveries.due(self.world.clock.now(), limit, without, self.destinations.busy())

    async def _mailboxes(self, limit: int, _: Collection[int]) -> Sequence[Mailbox]:
        news = [await self.world.mailboxes.get(x) for x in sorted(self._watch.news)]
        return [*news, *await self.world.mailboxes.due(self.world.clock.now(), limit)]

    async def _look(self, mailbox: Mailbox) -> None:
        self._watch.news.discard(mailbox.id)
        await look(mailbox, self.world)

    async def _collect(self, letter: Letter) -> None:
        await collect(letter, self.world)

    async def _acknowledge(self, letter: Letter) -> None:
        await acknowledge(letter, self.world)

    async def _land(self, letter: Letter) -> None:
        await look_for(letter, self.world)

    async def _forward(self, letter: Letter) -> None:
        route = (await self.world.mailboxes.get(letter.mailbox)).route
        target = aim(route, letter, self.world.clock.now()) or route
        with self.destinations.seat(target.destination) as seat:
            if seat is not None:  # else it stays due, and is not looked at again while the server is busy
                seat.report = await self._past(partial(forward, letter, self.world))

    async def _send_further(self, delivery: Delivery) -> None:
        with self.destinations.seat(destination(delivery.server, delivery.address)) as seat:
            if seat is not None:
                seat.report = await self._past(partial(send_further, delivery, self.world))

    async def _past(self, attempt: Callable[[Callable[[], bool]], Awaitable[Report | None]]) -> Report | None:
        """What came of an attempt; while its dot is out, a stop waits for it."""
        task = asyncio.current_task()
        assert task is not None

        def may_begin() -> bool:
            if not self.stopping.is_set():
                self._past_dot.add(task)  # from here a stop waits for us
            return task in self._past_dot

        try:
            return await attempt(may_begin)
        finally:
            self._past_dot.discard(task)

    # --- run until told to stop ---

    async def run(self, systemd: Systemd | None = None) -> None:
        """Serve until SIGTERM, SIGINT or SIGHUP. Raises what a loop raised."""
        systemd = systemd or Systemd()
        self._hear_signals()
        await recover(self.world, sole=True)
        await self._bring_back()
        await self._sweep()
        ticks = self._ticks(systemd)
        try:
            async with asyncio.TaskGroup() as group:
                self._watch.start(group, self.wake, self._broken)
                loops = [group.create_task(self._serve(role, group), name=role.name) for role in self.roles]
                systemd.say("READY=1")
                log().info("daemon_ready")
                await self.stopping.wait()
                systemd.say("STOPPING=1")
                await self._stop(loops)
        finally:
            ticks.stop()
            log().info("daemon_stopped")

    def _hear_signals(self) -> None:
        # A hang-up too: systemd starts us again at once, and the start reads the settings anew.
        numbers = [signal.SIGTERM, signal.SIGINT]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup(1): it is to outlive its terminal
            numbers.append(signal.SIGHUP)
        for number in numbers:
            asyncio.get_running_loop().add_signal_handler(number, self.stopping.set)

    async def _serve(self, role: Work[Any], group: asyncio.TaskGroup) -> None:
        try:
            while not self.stopping.is_set():
                role.nudge.clear()
                await role.fill(group)
                await role.nudge.wait()
        except Exception as error:
            log().exception("daemon_failed")
            self._broken(error)

    def wake(self) -> None:
        """Let every role look for due rows now; a lost or doubled call changes nothing, the sweep finds them."""
        for role in self.roles:
            role.nudge.set()

    async def _stop(self, loops: list[asyncio.Task[None]]) -> None:
        log().info("daemon_stopping", waiting=len(self._past_dot))
        self._watch.stop()
        self.wake()
        await asyncio.wait(loops)
        await self._end_steps()

    async def _end_steps(self) -> None:
        """Cancels every step but those whose dot is out; of these it waits for the replies."""
        for role in self.roles:
            for task in tuple(role.in_hand.values()):
                if task not in self._past_dot:
                    task.cancel()
        if self._past_dot:
            _, late = await asyncio.wait(self._past_dot, timeout=self.world.pace.stop_seconds)
            for task in late:
                task.cancel()

    # --- ticks and chores ---

    def _ticks(self, systemd: Systemd) -> Ticks:
        ticks, pace = Ticks(self._broken), self.world.pace
        ticks.every(pace.sweep_seconds, self._wake_all)
        ticks.every(max(1.0, pace.sweep_seconds * 10), self._overdue)
        ticks.every(3600.0, self._sweep)
        for seconds, chore in chores(self.world):
            ticks.every(seconds, chore)
        if systemd.watchdog_seconds:
            ticks.every(systemd.watchdog_seconds / 3, lambda: self._alive(systemd))
        ticks.start()
        return ticks

    def _broken(self, error: Exception) -> None:
        self._faulty(error, True)

    def _faulty(self, error: Exception, fatal: bool) -> None:
        self.fault = self.fault or error
        if fatal:
            self.failed = True
            self.stopping.set()

    async def _wake_all(self) -> None:
        self.wake()

    async def _overdue(self) -> None:
        before, self._lead = self._lead, self._clock_lead()
        if before - self._lead > CLOCK_SECONDS:
            await self._bring_back(before - self._lead)
        if await recover(self.world):
            self.wake()

    def _clock_lead(self) -> float:
        """How far the wall clock is ahead of the one that is never set."""
        return self.world.clock.now().timestamp() - self.world.clock.monotonic()

    async def _bring_back(self, put_back: float | None = None) -> None:
        """What came to be due while the clock ran ahead would never be looked at once it was put right."""
        rows = await self.services.bring_back(put_back)
        if rows:
            log().warning("clock_put_back", rows=rows)
            self.wake()

    async def _sweep(self) -> None:
        gone = await self.services.sweep_spool()
        if gone:
            log().info("spool_swept", files=gone)

    async def _alive(self, systemd: Systemd) -> None:
        """Feed the watchdog only when the store answers."""
        await self.world.mailboxes.due(self.world.clock.now(), 1)
        systemd.say("WATCHDOG=1")

    # --- one pass ---

    async def drain(self) -> None:
        """One pass: every mailbox is listed once, and its letters go as far as they can go now. Then returns.

        SIGTERM, SIGINT and SIGHUP end it early, as they end `run`. Raises, in the end, the first fault that a step met.
        """
        self._hear_signals()
        await recover(self.world, sole=True)
        await self._bring_back()
        passes, stop = asyncio.create_task(self._passes()), asyncio.create_task(self.stopping.wait())
        await asyncio.wait({passes, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if self.stopping.is_set():
            await self._end_steps()
        await passes
        if self.fault is not None:
            raise self.fault

    async def _passes(self) -> None:
        waiting = list(await self.world.mailboxes.all())
        while waiting and not self.stopping.is_set():
            async with asyncio.TaskGroup() as group:
                waiting = [box for box in waiting if not self.roles[0].start(box, group)]
        for role in self.roles[1:]:
            await self._until_idle(role)

    async def _until_idle(self, role: Work[Any]) -> None:
        started = 1
        while started:
            async with asyncio.TaskGroup() as group:
                started = await role.fill(group)


def _nudge(*roles: Work[Any]) -> None:
    for role in roles:
        role.nudge.set()
