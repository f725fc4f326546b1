"""The Letters port on the ledger. Every call is one committed transaction; every change leaves a row of history."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, delete, insert, or_, select, update

from nemboks.domain.headline import Headline
from nemboks.domain.letter import Collected, Dismissed, DotBegun, Event, Hold, Letter, Reappeared, Stale, State
from nemboks.domain.mailbox import Mailbox
from nemboks.ports import Clock, Listed
from nemboks.store import events, headlines, moves
from nemboks.store.copies import FINISHED_COPIES, SERVED, SETTLED, STRANDED
from nemboks.store.mailbox_rows import is_outdated
from nemboks.store.reader import Reader
from nemboks.store.reads import LetterReads
from nemboks.store.ready import Ready
from nemboks.store.rows import letter_from, values_of
from nemboks.store.schema import letters, mailboxes
from nemboks.store.vault import Vault
from nemboks.store.writer import Tx, Writer

START: Final = "start from now"  # who left alone what lay there before
SLICE: Final = 500  # upstream ids in one query; SQLite takes 32,766 values
FEW: Final = 15  # listed letters whose noting takes milliseconds


def due_where(*also: ColumnElement[bool]) -> Ready:
    """The statement of `due`, with these conditions besides."""
    return Ready(
        select(letters)
        .join_from(letters, mailboxes)
        .where(letters.c.state == bindparam("state"), letters.c.due_at <= bindparam("now"), *also)
        .where(letters.c.mailbox_id.not_in(bindparam("without", expanding=True)))
        .where(mailboxes.c.destination.not_in(bindparam("busy", expanding=True)))
        .order_by(letters.c.due_at, letters.c.available_at, letters.c.id)
        .limit(bindparam("most")),
        lists=("without", "busy"),
    )


_OPEN = or_(mailboxes.c.parked_until.is_(None), mailboxes.c.parked_until <= bindparam("now"))  # upstream lets us in
_GOING = and_(mailboxes.c.paused_at.is_(None), SERVED)
MAY_BE_DUE: Final[dict[State, tuple[ColumnElement[bool], ...]]] = {
    State.FOUND: (_OPEN, _GOING),
    State.WAITING: (_GOING, SETTLED),
    State.FORWARDED: (_OPEN, ~mailboxes.c.receipts_held),
}
DUE: Final = {state: due_where(*also) for state, also in MAY_BE_DUE.items()}
DUE_ANY: Final = due_where()
_SENDING = select(letters).where(letters.c.state == State.SENDING).order_by(letters.c.deadline_at)
SENDING: Final = Ready(_SENDING)
OVERDUE: Final = Ready(
    _SENDING.where(
        or_(
            and_(letters.c.dot_begun_at.is_(None), letters.c.deadline_at <= bindparam("now")),
            letters.c.deadline_at <= bindparam("grace_from"),
        )
    )
)
TWINS: Final = Ready(
    select(letters)
    .where(
        letters.c.mailbox_id == bindparam("mailbox"),
        letters.c.sha256 == bindparam("digest"),
        letters.c.state != State.ACKNOWLEDGED,
        letters.c.id != bindparam("own"),
    )
    .order_by(letters.c.id)
)
KNOWN: Final = Ready(
    select(letters.c.id, letters.c.upstream_id, letters.c.state).where(
        letters.c.mailbox_id == bindparam("mailbox"), letters.c.upstream_id.in_(bindparam("ids", expanding=True))
    ),
    lists=("ids",),
)
INSERT: Final = insert(letters)
_LISTED: Final = (
    mailboxes.c.listed_at, mailboxes.c.trouble, mailboxes.c.custody, mailboxes.c.unusable,
    mailboxes.c.unusable_since, mailboxes.c.credentials,
)  # fmt: skip
LISTED_AT: Final = Ready(select(*_LISTED).where(mailboxes.c.id == bindparam("mailbox")))
NOTE: Final = Ready(
    update(mailboxes)
    .where(mailboxes.c.id == bindparam("b_id"))
    .values(
        due_at=bindparam("due"),
        listed_at=bindparam("at"),
        parked_until=None,
        trouble="",
        failures=0,
        unusable=bindparam("others"),
        unusable_since=bindparam("since"),
    )
)
REMOVE: Final = delete(letters).where(letters.c.id == bindparam("b_id"))


class SqlLetters(LetterReads):
    """The ledger of letters, and what people may read of it."""

    def __init__(self, writer: Writer, reader: Reader, clock: Clock, vault: Vault) -> None:
        super().__init__(reader)
        self._writer = writer
        self._clock, self._vault = clock, vault

    async def found(
        self, mailbox: Mailbox, listed: Sequence[Listed], at: datetime, due_at: datetime, unusable: int = 0,
        asked_at: datetime | None = None,
    ) -> int:  # fmt: skip
        """How many letters were new; the listing is noted on the mailbox with them. Stale: by a login of before."""
        noted = self._writer.step if len(listed) <= FEW else self._writer.unit
        return await noted(lambda tx: note_listing(tx, mailbox, listed, at, due_at, unusable, asked_at))

    async def move(self, letter: Letter, event: Event) -> Letter:
        """The letter after the event, committed. Raises Stale; then nothing changed."""
        told = event
        if isinstance(event, Collected | Hold) and event.headline is not None:
            told = replace(event, headline=headlines.kept(event.headline, letter.id, self._vault))
        must = letter.state is State.SENDING and not isinstance(event, DotBegun)  # its mail may have been taken
        return await self._writer.step(lambda tx: self._step(tx, letter, told), must)

    def _step(self, tx: Tx, letter: Letter, event: Event) -> Letter:
        return moves.step(tx, letter, event, self._clock.now())

    def as_it_came(self, letter: int, headline: Headline) -> Headline:
        """The headline of a letter with every word in it. HeadlineAltered, KeyMissing."""
        return headlines.as_it_came(headline, letter, self._vault)

    async def due(
        self,
        state: State,
        now: datetime,
        limit: int,
        without: Collection[int] = (),
        busy: Collection[str] = (),
    ) -> Sequence[Letter]:
        """Letters in the state whose due time has come, oldest due first; none of the mailboxes in `without`, none to
        a destination in `busy`."""
        values = {"state": state, "now": now, "most": limit, "without": list(without), "busy": list(busy)}
        return await self._reader.read(lambda tx: letters_of(tx, DUE.get(state, DUE_ANY), values))

    async def overdue(self, now: datetime, grace_seconds: float, sole: bool) -> Sequence[Letter]:
        """SENDING letters whose attempt may be ended, the longest overdue first."""
        if sole:
            return await self._reader.read(lambda tx: letters_of(tx, SENDING, {}))
        values = {"now": now, "grace_from": now - timedelta(seconds=grace_seconds)}
        return await self._reader.read(lambda tx: letters_of(tx, OVERDUE, values))

    async def twin(self, letter: Letter, sha256: str, size: int) -> Letter | None:
        """Another letter of the mailbox with the same bytes, not acknowledged, under another UIDVALIDITY."""
        if letter.fence:  # it has a life of its own here, and `rebind` would refuse to end it
            return None
        values = {"mailbox": letter.mailbox, "digest": sha256, "own": letter.id}
        same = await self._reader.glance(lambda tx: letters_of(tx, TWINS, values))
        return next((one for one in same if _size(one) == size and renumbered(one, letter)), None)

    async def rebind(self, twin: Letter, letter: Letter) -> Letter:
        """The twin under the letter's upstream id; the letter's own row is removed. Stale if either moved on."""
        return await self._writer.step(lambda tx: _rebind(tx, twin, letter, self._clock.now()))

    async def unread(self, mailbox: Mailbox, ids: Sequence[str]) -> bool:
        """Whether one of these is not known here, or only FOUND."""
        look = self._reader.glance if len(ids) <= FEW else self._reader.read
        known = await look(lambda tx: _known(tx, mailbox.id, ids))
        return any(id_ not in known or known[id_]["state"] is State.FOUND for id_ in ids)

    async def stranded(self, now: datetime, since: datetime, limit: int) -> Sequence[Letter]:
        """Undelivered letters found before `since` whose route has a fallback that has no delivery yet."""
        values = {"since": min(now, since), "most": limit}
        return await self._reader.read(lambda tx: letters_of(tx, STRANDED, values))

    async def finished_copies(self, given_up: datetime, limit: int) -> Sequence[Letter]:
        """ACKNOWLEDGED letters whose contents nobody waits for any more."""
        values = {"given_up": given_up, "most": limit}
        return await self._reader.read(lambda tx: letters_of(tx, FINISHED_COPIES, values))


def renumbered(one: Letter, other: Letter) -> bool:
    """Whether two IMAP ids, `UIDVALIDITY.UID`, are of two numberings of the inbox (RFC 9051 2.3.1.1)."""
    first, dot, _ = one.upstream_id.partition(".")
    second, dot_too, _ = other.upstream_id.partition(".")
    return bool(dot and dot_too) and first != second


def letters_of(tx: Tx, statement: Ready, values: dict[str, Any]) -> list[Letter]:
    """The letters that the statement brings."""
    return [letter_from(row) for row in statement.all(tx, values)]


def _size(letter: Letter) -> int:
    return letter.headline.size if letter.headline else -1


def note_listing(
    tx: Tx, seen: Mailbox, listed: Sequence[Listed], at: datetime, due_at: datetime, unusable: int,
    asked_at: datetime | None,
) -> int:  # fmt: skip
    """How many of the listed letters were new, in the caller's transaction.

    Raises Stale for a listing by a login that the mailbox has no more: with the new one it is due already.
    """
    mailbox = seen.id
    row = LISTED_AT.first(tx, {"mailbox": mailbox})
    assert row is not None  # no mailbox is ever removed
    listed_at, trouble, custody, others, since, credentials = row.values()
    if is_outdated(seen, hash(credentials)):
        raise Stale(f"mailbox {mailbox}: it was given another login meanwhile")
    by_id = {one.upstream_id: one for one in listed}
    known = _known(tx, mailbox, list(by_id))
    without = listed_at if unusable >= others else None  # fewer: nobody can say since when a new one lay there
    new = [_new(mailbox, one, without, at) for id_, one in by_id.items() if id_ not in known]
    if new:
        tx.execute(INSERT, new)
        ids = _known(tx, mailbox, [row["upstream_id"] for row in new])
        rows = [events.row(mailbox, "found", at, {}, ids[row["upstream_id"]]["id"]) for row in new]
        events.add(tx, *({**row, "to_state": State.FOUND, "fence": 0} for row in rows))
        for row in new if custody.starts_at else ():
            if _lay_there(row["available_at"], by_id[row["upstream_id"]], listed_at, custody.starts_at):
                moves.move(tx, moves.read(tx, ids[row["upstream_id"]]["id"]), Dismissed(START), at)
    for row in known.values():
        if row["state"] is State.VANISHED:
            moves.move(tx, moves.read(tx, row["id"]), Reappeared(at), at)
    since = (since or at) if unusable else None
    NOTE.run(tx, {"b_id": mailbox, "due": due_at, "at": asked_at or at, "others": unusable, "since": since})
    if unusable != others:
        events.add(tx, events.row(mailbox, "listing_unusable", at, {"number": unusable, "before": others}))
    if trouble:
        events.add(tx, events.row(mailbox, "listing_recovered", at, {"after": trouble}))
    return len(new)


def _lay_there(available_at: datetime, listed: Listed, listed_at: datetime | None, starts_at: datetime) -> bool:
    """Whether the letter was there before the mailbox's start: before its first listing, where lists carry no time."""
    return listed_at is None if listed.available_at is None else available_at < starts_at


