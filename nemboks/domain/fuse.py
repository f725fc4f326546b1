"""The delete fuse: what may leave Digital Post is asked for once more, at the outermost border, by rules of its own.

Promises: nothing passes that no committed confirmation covers, whatever the rest of the program believes; more than a
ceiling in an hour, or one letter again and again, stops the mailbox (or all) until a person has looked. A stop never
loses a letter: it is forwarded as before, and stays in Digital Post too. Pure.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from nemboks.domain.guard import receipt_may_go
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Mailbox

WINDOW: Final = timedelta(hours=1)  # of the ceilings
KEPT: Final = timedelta(days=2)  # of a permit: the daily reconciliation has then seen it
REPEATS: Final = 100  # of one letter's receipt, beyond what the pace explains; persons may ask for more tries, too


class Trip(StrEnum):
    """Why a fuse tripped; kept in `Custody.fuse`."""

    UNCONFIRMED = "unconfirmed"  # a receipt was asked for that no confirmation covers
    TOO_MANY = "too_many"  # letters of one mailbox in an hour
    TOO_MANY_IN_ALL = "too_many_in_all"
    REPEATED = "repeated"  # one letter's receipt, far more often than the pace explains
    RECONCILIATION = "reconciliation"  # upstream, ledger and confirmations do not agree


@dataclass(frozen=True, slots=True)
class Limits:
    """The ceilings."""

    per_cvr: int = 500  # letters in an hour
    in_all: int = 20_000
    least_seconds: float = 24.0  # the shortest wait between two receipts of one letter


@dataclass(frozen=True, slots=True)
class Load:
    """What was let through before, as far as it counts."""

    of_mailbox: int = 0  # letters within the window
    in_all: int = 0
    times: int = 0  # of this letter
    since: datetime | None = None  # the first of those; None: it is the letter's first


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether one letter may leave Digital Post. `why` is empty when it may; `trip` says that the fuse must trip."""

    why: str = ""
    trip: Trip | None = None


def confirmed(letter: Letter) -> bool:
    """Whether a committed confirmation covers every part of the letter."""
    if letter.state not in (State.FORWARDED, State.ACKNOWLEDGED) or letter.confirmation is None:
        return False
    proofs = (*letter.proofs, letter.confirmation)
    own = all(one.letter == letter.id for one in proofs)
    return own and [one.part for one in proofs] == list(range(1, letter.parts + 1))


def asked(letter: Letter | None, mailbox: Mailbox, load: Load, limits: Limits, now: datetime) -> Answer:
    """The fuse's answer for the letter that the ledger has under the id; None if it has none."""
    if letter is None:
        return Answer("the ledger has no letter of this id", Trip.UNCONFIRMED)
    if not confirmed(letter):
        return Answer(f"letter {letter.id} is {letter.state} without a confirmation of every part", Trip.UNCONFIRMED)
    if letter.state is State.ACKNOWLEDGED:  # a slower step's; the first one's answer is committed
        return Answer(f"letter {letter.id} is acknowledged already")
    if why := receipt_may_go(letter, mailbox, now):
        return Answer(why)
    return _over(letter, load, limits, now)


def _over(letter: Letter, load: Load, limits: Limits, now: datetime) -> Answer:
    """A repeat is no new letter: an outage upstream, with all its retries, reaches no ceiling."""
    if load.since is not None:
        explained = REPEATS + (now - load.since).total_seconds() / limits.least_seconds
        if load.times >= explained:
            return Answer(f"the receipt of letter {letter.id} was tried {load.times} times", Trip.REPEATED)
    elif load.of_mailbox >= limits.per_cvr:
        return Answer(f"{load.of_mailbox} letters in an hour", Trip.TOO_MANY)
    elif load.in_all >= limits.in_all:
        return Answer(f"{load.in_all} letters of all mailboxes in an hour", Trip.TOO_MANY_IN_ALL)
    return Answer()
