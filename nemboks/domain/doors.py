"""What shuts us out of Digital Post: a mailbox that nobody can look into, and the end of our own certificate.

Digital Post deactivates a recipient system that had no success for seven days (RELIABILITY H25), so whoever runs
Nemboks hears of a mailbox after a day, the company after three: in the days that are left it can read its post there.
Pure.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from nemboks.domain.circles import Circle, mail_path
from nemboks.domain.custody import Consent, Life
from nemboks.domain.incidents import NOBODYS, Cause, Incident, Sick
from nemboks.domain.mailbox import Address, Mailbox
from nemboks.domain.plans import serves

UNLISTED_FOR: Final = timedelta(days=1)
COMPANY_HEARS: Final = timedelta(days=3)
RENEW_DAYS: Final = 60  # before our certificate ends; getting another one takes weeks
_LOUDER_DAYS: Final = (30, 14, 7, 1, -1)  # the last: it has ended
_DOORS: Final = frozenset({Cause.REFUSED, Cause.UNLISTED})


def hearing(one: Sick, circles: Sequence[Circle], operator: Address | None, now: datetime) -> Sequence[Circle]:
    """Those of the circles that are to hear of it by now; all, where nobody is told first."""
    if operator is None or one.cause is not Cause.UNLISTED or now - one.since >= COMPANY_HEARS:
        return circles
    return [circle for circle in circles if circle.who == mail_path("da", operator)]


def days_left(ends_at: datetime, now: datetime) -> int:
    """Whole days until then; negative once it is over."""
    return (ends_at - now).days


def our_certificate(ends_at: datetime | None, now: datetime) -> list[Sick]:
    """What is wrong with our certificate, if anything: it ends within sixty days, or has ended."""
    if ends_at is None or days_left(ends_at, now) > RENEW_DAYS:
        return []
    return [Sick(Cause.OUR_CERTIFICATE, NOBODYS, None, ends_at, "", "", "", "", True, ends_at)]


def louder(ends_at: datetime, told_at: datetime, now: datetime) -> bool:
    """Whether less is left than when people were told, by one of the steps at which they are told again."""
    return any(days_left(ends_at, now) <= days < days_left(ends_at, told_at) for days in _LOUDER_DAYS)


def opened(was: Incident, mailboxes: Iterable[Mailbox]) -> tuple[int, ...]:
    """Those of its mailboxes that its end may be told of: of a door only those that we are let into again."""
    if was.cause not in _DOORS:
        return was.mailboxes
    return tuple(box.id for box in _of(was.mailboxes, mailboxes) if not box.trouble)


def still_shut(was: Incident, mailboxes: Iterable[Mailbox], now: datetime) -> bool:
    """Whether it is of a door and none has opened: its trouble only got another name."""
    shut = [box for box in _of(was.mailboxes, mailboxes) if box.trouble and _wanted(box, now)]
    return was.cause in _DOORS and bool(shut) and not opened(was, mailboxes)


def _of(ids: Collection[int], mailboxes: Iterable[Mailbox]) -> list[Mailbox]:
    return [box for box in mailboxes if box.id in ids and box.paused_at is None]


def _wanted(box: Mailbox, now: datetime) -> bool:
    """Whether anybody wants us to look: a company's own no, or its end, is no trouble."""
    return box.consent is Consent.GIVEN and box.life is not Life.CEASED and serves(box.serves_until, now)
