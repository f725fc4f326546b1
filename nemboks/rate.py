"""So many a second, and no more: after an outage a backlog goes at a bearable pace.

Promises: of the turns given, each comes at least 1/`per_second` seconds after the one before, whoever asks (no bursts:
what is counted over any time is at most one more than the rate allows); turns are given in the order of asking.
In memory, for one process: several workers share nothing here, and each has its own rate.
"""

from nemboks.ports import Clock


class Rate:
    """The turns at one place."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._apart, self._clock = 1 / per_second, clock
        self._next = clock.monotonic()

    async def turn(self) -> None:
        """Returns when the caller may go. A turn that a cancelled caller had is not given to another."""
        now = self._clock.monotonic()
        mine = max(now, self._next)
        self._next = mine + self._apart
        if mine > now:
            await self._clock.sleep(mine - now)
