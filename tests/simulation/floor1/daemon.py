"""The real daemon with ticks of this floor's own.

Production looks into its store every second. Here a tick comes when a row is due, at full seconds, and wakes the
roles that have one: what a sweep finds is the same, and days cost milliseconds.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from nemboks.daemon.chores import chores
from nemboks.daemon.notify import Systemd
from nemboks.daemon.run import Daemon
from nemboks.domain.letter import Stale
from nemboks.journey.returned import read_returns
from nemboks.store.errors import StoreError
from nemboks.wiring import Services

if TYPE_CHECKING:
    from tests.simulation.floor1.life import Life

ROLES = {"FOUND": 1, "WAITING": 2, "HANDED_OVER": 3, "FORWARDED": 4, "look": 0, "further": 5}
DUE = """
SELECT 'look', min(max(due_at, coalesce(parked_until, ''))) FROM mailboxes
UNION ALL SELECT state, min(due_at) FROM letters WHERE due_at IS NOT NULL AND state != 'SENDING' GROUP BY state
UNION ALL SELECT 'overdue', min(deadline_at) FROM letters WHERE state = 'SENDING' AND dot_begun_at IS NULL
UNION ALL SELECT 'begun', min(deadline_at) FROM letters WHERE state = 'SENDING' AND dot_begun_at IS NOT NULL
UNION ALL SELECT 'further', min(due_at) FROM deliveries WHERE state = 'WAITING' AND due_at IS NOT NULL
UNION ALL SELECT 'overdue', min(deadline_at) FROM deliveries WHERE state = 'SENDING' AND dot_begun_at IS NULL
UNION ALL SELECT 'begun', min(deadline_at) FROM deliveries WHERE state = 'SENDING' AND dot_begun_at IS NOT NULL
"""
LONGEST = 3600.0


class _Quiet:
    """In the place of IMAP's IDLE: news is what the next poll finds."""

    def __init__(self) -> None:
        self.news: set[int] = set()

    def start(self, *_: Any) -> None:
        pass

    def stop(self) -> None:
        pass


class _Ready(Systemd):
    def __init__(self, ready: asyncio.Event) -> None:
        super().__init__({})
        self._ready = ready

    def say(self, message: str) -> None:
        if message == "READY=1":
            self._ready.set()


class SimDaemon(Daemon):
    def __init__(self, services: Services, life: "Life", number: int) -> None:
        super().__init__(services)
        self.life, self.number, self.ready = life, number, asyncio.Event()
        self.systemd = _Ready(self.ready)
        self._watch: Any = _Quiet()
        if number:  # another machine's: nobody is alone with the store then, and start is no licence
            self.world = _beside(self.world)

    def _hear_signals(self) -> None:
        pass

    def _ticks(self, systemd: Systemd) -> Any:
        if self.number == 0:
            self.life.ticks.start()
        return self.life.ticks if self.number == 0 else _Quiet()

    def _faulty(self, error: Exception, fatal: bool) -> None:
        self.life.sim.stepped_badly(error)
        super()._faulty(error, fatal)
        if fatal:  # all machines of a life end with one of them: systemd would start that one alone
            for daemon in self.life.daemons:
                daemon.stopping.set()


def _beside(world: Any) -> Any:
    return replace(world, letters=_NotSole(world.letters), deliveries=_NotSole(world.deliveries))


class _NotSole:
    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        setattr(self, name, value)
        return value

    async def overdue(self, now: datetime, grace_seconds: float, sole: bool) -> Any:
        return await self._real.overdue(now, grace_seconds, False)


class Ticks:
    """The ticks of all daemons of a life."""

    def __init__(self, life: "Life") -> None:
        self.life, self.sim = life, life.sim
        self._task: asyncio.Task[None] | None = None
        self._poked = asyncio.Event()
        self._idle, self._seen = 0.0, -1
        self._chores: list[Callable[[], Awaitable[object]]] = []
        self._next_chores = 0.0

    def start(self) -> None:
        first = self.life.daemons[0]
        self._chores = [chore for _, chore in chores(first.world)]
        self._task = asyncio.create_task(self._run(), name="ticks")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def poke(self) -> None:
        """Something happened beside the daemons: the next second looks."""
        self._poked.set()

    async def _run(self) -> None:
        first = self.life.daemons[0]
        while True:
            seconds = self._until_next()
            self._poked.clear()
            if seconds > 0:
                waited = asyncio.ensure_future(self._poked.wait())
                await asyncio.wait({waited}, timeout=seconds)
                waited.cancel()
            try:
                await self._tick(first)
            except StoreError as error:
                first._broken(error)
                return

    async def _tick(self, first: SimDaemon) -> None:
        if self._due("overdue") or self._due("begun") or self.sim.clock_moved():
            await first._overdue()
        for daemon in self.life.daemons:
            for name, place in ROLES.items():
                if self._due(name):
                    daemon.roles[place].look()
        if self.sim.returns_wait():
            await self._chore(lambda: read_returns(first.world))
        if self.sim.now() >= self._next_chores or self.sim.chores_wanted:
            self.sim.chores_wanted = False
            self._next_chores = self.sim.now() + self.sim.chores_every()
            for chore in self._chores:
                await self._chore(chore)

    async def _chore(self, chore: Callable[[], Awaitable[object]]) -> None:
        with suppress(Stale):
            await chore()

    # --- when ---

    def _rows(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, at in self.sim.oracle.rows(DUE):
            if at is not None:
                found[name] = min(at, found.get(name, at))
        return found

    def _until_next(self) -> float:
        """Seconds until a row is due; at most an hour. What is due and stays so is looked at ever more seldom."""
        self._at = self._rows()
        now = self.sim.clock.now()
        grace = timedelta(seconds=self.sim.plan.pace.dot_seconds)
        waits = []
        for name, at in self._at.items():
            when = datetime.fromisoformat(at) + (grace if name == "begun" else timedelta())
            waits.append((when - now).total_seconds())
        newest = self.sim.oracle.newest()
        if newest != self._seen:
            self._seen, self._idle = newest, 0.5
        ahead = [x for x in waits if x > 0]
        if len(ahead) < len(waits):
            self._idle = min(LONGEST, self._idle * 2)
            ahead.append(self._idle)
        chores_in = max(0.0, self._next_chores - self.sim.now())
        return min([LONGEST, chores_in, *(float(int(x) + 1) for x in ahead)])

    def _due(self, name: str) -> bool:
        at = self._at.get(name)
        if at is None:
            return False
        now = self.sim.clock.now()
        if name == "begun":
            now -= timedelta(seconds=self.sim.plan.pace.dot_seconds)
        return datetime.fromisoformat(at) <= now
