"""The Incidents port on the ledger: what is wrong, what was said about it, and what is still to be said.

Promises: incidents and the notices about them are written together; a notice is made once (incident, kind, path,
round) and stays due until somebody took it.
Never: decides what is an incident (domain.incidents and its keeper do), or by which path people are told.
"""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Update, bindparam, insert, select, update

from nemboks.domain.incidents import TELLS_ALL, Incident, Notice, Sick
from nemboks.store.reader import Reader
from nemboks.store.schema import incidents, notices
from nemboks.store.sick import sick
from nemboks.store.writer import Tx, Writer

OPEN: Final = select(incidents).where(incidents.c.closed_at.is_(None)).order_by(incidents.c.id)
INSERT: Final = insert(incidents).returning(incidents.c.id)
UPDATE: Final = update(incidents).where(incidents.c.id == bindparam("b_id"))
SAME: Final = select(notices.c.id).where(
    notices.c.incident == bindparam("b_incident"),
    notices.c.kind == bindparam("b_kind"),
    notices.c.path == bindparam("b_path"),
    notices.c.number == bindparam("b_number"),
)
INSERT_NOTICE: Final = insert(notices)
REPLACED: Final = (
    update(notices)
    .where(
        notices.c.incident == bindparam("b_incident"),
        notices.c.path == bindparam("b_path"),
        notices.c.sent_at.is_(None),
    )
    .values(due_at=None)
)
DUE: Final = (
    select(notices)
    .where(notices.c.sent_at.is_(None), notices.c.due_at <= bindparam("now"))
    .where(notices.c.path.not_in(bindparam("without", expanding=True)))
    .order_by(notices.c.due_at, notices.c.id)
    .limit(bindparam("most"))
)
LATEST: Final = select(notices).order_by(notices.c.id.desc()).limit(bindparam("most"))
_THIS: Final = notices.c.id == bindparam("b_id")
SENT: Final = update(notices).where(_THIS).values(sent_at=bindparam("at"), due_at=None, receipt=bindparam("words_said"))
FAILED: Final = (
    update(notices)
    .where(_THIS, notices.c.sent_at.is_(None), notices.c.due_at.is_not(None))  # not one that was replaced meanwhile
    .values(due_at=bindparam("due"), failures=notices.c.failures + 1, receipt=bindparam("words_said"))
)


class SqlIncidents:
    """The memory of what is wrong and what was said about it."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer, self._reader = writer, reader

    async def sick(self, now: datetime, late_before: datetime) -> Sequence[Sick]:
        """Everything that something is wrong with now."""
        return await self._reader.read(lambda tx: sick(tx, now, late_before))

    async def open(self) -> Sequence[Incident]:
        """Incidents that are not closed, oldest first."""
        return await self._reader.read(open_incidents)

    async def keep(
        self, incidents: Sequence[Incident], notices: Sequence[Notice], known: Sequence[Incident] | None = None
    ) -> bool:
        """True when all of them are written, in one transaction: nobody else changes what is `known`."""
        await self._writer.unit(lambda tx: keep(tx, incidents, notices))
        return True

    async def due(self, now: datetime, limit: int, without: Collection[str] = ()) -> Sequence[Notice]:
        """Notices that are to be sent now, the longest due first; none along these paths."""
        return await self._notices(DUE, {"now": now, "most": limit, "without": list(without)})

    def claim(self, notice: Notice) -> AbstractAsyncContextManager[bool]:
        """True: nobody else sends what this ledger owes."""
        return nullcontext(True)

    async def sent(self, notice: Notice, words: str, at: datetime) -> None:
        """Returns when it is written that the notice was taken."""
        await self._ended(SENT, {"b_id": notice.id, "at": at, "words_said": words})

    async def failed(self, notice: Notice, words: str, due_at: datetime) -> None:
        """Returns when the next try is written."""
        await self._ended(FAILED, {"b_id": notice.id, "due": due_at, "words_said": words})

    async def notices(self, limit: int) -> Sequence[Notice]:
        """The latest notices, the newest first."""
        return await self._notices(LATEST, {"most": limit})

    async def _ended(self, statement: Update, values: dict[str, Any]) -> None:
        await self._writer.unit(lambda tx: self._end(tx, statement, values))

    def _end(self, tx: Tx, statement: Update, values: dict[str, Any]) -> None:
        tx.execute(statement, values)

    async def _notices(self, statement: Any, values: dict[str, Any]) -> list[Notice]:
        return await self._reader.read(lambda tx: [_notice(row) for row in tx.execute(statement, values)])


def _notice(row: Row[Any]) -> Notice:
    return Notice(**row._mapping)


def open_incidents(tx: Tx) -> list[Incident]:
    """Incidents that are not closed, oldest first."""
    return [Incident(**row._mapping) for row in tx.execute(OPEN)]


def keep(tx: Tx, kept: Sequence[Incident], new: Sequence[Notice]) -> None:
    """Writes them all."""
    made: dict[str, int] = {}
    for incident in kept:
        values = _values(incident)
        if incident.id:
            tx.execute(UPDATE.values(values), {"b_id": incident.id})
        made[incident.key] = incident.id or tx.execute(INSERT, values).scalar_one()
    for notice in new:
        _add(tx, {**_values(notice), "incident": notice.incident or made[notice.key]})


def _add(tx: Tx, values: dict[str, Any]) -> None:
    same = {f"b_{name}": values[name] for name in ("incident", "kind", "path", "number")}
    if tx.execute(SAME, same).first() is not None:
        return
    if values["kind"] in TELLS_ALL:
        tx.execute(REPLACED, {name: same[name] for name in ("b_incident", "b_path")})
    tx.execute(INSERT_NOTICE, values)


def _values(value: Incident | Notice) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value) if field.name != "id"}
