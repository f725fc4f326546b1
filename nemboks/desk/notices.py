"""What people were told: every notice, to whom, and whether the receiver took it (UX S21).

Promises: addresses are masked; no title, no link. A notice that is still owed is shown as such.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from nemboks.content.notice_texts import About, first_line
from nemboks.desk.words import Item, Lang, Words
from nemboks.domain.circles import WEBHOOK, address_of
from nemboks.domain.incidents import Notice
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.redact import redact

STATES: Final = {
    "sent": Words("sendt", "sent"),
    "owed": Words("venter", "waiting"),
    "replaced": Words("afløst af en nyere besked", "replaced by a newer notice"),
    "failing": Words("ikke taget imod; vi prøver igen", "not taken; we try again"),
}


class NoticeRows(Protocol):
    async def notices(self, limit: int) -> Sequence[Notice]: ...


class MailboxNames(Protocol):
    async def all(self) -> Sequence[Mailbox]: ...


class Told(Protocol):
    """The store, as far as this page sees it."""

    @property
    def incidents(self) -> NoticeRows: ...
    @property
    def mailboxes(self) -> MailboxNames: ...


async def notice_list(store: Told, limit: int = 100, lang: Lang = Lang.DA) -> list[Item]:
    """Notices, the latest first, each with what it said on its first line."""
    names = {box.id: str(box.cvr) for box in await store.mailboxes.all()}
    return [_item(notice, names, lang) for notice in await store.incidents.notices(limit)]


def _item(notice: Notice, names: dict[int, str], lang: Lang) -> Item:
    owed = "failing" if notice.failures else "owed"
    state = "sent" if notice.sent_at else "replaced" if notice.due_at is None else owed
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


def _to(path: str) -> str:
    address = address_of(path)
    return address.masked if address else f"{WEBHOOK} {path.partition(':')[2]}"
