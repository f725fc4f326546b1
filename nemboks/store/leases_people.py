"""Announcements, Incidents and Stream for one of several workers: what leaves for people is in one worker's hand.

Promises: along one path, and to one webhook, one worker sends at a time, and only what is still owed; what a worker
that died had in hand is anybody's after its lease. A second copy leaves only where a worker died, or lost its lease,
in mid-send.
What one of them makes of all troubles is written only if it knew all that the others have written.
Never: takes back what was sent. Who sent it says so, lease or not.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Integer, Select, Table, Update, bindparam, select

from nemboks.domain.announcements import Announcement
from nemboks.domain.incidents import Incident, Notice
from nemboks.ports import Cursor
from nemboks.store import announcements as of_acts
from nemboks.store import incidents as of_troubles
from nemboks.store import stream as of_history
from nemboks.store.announcements import SqlAnnouncements
from nemboks.store.desk_schema import announcements
from nemboks.store.incidents import SqlIncidents
from nemboks.store.leases import ANNOUNCEMENT, NOTICE, WEBHOOK, Leases, free, free_path
from nemboks.store.reader import Reader
from nemboks.store.schema import notices
from nemboks.store.stream import SqlStream
from nemboks.store.writer import Tx, Writer


def _owed(kind: str, table: Table) -> Select[tuple[int]]:
    """The row `b_id` if nothing was done about it since it was due at `seen` and nobody else sends along its path."""
    return select(table.c.id).where(
        table.c.id == bindparam("b_id"),
        table.c.sent_at.is_(None),
        table.c.due_at == bindparam("seen"),
        free_path(kind, table),
    )


_ANNOUNCEMENTS: Final = of_acts.DUE.where(free_path(ANNOUNCEMENT, announcements))
_ANNOUNCEMENT: Final = _owed(ANNOUNCEMENT, announcements)
_NOTICES: Final = of_troubles.DUE.where(free_path(NOTICE, notices))
_NOTICE: Final = _owed(NOTICE, notices)
_CURSOR: Final = of_history.GET.where(free(WEBHOOK, bindparam("number", type_=Integer())))


class Hand:
    """The rows of one kind that this worker sends now, leased to it meanwhile."""

    def __init__(self, writer: Writer, leases: Leases, kind: str) -> None:
        self._writer, self._leases, self._kind = writer, leases, kind
        self.rows: set[int] = set()  # whoever has a row in hand renews it

    @property
    def me(self) -> str:
        return self._leases.holder

    def claim(self, row: Announcement | Notice, owed: Select[tuple[int]]) -> AbstractAsyncContextManager[bool]:
        """`hold`, while `owed` still finds the row as it was read."""
        values = {"b_id": row.id, "seen": row.due_at, "me": self.me}
        return self.hold(row.id, lambda tx: tx.execute(owed, values).first() is not None)

    @asynccontextmanager
    async def hold(self, row: int, owed: Callable[[Tx], bool]) -> AsyncIterator[bool]:
        """Whether the row is ours until the block ends, as it is when it is `owed` in the lease's own transaction.

        A row that nobody spoke of by then (a fault, a stop) is leased until its time is over, and no longer.
        """
        if ours := await self._writer.unit(lambda tx: self._take(tx, row, owed)):
            self.rows.add(row)
        try:
            yield ours
        finally:
            self.rows.discard(row)

    def let_go(self, tx: Tx, row: int) -> None:
        """The row is anybody's from the commit on, if it was ours."""
        self._leases.let_go(tx, self._kind, row)

    def _take(self, tx: Tx, row: int, owed: Callable[[Tx], bool]) -> bool:
        if not owed(tx):
            return False
        self._leases.take(tx, self._kind, [row])
        return True


class LeasedAnnouncements(SqlAnnouncements):
    """What people are told of acts, as one of several workers sees it."""

    def __init__(self, writer: Writer, reader: Reader, leases: Leases) -> None:
        super().__init__(writer, reader)
        self.hand = Hand(writer, leases, ANNOUNCEMENT)

    async def due(self, now: datetime, limit: int, without: Collection[str] = ()) -> Sequence[Announcement]:
        """Announcements as SqlAnnouncements.due has them, but for paths that another worker sends along now."""
        values = {"now": now, "most": limit, "without": list(without), "me": self.hand.me}
        return await self._read(_ANNOUNCEMENTS, values)

    def claim(self, announcement: Announcement) -> AbstractAsyncContextManager[bool]:
        return self.hand.claim(announcement, _ANNOUNCEMENT)

    def _end(self, tx: Tx, statement: Update, values: dict[str, Any]) -> None:
        super()._end(tx, statement, values)
        self.hand.let_go(tx, values["b_id"])


class LeasedIncidents(SqlIncidents):
    """What is wrong and what was said about it, likewise."""

    def __init__(self, writer: Writer, reader: Reader, leases: Leases) -> None:
        super().__init__(writer, reader)
        self.hand = Hand(writer, leases, NOTICE)

    async def keep(
        self, incidents: Sequence[Incident], notices: Sequence[Notice], known: Sequence[Incident] | None = None
    ) -> bool:
        """As SqlIncidents.keep. False, and nothing is written, if others than the `known` incidents are open: two
        workers that look at once would open one each, and one that slept would open what was closed."""

        def kept(tx: Tx) -> bool:
            if known is not None and of_troubles.open_incidents(tx) != list(known):
                return False
            of_troubles.keep(tx, incidents, notices)
            return True

        return await self._writer.unit(kept)

    async def due(self, now: datetime, limit: int, without: Collection[str] = ()) -> Sequence[Notice]:
        """Notices as SqlIncidents.due has them, but for paths that another worker sends along now."""
        values = {"now": now, "most": limit, "without": list(without), "me": self.hand.me}
        return await self._notices(_NOTICES, values)

    def claim(self, notice: Notice) -> AbstractAsyncContextManager[bool]:
        return self.hand.claim(notice, _NOTICE)

    def _end(self, tx: Tx, statement: Update, values: dict[str, Any]) -> None:
        super()._end(tx, statement, values)
        self.hand.let_go(tx, values["b_id"])


class LeasedStream(SqlStream):
    """The events and how far each webhook has come, likewise."""

    def __init__(self, writer: Writer, reader: Reader, leases: Leases) -> None:
        super().__init__(writer, reader)
        self.hand = Hand(writer, leases, WEBHOOK)

    def claim(self, cursor: Cursor) -> AbstractAsyncContextManager[bool]:
        number = _number(cursor.webhook)
        values = {"name": cursor.webhook, "number": number, "me": self.hand.me}

        def still_there(tx: Tx) -> bool:
            row = tx.execute(_CURSOR, values).first()
            return row is not None and Cursor(**row._mapping) == cursor

        return self.hand.hold(number, still_there)

    def _keep(self, tx: Tx, cursor: Cursor) -> None:
        super()._keep(tx, cursor)
        self.hand.let_go(tx, _number(cursor.webhook))


def _number(webhook: str) -> int:
    """What its lease goes by. Two that had the same number would only wait for each other."""
    return int.from_bytes(hashlib.sha256(webhook.encode()).digest()[:7])
