"""A kurator's case: what is registered, who approved what, and from when on post is theirs (SECURITY 4c, I10)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from nemboks.domain.headline import Sealed
from nemboks.domain.mailbox import Address

APPROVERS: Final = 2
EXPIRES: Final = timedelta(days=7)  # an approval that is not followed by the second one
DOCUMENT_BYTES: Final = 10 << 20


class EstateKind(StrEnum):
    KONKURS = "konkurs"
    REKONSTRUKTION = "rekonstruktion"
    LIKVIDATION = "likvidation"
    DOEDSBO = "doedsbo"


class EstateState(StrEnum):
    OPEN = "open"  # registered: the mailbox is frozen
    APPROVED = "approved"  # by two people; waits for its time
    IN_EFFECT = "in_effect"
    REFUSED = "refused"
    CLOSED = "closed"  # ended, reversed by a court, or replaced by a second kurator's case


LIVE: Final = (EstateState.OPEN, EstateState.APPROVED, EstateState.IN_EFFECT)


class Item(StrEnum):
    """What is looked at before anybody approves; each with who and when."""

    CURATOR_ACCESS = "curator_access"  # upstream's look-up says that a curator's access is active
    REGISTER = "register"  # the company's status in the register
    GAZETTE = "gazette"  # the notice in Statstidende
    BAR_LISTING = "bar_listing"  # the kurator stands in the bar's list
    CALL_BACK = "call_back"  # called at a number that was found independently


@dataclass(frozen=True, slots=True)
class Estate:
    """One case of one CVR. `digest` is of all that was approved: changed facts or documents need new approvals."""

    id: int
    mailbox: int
    kind: EstateKind
    state: EstateState
    court: str
    reference: str  # the court's case number
    decree_date: str  # yyyy-mm-dd, Danish
    kurator: str
    firm: str
    address: Address  # the kurator's, at the firm's domain
    server: str
    effective_at: datetime
    opened_at: datetime
    opened_by: str
    evidence_at_risk: bool = False  # then the company is told at the effective time and not before
    proven_at: datetime | None = None  # the kurator typed the code that went to the address
    effect_at: datetime | None = None  # when the route was changed
    ended_at: datetime | None = None
    ended_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EstateDocument:
    """A file of the case, sealed; what was approved is its SHA-256."""

    id: int
    estate: int
    name: str  # as given; never a path
    media_type: str
    size: int
    sha256: str
    sealed: Sealed
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True)
class Checked:
    """One line of the list: done by whom, when, with what result."""

    id: int
    estate: int
    item: Item
    at: datetime
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    id: int
    estate: int
    person: int
    name: str
    digest: str
    at: datetime


def digest_of(estate: Estate, documents: Sequence[EstateDocument]) -> str:
    """What approvers approve, as hex SHA-256: the case's facts and its documents' digests, in one order."""
    facts = (
        estate.id, estate.mailbox, estate.kind, estate.court, estate.reference, estate.decree_date, estate.kurator,
        estate.firm, estate.address, estate.server, estate.effective_at.isoformat(),
    )  # fmt: skip
    files = [f"{one.sha256} {one.name}" for one in sorted(documents, key=lambda one: (one.sha256, one.name))]
    text = "\0".join(("nemboks estate", *map(str, facts), *files))
    return hashlib.sha256(text.encode()).hexdigest()
