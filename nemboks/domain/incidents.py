"""What is wrong, grouped so that people can act on it: one incident for one cause, however many letters it holds up.

The values that the store keeps. What makes an incident, and when people hear of it, stands in assess.py; who they
are, in circles.py.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

NOBODYS: Final = 0  # in place of a mailbox: the operator's own matter


class Cause(StrEnum):
    """What kind of trouble; each has texts for people (content/notice_texts.py)."""

    ADDRESS = "address"  # 5.1.x, NXDOMAIN, null MX
    FULL = "full"
    POLICY = "policy"
    TOO_LARGE = "too_large"
    LOGIN = "login"
    TLS = "tls"
    CERTIFICATE = "certificate"  # the recipient's, for encryption: unusable or expired
    LATE = "late"  # undelivered for four hours, whatever the reason
    HELD = "held"  # only a person can let it go on
    RETURNED = "returned"
    SILENT = "silent"  # a relay took it and nobody says more
    BOUNCED = "bounced"  # came back after it was confirmed
    JUNK = "junk"  # lies in the mailbox's junk folder
    COPY = "copy"  # a further recipient cannot be reached
    VANISHED = "vanished"
    REFUSED = "refused"  # Digital Post refuses the CVR
    UNLISTED = "unlisted"  # no look into the mailbox succeeded for a day
    OUR_CERTIFICATE = "our_certificate"  # the one that lets us into Digital Post ends
    UNUSABLE = "unusable"  # Digital Post lists something that no letter can be asked for by
    PREFLIGHT = "preflight"  # the daily check found a fault


class NoticeKind(StrEnum):
    STOPPED = "stopped"  # something definite: told at once
    LATE = "late"
    STILL = "still"
    SOLVED = "solved"


# These say all that those before them said: what a path has not taken of one incident by then, it need not take.
TELLS_ALL = frozenset({NoticeKind.STILL, NoticeKind.SOLVED})


@dataclass(frozen=True, slots=True)
class Sick:
    """One letter (or mailbox) that something is wrong with."""

    cause: Cause
    mailbox: int
    letter: int | None
    since: datetime  # of the trouble, for people the time the letter came into Digital Post
    reference: str  # what a person reads out on the telephone
    words: str  # the other side's, capped and redacted
    destination: str  # Route.destination of what fails; "" when the trouble is not a mail server's
    address: str  # the address that fails; "" likewise
    definite: bool  # a refusal that time does not cure, not only lateness
    deadline: datetime | None = None  # the letter's own, if it names one


@dataclass(frozen=True, slots=True)
class Incident:
    """One cause for one circle of people, open until it has been quiet for a while."""

    id: int  # 0: not written yet
    key: str  # cause, destination or address, and who is told: what makes it one
    cause: Cause
    destination: str
    address: str
    paths: tuple[str, ...]  # who is told: "mail:da:name@domain", "webhook:name"
    opened_at: datetime
    mailboxes: tuple[int, ...] = ()
    letters: tuple[int, ...] = ()  # all that it has held up, for the count
    words: str = ""
    told_at: datetime | None = None  # the latest notice
    quiet_since: datetime | None = None
    closed_at: datetime | None = None
    notices: int = 0  # how many rounds of notices were made


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one path about one incident."""

    id: int  # 0: not written yet
    incident: int  # 0: of the incident with this `key` that is written together with it
    key: str
    kind: NoticeKind
    cause: Cause
    path: str
    number: int  # the round: with incident and path it makes a notice one
    count: int  # letters held up when it was made
    mailboxes: tuple[int, ...]
    letters: tuple[int, ...]
    since: datetime
    words: str
    destination: str
    address: str
    created_at: datetime
    due_at: datetime | None
    sent_at: datetime | None = None
    failures: int = 0
    receipt: str = ""  # the receiver's words, or why the last try failed
