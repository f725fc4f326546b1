"""What the letter's way needs from the world, and nothing of how it is done.

Adapters translate foreign exceptions at their border, once. Each port has one suite of contract tests that runs
on every adapter and on the fakes.
"""

from nemboks.ports.books import Acts, Books, Rows
from nemboks.ports.clock import Clock
from nemboks.ports.courier import (
    Check,
    Checks,
    Courier,
    Domain,
    Domains,
    Finding,
    Landed,
    Landings,
    Mail,
    Place,
    Prober,
    ReturnBox,
    ReturnedMail,
)
from nemboks.ports.inbox import (
    Fuse,
    Gone,
    Inbox,
    InboxError,
    Inboxes,
    Listed,
    Refused,
    Registry,
    Standing,
    Unavailable,
    Withheld,
)
from nemboks.ports.ledger import (
    Attempted,
    Contents,
    ContentsGone,
    Deliveries,
    HeadlineAltered,
    Letters,
    Mailboxes,
    Sealing,
)
from nemboks.ports.overview import Arrival, Overview, Tally
from nemboks.ports.people import (
    Announcements,
    Announcer,
    Cursor,
    Incidents,
    Listener,
    Message,
    Notifier,
    NotTold,
    Stream,
    Told,
    Worded,
)
from nemboks.ports.reckoning import Reckoning

__all__ = [
    "Acts", "Announcements", "Announcer", "Arrival", "Attempted", "Books", "Check", "Checks", "Clock", "Contents",
    "ContentsGone", "Courier", "Cursor", "Deliveries", "Domain", "Domains", "Finding", "Fuse", "Gone",
    "HeadlineAltered", "Inbox", "InboxError", "Inboxes", "Incidents", "Landed", "Landings", "Letters", "Listed",
    "Listener", "Mail", "Mailboxes", "Message", "Notifier", "NotTold", "Overview", "Place", "Prober", "Reckoning",
    "Refused", "Registry", "ReturnBox", "ReturnedMail", "Rows", "Sealing", "Standing", "Stream", "Tally", "Told",
    "Unavailable", "Withheld", "Worded",
]  # fmt: skip
