"""The morning's digest by mail: of all clients of an account, or of one company; and the same asked for now.

Promises: once a day at seven in Denmark, also on the days that have 23 and 25 hours; every letter that came is in
exactly one digest, also after days without a daemon; nothing to tell, no mail. Of a company that an estate takes over
the people of before hear nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from nemboks.content.announcement_texts import announcement_text
from nemboks.content.moments import next_at
from nemboks.content.texts import danish
from nemboks.desk.access import Asking, account_for, box_for
from nemboks.desk.digest_facts import Morning, facts_of, morning_of
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.explain_rules import in_effect, of_before
from nemboks.desk.words import Item, Lang, Words
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.mailbox import Address, Cvr, Mailbox
from nemboks.domain.people import Account, Action, Actor
from nemboks.domain.rounds import Round
from nemboks.ports import Acts, Books

HOUR: Final = 7  # o'clock in Denmark
ROUND: Final = "digests"
# Longer than any day, and shorter than any two: back from one morning it is before the last one and after that before.
_BACK: Final = timedelta(hours=25, minutes=1)

_NOBODY: Final = Words(
    "Ingen får virksomhedens digest; vælg en adresse: `nemboks cvr set CVR --digest ADRESSE`",
    "nobody gets the company's digest; choose an address: `nemboks cvr set CVR --digest ADDRESS`",
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who gets a digest, and of which mailboxes."""

    who: str  # "account 3", "mailbox 7"
    to: Address | None
    language: str
    boxes: Sequence[Mailbox]
    account: str = ""

    @property
    def path(self) -> str:
        return mail_path(self.language, self.to or "")

    @property
    def box(self) -> Mailbox | None:
        """The one company that it is about."""
        return self.boxes[0] if self.boxes and not self.account else None


def waiting(books: Books) -> bool:
    """Whether it is time for the digests of today."""
    found = books.rounds.all(name=ROUND)
    return not found or found[0].due_at <= books.at


def take_effect(books: Books) -> int:
    """How many digests were queued. The very first morning only begins the count."""
    found, after = books.rounds.all(name=ROUND), next_at(HOUR, books.at)
    if not found:
        books.rounds.add(Round(0, ROUND, after))
        return 0
    if books.at < found[0].due_at:
        return 0
    books.rounds.put(replace(found[0], due_at=after))
    readers = list(_readers(books))
    if not readers:
        return 0
    morning = _morning(books, morning_before(found[0].due_at), morning_before(after))
    return sum(_tell(books, one, morning, danish(morning.until).date().isoformat()) for one in readers)


def morning_before(morning: datetime) -> datetime:
    """The seven o'clock before a seven o'clock: 23, 24 or 25 hours earlier."""
    return next_at(HOUR, morning - _BACK)


async def digest_preview(
    store: Acts, asking: Asking, account: str = "", cvr: Cvr | None = None, lang: Lang | None = None
) -> Item:
    """What the next digest would say if it went now: `subject` and `text`, both None when there is nothing to tell.

    NotFound, NotAllowed; RefusedByRule unless either an account or a company is named.
    """

    def read(books: Books) -> Item:
        _, reader = _reader(books, asking, Action.SEE_LETTERS, account, cvr)
        facts = facts_of(reader.boxes, _since_morning(books), reader.account)
        return _item(books, replace(reader, language=lang.value) if lang else reader, facts)

    return await store.ask(read)


async def digest_send(store: Acts, asking: Asking, account: str = "", cvr: Cvr | None = None) -> Item:
    """The digest, on its way now; the one of the morning comes as ever. Errors as above, and with nothing to tell."""

    def act(books: Books) -> Item:
        actor, reader = _reader(books, asking, Action.RETRY, account, cvr)
        facts = facts_of(reader.boxes, _since_morning(books), reader.account)
        if reader.to is None:
            raise RefusedByRule(_NOBODY)
        if facts is None:
            raise RefusedByRule(Words("Der er intet at fortælle", "there is nothing to tell"))
        announcement = _announcement(books, reader, facts, books.at.isoformat())
        books.tell(announcement)
        books.note("digest_asked", reader.box, by=actor.name, reader=reader.who)
        return _item(books, reader, facts)

    return await store.act(act)


