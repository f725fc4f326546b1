"""The ledger's plain rows as the oracle sees them, the history since the last look, and the list of broken promises."""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nemboks.domain.states import State
from tests.simulation.floor1.upstream import Posted
from tests.simulation.outcome import Kind

if TYPE_CHECKING:
    from tests.simulation.floor1.sim import Sim

LEFT = {"FORWARDED": {"FORWARDED", "ACKNOWLEDGED"}, "ACKNOWLEDGED": {"ACKNOWLEDGED"}, "DISMISSED": {"DISMISSED"}}
AGAIN = (
    "retried", "released", "believed", "part_confirmed", "collected", "reappeared", "returned", "recomposed",
)  # fmt: skip


class Ledger:
    """Reads rows beside the program, and remembers what a single row does not tell."""

    def __init__(self, sim: "Sim", path: Path) -> None:
        self.sim = sim
        self.db = sqlite3.connect(f"file:{path}?vfs=unix-none", isolation_level=None, uri=True)
        self.db.row_factory = sqlite3.Row
        self.breaches: list[tuple[Kind, str]] = []
        self.uncertain: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.in_a_row: defaultdict[int, int] = defaultdict(int)  # uncertain ends since a person looked
        self.claims: defaultdict[int, list[float]] = defaultdict(list)
        self.least: dict[int, tuple[float, float, int]] = {}  # since when, seconds, how often the clock had been set
        self.temporary: defaultdict[int, int] = defaultdict(int)
        self.claimed_by: dict[tuple[int, int], int] = {}  # life of each attempt
        self.looked: dict[tuple[int, int], datetime] = {}  # when an attempt was found to be over
        self.passed: defaultdict[int, int] = defaultdict(int)
        self.asked: dict[
            int, tuple[float, int]
        ] = {}  # the last claim: when asked for, under which setting of the clock
        self._twins: dict[tuple[bytes, str], bytes] = {}
        self.reported: dict[int, float] = {}  # when the courier's last word of a letter came
        self._last = 0

    def breach(self, kind: Kind, words: str) -> None:
        if (kind, words) not in self.breaches:
            self.sim.tell("BREACH", kind, words)
            self.breaches.append((kind, words))

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        return self.db.execute(statement, values).fetchall()

    def any_due(self, state: State, now: datetime) -> bool:
        text = now.isoformat(timespec="microseconds")[:26] + "Z"
        return bool(self.rows("SELECT 1 FROM letters WHERE state = ? AND due_at <= ? LIMIT 1", (state.value, text)))

    def any_box_due(self, now: datetime) -> bool:
        text = now.isoformat(timespec="microseconds")[:26] + "Z"
        return bool(self.rows("SELECT 1 FROM mailboxes WHERE due_at <= ? LIMIT 1", (text,)))

    def any_delivery(self) -> bool:
        return bool(self.rows("SELECT 1 FROM deliveries LIMIT 1"))

    def newest(self) -> int:
        return int(self.rows("SELECT coalesce(max(id), 0) FROM events")[0][0])

    def before(self, letter: int) -> Any:
        self.catch_up()
        found = self.rows("SELECT * FROM letters WHERE id = ?", (letter,))
        return found[0] if found else None

    def posted_of(self, row: Any) -> Posted | None:
        found: Posted | None = self.sim.upstream.by_id.get(row["upstream_id"])
        return found

    def catch_up(self) -> None:
        """Reads the history that was written since: by people, too."""
        for row in self.rows(
            "SELECT id, letter_id, event, from_state, to_state FROM events WHERE id > ? ORDER BY id", (self._last,)
        ):
            self._last = row["id"]
            letter, before, after = row["letter_id"], row["from_state"], row["to_state"]
            if letter is None:
                self.least.clear()  # an act on a mailbox may make everything due
                continue
            if row["event"] in AGAIN:
                self.least.pop(letter, None)
                self.temporary[letter] = 0
                if row["event"] == "released":
                    self.in_a_row[letter] = 0
            self.sim.tell("event", letter, row["event"], before, after)
            self.i16_monotone(letter, before, after)

    def i16_monotone(self, letter: int, before: str | None, after: str | None) -> None:
        if before in LEFT and after is not None and after not in LEFT[before]:
            self.breach("other", f"I16: letter {letter} went from {before} to {after}")

    def _attempt(self, letter: int, delivery: int, number: int) -> Any:
        return self.rows(
            "SELECT * FROM attempts WHERE letter_id = ? AND delivery_id = ? AND number = ?", (letter, delivery, number)
        )[0]

    def box(self, number: int) -> Any:
        return self.rows("SELECT * FROM mailboxes WHERE id = ?", (number,))[0]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
