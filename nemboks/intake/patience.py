"""How long a transfer may take: so that neither silence, nor a drip, nor a lying length holds us for ever."""

import asyncio

from nemboks.clock import Signal
from nemboks.domain.pace import Pace
from nemboks.ports import Clock


class Patience:
    """Time for one transfer. Each piece must come within request_seconds (128 kB then flow at about 1 kB/s at least,
    RELIABILITY H10), the whole within request_seconds and the pace's flow.

    Only waiting for the other side counts. What we need ourselves between two pieces, for a store that is away, says
    nothing of them, and they may not give the letter twice.
    """

    def __init__(self, pace: Pace, clock: Clock) -> None:
        self._pace, self._clock, self._waited = pace, clock, 0.0

    async def until(self, news: Signal, received: int) -> None:
        """Returns at the signal for the next piece, given the bytes received. TimeoutError."""
        begun = self._clock.monotonic()
        try:
            await news.wait(asyncio.get_running_loop().time() + self._seconds(received))
        finally:
            self._waited += self._clock.monotonic() - begun

    def _seconds(self, received: int) -> float:
        """Seconds for the next piece; 0 when there is no time left.

        Time is granted for what has come, not for what was announced: an announced length may lie.
        """
        left = self._pace.request_seconds + self._pace.allowance(received) - self._waited
        return max(min(self._pace.request_seconds, left), 0)
