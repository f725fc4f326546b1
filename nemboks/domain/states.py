"""The states of a letter, and the row that says what is durably true of one. What may follow stands in letter.py."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from nemboks.domain.headline import Copy, Headline, Sealed
from nemboks.domain.proof import Confirmation


class State(StrEnum):
    FOUND = "FOUND"
    WAITING = "WAITING"
    SENDING = "SENDING"
    HANDED_OVER = "HANDED_OVER"
    FORWARDED = "FORWARDED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    HELD = "HELD"
    DISMISSED = "DISMISSED"
    VANISHED = "VANISHED"


UNCERTAIN_LIMIT: Final = 3  # after three uncertain ends a person decides (RELIABILITY I3)
# The company's mail server does not have it yet: the machine is at it, or (with HELD) a person has to be.
ON_ITS_WAY: Final = (State.FOUND, State.WAITING, State.SENDING, State.HANDED_OVER)
UNDELIVERED: Final = (*ON_ITS_WAY, State.HELD)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What an address has of a letter that goes to another one now (elsewhere.py)."""

    copy: Copy
    proofs: tuple[Confirmation, ...]
    again: int = 0  # parts behind one that came back: they may be there, and count when the letter goes there again


@dataclass(frozen=True, slots=True)
class Letter:
    """One row of the ledger. Times are aware UTC."""

    id: int
    mailbox: int
    upstream_id: str
    state: State
    found_at: datetime
    available_at: datetime  # D14: over REST the listing that first showed it, over IMAP INTERNALDATE
    not_before: datetime | None = None  # the last complete listing without it
    due_at: datetime | None = None  # when the machine may act next; None: never by itself
    why: str = ""  # the hold's reason, or the class of the last trouble
    words: str = ""  # what the other side said, capped and redacted
    failures: int = 0  # troubles of one class in a row
    fence: int = 0  # the number of the latest attempt
    uncertain: int = 0
    deadline_at: datetime | None = None
    dot_begun_at: datetime | None = None
    headline: Headline | None = None
    contents: Sealed | None = None
    copy: Copy | None = None
    composed: Sealed | None = None  # the encrypted mail, made once
    proofs: tuple[Confirmation, ...] = ()  # of the parts confirmed so far, in order, but the last
    elsewhere: tuple[Elsewhere, ...] = ()  # by address, what it has of the letter: one in several mails was redirected
    confirmation: Confirmation | None = None  # that of the last missing part: from here a receipt is owed
    bounced: str = ""  # what came back after the confirmation
    transmission_id: str | None = None  # one for all receipts of this letter
    receipt_begun_at: datetime | None = None  # a receipt call without a definite answer is out
    acknowledged_at: datetime | None = None
    route_version: int = 0  # of the latest claim, and the rule of that route which named the address
    rule: str = ""
    released_at: datetime | None = None  # a person last let it go on

    @property
    def part(self) -> int:
        """The part that is sent next, from 1."""
        return len(self.proofs) + 1

    @property
    def parts(self) -> int:
        """Of how many mails it consists."""
        return self.copy.count if self.copy else 1
