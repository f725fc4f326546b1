"""All waits of the program, in one place (D17). Seconds, unless the name says otherwise.

The defaults are production's, and production refuses anything quicker. The demo's are short, so that a killed
demo settles in seconds; only `environment = "demo"` may use them.
"""

from datetime import timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

LONGEST_SECONDS = 366 * 86_400.0  # more is a slip; far beyond it no calendar could name the time


class Pace(BaseModel):
    """How long we wait before doing what."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    poll_seconds: float = Field(300, gt=0, description="Between two looks into a mailbox, spread by up to a fifth.")
    sweep_seconds: float = Field(
        1, gt=0, le=10, description="Between two looks into our own store for what is due; at most 10."
    )
    idle_seconds: float = Field(540, gt=0, description="IMAP IDLE is renewed this often (RFC 2177: < 29 min).")
    request_seconds: float = Field(120, gt=0, description="For one call to Digital Post, plus what its size needs.")
    upstream_seconds: tuple[float, float] = Field(
        (30, 300), description="Back-off after an outage of Digital Post: first wait and longest wait."
    )
    missing_seconds: float = Field(600, gt=0, description="Until a listed letter that was not there is asked for.")
    park_seconds: float = Field(3600, gt=0, description="Until a CVR that Digital Post refuses is tried again.")
    retry_seconds: tuple[float, ...] = Field(
        (60, 300, 900, 1800, 3600), min_length=1, description="Waits after a mail server's first temporary refusals."
    )
    retry_by_age: tuple[tuple[float, float], ...] = Field(
        ((21_600, 1_800), (86_400, 3_600), (432_000, 7_200)),
        description="Then, while a letter is younger than the first number, wait the second.",
    )
    retry_last_seconds: float = Field(21_600, gt=0, description="After that, for as long as the letter lies upstream.")
    full_seconds: float = Field(1_800, gt=0, description="At least this long after `mailbox full`.")
    second_look_seconds: float = Field(600, gt=0, description="After the first permanent refusal; then the last wait.")
    login_seconds: float = Field(1_800, gt=0, description="After a refused login: at most two an hour.")
    tls_seconds: float = Field(3_600, gt=0, description="After a server that offers no verified TLS.")
    uncertain_seconds: float = Field(900, gt=0, description="Until a letter with an uncertain ending is sent again.")
    connect_seconds: float = Field(30, gt=0, description="To reach a mail server and agree on TLS.")
    reply_seconds: float = Field(300, gt=0, description="For a reply before the dot (RFC 5321 4.5.3.2).")
    dot_seconds: float = Field(600, gt=0, description="For the reply to the dot (RFC 5321 4.5.3.2.6: ten minutes).")
    attempt_seconds: float = Field(1_200, gt=0, description="For an attempt up to its dot, plus what its size needs.")
    bytes_per_second: float = Field(
        50_000, ge=1_000, description="The slowest flow of a body that is still waited for."
    )
    spare_seconds: float = Field(60, gt=0, description="An unused connection to a mail server is kept this long.")
    greylist_seconds: float = Field(300, gt=0, description="At least this long after `greylisted`.")
    breaker_seconds: float = Field(
        300, gt=0, description="A mail server that failed five times in a row gets one probe this often."
    )
    landing_seconds: float = Field(300, gt=0, description="Between two looks for a mail that a relay took.")
    silence_seconds: float = Field(
        14_400, gt=0, description="A relay that says nothing for so long, and no landing: an alarm."
    )
    returns_seconds: float = Field(60, gt=0, description="Between two looks into the box for returned mail.")
    fallback_seconds: float = Field(86_400, gt=0, description="The primary is out of reach so long: to the fallback.")
    copies_seconds: float = Field(432_000, gt=0, description="A copy that cannot be delivered is given up then.")
    gather_seconds: float = Field(20, gt=0, description="Letters with one trouble are gathered so long for a notice.")
    late_seconds: float = Field(14_400, gt=0, description="An undelivered letter is late then, and people are told.")
    still_seconds: float = Field(86_400, gt=0, description="Between two reminders of a trouble that is not solved.")
    quiet_seconds: float = Field(1_800, gt=0, description="A trouble that is gone for so long is told as solved.")
    notice_seconds: tuple[float, ...] = Field(
        (30, 120, 600, 3_600), min_length=1, description="Waits after a notice that could not be sent; then the last."
    )
    preflight_seconds: float = Field(86_400, gt=0, description="Between two checks of every address and server.")
    consent_seconds: float = Field(
        900, gt=0, description="Between two questions whether a company that was imported has let us in."
    )
    standing_seconds: float = Field(
        86_400, gt=0, description="Between two questions how a company stands; a ceased one is left alone so long."
    )
    reconcile_seconds: float = Field(
        86_400, gt=0, description="Between two comparisons of Digital Post, journal and confirmations of a mailbox."
    )
    relist_seconds: float = Field(300, gt=0, description="A letter that is gone is believed gone after so long.")
    change_seconds: float = Field(
        259_200, gt=0, description="Until another address takes effect that not everybody has agreed to."
    )
    probation_seconds: float = Field(
        259_200, ge=0, description="What went to a changed address stays in Digital Post so long."
    )
    stop_seconds: float = Field(
        630, gt=0, description="At a stop, wait this long for replies to dots already sent, and fetches."
    )

    @model_validator(mode="after")
    def _ends(self) -> Self:
        for name, value in self:
            if any(seconds > LONGEST_SECONDS for seconds in _numbers(value)):
                raise ValueError(f"{name}: no wait is longer than a year ({LONGEST_SECONDS:.0f} seconds)")
        return self

    @classmethod
    def demo(cls) -> Self:
        """The waits of a demo: everything settles in seconds."""
        return cls(
            poll_seconds=0.8, sweep_seconds=0.25, idle_seconds=20, request_seconds=20, upstream_seconds=(0.5, 2),
            missing_seconds=0.7, park_seconds=1.2, retry_seconds=(0.5, 1, 1.5), retry_by_age=(), retry_last_seconds=2,
            full_seconds=1, second_look_seconds=0.7, login_seconds=1.5, tls_seconds=1, uncertain_seconds=1.5,
            connect_seconds=10, reply_seconds=10, dot_seconds=10, attempt_seconds=60, bytes_per_second=1_000_000,
            spare_seconds=20, stop_seconds=12, greylist_seconds=0.5, breaker_seconds=1, landing_seconds=0.5,
            silence_seconds=6, returns_seconds=0.5, fallback_seconds=5, copies_seconds=60, gather_seconds=0.5,
            late_seconds=10, still_seconds=20, quiet_seconds=2, notice_seconds=(0.5, 1), preflight_seconds=86_400,
            change_seconds=4, probation_seconds=3,
            consent_seconds=2, standing_seconds=24, reconcile_seconds=2, relist_seconds=1,
        )  # fmt: skip

    @property
    def change(self) -> timedelta:
        return timedelta(seconds=self.change_seconds)

    @property
    def probation(self) -> timedelta:
        return timedelta(seconds=self.probation_seconds)

    def allowance(self, size: int) -> float:
        """Seconds that a transfer of `size` bytes may take on top of its fixed allowance."""
        return size / self.bytes_per_second

    @property
    def longest(self) -> float:
        """Seconds that no row of the store is ever put off for: half more than the longest wait, jitter and all.

        An hour is the most that Digital Post's Retry-After is heeded for.
        """
        waits = [3600.0, self.poll_seconds, self.missing_seconds, self.park_seconds, *self.upstream_seconds,
                 *self.retry_seconds, *(seconds for _, seconds in self.retry_by_age), self.retry_last_seconds,
                 self.full_seconds, self.second_look_seconds, self.login_seconds, self.tls_seconds,
                 self.uncertain_seconds, self.landing_seconds, self.silence_seconds, self.greylist_seconds]  # fmt: skip
        return 1.5 * max(waits)

    def too_quick(self) -> list[str]:
        """The waits that are under production's floor, each as a sentence; empty when production may use them."""
        faults = []
        for name, floor in FLOORS.items():
            value = getattr(self, name)
            least = min(value) if isinstance(value, tuple) else value
            if least < floor:
                faults.append(f"pace.{name} is {least:g}; production needs at least {floor:g}")
        if any(seconds < FLOORS["retry_seconds"] for _, seconds in self.retry_by_age):
            faults.append(f"pace.retry_by_age: production waits at least {FLOORS['retry_seconds']:g}")
        return faults


