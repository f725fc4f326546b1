"""What people were told: every notice and announcement, to whom, and whether the receiver took it (UX S21).

Promises: addresses are masked; no title, no link, no code. What is still owed is shown as such. A message about a
mailbox that the asker does not see is not shown, nor one about several of which they see but some.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from nemboks.content.announcement_texts import first_line as about
from nemboks.content.notice_texts import About, first_line
from nemboks.desk.access import Asking, actor_of, seen_by
from nemboks.desk.words import Item, Lang, Words
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import WEBHOOK, address_of
from nemboks.domain.incidents import Notice
from nemboks.domain.people import Action, new_letters_hidden
from nemboks.domain.redact import redact
from nemboks.ports import Acts, Books

EVERY: Final = 1_000_000  # more than people were ever told
OF_ESTATES: Final = frozenset({Kind.ESTATE_CODE, Kind.ESTATE_IN_EFFECT, Kind.ESTATE_ENDED})
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


class Told(Acts, Protocol):
    """The store, as far as this page sees it."""

    @property
    def incidents(self) -> NoticeRows: ...
    @property
    def announcements(self) -> AnnouncementRows: ...


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the asker may know of. `since`: from when on an estate hides from them what is new."""

    everything: bool
    names: Mapping[int, str]  # CVRs by the mailbox's id
    since: Mapping[int, datetime]
    estates: frozenset[int]  # mailboxes whose estate's case they may see
    accounts: frozenset[str]

    def of(self, mailboxes: Sequence[int], at: datetime) -> bool:
        """Whether all of what was told at that time is of mailboxes that they see."""
        seen = all(one in self.names and (one not in self.since or at < self.since[one]) for one in mailboxes)
        return self.everything or (bool(mailboxes) and seen)

    def announced(self, one: Announcement) -> bool:
        """Whether they may know of the announcement. Of a case that is not decided only who works on it does."""
        if one.mailbox is None:
            return self.everything or one.facts.get("account") in self.accounts
        allowed = one.kind not in OF_ESTATES or one.mailbox in self.estates
        return allowed and self.of([one.mailbox], one.created_at)


async def told_list(
    store: Told, asking: Asking, limit: int = 100, lang: Lang = Lang.DA
) -> tuple[list[Item], list[Item]]:
    """Notices and announcements that the asker may see, the latest of each first, with what its first line said."""
    seen = await store.ask(lambda books: _seen(books, asking))
    most = limit if seen.everything else EVERY
    notices = [one for one in await store.incidents.notices(most) if seen.of(one.mailboxes, one.created_at)]
    announcements = [one for one in await store.announcements.latest(most) if seen.announced(one)]
    return (
        [_item(one, seen.names, lang) for one in notices[:limit]],
        [_announced(one, seen.names, lang) for one in announcements[:limit]],
    )


def _seen(books: Books, asking: Asking) -> _Seen:
    actor, boxes = actor_of(books, asking), seen_by(books, asking, Action.SEE_STATUS)
    since = {box.id: new_letters_hidden(actor, box, books.at) for box in boxes}
    accounts = {one.account for one in actor.grants if one.account} if actor.person else set()
    named = [books.accounts.get(one) for one in accounts]
    return _Seen(
        actor.operator,
        {box.id: str(box.cvr) for box in boxes},
        {box: at for box, at in since.items() if at is not None},
        frozenset(box.id for box in seen_by(books, asking, Action.ESTATE_SEE)),
        frozenset(one.name for one in named if one),
    )


def _announced(announcement: Announcement, names: Mapping[int, str], lang: Lang) -> Item:
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


def _item(notice: Notice, names: Mapping[int, str], lang: Lang) -> Item:
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
