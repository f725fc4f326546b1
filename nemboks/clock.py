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
