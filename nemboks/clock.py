"""Real time, chance and waiting: the one place in the program that asks the machine for them (D18).

A simulation or a test hands in another Clock; then the whole program runs on its time.
"""

import asyncio
import secrets
import time
import uuid
from datetime import UTC, datetime
from typing import Final

_BOOT: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # Linux has two; elsewhere one must do


class RealClock:
    """The Clock port on this machine's own clocks."""

    def now(self) -> datetime:
        """The wall clock, aware, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        return time.monotonic()

    def elapsed(self) -> float:
        """As `monotonic`, which stands still while the machine is suspended; this one does not (clock_gettime(2))."""
        return time.clock_gettime(_BOOT)

    async def sleep(self, seconds: float) -> None:
        """Wait; a cancel ends it at once."""
        await asyncio.sleep(seconds)

    def chance(self) -> float:
        """A number in [0, 1), for jitter only."""
        return secrets.randbelow(1 << 53) / (1 << 53)

    def uuid(self) -> str:
        """A fresh UUID version 4, lower case, as MeMo and receipts want it."""
        return str(uuid.uuid4())


class Signal:
    """Wakes the task that waits for it. For connections, which wait many times a letter: an asyncio.Event inside an
    asyncio.timeout takes five times the calls.

    Never: remembers. What is waited for is looked at before each `wait`, with no await between.
    """

    __slots__ = ("_waiter",)

    def __init__(self) -> None:
        self._waiter: asyncio.Future[bool] | None = None  # whether it came in time

    def give(self) -> None:
        """Whoever waits goes on."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(True)

    async def wait(self, until: float | None = None) -> None:
        """Returns at the next `give`; one task at a time. TimeoutError at `until`, in the loop's time."""
        assert self._waiter is None, "another waits"
        loop = asyncio.get_running_loop()
        self._waiter = waiter = loop.create_future()
        timer = None if until is None else loop.call_at(until, _late, waiter)
        try:
            if not await waiter:
                raise TimeoutError  # an exception of the future's own would hold it, and it the exception
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()


def _late(waiter: "asyncio.Future[bool]") -> None:
    if not waiter.done():
        waiter.set_result(False)