# Under these, a fault here would hammer a neighbour, or an answer that is on its way would count as lost.
FLOORS = {
    "poll_seconds": 60, "sweep_seconds": 0.2, "idle_seconds": 60, "request_seconds": 30, "upstream_seconds": 10,
    "missing_seconds": 60, "park_seconds": 600, "retry_seconds": 30, "retry_last_seconds": 600, "full_seconds": 300,
    "second_look_seconds": 300, "login_seconds": 1_800, "tls_seconds": 300, "uncertain_seconds": 300,
    "connect_seconds": 10, "reply_seconds": 60, "dot_seconds": 600, "attempt_seconds": 300, "stop_seconds": 600,
    "greylist_seconds": 60, "breaker_seconds": 30, "landing_seconds": 60, "silence_seconds": 600,
    "returns_seconds": 30, "fallback_seconds": 3_600, "copies_seconds": 86_400, "gather_seconds": 1,
    "late_seconds": 600, "still_seconds": 3_600, "quiet_seconds": 60, "notice_seconds": 5, "preflight_seconds": 3_600,
    "change_seconds": 259_200,
    "consent_seconds": 300, "standing_seconds": 3_600, "reconcile_seconds": 3_600, "relist_seconds": 300,
}  # fmt: skip


def _numbers(value: float | tuple[object, ...]) -> list[float]:
    """The numbers of a setting, which may be a tuple of them, or of tuples."""
    if isinstance(value, tuple):
        return [number for each in value if isinstance(each, float | int | tuple) for number in _numbers(each)]
    return [value]
