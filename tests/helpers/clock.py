"""A clock that only a test moves: nothing waits for real time, and every run sees the same chance and ids."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class PretendClock:
    """The Clock port under a test's hand."""

    def __init__(self, start: datetime = START) -> None:
        self._start, self._now, self._ids = start, start, 0
        self._suspended = 0.0
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []
        self._arrived = asyncio.Condition()

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def elapsed(self) -> float:
        return self.monotonic() + self._suspended

    def suspend(self, seconds: float) -> None:
        """The machine is suspended for so long; nobody is woken, and the wall clock is put right later."""
        self._suspended += seconds

    async def sleep(self, seconds: float) -> None:
        """Returns once the test has moved the clock so far; a cancel ends it at once."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        until = self._now + timedelta(seconds=seconds)
        if until <= self._now:
            woken.set_result(None)
        self._sleepers.append((until, woken))
        async with self._arrived:
            self._arrived.notify_all()
        await woken

    def chance(self) -> float:
        """Always the middle: jitter that neither lengthens nor shortens."""
        return 0.5

    def uuid(self) -> str:
        self._ids += 1
        return f"00000000-0000-4000-8000-{self._ids:012d}"

    def advance(self, seconds: float) -> datetime:
        """The new now; whoever slept until then is woken."""
        self._now += timedelta(seconds=seconds)
        for until, woken in self._sleepers:
            if until <= self._now and not woken.done():
                woken.set_result(None)
        return self._now

    async def sleeping(self, number: int = 1) -> None:
        """Returns when so many tasks sleep on this clock: then it is time to move it. At most five real seconds."""
        async with asyncio.timeout(5), self._arrived:
            await self._arrived.wait_for(lambda: sum(not woken.done() for _, woken in self._sleepers) >= number)
