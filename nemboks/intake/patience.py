"""How long a transfer may take: so that neither silence, nor a drip, nor a lying length holds us for ever."""

from nemboks.domain.pace import Pace
from nemboks.ports import Clock


class Patience:
    """Time for one transfer. Each piece must come within request_seconds (128 kB then flow at about 1 kB/s at least,
    RELIABILITY H10), the whole within request_seconds and the pace's flow."""

    def __init__(self, pace: Pace, clock: Clock) -> None:
        self._pace, self._clock, self._begun = pace, clock, clock.monotonic()

    def seconds(self, received: int) -> float:
        """Seconds for the next piece, given the bytes received; 0 when there is no time left.

        Time is granted for what has come, not for what was announced: an announced length may lie.
        """
        granted = self._pace.request_seconds + self._pace.allowance(received)
        left = granted - (self._clock.monotonic() - self._begun)
        return max(min(self._pace.request_seconds, left), 0)
