"""Accounts are reminded that nobody else can be told when an address fails (at least two ways to reach each company).

Promises: one message for an account, however many companies; at most one in THIRTY days; none once there is a second
contact at another domain. Nothing stops because of it.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from nemboks.content.texts import danish
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.people import Account
from nemboks.ports import Books

THIRTY: Final = timedelta(days=30)
FIRST: Final = timedelta(days=1)  # whoever has just begun is not nagged yet
# Once a day each account has a minute of its own, so that the look at every second costs nothing and the mails do not
# leave all at once. A minute that the daemon slept through comes again tomorrow.
HOUR: Final = 9


def waiting(books: Books) -> bool:
    """Whether an account is to be reminded now."""
    return any(True for _ in _owed(books))


def take_effect(books: Books) -> int:
    """How many accounts are reminded."""
    number = 0
    for account, boxes in list(_owed(books)):
        key = f"contact missing {account.id} {danish(books.at).date()}"
        path = mail_path(account.language, account.email)
        facts = _facts(account, boxes)
        books.tell(Announcement(0, key, Kind.CONTACT_MISSING, path, books.at, books.at, facts=facts))
        books.note("contact_missing", boxes[0] if len(boxes) == 1 else None, account=account.id, number=len(boxes))
        number += 1
    return number


def lacks_contact(account: Account, box: Mailbox) -> bool:
    """Whether nobody at another domain than the mailbox's own address can be told."""
    named = box.options.second_contact or account.second_contact
    return named is None or named.domain == box.route.address.domain


def _owed(books: Books) -> Iterator[tuple[Account, list[Mailbox]]]:
    now = danish(books.at)
    if now.hour != HOUR:
        return
    for account in books.accounts.all():
        if account.id % 60 != now.minute or books.at < account.created_at + FIRST or _ended(account, books):
            continue
        told = books.announcements.all(kind=Kind.CONTACT_MISSING, path=mail_path(account.language, account.email))
        if any(one.created_at > books.at - THIRTY for one in told):
            continue
        lacking = [box for box in books.mailboxes(account.id) if box.frozen_at is None and lacks_contact(account, box)]
        if lacking:
            yield account, lacking


def _ended(account: Account, books: Books) -> bool:
    return account.ends_at is not None and account.ends_at <= books.at


def _facts(account: Account, boxes: list[Mailbox]) -> dict[str, Any]:
    if len(boxes) > 1:
        return {"company": account.name}
    return {"company": boxes[0].name, "cvr": str(boxes[0].cvr), "address": boxes[0].route.address.masked}
