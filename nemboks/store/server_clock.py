"""The time of the database server, for all who work on one ledger: their machines' clocks may differ by any amount.

Promises: a due time, a lease or a deadline that one worker wrote means the same to every other. Between two looks at
the server this machine's clock since its boot carries the time on, through a suspend too; a look moves it no further
than it proves. Each transaction that writes looks as it begins, so that a virtual machine that its host had stopped,
with all its clocks, writes nothing by a time that is over.
"""

import threading
from datetime import datetime, timedelta
from typing import Final, Protocol

from nemboks.ports import Clock

LOOK_SECONDS: Final = 60.0  # a quartz runs off by some ten milliseconds in this


class Machine(Clock, Protocol):
    def elapsed(self) -> float:
        """As `monotonic`; goes on while the machine is suspended."""
        ...


class ServerClock:
    """The Clock port by the server's time; waiting and chance are the machine's own."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._known: tuple[datetime, float] | None = None  # the server's time, and ours at that moment
        self._looked = 0.0
        self._lock = threading.Lock()

    @property
    def due(self) -> bool:
        """Whether the server's time should be looked at again."""
        return self._known is None or self.elapsed() - self._looked >= LOOK_SECONDS

    def heard(self, at: datetime, asked: float) -> None:
        """Takes the server's time, which we asked for when so much had elapsed, and know since now.

        The truth lies between that time and that time with the whole way there and back. What we had stands if it lies
        there too; else it moves to the nearer end, so that a slow answer never moves it by more than it proves.
        """
        with self._lock:
            now = self.elapsed()
            latest = at + timedelta(seconds=now - asked)
            if self._known is None:
                guess = at + timedelta(seconds=(now - asked) / 2)
            else:
                guess = min(max(self._at(now), at), latest)
            self._known, self._looked = (guess, now), now

    def now(self) -> datetime:
        """The server's time, aware, UTC; this machine's before the server was asked."""
        return self._machine.now() if self._known is None else self._at(self.elapsed())

    def monotonic(self) -> float:
        return self._machine.monotonic()

    def elapsed(self) -> float:
        return self._machine.elapsed()

    async def sleep(self, seconds: float) -> None:
        await self._machine.sleep(seconds)

    def chance(self) -> float:
        return self._machine.chance()

    def uuid(self) -> str:
        return self._machine.uuid()

    def _at(self, elapsed: float) -> datetime:
        assert self._known is not None
        at, then = self._known
        return at + timedelta(seconds=elapsed - then)
