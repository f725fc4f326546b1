"""An announcement as a mail: plain text, our own header fields, the same bytes however often it is tried.

Promises: nothing in it can be taken for a letter. Its Message-ID belongs to the announcement, so a mail server that
sees it twice can fold it; what is said of one change, case or matter is one thread. Never looks at what it says.
"""

from typing import Final

from nemboks.content.plain_mail import PlainMail, digest
from nemboks.domain.announcements import CODED, Announcement, Kind
from nemboks.domain.circles import address_of, language_of
from nemboks.domain.mailbox import Address
from nemboks.ports import Worded

_OF_A_CHANGE: Final = frozenset({
    Kind.ADDRESS_CODE, Kind.ADDRESS_ASKED, Kind.ADDRESS_CHANGED, Kind.ADDRESS_REMINDER, Kind.ADDRESS_CANCELLED,
})  # fmt: skip
_OF_AN_ESTATE: Final = frozenset({Kind.ESTATE_CODE, Kind.ESTATE_IN_EFFECT, Kind.ESTATE_ENDED})
_OF_A_PLAN: Final = frozenset({Kind.PLAN_CANCELLED, Kind.PLAN_ENDED})


def compose_announcement(worded: Worded, sender: Address) -> bytes:
    """The mail's octets, CRLF-ended and 7-bit. ValueError for an announcement whose path is no address."""
    announcement = worded.announcement
    address = address_of(announcement.path)
    if address is None:
        raise ValueError("the announcement does not go by mail")
    return PlainMail(
        sender,
        address,
        language_of(announcement.path),
        worded.subject,
        worded.text,
        announcement.created_at,
        number=f"a.{digest('nemboks announcement', announcement.key, announcement.path)}",
        thread=f"s.{digest('nemboks matter', announcement.path, *_matter(announcement))}",
        urgent=announcement.kind in CODED,
    ).octets()


def _matter(announcement: Announcement) -> tuple[object, ...]:
    """What the announcement is about, the same for all that are about it."""
    kind, facts = announcement.kind, announcement.facts
    if kind in _OF_A_CHANGE:
        return "change", facts.get("change"), announcement.mailbox
    if kind in _OF_AN_ESTATE:
        return "estate", facts.get("case"), announcement.mailbox
    if kind in _OF_A_PLAN:
        return "plan", facts.get("account")
    return kind, announcement.mailbox, facts.get("account")
