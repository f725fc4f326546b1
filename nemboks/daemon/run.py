"""The long-running process: six kinds of work, one store between them, and a way to stop.

A loop that raises ends the process on purpose: systemd starts it again, and the store knows where we were. A step that
raises puts its row aside (faults.py). Start is recovery. A stop, also one that a fault brings about, takes nothing new,
closes what has not sent its dot, and waits for the replies to the dots that are out, so that it never causes an
uncertain ending; and for letters that upstream may not give a second time, until they are here.
"""

import asyncio
import signal
from collections.abc import Collection, Sequence
from typing import Any

from nemboks.clock import RealClock
from nemboks.daemon.chores import chores
from nemboks.daemon.notify import Systemd
from nemboks.daemon.roles import Roles
from nemboks.daemon.ticks import Ticks
from nemboks.daemon.watch import Watch
from nemboks.daemon.work import Work
from nemboks.domain.mailbox import Mailbox
from nemboks.journey.recover import recover
from nemboks.logs import log
from nemboks.store.errors import StoreAway
from nemboks.wiring import Services

HOUR, DAY = 3600.0, 86_400.0  # seconds
CLOCK_SECONDS = 600.0  # the wall clock put back by more is looked after; less delays nothing worth a look


class Daemon(Roles):
    """All work of one process over one store."""

    def __init__(self, services: Services) -> None:
        super().__init__(services.world, services.settings.seats, self._faulty, services.settings.rates)
        self.services = services
        self.failed = False  # a loop or a chore raised: the process is to end as failed
        self.fault: Exception | None = None  # the first one; `drain` raises it in the end
        self._watch = Watch(self.world, self.news)
        self._lead = self._clock_lead()
        self._one_pass: list[Mailbox] | None = None  # `drain`: what is left to be listed
        self._asking = 0  # roles that ask the store now

    # --- run until told to stop ---

    async def run(self, systemd: Systemd | None = None) -> None:
        """Serve until SIGTERM, SIGINT or SIGHUP. Raises what a loop raised."""
        systemd = systemd or Systemd()
        self._hear_signals()
        await recover(self.world, sole=self.services.sole)
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
                self._asking += 1
                await role.fill(group)
                self._asking -= 1
                self._rested()
                await role.nudge.wait()
        except Exception as error:
            if self.stopping.is_set() and isinstance(error, StoreAway):
                return  # nobody waits for a server any more: what is due stands in it
            log().exception("daemon_failed")
            self._broken(error)

    def wake(self) -> None:
        """Let every role look for due rows now; a lost or doubled call changes nothing, the sweep finds them."""
        for role in self.roles:
            role.look()

    async def _stop(self, loops: list[asyncio.Task[None]]) -> None:
        log().info("daemon_stopping", waiting=len(self._irrevocable))
        self.services.hurry()
        self._watch.stop()
        self.wake()
        await asyncio.wait(loops)
        await self._end_steps()

    async def _end_steps(self) -> None:
        """Cancels every step but those past their point of no return; these it waits for."""
        for role in self.roles:
            for task in tuple(role.in_hand.values()):
                if task not in self._irrevocable:
                    task.cancel()
        late = set[asyncio.Task[Any]]()
        if self._irrevocable:
            _, late = await asyncio.wait(self._irrevocable, timeout=self.world.pace.stop_seconds)
        self.services.hurry_spool()
        for task in late:
            task.cancel()

    # --- ticks and chores ---

    def _ticks(self, systemd: Systemd) -> Ticks:
        ticks, pace = Ticks(self._broken, RealClock()), self.world.pace  # the machine's: no time of day is asked for
        ticks.every(pace.sweep_seconds, self._wake_all)
        ticks.every(max(1.0, pace.sweep_seconds * 10), self._overdue)
        ticks.every(HOUR, self._sweep)
        ticks.every(DAY, self.services.check)  # what rots is found while there is a backup of before (RELIABILITY D02)
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
        """Feed the watchdog only when the store answers; a server may be away for as long as it takes."""
        if self.services.sole:
            await self.world.mailboxes.due(self.world.clock.now(), 1)
        systemd.say("WATCHDOG=1")

    # --- one pass ---

    async def drain(self) -> None:
        """One pass: every mailbox is listed once, and its letters go as far as they can go now. Then returns.

        SIGTERM, SIGINT and SIGHUP end it early, as they end `run`. Raises, in the end, the first fault that a step met.
        """
        self._hear_signals()
        await recover(self.world, sole=self.services.sole)
        await self._bring_back()
        self._one_pass = list(await self.world.mailboxes.all())
        self.wake()
        async with asyncio.TaskGroup() as group:
            loops = [group.create_task(self._serve(role, group), name=role.name) for role in self.roles]
            await self.stopping.wait()
            self.services.hurry()
            self.wake()
            await asyncio.wait(loops)
            await self._end_steps()
        if self.fault is not None:
            raise self.fault

    async def _mailboxes(self, limit: int, without: Collection[int]) -> Sequence[Mailbox]:
        if self._one_pass is None:
            return await super()._mailboxes(limit, without)
        rows, self._one_pass = self._one_pass[:limit], self._one_pass[limit:]
        return rows

    async def _look(self, mailbox: Mailbox) -> None:
        await super()._look(mailbox)
        if mailbox.parked_until is not None or self._one_pass is not None:
            self.roles[1].look()  # what waited for the mailbox itself, and what has come back
            self.roles[4].look()

    def _done(self, role: Work[Any]) -> None:
        super()._done(role)
        self._rested()

    def _rested(self) -> None:
        """One pass is over when nobody has anything in hand and nobody has to look any more."""
        if (
            self._one_pass == []
            and not self._asking
            and not any(role.in_hand or role.nudge.is_set() for role in self.roles)
        ):
            self.stopping.set()
