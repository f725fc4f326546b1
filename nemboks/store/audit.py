"""The chain of history as an examiner sees it: is it whole, where does it end, what does it say.

Promises: reads what lies in the file, byte for byte, whatever somebody made of it; memory does not grow with the
ledger, and no read holds the daemon's commits up for long. What the chain cannot prove: see domain/chain.py.
`anchors` remembers which heads were told to the log. It is no evidence by itself: who can rewrite history can rewrite
it too. The log's own copy is.
"""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, String, bindparam, insert, select, type_coerce

from nemboks.domain.chain import FIELDS, Head, Link, Verdict, Walk
from nemboks.store.columns import ANY, UtcTime
from nemboks.store.reader import Reader
from nemboks.store.schema import anchors, events, mailboxes
from nemboks.store.writer import Tx, Writer

PAGE: Final = 1_000  # rows in one read: some ten milliseconds
ANCHORED_EVERY: Final = timedelta(days=1)
LOG: Final = "log"  # where a head was told
_FIRST: Final = -(2**63)  # the least id that SQLite has: a row put in before the first is seen too
_MAILBOX: Final = FIELDS.index("mailbox_id")

LINKS: Final = (
    select(events.c.id, events.c.hash, *(type_coerce(events.c[name], String) for name in FIELDS))
    .where(events.c.id >= bindparam("first"))
    .order_by(events.c.id)
    .limit(PAGE)
)
OF_MAILBOX: Final = LINKS.where(events.c.mailbox_id == bindparam("mailbox"))
NAMES: Final = select(mailboxes.c.id, mailboxes.c.cvr)
LAST: Final = select(events.c.id, events.c.hash, events.c.at).order_by(events.c.id.desc()).limit(1)
ANCHORS: Final = select(anchors.c.number, type_coerce(anchors.c.hash, String))
ANCHORED_AT: Final = select(anchors.c.at).order_by(anchors.c.id.desc()).limit(1)
ANCHOR: Final = insert(anchors)


class SqlAudit:
    """History for those who doubt it."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer, self._reader = writer, reader

    async def verify(self, expected: Sequence[Head] = ()) -> Verdict:
        """What a walk along the whole chain finds. `expected`: heads that were kept elsewhere, beside our own anchors.

        Without any of those a chain that was cut, or made anew, is noticed only if the thief forgot our anchors.
        """
        kept = await self._reader.read(lambda tx: [Head(*row) for row in _raw(tx, ANCHORS, {})])
        walk, first = Walk(expected, kept), _FIRST
        while page := await self._page(LINKS, {"first": first}):
            if not all(walk.step(link) for link in page):
                break
            first = page[-1].number + 1
        return walk.verdict()

    async def head(self) -> Head | None:
        """The last row's number and hash; None while there is no history."""
        return await self._reader.read(_head)

    async def rows(
        self, mailboxes: Collection[int] | None = None, since: datetime | None = None
    ) -> AsyncGenerator[Link]:
        """The rows in order, or those of these mailboxes, or those written at or after `since`."""
        names = {row.id: row.cvr for row in await self._reader.read(lambda tx: tx.execute(NAMES).all())}
        of = None if mailboxes is None else set(mailboxes)
        # One mailbox has an index to go by; of several, the others' rows are passed over here.
        statement, values = (OF_MAILBOX, {"mailbox": min(of)}) if of and len(of) == 1 else (LINKS, {})
        earliest, first = UtcTime().process_bind_param(since, ANY) or "", _FIRST
        while page := await self._page(statement, {**values, "first": first}):
            for link in page:
                wanted = of is None or link.fields[_MAILBOX] in of
                if wanted and str(link.fields[0]) >= earliest:  # times of one length: text order is time order
                    yield replace(link, cvr=names.get(link.fields[_MAILBOX]))
            first = page[-1].number + 1

    async def anchor(self, at: datetime) -> Head | None:
        """The head to be told to the log, noted as anchored; None if the last one is less than a day old.

        A clock that was put back does not stop it: an anchor from the future counts as old.
        """
        return await self._writer.unit(lambda tx: _anchor(tx, at))

    async def _page(self, statement: Select[Any], values: Mapping[str, int]) -> list[Link]:
        found = await self._reader.read(lambda tx: _raw(tx, statement, values))
        return [Link(number, hash_, tuple(fields)) for number, hash_, *fields in found]


def _raw(tx: Tx, statement: Select[Any], values: Mapping[str, int]) -> Sequence[Any]:
    """Rows whose texts need not be UTF-8: a flipped byte must not end the reading before its row is named. PostgreSQL
    never hands out another text."""
    if tx.dialect.name != "sqlite":
        return tx.execute(statement, values).all()
    driver: Any = tx.connection.driver_connection
    driver.text_factory = _text
    try:
        return tx.execute(statement, values).all()
    finally:
        driver.text_factory = str


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _head(tx: Tx) -> Head | None:
    row = tx.execute(LAST).first()
    return None if row is None else Head(row.id, row.hash, row.at)


def _anchor(tx: Tx, at: datetime) -> Head | None:
    last = tx.execute(ANCHORED_AT).scalar()
    if last is not None and timedelta() <= at - last < ANCHORED_EVERY:
        return None
    head = _head(tx)
    if head is not None:
        tx.execute(ANCHOR, {"number": head.number, "hash": head.hash, "at": at, "where": LOG})
    return head
