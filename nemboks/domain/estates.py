"""A kurator's case: what is registered, who approved what, and from when on post is theirs (SECURITY 4c, I10).

Promises: an approval is one of these facts and these documents, by somebody who did not open the case, and counts for
seven days; what is approved can be told by its digest alone. Pure.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from nemboks.domain.custody import Life
from nemboks.domain.headline import Sealed
from nemboks.domain.mailbox import Address, Mailbox, Options

APPROVERS: Final = 2
EXPIRES: Final = timedelta(days=7)  # an approval that is not followed by the second one
DOCUMENT_BYTES: Final = 10 << 20
DOCUMENTS: Final = 20  # of one case
CLOSED_BY: Final = "estate closed"  # who paused a mailbox whose case is over
LOOKED_UP: Final = "look-up"  # who ticked what upstream's register says


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
    CLOSED = "closed"  # the case is over: nothing is forwarded any more
    REVERSED = "reversed"  # a court overturned the decree: the company has its post again
    REPLACED = "replaced"  # a second kurator's case took effect


PENDING: Final = (EstateState.OPEN, EstateState.APPROVED)
LIVE: Final = (*PENDING, EstateState.IN_EFFECT)
OUTCOMES: Final = (EstateState.CLOSED, EstateState.REVERSED)  # which two people can end a case in effect with


class Item(StrEnum):
    """What is looked at before anybody approves; each with who and when."""

    CURATOR_ACCESS = "curator_access"  # upstream's look-up says that a curator's access is active
    REGISTER = "register"  # the company's status in the register
    GAZETTE = "gazette"  # the notice in Statstidende
    BAR_LISTING = "bar_listing"  # the kurator stands in the bar's list
    CALL_BACK = "call_back"  # called at a number that was found independently


# What the register says of such a company. Of the other kinds it says nothing: a person looks.
REGISTERED: Final[Mapping[EstateKind, Life]] = {
    EstateKind.KONKURS: Life.BANKRUPT,
    EstateKind.REKONSTRUKTION: Life.RECONSTRUCTION,
}


@dataclass(frozen=True, slots=True)
class Former:
    """What the people of before had chosen; given back if the decree is overturned."""

    options: Options = field(default=Options())
    unproven: bool = False
    paused_by: str = ""  # who had paused the mailbox


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
    reason: str = ""  # of its end; while it is in effect, of the end that somebody has asked for
    person: int | None = None  # who gets the kurator's right
    former: Former | None = None  # from its effect on


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
        estate.firm, estate.person, estate.address, estate.server, estate.effective_at.isoformat(),
        estate.evidence_at_risk,
    )  # fmt: skip
    files = [f"{one.sha256} {one.name}" for one in sorted(documents, key=lambda one: (one.sha256, one.name))]
    return _digest("nemboks estate", *facts, *files)


def closing_digest(estate: Estate, outcome: EstateState, reason: str) -> str:
    """What approvers of an end approve, as hex SHA-256."""
    return _digest("nemboks estate close", estate.id, outcome, reason)


def counted(approvals: Sequence[Approval], estate: Estate, digest: str, at: datetime) -> list[Approval]:
    """The approvals that count now, one a person: of this digest, not the opener's, not a week old."""
    of_person = {one.person: one for one in approvals if not why_not(one, estate, digest, at)}
    return list(of_person.values())


def why_not(approval: Approval, estate: Estate, digest: str, at: datetime) -> str:
    """Why an approval does not count (any more): "opener", "changed" or "expired"; "" when it does."""
    if approval.name == estate.opened_by:
        return "opener"
    if approval.digest != digest:
        return "changed"
    return "expired" if at - approval.at >= EXPIRES else ""


def by_register(item: Item, estate: Estate, mailbox: Mailbox) -> bool:
    """Whether the register answers this line of the list: then no person can. Where we never ask it, people do."""
    if mailbox.looked_up_at is None:
        return False
    return item is Item.CURATOR_ACCESS or (item is Item.REGISTER and estate.kind in REGISTERED)


def ticked(estate: Estate, mailbox: Mailbox, rows: Sequence[Checked], at: datetime) -> Mapping[Item, Checked]:
    """The lines of the list that are done, each as it was done last."""
    done = {one.item: one for one in rows if not by_register(one.item, estate, mailbox)}
    looked = mailbox.looked_up_at
    if looked is not None and at - looked < EXPIRES:
        says = {
            Item.CURATOR_ACCESS: mailbox.curator,
            Item.REGISTER: mailbox.life is REGISTERED.get(estate.kind),
        }
        for item in (item for item, yes in says.items() if yes and by_register(item, estate, mailbox)):
            done[item] = Checked(0, estate.id, item, looked, LOOKED_UP, mailbox.life.value)
    return done


def _digest(*facts: object) -> str:
    return hashlib.sha256("\0".join(map(str, facts)).encode()).hexdigest()
