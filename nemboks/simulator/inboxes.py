"""The letters of all companies: what is on the list, what was done with each, and when.

Promises: one counter stamps every act on both ends, so that any two acts can be put in order; a letter, once posted,
is never forgotten, only taken off the list by the removal policy. Contents lie in files, never here. Nothing in this
file waits, so no other task can see a half-made change.
"""

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from nemboks.simulator.calls import Calls
from nemboks.simulator.memo_facts import Document, MemoFacts

Removal = Literal["on-receipt", "on-delete", "on-fetch", "eventual"]
REMOVALS: tuple[Removal, ...] = ("on-receipt", "on-delete", "on-fetch", "eventual")
EVENTUAL_SECONDS = 3.0
REAPPEARANCES = 3
SETTLING = ("COMPLETED", "INVALID", "NOT_ALLOWED")  # RECEIVED is a technical receipt and settles nothing


class Uid(NamedTuple):
    """A message's key in an IMAP mailbox (RFC 9051 2.3.1.1)."""

    uidvalidity: int
    uid: int


@dataclass(frozen=True)
class Stored:
    """A letter's bytes on disk."""

    path: Path
    size: int
    sha256: str


@dataclass
class Letter:
    """One letter and its history; `removed` is the number of the first act that settled or removed it."""

    id: int
    source: str
    inbox: Literal["rest", "imap"]
    cvr: str
    kind: str
    label: str
    sender: str
    documents: tuple[Document, ...]
    stored: Stored
    message_uuid: str | None = None
    uids: tuple[Uid, ...] = ()  # the last one counts; a rebuilt mailbox gives new ones
    posted_at: str = ""
    acts: list[dict[str, Any]] = field(default_factory=list)
    receipts: list[dict[str, Any]] = field(default_factory=list)
    settled: tuple[str, str] | None = None
    on_list: bool = True
    shown: bool = False
    deleted: bool = False
    gone_after: float | None = None
    reappearances: int = 0
    removed: int | None = None
    expunged: int | None = None

    @property
    def uid(self) -> dict[str, int] | None:
        """The message's key in its IMAP mailbox now, as JSON shows it; None for a MeMo."""
        return self.uids[-1]._asdict() if self.uids else None

    def readable(self) -> bool:
        """True while a fetch by id works: on the list, or on-fetch without a receipt yet, or not yet faded."""
        if self.deleted:
            return False
        return self.listed() or self.settled is None

    def listed(self) -> bool:
        """True while a listing shows the letter."""
        fading = self.gone_after is not None and time.monotonic() < self.gone_after
        return self.on_list or fading or self.reappearances > 0

    def as_item(self) -> dict[str, Any]:
        """The letter as JSON shows it."""
        return {
            "id": self.id,
            "source": self.source,
            "message_uuid": self.message_uuid,
            "uid": self.uid,
            "uids": [uid._asdict() for uid in self.uids],
            "cvr": self.cvr,
            "inbox": self.inbox,
            "kind": self.kind,
            "label": self.label,
            "sender": self.sender,
            "documents": [{"name": one.name, "sha256": one.sha256, "size": one.size} for one in self.documents],
            "posted_at": self.posted_at,
            "listed": self.listed(),
            "receipts": self.receipts,
            "deletes": [act["n"] for act in self.acts if act["act"] == "deleted"],
            "expunged": self.expunged,
            "removed": self.removed,
            "size": self.stored.size,
            "raw_sha256": self.stored.sha256,
            "acts": self.acts,
        }


class Counter:
    """The one counter of a run."""

    def __init__(self) -> None:
        self._last = 0

    def stamp(self, act: str, **facts: Any) -> dict[str, Any]:
        """The act as a JSON object with the next number `n` and the time `at` (RFC 3339, UTC, milliseconds)."""
        self._last += 1
        return {"n": self._last, "at": now(), "act": act, **facts}


