"""What the torture reads of the daemon's own ledger, beside the daemon, by plain SQL."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

SEATS = 8  # so many attempts run at a time: one that is overtaken by more was passed over
INTERRUPTING = ("hold", "contents_lost", "vanished", "released", "retried")


@dataclass(frozen=True)
class Entry:
    """A letter."""

    id: int
    cvr: str
    upstream_id: str
    state: str
    why: str
    uncertain: int

    @property
    def key(self) -> str:
        return f"{self.cvr}/{self.upstream_id.lower()}"


@dataclass(frozen=True)
class First:
    """A letter's first attempt: `due` is what the queue goes by, the others are numbers of rows of history."""

    letter: int
    due: tuple[str, str]
    collected: int
    claimed: int


class Ledger:
    """Read-only, opened anew for each question: the daemon may be killed at any moment."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def entries(self) -> list[Entry]:
        """Every letter."""
        rows = self._ask(
            "SELECT l.id, m.cvr, l.upstream_id, l.state, l.why, l.uncertain"
            " FROM letters l JOIN mailboxes m ON m.id = l.mailbox_id"
        )
        return [Entry(*row) for row in rows]

    def states(self) -> Counter[str]:
        """How many letters are in each state."""
        return Counter(dict(self._ask("SELECT state, count(*) FROM letters GROUP BY state")))

    def held(self) -> list[tuple[int, str]]:
        """Number and reason of what only a person may let go on."""
        return self._ask("SELECT id, why FROM letters WHERE state = 'HELD' ORDER BY id")

    def doubts(self) -> int:
        """Attempts whose dot was begun and whose end nobody has committed: what the next start calls uncertain."""
        ((number,),) = self._ask("SELECT count(*) FROM attempts WHERE ended_at IS NULL AND dot_begun_at IS NOT NULL")
        return int(number)

    def uncertain(self) -> int:
        """How often an attempt ended uncertain: of letters, and of their copies to further recipients."""
        ((letters, further),) = self._ask(
            "SELECT (SELECT coalesce(sum(uncertain), 0) FROM letters),"
            " (SELECT coalesce(sum(uncertain), 0) FROM deliveries)"
        )
        return int(letters) + int(further)

    def overtaken(self) -> int:
        """Letters that were passed over: more of their own mailbox's letters than there are seats, which were due
        later and came while they lay ready, were claimed before them."""
        boxes: dict[int, list[First]] = defaultdict(list)
        seen: dict[int, tuple[int, tuple[str, str]]] = {}
        broken: set[int] = set()
        query = (
            "SELECT e.id, e.letter_id, e.event, e.detail, l.mailbox_id, l.available_at FROM events e"
            " JOIN letters l ON l.id = e.letter_id WHERE e.event IN ('collected', 'claimed', 'hold', 'held',"
            " 'contents_lost', 'vanished', 'released', 'retried') ORDER BY e.id"
        )
        for number, letter, event, detail, box, available in self._ask(query):
            if event == "collected":
                seen.setdefault(letter, (number, (json.loads(detail)["due_at"], available)))
            elif event == "claimed":
                if letter in seen and letter not in broken:
                    collected, due = seen[letter]
                    boxes[box].append(First(letter, due, collected, number))
                broken.add(letter)  # later claims are no first ones
            elif letter not in broken:
                broken.add(letter)
        return sum(map(passed_over, boxes.values()))

    def _ask(self, query: str) -> list[tuple]:  # type: ignore[type-arg]
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)) as ledger:
            return ledger.execute(query).fetchall()


def passed_over(firsts: Sequence[First]) -> int:
    """How many of one mailbox's letters more than SEATS others overtook."""
    ordered = sorted(firsts, key=lambda one: one.claimed)
    found = 0
    for place, one in enumerate(ordered):
        # Whoever overtook it was claimed before it, and not before it lay ready.
        before = ordered[max(0, place - 200) : place]
        found += sum(x.claimed > one.collected and x.due > one.due for x in before) > SEATS
    return found
