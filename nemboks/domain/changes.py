"""A wish for another address, of a mailbox's letters or of an account: from asking to its effect, or its end.

The rules of SECURITY 4a: the new address proves itself with a code; the old address and the second contact are told;
if both confirm (the old address alone where there is no second contact) it takes effect at once, else after 72 hours;
whoever has their code, and every owner or administrator, can stop it till then and take it back for seven days after.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from nemboks.domain.mailbox import Address

WAIT: Final = timedelta(hours=72)
PROBATION: Final = timedelta(hours=72)  # I14: what goes to a changed address stays in Digital Post so long
UNDO: Final = timedelta(days=7)  # after the effect
MOST: Final = 3  # wishes in THIRTY days
THIRTY: Final = timedelta(days=30)
LOCK: Final = timedelta(days=7)  # after somebody said "that was not me"
REMINDERS: Final = 3  # daily, to the old address
LAPSE: Final = timedelta(hours=24)  # nobody proved the new address: the wish ends, and another may be asked for
ROUNDS: Final = 3  # of codes to the new address; three times five tries at a hundred million
# How long a code of the old address or the second contact can be of use, at the most: until UNDO after the effect.
CODES_LAST: Final = LAPSE + WAIT + UNDO
TAKEN_BACK: Final = "the address was taken back"  # why a letter's receipt waits for a person
BY_CODE: Final = "code:"  # who stopped it, where that was whoever has the code of the old address or the contact
OVERTAKEN, FROZEN, LAPSED = "overtaken", "estate", "lapsed"  # who stopped it, where that was nobody


class Subject(StrEnum):
    FORWARDING = "forwarding"  # where a mailbox's letters go
    ACCOUNT = "account"  # the account's own e-mail


@dataclass(frozen=True, slots=True)
class Change:
    """One wish. `effect_at` is set when the new address is proven."""

    id: int
    subject: Subject
    old: Address
    new: Address
    asked_by: str
    asked_at: datetime
    account: int | None = None
    mailbox: int | None = None
    old_server: str = ""  # of a mailbox: what took the old address' mails, and takes the new one's
    server: str = ""
    contact: Address | None = None  # the second contact when it was asked
    proven_at: datetime | None = None
    old_confirmed_at: datetime | None = None
    contact_confirmed_at: datetime | None = None
    effect_at: datetime | None = None
    done_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_by: str = ""
    rolled_back_at: datetime | None = None
    rolled_back_by: str = ""
    reminders: int = 0  # told to the old address since the effect

    @property
    def pending(self) -> bool:
        """Whether it may still take effect."""
        return self.done_at is None and self.cancelled_at is None

    @property
    def agreed(self) -> bool:
        """Whether everybody who can be asked has confirmed."""
        return self.old_confirmed_at is not None and (self.contact is None or self.contact_confirmed_at is not None)

    @property
    def state(self) -> str:
        """One word for people and scripts."""
        if self.rolled_back_at:
            return "rolled_back"
        return (
            "done" if self.done_at else "cancelled" if self.cancelled_at else "waiting" if self.proven_at else "asked"
        )

    def undo_until(self) -> datetime | None:
        """Until when it can be taken back; None before its effect."""
        return self.done_at + UNDO if self.done_at else None


def proven(change: Change, at: datetime, wait: timedelta = WAIT) -> Change:
    """The new address typed its code: from here the clock runs."""
    return timed(replace(change, proven_at=change.proven_at or at), at, wait)


def timed(change: Change, at: datetime, wait: timedelta = WAIT) -> Change:
    """With the time of its effect: now if all agreed, else 72 hours (or what the pace says) after it was proven."""
    if change.proven_at is None:
        return change
    return replace(change, effect_at=min(at, change.effect_at or at) if change.agreed else change.proven_at + wait)


def lapsed(change: Change, at: datetime) -> bool:
    """Whether nobody proved the new address in time."""
    return change.pending and change.proven_at is None and at >= change.asked_at + LAPSE


def due(change: Change, at: datetime) -> bool:
    """Whether its time has come."""
    return change.pending and change.effect_at is not None and change.effect_at <= at


def reminder(change: Change, at: datetime) -> int:
    """The number of the reminder that the old address is owed now, from 1; 0 for none. What was missed is not said."""
    if change.done_at is None or change.rolled_back_at is not None:
        return 0
    number = min(REMINDERS, (at - change.done_at) // timedelta(days=1))
    return number if number > change.reminders else 0


def locked_until(changes: Iterable[Change]) -> datetime | None:
    """Until when no other address can be asked for, because somebody said "that was not me"; None if nobody did."""
    ends = [one.cancelled_at + LOCK for one in changes if one.cancelled_at and one.cancelled_by.startswith(BY_CODE)]
    ends += [
        one.rolled_back_at + LOCK for one in changes if one.rolled_back_at and one.rolled_back_by.startswith(BY_CODE)
    ]
    return max(ends, default=None)
