"""The Announcements port on the ledger: what is still to be said of acts and dates, and what was.

Promises: what was sent stays sent, whatever a slower try says of it later; one that is not sent stays due until
somebody took it or it would help nobody any more.
Never: makes an announcement (acts do, in their own transaction: books.py).
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Update, bindparam, select, update

from nemboks.domain.announcements import Announcement
from nemboks.store.desk_schema import announcements
from nemboks.store.reader import Reader
from nemboks.store.writer import Tx, Writer

DUE: Final = (
    select(announcements)
    .where(announcements.c.sent_at.is_(None), announcements.c.due_at <= bindparam("now"))
    .where(announcements.c.path.not_in(bindparam("without", expanding=True)))
    .order_by(announcements.c.due_at, announcements.c.id)
    .limit(bindparam("most"))
)
LATEST: Final = select(announcements).order_by(announcements.c.id.desc()).limit(bindparam("most"))
_OWED: Final = (announcements.c.id == bindparam("b_id"), announcements.c.sent_at.is_(None))
SENT: Final = (
    update(announcements)
    .where(announcements.c.id == bindparam("b_id"))
    .values(sent_at=bindparam("at"), due_at=None, receipt=bindparam("words_said"))
)
FAILED: Final = (
    update(announcements)
    .where(*_OWED, announcements.c.due_at.is_not(None))
    .values(due_at=bindparam("due"), failures=announcements.c.failures + 1, receipt=bindparam("words_said"))
)
DROPPED: Final = update(announcements).where(*_OWED).values(due_at=None, receipt=bindparam("words_said"))


class SqlAnnouncements:
    """The memory of what people are told of acts."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer, self._reader = writer, reader

    async def due(self, now: datetime, limit: int, without: Collection[str] = ()) -> Sequence[Announcement]:
        """Announcements that are to be sent now, the longest due first; none along these paths."""
        return await self._read(DUE, {"now": now, "most": limit, "without": list(without)})

    def claim(self, announcement: Announcement) -> AbstractAsyncContextManager[bool]:
        """True: nobody else sends what this ledger owes."""
        return nullcontext(True)

    async def sent(self, announcement: Announcement, words: str, at: datetime) -> None:
        """Returns when it is written that the announcement was taken."""
        await self._ended(SENT, {"b_id": announcement.id, "at": at, "words_said": words})

    async def failed(self, announcement: Announcement, words: str, due_at: datetime | None) -> None:
        """Returns when the next try, or that there is none, is written."""
        values: dict[str, Any] = {"b_id": announcement.id, "words_said": words}
        if due_at is None:
            await self._ended(DROPPED, values)
        else:
            await self._ended(FAILED, {**values, "due": due_at})

    async def latest(self, limit: int) -> Sequence[Announcement]:
        """The latest announcements, the newest first."""
        return await self._read(LATEST, {"most": limit})

    async def _ended(self, statement: Update, values: dict[str, Any]) -> None:
        await self._writer.unit(lambda tx: self._end(tx, statement, values))

    def _end(self, tx: Tx, statement: Update, values: dict[str, Any]) -> None:
        tx.execute(statement, values)

    async def _read(self, statement: Any, values: dict[str, Any]) -> list[Announcement]:
        return await self._reader.read(
            lambda tx: [Announcement(**row._mapping) for row in tx.execute(statement, values)]
        )