class Inboxes:
    """Every letter of the run, and the rules by which it leaves the list."""

    def __init__(self, counter: Counter, removal: Removal) -> None:
        self.removal: Removal = removal
        self.repeat_status = 409
        self.calls = Calls()
        self._counter = counter
        self._letters: list[Letter] = []
        self._by_uuid: dict[str, Letter] = {}
        self._by_cvr: dict[str, list[Letter]] = {}

    def __iter__(self) -> Iterator[Letter]:
        return iter(self._letters)

    def __len__(self) -> int:
        return len(self._letters)

    def by_id(self, letter_id: int) -> Letter | None:
        """The letter with that number, or None."""
        return self._letters[letter_id - 1] if 0 < letter_id <= len(self._letters) else None

    def known(self, message_uuid: str) -> bool:
        """True when a letter with this UUID (either case) was ever posted."""
        return message_uuid.lower() in self._by_uuid

    def post_memo(self, facts: MemoFacts, stored: Stored, source: str) -> Letter:
        """The letter, now on its recipient's list. The caller has asked `known` first."""
        letter = self._add(
            Letter(
                id=len(self._letters) + 1,
                source=source,
                inbox="rest",
                cvr=facts.recipient_id,
                kind=facts.kind,
                label=facts.label,
                sender=facts.sender,
                documents=facts.documents,
                stored=stored,
                message_uuid=facts.message_uuid,
            ),
            "posted",
        )
        self._by_uuid[facts.message_uuid.lower()] = letter
        self._by_cvr.setdefault(letter.cvr, []).append(letter)
        return letter

    def post_message(self, letter: Letter) -> Letter:
        """The same letter, now counted; it lies in an IMAP mailbox and has its uid."""
        return self._add(letter, "appended", uid=letter.uid)

    def listing(self, cvr: str) -> list[str]:
        """The message UUIDs on a company's list, oldest first, as the letters write them."""
        letters = [letter for letter in self._by_cvr.get(cvr, ()) if letter.listed()]
        for letter in letters:
            if letter.reappearances:
                letter.reappearances -= 1
            if not letter.shown:  # only the first time: clients poll for hours
                letter.shown = True
                self.note(letter, "listed")
        return [letter.message_uuid for letter in letters if letter.message_uuid]

    def find(self, cvr: str, message_uuid: str) -> Letter | None:
        """The company's letter with that UUID (either case), on the list or not; None for anyone else's."""
        letter = self._by_uuid.get(message_uuid.lower())
        return letter if letter is not None and letter.cvr == cvr else None

    def note(self, letter: Letter, act: str, **facts: Any) -> int:
        """The number of the act, which is now part of the letter's history."""
        stamped = self._counter.stamp(act, **facts)
        letter.acts.append(stamped)
        return int(stamped["n"])

    def fetched(self, letter: Letter) -> None:
        """Nothing; the letter was fetched whole, which under on-fetch takes it off the list."""
        self.note(letter, "fetched")
        if self.removal == "on-fetch":
            letter.on_list = False

    def take_receipt(self, letter: Letter, status: str, transmission_id: str) -> int:
        """The HTTP status for a well-formed receipt: 200 when taken, the repeat status or 409 when not."""
        answer = self._judge(letter, status, transmission_id)
        taken = answer == 200 and letter.settled is None
        n = self.note(letter, "receipt", status=status, transmission_id=transmission_id, taken=taken)
        at = letter.acts[-1]["at"]
        letter.receipts.append({"n": n, "at": at, "status": status, "transmission_id": transmission_id, "taken": taken})
        if taken and status in SETTLING:
            letter.settled = (status, transmission_id.lower())
            if status == "COMPLETED":
                self._completed(letter, n)
        return answer

    def delete(self, letter: Letter) -> None:
        """Nothing; the letter is gone for good."""
        n = self.note(letter, "deleted")
        letter.on_list, letter.deleted, letter.gone_after, letter.reappearances = False, True, None, 0
        letter.removed = letter.removed or n

    def expunged(self, letter: Letter) -> None:
        """Nothing; the message has left its IMAP mailbox just now."""
        self.calls.count(letter.cvr, "delete")
        letter.expunged = self.note(letter, "expunged", uid=letter.uid)
        letter.on_list = False
        letter.removed = letter.removed or letter.expunged

    def _add(self, letter: Letter, act: str, **facts: Any) -> Letter:
        self._letters.append(letter)
        self.note(letter, act, **facts)
        letter.posted_at = letter.acts[-1]["at"]
        return letter

    def _judge(self, letter: Letter, status: str, transmission_id: str) -> int:
        if letter.settled is None or status not in SETTLING:
            return 200
        return self.repeat_status if letter.settled == (status, transmission_id.lower()) else 409

    def _completed(self, letter: Letter, n: int) -> None:
        if self.removal == "on-delete":
            return
        letter.removed = letter.removed or n
        letter.on_list = False
        if self.removal == "eventual":
            letter.gone_after = time.monotonic() + EVENTUAL_SECONDS


def now() -> str:
    """The time now, RFC 3339 in UTC with milliseconds."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
