"""What may happen to a letter, each as a value: past tense, with all that is committed with it.

Which of these is legal when, and what each changes, stands in letter.py and nowhere else.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from nemboks.domain.headline import Copy, Headline, Sealed
from nemboks.domain.proof import Confirmation, Report


class Reason(StrEnum):
    """Why only a person may let a letter go on; the desk has a text and a cure for each."""

    THREE_UNCERTAIN = "three_uncertain"
    OTHER_CONTENTS = "other_contents"
    UNREADABLE = "unreadable"
    WRONG_RECIPIENT = "wrong_recipient"
    NEMSMS = "nemsms"
    TOO_LARGE = "too_large"
    RETURNED = "returned"
    RELAY_SILENT = "relay_silent"
    FROZEN = "frozen"  # an estate is registered and not in effect: nobody gets it yet
    OLDER = "older"  # it came before the estate's effective time: the kurator was only promised later post
    BOUNDARY = "boundary"  # it came around that time, and nobody can say on which side
    UNROUTED = "unrouted"  # no rule fits, and the route has no default
    ASKED = "asked"  # a person wanted it held
    COPY_LATE = "copy_late"  # of a further recipient only: five days are over
    NO_CERTIFICATE = "no_certificate"  # likewise: the company has its mails encrypted, and this one has no certificate


@dataclass(frozen=True, slots=True)
class FetchBegun:
    """A fetch that upstream may not repeat begins; the row names the seal first, so that a crash loses no letter."""

    contents: Sealed


@dataclass(frozen=True, slots=True)
class Collected:
    """We hold the whole letter: sealed, read, its mail's identity fixed."""

    headline: Headline
    contents: Sealed
    copy: Copy
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Vanished:
    """Upstream says "no such letter", and we never had it."""

    words: str


@dataclass(frozen=True, slots=True)
class Reappeared:
    """A later listing shows a vanished letter: it is fetched like a new one."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class Postponed:
    """A fetch or a receipt did not succeed: same state, later. `definite`: upstream answered, nothing is in doubt."""

    why: str
    words: str
    due_at: datetime
    definite: bool = True


@dataclass(frozen=True, slots=True)
class Claimed:
    """An attempt is open. The next due time is already moved, so a crash loop hammers nobody."""

    deadline_at: datetime
    due_at: datetime
    route_version: int
    address: str
    server: str
    rule: str = ""  # of the route, which named the address


@dataclass(frozen=True, slots=True)
class DotBegun:
    """The point of no return: from this commit on, the attempt may have delivered."""

    fence: int


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The company's own mail server has every part: a fact, whoever holds it and whenever it comes."""

    confirmation: Confirmation
    transmission_id: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Recomposed:
    """What the attempt is about to send was made once and is kept, so that every other attempt sends the same."""

    fence: int
    copy: Copy
    composed: Sealed | None = None  # an encrypted mail: made anew it would differ


@dataclass(frozen=True, slots=True)
class PartConfirmed:
    """One part of several is confirmed: a fact; the rest is due at `due_at`."""

    confirmation: Confirmation
    due_at: datetime


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A relay took it; no confirmation yet. `due_at`: the next look for it; silence after `silent_at` is an alarm."""

    words: str
    due_at: datetime
    silent_at: datetime
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class Later:
    """The attempt certainly did not deliver; the machine tries again at `due_at`."""

    fence: int
    why: str
    words: str
    due_at: datetime
    report: Report | None = None
    copy: Copy | None = None  # the next attempt's form, when this server cannot take the present one


@dataclass(frozen=True, slots=True)
class Hold:
    """Only a person may let it go on. An open attempt can be ended so only by its own fence."""

    reason: Reason
    words: str = ""
    fence: int | None = None
    headline: Headline | None = None
    contents: Sealed | None = None  # kept here, because upstream may not give them a second time
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    """An attempt is over without an answer: cut before dot_begun, uncertain after it."""

    fence: int
    words: str
    due_at: datetime
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """A relay's hand-over came back, or stayed silent too long; or a part did that counted as confirmed."""

    reason: Reason
    words: str
    part: int = 0  # that came back: it and those after it are to be sent (again)


@dataclass(frozen=True, slots=True)
class ReturnedElsewhere:
    """A part that counted as confirmed came back from an address that the letter has left."""

    address: str
    part: int
    words: str


@dataclass(frozen=True, slots=True)
class Bounced:
    """A mail that was confirmed came back later (RELIABILITY S25): a receipt that is still owed waits for a person."""

    words: str


@dataclass(frozen=True, slots=True)
class Believed:
    """A person says that a mail which came back is there after all: the receipt may go."""

    by: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Released:
    """A person, or the act that cures the reason, lets it go on."""

    by: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Retried:
    """A person asks for the next try now instead of at its due time."""

    by: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A person closed it: it stays in Digital Post, and no receipt is ever given."""

    by: str


@dataclass(frozen=True, slots=True)
class ContentsLost:
    """The sealed contents cannot be opened; upstream is asked for the letter again."""

    words: str
    due_at: datetime
    fence: int | None = None


@dataclass(frozen=True, slots=True)
class ReceiptBegun:
    """A receipt call goes out now; until a definite answer, a repeat may meet "already gone"."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Upstream took the receipt, or has no such letter after one: it is the company's alone.

    `keep`: a further recipient still waits, so the sealed contents stay a while (`Cleared` ends that).
    """

    words: str
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Cleared:
    """Nobody waits for the sealed contents of an acknowledged letter any more."""


Event = (
    FetchBegun | Collected | Vanished | Reappeared | Postponed | Claimed | DotBegun | Confirmed | PartConfirmed
    | Recomposed | HandedOver | Later | Hold | AttemptEnded | Returned | ReturnedElsewhere | Bounced | Believed
    | Released | Retried | Dismissed | ContentsLost | ReceiptBegun | Acknowledged | Cleared
)  # fmt: skip
