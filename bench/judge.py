"""What the mail server took, against what lay in the mailboxes: each letter once, to its own, unchanged.

Read after a run, never during one.
"""

import email
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bench.letters import Letter

OK = "ok"
Key = TypeVar("Key", bound=tuple[str, ...])


@dataclass(frozen=True)
class Taken:
    """One mail that was answered with 250; `at` in seconds of the wall clock."""

    path: Path
    to: str
    stuffed: bool
    at: float

    def raw(self) -> bytes:
        """Its bytes as the client meant them (RFC 5321 4.5.2)."""
        raw = self.path.read_bytes()
        return raw.replace(b"\r\n.", b"\r\n")[2:] if self.stuffed else raw


def taken(folder: Path) -> list[Taken]:
    """What the sink took, in the order of its replies."""
    rows = map(json.loads, (folder / "taken").read_text().splitlines())
    return [Taken(folder / row["file"], row["to"], row["stuffed"], row["at"]) for row in rows]


def imap_key(mail: Taken) -> tuple[str, str, str]:
    """Recipient, Message-ID, and the body's digest."""
    head, _, body = mail.raw().partition(b"\r\n\r\n")
    message_id = email.message_from_bytes(head)["Message-ID"] or ""
    return mail.to, message_id.strip(), hashlib.sha256(body).hexdigest()


def judge_imap(mails: Iterable[Taken], letters: Iterable[Letter]) -> str:
    """`ok`, or what is wrong."""
    return compared(
        Counter(imap_key(mail) for mail in mails), Counter((x.recipient, x.message_id, x.digest) for x in letters)
    )


def compared(got: Counter[Key], wanted: Counter[Key]) -> str:
    """`ok`, or how many are missing and how many too many; an altered letter is one of each."""
    missing, extra = (wanted - got).total(), (got - wanted).total()
    return f"{missing} missing, {extra} that were not expected" if missing or extra else OK


def documents_in(mail: Taken) -> set[str]:
    """The digests of the files in a mail."""
    message = email.message_from_bytes(mail.raw())
    parts = [part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()]
    return {hashlib.sha256(part).hexdigest() for part in parts if isinstance(part, bytes)}


class Memos:
    """The letters that were put into the simulator, by the digests of their documents, which no two share."""

    def __init__(self, items: Iterable[Mapping[str, Any]], recipients: Mapping[str, str]) -> None:
        self._to = {item["id"]: recipients[item["cvr"]] for item in items}
        self._documents = {item["id"]: {one["sha256"] for one in item["documents"] if one["size"]} for item in items}
        self._owner = {digest: id_ for id_, digests in self._documents.items() for digest in digests}

    def key(self, mail: Taken) -> tuple[str, str]:
        """Recipient and the letter's id; no id for a mail that has not every document of one letter."""
        found = documents_in(mail)
        owners = {self._owner[digest] for digest in found if digest in self._owner}
        whole = len(owners) == 1 and all(self._documents[one] <= found for one in owners)
        return mail.to, str(owners.pop()) if whole else ""

    def judge(self, mails: Iterable[Taken]) -> str:
        """`ok`, or what is wrong."""
        wanted = Counter((to, str(id_)) for id_, to in self._to.items())
        return compared(Counter(self.key(mail) for mail in mails), wanted)
