"""The mail servers' share of our seats, and a breaker for those that are down.

A server that hangs would otherwise hold every seat, whoever's letters wait: so each destination has a few seats of its
own, and one that failed five times in a row gets a single probe now and then until it answers. Only in memory: what is
due stands in the store, and a restart merely tries again.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from nemboks.domain.mailbox import DIRECT
from nemboks.domain.proof import Report, Stage
from nemboks.logs import log
from nemboks.ports import Clock
from nemboks.settings import Rates

SEATS: Final = 8  # connections to a company's own server or a relay at a time, once it took a letter
DIRECT_SEATS: Final = 2  # … to a domain's MX, where we are strangers (RELIABILITY 7)
FAILURES: Final = 5  # in a row; then it is probed


@dataclass
class _Breaker:
    failures: int = 0
    probe_at: float = 0.0  # monotonic; while failures >= FAILURES nobody goes before it


@dataclass(eq=False)
class Destinations:
    """Who may go where now.

    `seats`: how many letters are sent at a time in all; a server that we do not know to be well gets half of them.
    `seconds`: between two probes of a destination that is down. `rates`: mails a second, at most.
    """

    seats: int
    seconds: float
    clock: Clock
    rates: Rates = field(default_factory=Rates)
    turned: Callable[[], None] = lambda: None  # told when the next mail may go somewhere
    _next: dict[str, float] = field(default_factory=dict)  # monotonic; nobody goes there before it
    _taken: Counter[str] = field(default_factory=Counter)
    _breakers: dict[str, _Breaker] = field(default_factory=dict)
    _well: set[str] = field(default_factory=set)

    def busy(self) -> set[str]:
        """The destinations that nobody may go to now: no seat left, or down and not due for a probe."""
        full = {name for name, number in self._taken.items() if number >= self._seats(name)}
        return full | {name for name in (*self._breakers, *self._next) if not self._goes(name)}

    def goes(self, name: str) -> bool:
        """Whether somebody may go to the destination now."""
        return self._taken[name] < self._seats(name) and self._goes(name)

    @contextmanager
    def seat(self, name: str) -> Iterator["Seat | None"]:
        """A seat for one attempt, or None; tell it what happened before it is given back."""
        if not self.goes(name):
            yield None
            return
        seat = Seat()
        self._taken[name] += 1
        self._took_a_turn(name)
        try:
            yield seat
        finally:
            self._taken[name] -= 1
            if not self._taken[name]:
                del self._taken[name]
            self._learn(name, seat)

    @property
    def down(self) -> list[str]:
        """The destinations that are probed only."""
        return sorted(name for name, one in self._breakers.items() if one.failures >= FAILURES)

    def _seats(self, name: str) -> int:
        if name in self._breakers and self._breakers[name].failures >= FAILURES:
            return 1
        if name.startswith(f"{DIRECT}:"):
            return DIRECT_SEATS
        return SEATS if name in self._well else max(1, min(SEATS, self.seats // 2))

    def _took_a_turn(self, name: str) -> None:
        now = self.clock.monotonic()
        self._next = {other: at for other, at in self._next.items() if at > now}
        per_second = self.rates.direct_domain if name.startswith(f"{DIRECT}:") else self.rates.mail_server
        if per_second is not None:
            self._next[name] = now + 1 / per_second
            asyncio.get_running_loop().call_later(1 / per_second, self.turned)

    def _goes(self, name: str) -> bool:
        if self.clock.monotonic() < self._next.get(name, 0.0):
            return False
        one = self._breakers.get(name)
        return one is None or one.failures < FAILURES or self.clock.monotonic() >= one.probe_at

    def _learn(self, name: str, seat: "Seat") -> None:
        if seat.report is None:
            return
        if not out_of_reach(seat.report):
            self._well.add(name)
            if self._breakers.pop(name, _Breaker()).failures >= FAILURES:
                log().info("destination_up", server=name)
            return
        self._well.discard(name)
        one = self._breakers.setdefault(name, _Breaker())
        one.failures += 1
        one.probe_at = self.clock.monotonic() + self.seconds
        if one.failures == FAILURES:
            log().warning("destination_down", server=name, words=seat.report.words)


@dataclass(eq=False)
class Seat:
    """One attempt's seat; `report` says what came of it, None if no server was asked."""

    report: Report | None = None


def out_of_reach(report: Report) -> bool:
    """Whether the server failed whatever the letter: nobody there, no TLS, no greeting, no login."""
    refused = report.reply is not None and report.reply.code >= 500
    definite = report.stage is Stage.LOOKUP and refused  # the address's own fault; the letter's schedule sees to it
    return report.stage <= Stage.LOGIN and not definite
