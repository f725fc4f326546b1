"""Eight digits that prove that somebody reads an address: made, sent, typed back (SECURITY 4a).

A code is derived from the vault's key and the number of its row, so it lies nowhere; the row has a keyed digest of it.
`right` compares in constant time, and a code is dead after its time, after five wrong tries, or once it was used.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

DIGITS: Final = 8
MINUTES: Final = 10  # of a code that only proves an address
TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Code:
    """One code that was sent to one address, and what typing it back would mean."""

    id: int  # 0: not written yet
    purpose: str  # "new", "old", "contact" of a change; "proof" of a mailbox; "estate" of a kurator's address
    subject: int  # the change, mailbox or estate
    address: str
    made_at: datetime
    until: datetime
    digest: str = ""
    tries: int = 0
    used_at: datetime | None = None

    def alive(self, at: datetime) -> bool:
        """Whether typing it can still prove or confirm anything."""
        return self.used_at is None and self.tries < TRIES and self.in_time(at)

    def in_time(self, at: datetime) -> bool:
        """Whether typing it can still stop what it is about.

        Wrong tries do not count for that: a thief who types five of them would take the way out from whoever has it.
        """
        return at < self.until


def until(at: datetime) -> datetime:
    """The end of a code that is made now and only proves an address."""
    return at + timedelta(minutes=MINUTES)


class Codes:
    """Makes and compares codes with a key of the vault."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "<Codes>"

    def code(self, number: int) -> str:
        """The eight digits of the Code row with this id."""
        digest = hmac.digest(self._key, b"code %d" % number, "sha256")
        return f"{int.from_bytes(digest, 'big') % 10**DIGITS:0{DIGITS}}"

    def digested(self, code: Code) -> Code:
        """The row, written and so with an id, with the digest of its code."""
        return replace(code, digest=self._digest(code.id, self.code(code.id)))

    def right(self, code: Code, typed: str) -> bool:
        """Whether what was typed is the code; blanks and dashes between digits do not count."""
        digits = re.sub(r"[\s-]", "", typed)
        return hmac.compare_digest(self._digest(code.id, digits), code.digest)

    def _digest(self, number: int, digits: str) -> str:
        return hmac.new(self._key, f"typed {number} {digits}".encode(), hashlib.sha256).hexdigest()
