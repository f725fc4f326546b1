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


async def test_each_server_has_a_rate_of_its_own() -> None:
    """Mails to one server do not wait for those to another; what has no rate waits for nothing."""
    clock = PretendClock()
    destinations = Destinations(8, 300, clock, Rates(direct=1))
    for name in ("direct:bakery.example", "direct:office.example", "own", "own", "own"):
        await asyncio.wait_for(destinations.turn(name), 5)
    had = await _given(clock, lambda: destinations.turn("direct:bakery.example"), 2)

    assert [at for at, _ in had] == pytest.approx([1, 2], abs=0.051)
