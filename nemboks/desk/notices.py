"""What people were told: every notice and announcement, to whom, and whether the receiver took it (UX S21).

Promises: addresses are masked; no title, no link, no code. What is still owed is shown as such.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Protocol

from nemboks.content.announcement_texts import first_line as about
from nemboks.content.notice_texts import About, first_line
from nemboks.desk.words import Item, Lang, Words
from nemboks.domain.announcements import Announcement
from nemboks.domain.circles import WEBHOOK, address_of
from nemboks.domain.incidents import Notice
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.redact import redact

STATES: Final = {
    "sent": Words("sendt", "sent"),
    "owed": Words("venter", "waiting"),
    "replaced": Words("afløst af en nyere besked", "replaced by a newer notice"),
    "failing": Words("ikke taget imod; vi prøver igen", "not taken; we try again"),
    "dropped": Words("ikke sendt: for sent til at gøre nytte", "not sent: too late to be of use"),
}


class NoticeRows(Protocol):
    async def notices(self, limit: int) -> Sequence[Notice]: ...


class AnnouncementRows(Protocol):
    async def latest(self, limit: int) -> Sequence[Announcement]: ...


class MailboxNames(Protocol):
    async def all(self) -> Sequence[Mailbox]: ...


class Told(Protocol):
    """The store, as far as this page sees it."""

    @property
    def incidents(self) -> NoticeRows: ...
    @property
    def announcements(self) -> AnnouncementRows: ...
    @property
    def mailboxes(self) -> MailboxNames: ...


async def told_list(store: Told, limit: int = 100, lang: Lang = Lang.DA) -> tuple[list[Item], list[Item]]:
    """Notices and announcements, the latest of each first, each with what it said on its first line."""
    names = {box.id: str(box.cvr) for box in await store.mailboxes.all()}
    notices, announcements = await store.incidents.notices(limit), await store.announcements.latest(limit)
    return [_item(one, names, lang) for one in notices], [_announced(one, names, lang) for one in announcements]


def _announced(announcement: Announcement, names: dict[int, str], lang: Lang) -> Item:
    state = _state(announcement.sent_at, announcement.due_at, announcement.failures, "dropped")
    return {
        "id": announcement.id,
        "kind": announcement.kind,
        "to": _to(announcement.path),
        "state": state,
        "state_text": STATES[state].to(lang),
        "text": about(announcement, lang),
        "cvr": names.get(announcement.mailbox) if announcement.mailbox else None,
        "created_at": announcement.created_at,
        "sent_at": announcement.sent_at,
        "next_try_at": announcement.due_at,
        "failures": announcement.failures,
        "receipt": redact(announcement.receipt) or None,
    }


def _item(notice: Notice, names: dict[int, str], lang: Lang) -> Item:
    state = _state(notice.sent_at, notice.due_at, notice.failures, "replaced")
    return {
        "id": notice.id,
        "incident": notice.incident,
        "kind": notice.kind,
        "cause": notice.cause,
        "to": _to(notice.path),
        "state": state,
        "state_text": STATES[state].to(lang),
        "text": first_line(notice, About(), lang),
        "count": notice.count,
        "letters": notice.letters,
        "cvrs": [names[box] for box in notice.mailboxes if box in names],
        "created_at": notice.created_at,
        "sent_at": notice.sent_at,
        "next_try_at": notice.due_at,
        "failures": notice.failures,
        "receipt": redact(notice.receipt) or None,
    }


def _state(sent_at: datetime | None, due_at: datetime | None, failures: int, ended: str) -> str:
    if sent_at is not None:
        return "sent"
    if due_at is None:
        return ended
    return "failing" if failures else "owed"


def _to(path: str) -> str:
    address = address_of(path)
    return address.masked if address else f"{WEBHOOK} {path.partition(':')[2]}"
