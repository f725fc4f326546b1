"""The Clock port on a virtual loop: wall time with a skew that a run may change, chance and ids by the seed."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random

from tests.simulation.loop import VirtualLoop

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class SimClock:
    """`skew` seconds are added to the wall clock only: `monotonic` is never set."""

    def __init__(self, loop: VirtualLoop, seed: int, start: datetime = START, name: str = "clock") -> None:
        self._loop, self._start, self.skew, self.times_set = loop, start, 0.0, 0
        self._random = Random(f"{name} {seed}")

    def now(self) -> datetime:
        return self._start + timedelta(seconds=round(self._loop.time() + self.skew, 6))

    def monotonic(self) -> float:
        return self._loop.time()

    def step(self, seconds: float) -> None:
        """Somebody sets the clock."""
        self.skew += seconds
        self.times_set += 1

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def chance(self) -> float:
        return self._random.random()

    def uuid(self) -> str:
        n = self._random.getrandbits(128) & ~(0xF << 76) | 4 << 76
        n = n & ~(0x3 << 62) | 2 << 62
        text = f"{n:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