async def digest_set(store: Acts, asking: Asking, account: str, on: bool) -> Item:
    """Whether the account gets a digest of all its clients every morning. NotFound, NotAllowed."""

    def act(books: Books) -> Item:
        actor, found = account_for(books, asking, Action.ADD, account)
        if found.digest is not on:
            books.accounts.put(replace(found, digest=on))
            books.note("digest_chosen", by=actor.name, account=found.id, on=on)
        return {"account": found.name, "digest": on, "to": found.email.masked}

    return await store.act(act)


def _readers(books: Books) -> Iterator[Reader]:
    """Everybody who has chosen a digest and still may have it."""
    boxes = books.mailboxes()
    for account in books.accounts.all(digest=True):
        if account.ends_at is None or books.at < account.ends_at:
            yield _of_account(account, boxes)
    yield from (_of_box(box) for box in boxes if box.options.digest and _told(box, books.at))


def _reader(books: Books, asking: Asking, action: Action, account: str, cvr: Cvr | None) -> tuple[Actor, Reader]:
    """Who asks, and whose digest is asked for."""
    if cvr is not None and not account:
        actor, box = box_for(books, asking, action, cvr)
        theirs = _told(box, books.at) and not (box.frozen_at and of_before(actor, box, books.at))
        return actor, _of_box(box) if theirs else replace(_of_box(box), boxes=())
    if account and cvr is None:
        actor, found = account_for(books, asking, action, account)
        return actor, _of_account(found, books.mailboxes(found.id))
    raise RefusedByRule(Words("Nævn enten en konto eller et CVR-nummer", "name either an account or a CVR"))


def _of_account(account: Account, boxes: Sequence[Mailbox]) -> Reader:
    # Of an estate, decided or not, an account's own people hear elsewhere, and of its letters not at all.
    mine = [box for box in boxes if box.account == account.id and box.frozen_at is None]
    return Reader(f"account {account.id}", account.email, account.language, mine, account.name)


def _of_box(box: Mailbox) -> Reader:
    return Reader(f"mailbox {box.id}", box.options.digest, box.options.language, [box])


def _told(box: Mailbox, at: datetime) -> bool:
    """Whether anybody hears of the mailbox: nobody while an estate is not decided, then whoever the receiver named."""
    return box.frozen_at is None or in_effect(box, at)


def _since_morning(books: Books) -> Morning:
    return _morning(books, morning_before(next_at(HOUR, books.at)), books.at)


def _morning(books: Books, since: datetime, until: datetime) -> Morning:
    overview = books.overview
    arrivals = overview.arrivals(since, until)
    return morning_of(since, until, books.at, overview.unfinished(), overview.troubles(), arrivals)


def _tell(books: Books, reader: Reader, morning: Morning, day: str) -> bool:
    facts = facts_of(reader.boxes, morning, reader.account)
    if facts is not None:
        books.tell(_announcement(books, reader, facts, day))
    return facts is not None


def _announcement(books: Books, reader: Reader, facts: dict[str, Any], when: str) -> Announcement:
    mailbox = reader.box.id if reader.box else None
    key = f"digest {reader.who} {when} {reader.path}"
    return Announcement(0, key, Kind.DIGEST, reader.path, books.at, due_at=books.at, mailbox=mailbox, facts=facts)


def _item(books: Books, reader: Reader, facts: dict[str, Any] | None) -> Item:
    said: tuple[str | None, str | None] = (None, None)
    if facts is not None:
        said = announcement_text(_announcement(books, reader, facts, ""))
    return {"to": reader.to.masked if reader.to else None, "subject": said[0], "text": said[1]}
