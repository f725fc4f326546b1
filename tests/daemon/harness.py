"""The daemon over fakes of its ports, in this process: what its loops do when a step, a loop or a neighbour fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from nemboks.daemon.run import Daemon
from nemboks.domain.letter import State
from nemboks.domain.pace import Pace
from nemboks.journey.world import World
from nemboks.settings import Rates, Seats
from nemboks.wiring import Services
from tests.journey.town import SlowCourier, Town, memo, uuid, with_courier

LIMIT = 10.0


@dataclass
class FakeServices:
    """What the daemon takes of the services."""

    world: World
    settings: Any

    sole: bool = True
    brought: int = 0  # how often rows of a clock that ran ahead were asked for
    spool_hurried: bool = False

    async def check(self) -> None:
        """The fake store is never damaged."""

    async def sweep_spool(self) -> int:
        return 0

    def hurry(self) -> None:
        """The fake store never is away."""

    def hurry_spool(self) -> None:
        self.spool_hurried = True

    async def bring_back(self, put_back: float | None = None) -> int:
        self.brought += 1
        return 1


@dataclass
class _Settings:
    seats: Seats = field(default_factory=Seats)
    rates: Rates = field(default_factory=Rates)


def daemon_of(town: Town, **waits: Any) -> Daemon:
    """A daemon over the town, with the demo's waits."""
    town.world = replace(town.world, pace=Pace.demo().model_copy(update=waits))
    return Daemon(cast(Services, FakeServices(town.world, _Settings())))


@asynccontextmanager
async def running(daemon: Daemon) -> AsyncIterator["asyncio.Task[None]"]:
    """The daemon's task; it is told to stop at the end."""
    task = asyncio.create_task(daemon.run())
    try:
        yield task
    finally:
        daemon.stopping.set()
        await asyncio.wait({task}, timeout=LIMIT)
        assert task.done(), "the daemon does not stop"


def states(town: Town) -> dict[int, State]:
    return {letter.id: letter.state for letter in town.letters.rows.values()}


async def until(done: Any) -> None:
    """Returns when `done()` is true."""
    async with asyncio.timeout(LIMIT):
        while not done():
            await asyncio.sleep(0.01)


class OneDotOut:
    """A town with two letters: the first one's dot is out and its reply is awaited until `reply` is set."""

    def __init__(self) -> None:
        self.town = Town()
        for number in (1, 2):
            self.town.inbox.put(uuid(number), memo(number))
        self.out, self.reply = asyncio.Event(), asyncio.Event()
        with_courier(self.town, SlowCourier(after=self._after))

    async def _after(self) -> None:
        self.out.set()
        await self.reply.wait()
