"""What every connection waits with: woken once, never late, and forgetful, as its callers know."""

import asyncio

import pytest

from nemboks.clock import RealClock, Signal
from nemboks.domain.pace import Pace
from nemboks.intake.patience import Patience


def soon(seconds=5.0):
    return asyncio.get_running_loop().time() + seconds


async def test_who_waits_is_woken():
    signal = Signal()
    waiting = asyncio.create_task(signal.wait(soon()))
    await asyncio.sleep(0)
    signal.give()
    signal.give()  # twice is once
    await asyncio.wait_for(waiting, 1)


async def test_what_was_given_before_is_forgotten():
    signal = Signal()
    signal.give()
    with pytest.raises(TimeoutError):
        await signal.wait(soon(0.01))


async def test_time_that_is_up_already_lets_nobody_wait():
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(Signal().wait(soon(-1)), 1)


async def test_a_signal_in_the_last_moment_counts():
    """Given and late in one round of the loop: what came is taken, nobody is told that nothing did."""
    signal, loop = Signal(), asyncio.get_running_loop()
    waiting = asyncio.create_task(signal.wait(loop.time() + 0.01))
    await asyncio.sleep(0)
    loop.call_at(loop.time() + 0.005, signal.give)
    loop.call_at(loop.time() + 0.005, lambda: [None for _ in iter(lambda: loop.time() > late, True)])
    late = loop.time() + 0.02
    await asyncio.wait_for(waiting, 1)


async def test_who_is_cancelled_leaves_it_to_the_next():
    signal = Signal()
    gone = asyncio.create_task(signal.wait())
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    signal.give()
    waiting = asyncio.create_task(signal.wait(soon()))
    await asyncio.sleep(0)
    signal.give()
    await asyncio.wait_for(waiting, 1)
    assert gone.cancelled()


async def test_no_timer_is_left_behind():
    """Each would hold its connection until it is due."""
    signal, loop = Signal(), asyncio.get_running_loop()
    before = len(loop._scheduled)
    for _ in range(300):
        waiting = asyncio.create_task(signal.wait(soon(900)))
        await asyncio.sleep(0)
        signal.give()
        await waiting
    assert sum(not handle.cancelled() for handle in loop._scheduled) <= before


async def test_only_waiting_wears_patience_out():
    """A whole transfer has its time, however often its pieces come in time."""
    pace = Pace.demo().model_copy(update={"request_seconds": 0.15})
    patience, signal = Patience(pace, RealClock()), Signal()
    loop = asyncio.get_running_loop()
    waits = 0
    with pytest.raises(TimeoutError):
        while True:
            loop.call_later(0.05, signal.give)
            await patience.until(signal, 0)
            waits += 1
    assert 1 <= waits <= 3
