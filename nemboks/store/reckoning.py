"""The Reckoning port on the ledger: reads for the daily reconciliation, in slices, and its due times."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, case, insert, or_, select, update

from nemboks.domain.custody import Consent
from nemboks.domain.fuse import Trip
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.reconciliation import Entry
from nemboks.store.copies import SERVED
from nemboks.store.fuse_schema import permits, reconciliations
from nemboks.store.mailbox_rows import ALL, mailboxes_of
from nemboks.store.permits import PRUNE
from nemboks.store.reader import Reader
from nemboks.store.schema import events, letters, mailboxes
from nemboks.store.unfold import length, number_at, text_at
from nemboks.store.writer import Tx, Writer

SLICE: Final = 2_000  # letters in one read
_PARTS: Final = case((length(letters.c.copy, "parts") > 1, length(letters.c.copy, "parts")), else_=1)
_COVERED: Final = (
    letters.c.state.in_((State.FORWARDED, State.ACKNOWLEDGED))
    & letters.c.confirmation.is_not(None)
    & (length(letters.c.proofs) + 1 == _PARTS)
)
ENTRIES: Final = (
    select(
        letters.c.id, letters.c.upstream_id, letters.c.state, letters.c.found_at, letters.c.acknowledged_at,
        letters.c.contents_file, letters.c.sha256, _COVERED.label("covered"),
    )
    .where(letters.c.mailbox_id == bindparam("mailbox"), letters.c.id > bindparam("after"))
    .order_by(letters.c.id)
    .limit(SLICE)
)  # fmt: skip
# A letter that turned out to be another one's under a new id has lost its row for good, and history says so.
_REBOUND: Final = select(number_at(events.c.detail, "instead_of")).where(
    events.c.mailbox_id == bindparam("mailbox"), events.c.event == "rebound"
)
ROWLESS: Final = (
    select(events.c.letter_id)
    .where(events.c.mailbox_id == bindparam("mailbox"), events.c.event == "found")
    .where(events.c.letter_id.not_in(select(letters.c.id)), events.c.letter_id.not_in(_REBOUND))
    .order_by(events.c.letter_id)
)
UNPROVEN: Final = (
    select(permits.c.letter_id)
    .outerjoin(letters, letters.c.id == permits.c.letter_id)
    .where(permits.c.mailbox_id == bindparam("mailbox"), or_(~permits.c.covered, letters.c.id.is_(None), ~_COVERED))
    .distinct()
    .order_by(permits.c.letter_id)
)
STOPPED: Final = (
    select(text_at(events.c.detail, "words"))
    .where(events.c.mailbox_id == bindparam("mailbox"), events.c.event == "fuse_tripped")
    .where(events.c.at > bindparam("since"), text_at(events.c.detail, "why") == Trip.UNCONFIRMED.value)
    .order_by(events.c.id)
)
DUE: Final = (
    ALL.outerjoin(reconciliations, reconciliations.c.mailbox_id == mailboxes.c.id)
    .where(or_(reconciliations.c.due_at.is_(None), reconciliations.c.due_at <= bindparam("now")), SERVED)
    .where(mailboxes.c.listed_at.is_not(None), mailboxes.c.consent == Consent.GIVEN)
    .where(or_(mailboxes.c.parked_until.is_(None), mailboxes.c.parked_until <= bindparam("now")))
    .order_by(reconciliations.c.due_at.nulls_first(), mailboxes.c.id)
    .limit(bindparam("most"))
)
NEXT: Final = (
    update(reconciliations).where(reconciliations.c.mailbox_id == bindparam("box")).values(due_at=bindparam("due"))
)
FIRST: Final = insert(reconciliations).values(mailbox_id=bindparam("box"), due_at=bindparam("due"))


class SqlReckoning:
    """What the daily reconciliation reads, and when it is due."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer, self._reader = writer, reader

    async def entries(self, mailbox: int) -> Sequence[Entry]:
        """Every letter of the mailbox, in the order in which they were found."""
        found: list[Entry] = []
        full = True
        while full:
            more = await self._slice(mailbox, found[-1].letter if found else 0)
            found += more
            full = len(more) == SLICE
        return found

    async def _slice(self, mailbox: int, after: int) -> Sequence[Entry]:
        values = {"mailbox": mailbox, "after": after}
        return await self._reader.read(lambda tx: [_entry(row) for row in tx.execute(ENTRIES, values)])

    async def rowless(self, mailbox: int) -> Sequence[int]:
        """Letters that the history tells of and the ledger has no row of."""
        return await self._numbers(ROWLESS, mailbox)

    async def unproven(self, mailbox: int) -> Sequence[int]:
        """Letters that were let out of Digital Post and that no confirmation covers."""
        return await self._numbers(UNPROVEN, mailbox)

    async def stopped(self, mailbox: int, since: datetime) -> Sequence[str]:
        """What the delete fuse stopped since then because no confirmation covered it, in its words."""
        values = {"mailbox": mailbox, "since": since}
        return await self._reader.read(lambda tx: tx.execute(STOPPED, values).scalars().all())

    async def due(self, now: datetime, limit: int) -> Sequence[Mailbox]:
        """Mailboxes that were listed before and whose reconciliation has come, the longest due first."""
        return await self._reader.read(lambda tx: mailboxes_of(tx, DUE, {"now": now, "most": limit}))

    async def next(self, mailbox: int, due_at: datetime) -> None:
        """Returns when it is written when the mailbox is reconciled next."""
        await self._writer.unit(lambda tx: _next(tx, {"box": mailbox, "due": due_at}))

    async def prune(self, before: datetime) -> int:
        """How many permits older than that were removed."""
        return await self._writer.unit(lambda tx: tx.execute(PRUNE, {"before": before}).rowcount)

    async def _numbers(self, statement: Any, mailbox: int) -> Sequence[int]:
        return await self._reader.read(lambda tx: tx.execute(statement, {"mailbox": mailbox}).scalars().all())


def _next(tx: Tx, values: dict[str, Any]) -> None:
    if tx.execute(NEXT, values).rowcount == 0:
        tx.execute(FIRST, values)


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        row.id, row.upstream_id, row.state, row.found_at, row.acknowledged_at, row.contents_file is not None,
        row.contents_file is not None or row.sha256 is not None, bool(row.covered),
    )  # fmt: skip
