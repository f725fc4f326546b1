"""What waited through an outage goes at a bearable pace: never more than so many a second, in the order of asking."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from nemboks.daemon.destinations import Destinations
from nemboks.rate import Rate
from nemboks.settings import Rates
from tests.helpers.clock import PretendClock


async def _given(clock: PretendClock, turn: Callable[[], Awaitable[None]], number: int) -> list[tuple[float, int]]:
    """When (monotonic) each of so many callers, who all ask at once, had his turn."""
    had: list[tuple[float, int]] = []

    async def ask(caller: int) -> None:
        await turn()
        had.append((clock.monotonic(), caller))

    tasks = [asyncio.create_task(ask(caller)) for caller in range(number)]
    await asyncio.sleep(0)
    while len(had) < number:
        await clock.sleeping(number - len(had))
        clock.advance(0.05)
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    return had


@pytest.mark.parametrize("per_second", [1, 4, 10])
async def test_a_backlog_goes_at_the_rate_and_in_order(per_second: int) -> None:
    """Twelve who ask at once: evenly apart, so that no second has one more than the rate."""
    clock = PretendClock()
    rate = Rate(per_second, clock)
    had = await _given(clock, rate.turn, 12)

    assert [caller for _, caller in had] == list(range(12))
    assert [at for at, _ in had] == pytest.approx([n / per_second for n in range(12)], abs=0.051)


async def test_after_a_pause_nobody_has_saved_turns() -> None:
    """An hour without a call is no right to a burst."""
    clock = PretendClock()
    rate = Rate(2, clock)
    await rate.turn()
    clock.advance(3600)
    had = await _given(clock, rate.turn, 3)

    assert [at - 3600 for at, _ in had] == pytest.approx([0, 0.5, 1], abs=0.051)


async def test_each_server_has_a_rate_of_its_own_and_nobody_sits_and_waits_for_it() -> None:
    """Mails to one server do not wait for those to another; who may not go yet takes no seat, and is told when."""
    clock, told = PretendClock(), asyncio.Event()
    destinations = Destinations(8, 300, clock, Rates(direct_domain=100), told.set)

    def goes(name: str) -> bool:
        with destinations.seat(name) as seat:
            return seat is not None

    assert [goes(name) for name in ("direct:bakery.example", "direct:office.example", "own", "own")] == [True] * 4
    assert not goes("direct:bakery.example")
    assert destinations.busy() == {"direct:bakery.example", "direct:office.example"}
    await asyncio.wait_for(told.wait(), 5)
    clock.advance(0.01)
    assert goes("direct:bakery.example") and destinations.busy() == {"direct:bakery.example"}
