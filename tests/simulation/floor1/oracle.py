"""What must be true after every event, worked out from both ends and from the ledger's plain rows.

Each function is named after its invariant (RELIABILITY 3). None of them asks the program's own rules; what people
wanted is read from the rows that they left.
"""

import base64
import email
import json
from datetime import timedelta
from functools import lru_cache
from typing import Any

from nemboks.domain import letter as events
from nemboks.domain.delivery import Delivery
from nemboks.domain.letter import Letter
from nemboks.domain.proof import Receipt
from tests.simulation.floor1.courier import Kept
from tests.simulation.floor1.oracle_hands import Hands
from tests.simulation.floor1.oracle_pace import Paces
from tests.simulation.floor1.oracle_rows import moment
from tests.simulation.floor1.upstream import Posted


class Oracle(Hands, Paces):
    """Knows what was posted, what was kept, and what is committed; collects what is wrong with it."""

    def moved(self, before: Any, event: events.Event, after: Letter, asked: tuple[float, int]) -> None:
        self.i13_fence(before, event)
        match event:
            case events.Claimed():
                self.i03_a_person_after_three(before)
                self.i07_order(before, after)
                self.i08_intervals(before, after, asked)
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
        self._ended(before, event, after, asked)
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
        """Another may end an attempt only when its time is up, or when its process is surely dead.

        By the clock under which they looked: it may have been set back before they could write.
        """
        if event.words != "the attempt's holder is gone" or before["deadline_at"] is None:
            return
        grace = self.sim.plan.pace.dot_seconds if before["dot_begun_at"] else 0.0
        attempt, end = (before["id"], before["fence"]), moment(before["deadline_at"]) + timedelta(seconds=grace)
        if self.looked.get(attempt, self.sim.clock.now()) < end and self.claimed_by.get(attempt) == self.sim.lives:
            self.breach("other", f"I4: attempt {before['fence']} of letter {before['id']} was ended before its time")

    def i02_confirmed(self, row: Any, event: events.Confirmed | events.PartConfirmed) -> None:
        """Behind a confirmation stands a mail that its server answered for."""
        proof = event.confirmation
        if not self._answered(row["id"], proof.attempt, proof.address):
            self.breach("premature", f"I2: letter {row['id']} is confirmed, and no server said so")

    def _answered(self, letter: int, attempt: int, address: str) -> list[Kept]:
        """A mail in the inbox may be an earlier attempt's to the same address: nobody can tell them apart."""
        return [
            x for x in self.sim.mail.mails
            if x.letter == letter and x.answered and x.recipient == address and bool(x.delivery) is (attempt == 0)
            and (attempt in (0, x.fence) or (x.landed == "inbox" and x.fence < attempt))
        ]  # fmt: skip

    def i14_receipt_may_go(self, row: Any) -> None:
        """Nothing that a person or a date put before the receipt is in its way when it begins."""
        box, now = self.box(row["mailbox_id"]), self.sim.clock.now()
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