def _known(tx: Tx, mailbox: int, ids: Sequence[str]) -> dict[str, Any]:
    slices = (ids[start : start + SLICE] for start in range(0, len(ids), SLICE))
    of = ({"mailbox": mailbox, "ids": part} for part in slices)
    return {row["upstream_id"]: row for values in of for row in KNOWN.all(tx, values)}


def _new(mailbox: int, listed: Listed, listed_at: datetime | None, at: datetime) -> dict[str, Any]:
    """D14: what the list does not say is bounded by this listing and the last one without the letter."""
    known = listed.available_at
    letter = Letter(
        0, mailbox, listed.upstream_id, State.FOUND, at, known or at, None if known else listed_at, due_at=at
    )
    return values_of(letter)


def _rebind(tx: Tx, twin: Letter, letter: Letter, at: datetime) -> Letter:
    kept, gone = moves.read(tx, twin.id), moves.read(tx, letter.id)
    if kept.state is State.ACKNOWLEDGED or kept.upstream_id != twin.upstream_id or kept.mailbox != gone.mailbox:
        raise Stale(f"letter {twin.id} is no longer the twin of {letter.id}")
    if gone.state is not State.FOUND or gone.fence:
        raise Stale(f"letter {letter.id} has a life of its own")
    tx.execute(REMOVE, {"b_id": gone.id})
    after = replace(kept, upstream_id=gone.upstream_id)
    moves.write(tx, kept, after)
    told = {"was": kept.upstream_id, "is": gone.upstream_id, "instead_of": gone.id}
    events.add(tx, events.row(kept.mailbox, "rebound", at, told, kept.id, kept.state, after))
    return after
