"""What must be true after every event, worked out from both ends and from the ledger's plain rows.

Each function is named after its invariant (RELIABILITY 3). None of them asks the program's own rules; what people
wanted is read from the rows that they left.
"""

import base64
import email
import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nemboks.domain import letter as events
from nemboks.domain.delivery import Delivery
from nemboks.domain.letter import Letter
from nemboks.domain.mailbox import Address
from nemboks.domain.proof import Receipt
from tests.model import desk_oracle
from tests.model.desk_town import MOVED, OUTSIDE
from tests.simulation.floor1.courier import Kept
from tests.simulation.floor1.upstream import Posted
from tests.simulation.outcome import Kind

if TYPE_CHECKING:
    from tests.simulation.floor1.sim import Sim

LEFT = {"FORWARDED": {"FORWARDED", "ACKNOWLEDGED"}, "ACKNOWLEDGED": {"ACKNOWLEDGED"}, "DISMISSED": {"DISMISSED"}}
UNDECIDED = ("open", "approved")
FIRMS = ("holm.example", "lund.example")
AGAIN = ("retried", "released", "believed", "part_confirmed", "collected", "reappeared", "returned", "recomposed")


class Oracle:
    """Knows what was posted, what was kept, and what is committed; collects what is wrong with it."""

    def __init__(self, sim: "Sim", path: Path) -> None:
        self.sim = sim
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.breaches: list[tuple[Kind, str]] = []
        self.uncertain: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.in_a_row: defaultdict[int, int] = defaultdict(int)  # uncertain ends since a person looked
        self.claims: defaultdict[int, list[float]] = defaultdict(list)
        self.least: dict[int, tuple[float, float, float]] = {}  # since when, seconds, the clock's skew then
        self.temporary: defaultdict[int, int] = defaultdict(int)
        self.claimed_by: dict[tuple[int, int], int] = {}  # life of each attempt
        self.passed: defaultdict[int, int] = defaultdict(int)
        self.skew_at_claim: dict[int, float] = {}
        self._twins: dict[tuple[bytes, str], bytes] = {}
        self._last = 0

    def breach(self, kind: Kind, words: str) -> None:
        if (kind, words) not in self.breaches:
            self.sim.tell("BREACH", kind, words)
            self.breaches.append((kind, words))

    # --- rows ---

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        return self.db.execute(statement, values).fetchall()

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

    # --- moves of the letters' way ---

    def moved(self, before: Any, event: events.Event, after: Letter) -> None:
        self.i13_fence(before, event)
        match event:
            case events.Claimed():
                self.i03_a_person_after_three(before)
                self.i07_order(before, after)
                self.i08_intervals(before, after)
                self.i11_i12_may_go(before, "claim")
                self.claimed_by[after.id, after.fence] = self.sim.lives
            case events.DotBegun():
                self.i04_in_time(before)
                self.i05_route(before)
                self.i11_i12_may_go(before, "dot")
            case events.Confirmed() | events.PartConfirmed():
                self.i02_confirmed(before, event)
            case events.ReceiptBegun():
                self.i14_receipt_may_go(before)
            case events.AttemptEnded():
                self.i04_ended_in_time(before, event)
        self._ended(before, event, after)
        if after.uncertain > (before["uncertain"] or 0):
            self.uncertain[after.id, 0] += after.uncertain - before["uncertain"]
            self.in_a_row[after.id] += 1

    def copy_moved(self, before: Delivery, event: Any, after: Delivery) -> None:
        self.sim.tell("copy", after.id, type(event).__name__, after.state)
        if after.uncertain > before.uncertain:
            self.uncertain[after.letter, after.id] += 1
        if isinstance(event, events.DotBegun):
            row = self.rows("SELECT * FROM letters WHERE id = ?", (after.letter,))[0]
            self.i11_i12_may_go(row, "dot")
            self.i10_estate(row, after.address)

    def i13_fence(self, before: Any, event: events.Event) -> None:
        fence = getattr(event, "fence", None)
        if fence is not None and (before["state"] != "SENDING" or before["fence"] != fence):
            words = f"attempt {fence} changed letter {before['id']}, {before['state']} {before['fence']}"
            self.breach("other", f"I13: {words}")

    def i03_a_person_after_three(self, before: Any) -> None:
        if self.in_a_row[before["id"]] >= 3:
            self.breach("copies", f"I3: letter {before['id']} is sent again after three uncertain ends")

    def i04_in_time(self, before: Any) -> None:
        if before["deadline_at"] is None or self.sim.clock.now() >= moment(before["deadline_at"]):
            self.breach("other", f"I4: letter {before['id']} began its dot after its deadline")

    def i04_ended_in_time(self, before: Any, event: events.AttemptEnded) -> None:
        """Another may end an attempt only when its time is up, or when its process is surely dead."""
        if event.words != "the attempt's holder is gone" or before["deadline_at"] is None:
            return
        grace = self.sim.plan.pace.dot_seconds if before["dot_begun_at"] else 0.0
        over = self.sim.clock.now() >= moment(before["deadline_at"]) + timedelta(seconds=grace)
        if not over and self.claimed_by.get((before["id"], before["fence"])) == self.sim.lives:
            self.breach("other", f"I4: attempt {before['fence']} of letter {before['id']} was ended before its time")

    # --- whose hands (I5, I10, I11, I12) ---

    def i05_route(self, row: Any) -> None:
        """The attempt's address is the one that the newest route names for this letter now."""
        attempt = self._attempt(row["id"], 0, row["fence"])
        route = self.rows(
            "SELECT * FROM routes WHERE mailbox_id = ? ORDER BY version DESC LIMIT 1", (row["mailbox_id"],)
        )[0]
        posted = self.posted_of(row)
        if posted is None:
            return
        plain = {
            "address": route["address"], "unrouted": route["unrouted"], "rules": json.loads(route["rules"]),
            "holiday": json.loads(route["holiday"]) if route["holiday"] else None,
        }  # fmt: skip
        wanted = desk_oracle._goes(plain, posted, self.sim.clock.now())  # type: ignore[arg-type]
        if wanted != attempt["address"] or route["version"] != attempt["route_version"]:
            self.breach(
                "misdelivered",
                f"I5: letter {row['id']} goes to {attempt['address']} by version {attempt['route_version']};"
                f" version {route['version']} says {wanted}",
            )
        self.i10_estate(row, attempt["address"])

    def i10_estate(self, row: Any, address: str) -> None:
        """Nothing before a case is decided; then only later post goes, and only to the kurator of its time."""
        cases = self.rows("SELECT * FROM estates WHERE mailbox = ?", (row["mailbox_id"],))
        now, posted = self.sim.clock.now(), self.posted_of(row)
        if not cases or posted is None:
            return
        due = [x for x in cases if x["state"] == "in_effect"
               or (x["state"] == "approved" and moment(x["effective_at"]) <= now)]  # fmt: skip
        if not due:
            if any(x["state"] in UNDECIDED for x in cases):
                self.breach("misdelivered", f"I10: letter {row['id']} goes while a case is not decided")
            return
        case = max(due, key=lambda x: x["effective_at"])
        domain, first = Address(address).domain, min(moment(x["effective_at"]) for x in due)
        if domain not in FIRMS:
            self.breach("misdelivered", f"I10: letter {row['id']} goes to the people of before")
        if self.sim.clock_was_stepped:
            return  # whose time a letter came by nobody can say then
        if posted.at < first:
            self.breach("misdelivered", f"I10: letter {row['id']} came before the estate took effect")
        if posted.at >= moment(case["effective_at"]) and domain != Address(case["address"]).domain:
            self.breach("misdelivered", f"I10: letter {row['id']} goes to another than its kurator")

    def i11_i12_may_go(self, row: Any, what: str) -> None:
        box = self._box(row["mailbox_id"])
        if box["paused_at"] is not None:
            self.breach("misdelivered", f"I12: a {what} of letter {row['id']} while its mailbox is paused")
        if box["serves_until"] is not None and self.sim.clock.now() >= moment(box["serves_until"]):
            self.breach("misdelivered", f"I11: a {what} of letter {row['id']} after the plan's end")

    # --- how often (I7, I8) ---

    def i07_order(self, row: Any, after: Letter) -> None:
        """No earlier letter of the mailbox has been waiting for its first attempt for a minute."""
        if after.fence != 1 or self._box(row["mailbox_id"])["frozen_at"] is not None:
            return
        now = self.sim.clock.now()
        text = (now - timedelta(seconds=60)).isoformat(timespec="microseconds")[:26] + "Z"
        for other in self.rows(
            "SELECT id, available_at FROM letters WHERE mailbox_id = ? AND state = 'WAITING' AND fence = 0"
            " AND released_at IS NULL"
            " AND due_at <= ? AND (available_at, id) < (?, ?)",
            (row["mailbox_id"], text, row["available_at"], row["id"]),
        ):
            routed = self.rows(
                "SELECT 1 FROM routes WHERE mailbox_id = ? AND (rules != '[]' OR holiday IS NOT NULL OR unrouted != '')",
                (row["mailbox_id"],),
            )
            in_hand = any(other["id"] in x.roles[2].in_hand for x in self.sim.life.daemons)
            if in_hand or routed or self.sim.bad_steps:
                continue
            self.passed[other["id"]] += 1  # those of one round race for the seats; it is first in the next round
            if self.passed[other["id"]] > sum(self.sim.plan.seats):
                self.breach("order", f"I7: letter {row['id']} goes before {other['id']}, which came first")

    def i08_intervals(self, row: Any, after: Letter) -> None:
        claims, now = self.claims[after.id], self.sim.now()
        claims.append(now)
        self.skew_at_claim[after.id] = self.sim.clock.skew
        if after.id in self.least:
            since, seconds, skew = self.least.pop(after.id)
            if skew == self.sim.clock.skew and now < since + seconds - 0.001:
                words = f"again after {now - since:.3f} s, the schedule says {seconds:g} s"
                self.breach("other", f"I8: letter {after.id} is tried {words}")
        if sum(x > now - 5 * 86_400 for x in claims) > 90:
            self.breach("other", f"I8: letter {after.id} was tried 90 times in five days")

    def _ended(self, before: Any, event: events.Event, after: Letter) -> None:
        seconds = self._pause(before, event, after)
        if seconds is not None and self.skew_at_claim.get(after.id) == self.sim.clock.skew:
            self.least[after.id] = (self.sim.now(), seconds, self.sim.clock.skew)

    def _pause(self, before: Any, event: events.Event, after: Letter) -> float | None:
        """The least wait after this end (RELIABILITY 7 and 4e), a fifth of jitter taken off."""
        if isinstance(event, events.AttemptEnded):
            self.temporary[after.id] = 0
            claimed = self.claims[after.id][-1] if self.claims[after.id] else self.sim.now()
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

    # --- confirmations, receipts, contents (I1, I2, I6, I14) ---

    def i02_confirmed(self, row: Any, event: events.Confirmed | events.PartConfirmed) -> None:
        """Behind a confirmation stands a mail that its server answered for."""
        proof = event.confirmation
        if not self._answered(row["id"], proof.attempt, proof.address):
            self.breach("premature", f"I2: letter {row['id']} is confirmed, and no server said so")

    def _answered(self, letter: int, attempt: int, address: str) -> list[Kept]:
        return [
            x for x in self.sim.mail.mails
            if x.letter == letter and x.answered and x.recipient == address and attempt in (0, x.fence)
            and bool(x.delivery) is (attempt == 0)
        ]  # fmt: skip

    def i14_receipt_may_go(self, row: Any) -> None:
        """Nothing that a person or a date put before the receipt is in its way when it begins."""
        box, now = self._box(row["mailbox_id"]), self.sim.clock.now()
        custody, proof = json.loads(box["custody"]), json.loads(row["confirmation"])
        waits = [name for name in ("legal_hold_since", "shadow_since", "unproven", "fuse") if custody.get(name)]
        if (until := custody.get("probation_until")) and now < moment(until):
            waits.append("probation_until")
        if now < moment(proof["at"]) + timedelta(days=custody.get("keep_days", 0)):
            waits.append("keep_days")
        if box["frozen_at"] is not None and box["boundary_at"] is None:
            waits.append("frozen")
        if row["bounced"]:
            waits.append("bounced")
        if waits:
            self.breach("premature", f"I14: a receipt of letter {row['id']} begins in spite of {waits}")

    def receipt(self, posted: Posted, receipt: Receipt) -> None:
        """I2 at upstream's own door: what the letter held lies with a server that answered for it, all of it."""
        self.catch_up()
        self.sim.tell("receipt", posted.number)
        rows = self.rows("SELECT * FROM letters WHERE upstream_id = ?", (receipt.upstream_id,))
        row = rows[0] if rows else None
        if row is None or row["state"] not in ("FORWARDED", "ACKNOWLEDGED") or row["confirmation"] is None:
            self.breach("premature", f"I2: a receipt for letter {posted.number} before its confirmation is committed")
            return
        proofs = [*json.loads(row["proofs"]), json.loads(row["confirmation"])]
        answered = [y for x in proofs for y in self._answered(row["id"], x["attempt"], x["address"])]
        if not any(all(any(carries(x.octets, doc) for x in answered) for doc in docs) for docs in posted.served):
            self.breach("premature", f"I2: a receipt for letter {posted.number}, and not all of it was accepted")

    def destroyed(self, file: str) -> None:
        """I1: contents go only when no row needs them any more."""
        named = self.rows("SELECT id, state FROM letters WHERE contents_file = ?", (file,))
        if named:
            self.breach("lost", f"I1: the contents of letter {named[0]['id']} are destroyed, it is {named[0]['state']}")

    # --- at the dot ---

    def dot(self, kept: Kept) -> None:
        attempt = self._attempt(kept.letter, kept.delivery, kept.fence)
        row = self.rows("SELECT * FROM letters WHERE id = ?", (kept.letter,))[0]
        if attempt["dot_begun_at"] is None:
            self.breach("other", f"I4: letter {kept.letter} sent a dot without dot_begun")
        if kept.recipient != attempt["address"] or kept.server != attempt["server"]:
            self.breach("misdelivered", f"I5: a mail of letter {kept.letter} went to {kept.recipient}")
        self.i05_agreed(kept, moment(attempt["dot_begun_at"] or attempt["started_at"]))
        self.i03_identical(kept)
        self.i06_integrity(kept, row)

    def i05_agreed(self, kept: Kept, at: datetime) -> None:
        """Nobody outside gets anything before they typed their code."""
        if kept.recipient == OUTSIDE and not self.rows(
            "SELECT 1 FROM codes WHERE address = ? AND used_at IS NOT NULL", (str(OUTSIDE),)
        ):
            self.breach("misdelivered", f"I5: letter {kept.letter} went to an address that never agreed")
        if kept.recipient == MOVED and not self.rows("SELECT 1 FROM changes WHERE new = ? AND proven_at IS NOT NULL",
                                                     (str(MOVED),)):  # fmt: skip
            self.breach("misdelivered", f"I5: letter {kept.letter} went to an address that nobody proved")

    def i03_identical(self, kept: Kept) -> None:
        key = (field(kept.octets, b"Message-ID"), kept.recipient)
        if kept.kept and self._twins.setdefault(key, kept.octets) != kept.octets:
            self.breach("copies", f"I3: two mails of letter {kept.letter} share a Message-ID and differ")

    def i06_integrity(self, kept: Kept, row: Any) -> None:
        posted: Posted | None = self.sim.upstream.by_id.get(field(kept.octets, b"Nemboks-Letter").decode())
        if posted is None:
            self.breach("other", f"I6: a mail of letter {kept.letter} names no letter of upstream's")
            return
        several = len(json.loads(row["copy"]).get("parts", ())) > 1 if row["copy"] else False
        known = [docs for docs in posted.served if any(carries(kept.octets, doc) for doc in docs)]
        whole = [docs for docs in known if all(carries(kept.octets, doc) for doc in docs)]
        if not (known if several or kept.delivery else whole):
            self.breach("other", f"I6: a mail of letter {kept.letter} lacks what was fetched")

    # --- helpers ---

    def _attempt(self, letter: int, delivery: int, number: int) -> Any:
        return self.rows(
            "SELECT * FROM attempts WHERE letter_id = ? AND delivery_id = ? AND number = ?", (letter, delivery, number)
        )[0]

    def _box(self, number: int) -> Any:
        return self.rows("SELECT * FROM mailboxes WHERE id = ?", (number,))[0]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def carries(octets: bytes, doc: bytes) -> bool:
    """Whether the mail has the document: in base64 as mails have it, as it is, or within something that it carries."""
    return encoded(doc) in octets or doc in octets or any(doc in part for part in _parts(octets))


@lru_cache(maxsize=64)
def _parts(octets: bytes) -> tuple[bytes, ...]:
    """What a reader of the mail would decode."""
    whole = email.message_from_bytes(octets)
    return tuple(bytes(x.get_payload(decode=True) or b"") for x in whole.walk() if not x.is_multipart())


@lru_cache(maxsize=4096)
def encoded(doc: bytes) -> bytes:
    return base64.encodebytes(doc).replace(b"\n", b"\r\n").strip()


def field(octets: bytes, name: bytes) -> bytes:
    start = octets.find(b"\r\n" + name + b": ") + len(name) + 4
    return octets[start : octets.find(b"\r\n", start)]
