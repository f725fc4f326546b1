"""In which order and how often letters are tried (I7, I8)."""

from datetime import timedelta
from typing import Any

from nemboks.domain import letter as events
from nemboks.domain.letter import Letter
from tests.simulation.floor1.oracle_rows import Ledger


class Paces(Ledger):
    """Asked at every claim; told of every end of an attempt."""

    def i07_order(self, row: Any, after: Letter) -> None:
        """No earlier letter of the mailbox has been waiting for its first attempt for a minute; a legal one passes.

        Nor is one passed by another that was found after it, but at an earlier hour: the clock was put back in between.
        """
        if after.headline is not None and after.headline.legal:
            return
        if after.fence != 1 or self.box(row["mailbox_id"])["frozen_at"] is not None:
            return
        now = self.sim.clock.now()
        text = (now - timedelta(seconds=60)).isoformat(timespec="microseconds")[:26] + "Z"
        for other in self.rows(
            "SELECT id, available_at FROM letters WHERE mailbox_id = ? AND state = 'WAITING' AND fence = 0"
            " AND released_at IS NULL"
            " AND due_at <= ? AND (available_at, id) < (?, ?) AND found_at <= ?",
            (row["mailbox_id"], text, row["available_at"], row["id"], row["found_at"]),
        ):
            routed = self.rows(
                "SELECT 1 FROM routes WHERE mailbox_id = ?"
                " AND (rules != '[]' OR holiday IS NOT NULL OR unrouted != '')",
                (row["mailbox_id"],),
            )
            in_hand = any(other["id"] in x.roles[2].in_hand for x in self.sim.life.daemons)
            if in_hand or routed or self.sim.bad_steps:
                continue
            self.passed[other["id"]] += 1  # those of one round race for the seats; it is first in the next round
            if self.passed[other["id"]] > sum(self.sim.plan.seats):
                self.breach("order", f"I7: letter {row['id']} goes before {other['id']}, which came first")

    def i08_intervals(self, row: Any, after: Letter, asked: tuple[float, int]) -> None:
        claims, now = self.claims[after.id], self.sim.now()
        claims.append(now)
        self.asked[after.id] = asked
        if after.id in self.least:
            since, seconds, times_set = self.least.pop(after.id)
            if times_set == self.sim.clock.times_set and now < since + seconds - 0.001:
                words = f"again after {now - since:.3f} s, the schedule says {seconds:g} s"
                self.breach("other", f"I8: letter {after.id} is tried {words}")
        if sum(x > now - 5 * 86_400 for x in claims) > 90:
            self.breach("other", f"I8: letter {after.id} was tried 90 times in five days")

    def _ended(self, before: Any, event: events.Event, after: Letter, asked: tuple[float, int]) -> None:
        seconds = self._pause(before, event, after)
        _, times_set = self.asked.get(after.id, (0.0, -1))
        if seconds is not None and times_set == asked[1] == self.sim.clock.times_set:
            # When it was asked for: its commit may have waited for the ledger.
            since = min(asked[0], self.reported.pop(after.id, self.sim.now()))
            self.least[after.id] = (since, seconds, times_set)

    def _pause(self, before: Any, event: events.Event, after: Letter) -> float | None:
        """The least wait after this end (RELIABILITY 7 and 4e), a fifth of jitter taken off."""
        if isinstance(event, events.AttemptEnded):
            self.temporary[after.id] = 0
            claimed, _ = self.asked.get(after.id, (self.sim.now(), -1))
            return 0.8 * 900 if before["dot_begun_at"] else claimed + 0.8 * 60 - self.sim.now()
        if not isinstance(event, events.Later):
            return None
        if event.why == "temporary":
            self.temporary[after.id] += 1
            if "try again in" in event.words:
                return 60.0
            schedule = (60, 300, 900, 1800, 1800)
            return 0.8 * schedule[min(self.temporary[after.id], 5) - 1]
        self.temporary[after.id] = 0
        known = {"full": 0.8 * 1800, "address": 0.8 * 600, "policy": 0.8 * 600, "login": 1800.0, "tls": 0.8 * 3600}
        return known.get(event.why)
