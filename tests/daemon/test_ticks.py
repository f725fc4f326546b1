"""Chores at their intervals: by a clock that nobody sets, one at a time, and none that dies unheard."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest

from nemboks.clock import RealClock
from nemboks.daemon.ticks import Ticks
from tests.simulation.clock import SimClock
from tests.simulation.loop import VirtualLoop, bury, run

HOUR = 3600.0


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    """Hours pass on it at once."""
    loop = VirtualLoop(1)
    yield loop
    bury(loop)


async def _times(
    clock: SimClock, chore: Callable[[float], Awaitable[object]], every: float, seconds: float
) -> list[float]:
    """When the chore began, by the clock that nobody sets, in so many seconds."""
    begun: list[float] = []

    async def run() -> None:
        begun.append(clock.monotonic())
        await chore(clock.monotonic())

    ticks = Ticks(lambda error: begun.append(-1), clock)
    ticks.every(every, run)
    ticks.start()
    await asyncio.sleep(seconds)
    ticks.stop()
    await asyncio.sleep(0)
    return begun


def test_with_the_clock_put_back_an_hour_every_tick_of_that_hour_comes(loop) -> None:
    """Looks, renewals and the watchdog's ping must not wait until the wall clock has caught up."""
    clock = SimClock(loop, 1)

    async def put_back(at: float) -> None:
        if at == 3.0:
            clock.step(-HOUR)

    begun = run(loop, _times(clock, put_back, every=1.0, seconds=HOUR + 0.5))

    assert [float(n) for n in range(1, 3601)] == begun


def test_after_a_chore_that_took_long_what_was_missed_is_not_made_up(loop) -> None:
    """A store that answered late is not asked for every round that it missed; the rhythm stays."""

    async def first_is_long(at: float) -> None:
        await asyncio.sleep(3.5 if at == 1.0 else 0.25)

    begun = run(loop, _times(SimClock(loop, 1), first_is_long, every=1.0, seconds=7.5))

    assert begun == [1.0, 5.0, 6.0, 7.0]


def test_a_chore_that_is_cut_by_something_of_its_own_comes_again(loop) -> None:
    """Else its ticks would end, and nobody would hear of it."""

    async def cut(_: float) -> None:
        waiting = asyncio.get_running_loop().create_future()
        waiting.cancel()
        await waiting

    begun = run(loop, _times(SimClock(loop, 1), cut, every=1.0, seconds=2.5))

    assert begun == [1.0, 2.0]


async def test_a_chore_that_raises_is_told_and_never_swallowed() -> None:
    """The process has to end; the other chores go on until it does."""
    failed, ran = asyncio.Event(), asyncio.Event()

    async def good() -> None:
        if failed.is_set():
            ran.set()

    async def bad() -> None:
        raise ZeroDivisionError

    ticks = Ticks(lambda _: failed.set(), RealClock())
    ticks.every(0.01, good)
    ticks.every(0.01, bad)
    ticks.start()
    try:
        async with asyncio.timeout(10):
            await failed.wait()
            await ran.wait()
    finally:
        ticks.stop()


async def test_a_chore_that_a_stop_cuts_is_no_error(caplog) -> None:
    """What is due stands in the store: the log of an ordinary stop has no error in it."""
    begun, cut = asyncio.Event(), asyncio.Event()
    failed: list[Exception] = []

    async def long() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cut.set()

    ticks = Ticks(failed.append, RealClock())
    ticks.every(0.01, long)
    ticks.start()
    async with asyncio.timeout(10):
        await begun.wait()
        ticks.stop()
        await cut.wait()
        for _ in range(5):  # whatever is told of the end of a task
            await asyncio.sleep(0)

    assert ([], []) == (failed, [one.message for one in caplog.records if one.levelname == "ERROR"])


async def test_a_chore_that_takes_longer_than_its_interval_fills_no_log(caplog) -> None:
    """It is not begun twice at a time, which is as it should be: nobody reads that four times a second."""
    begun = 0

    async def long() -> None:
        nonlocal begun
        begun += 1
        await asyncio.sleep(0.2)

    ticks = Ticks(lambda _: None, RealClock())
    ticks.every(0.01, long)
    ticks.start()
    await asyncio.sleep(0.1)
    ticks.stop()

    assert (begun, caplog.records) == (1, [])
