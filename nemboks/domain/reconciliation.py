"""Three accounts of one mailbox, compared: what upstream lists, what our ledger says, what mail servers confirmed.

Promises: what is normal is no difference: new post, a letter between two steps, over REST a fetched letter that the
list may hide (DIGITAL-POST 2.4), and what a person let lie. Pure.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from nemboks.domain.letter import State
from nemboks.domain.mailbox import Face
from nemboks.domain.states import UNDELIVERED

LINGERS: Final = timedelta(hours=1)  # upstream may list a letter for a while after it took its receipt


class Kind(StrEnum):
    """How the accounts differ."""

    UNKNOWN_HERE = "unknown_here"  # upstream lists it, and no listing of ours ever brought it into the ledger
    ROW_MISSING = "row_missing"  # history tells of it, and its row is gone
    GONE_UNCONFIRMED = "gone_unconfirmed"  # twice not listed, and nobody confirmed it: taken without a confirmation
    DONE_UNCONFIRMED = "done_unconfirmed"  # the ledger calls it delivered, without a confirmation of every part
    LEFT_UNCONFIRMED = "left_unconfirmed"  # it was let out of Digital Post before anybody confirmed it
    ASKED_UNCONFIRMED = "asked_unconfirmed"  # the fuse stopped its receipt: a part of us is faulty
    STILL_THERE = "still_there"  # acknowledged long ago, and listed still


# A letter may be lost: nothing more leaves Digital Post. What the fuse has stopped has tripped it already.
SERIOUS: Final = frozenset(Kind) - {Kind.STILL_THERE, Kind.ASKED_UNCONFIRMED}


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger says of one letter, as far as it is compared."""

    letter: int
    upstream_id: str
    state: State
    found_at: datetime
    acknowledged_at: datetime | None
    here: bool  # we hold its contents
    fetched: bool  # we hold them or held them once
    confirmed: bool  # every part of it


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not agree; `what` names it: our number of the letter, upstream's id, or words."""

    kind: Kind
    what: str

    def __str__(self) -> str:
        return f"{self.kind} {self.what}"


def unknown(before: Iterable[Entry], after: Iterable[Entry], listed: Sequence[str], face: Face) -> list[Difference]:
    """What upstream lists and the ledger had lost: of `before` the listing, and `after` it was committed.

    New post is unknown before its first listing, too. Over IMAP ids only grow (RFC 9051 2.3.1.1), so one beneath
    another that is known is not new; over REST only what the listing's own commit left out can be told.
    """
    known, committed = {one.upstream_id for one in before}, {one.upstream_id for one in after}
    highest = _highest(known) if face is Face.IMAP else {}
    lost = [id_ for id_ in listed if id_ not in committed or (id_ not in known and _is_beneath(id_, highest))]
    return [Difference(Kind.UNKNOWN_HERE, id_) for id_ in lost]


def missing(entries: Iterable[Entry], listed: Collection[str], asked_at: datetime, face: Face) -> set[int]:
    """Letters that nobody confirmed and upstream does not list; to be believed after a second listing.

    Not those that upstream may hide or show under another id: fetched ones over REST, those of an older UIDVALIDITY.
    """
    shown = {id_.partition(".")[0] for id_ in listed}
    return {
        one.letter
        for one in entries
        if one.state in UNDELIVERED
        and one.found_at < asked_at
        and one.upstream_id not in listed
        and not (one.fetched if face is Face.REST else shown and one.upstream_id.partition(".")[0] not in shown)
    }


def odd(entries: Iterable[Entry], listed: Collection[str], asked_at: datetime) -> list[Difference]:
    """What the ledger calls done, and is not."""
    found = []
    for one in entries:
        if one.state in (State.FORWARDED, State.ACKNOWLEDGED) and not one.confirmed:
            found.append(Difference(Kind.DONE_UNCONFIRMED, str(one.letter)))
        elif one.acknowledged_at and one.acknowledged_at < asked_at - LINGERS and one.upstream_id in listed:
            found.append(Difference(Kind.STILL_THERE, str(one.letter)))
    return found


def _highest(ids: Iterable[str]) -> dict[str, int]:
    """The highest UID of each UIDVALIDITY."""
    found: dict[str, int] = {}
    for id_ in ids:
        validity, _, uid = id_.partition(".")
        if uid.isdecimal():
            found[validity] = max(found.get(validity, 0), int(uid))
    return found


def _is_beneath(id_: str, highest: dict[str, int]) -> bool:
    validity, _, uid = id_.partition(".")
    return uid.isdecimal() and int(uid) < highest.get(validity, 0)
