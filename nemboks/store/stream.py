"""The Stream port on the ledger: history as webhooks are told it, and how far each has come.

Promises: in order, nothing twice from here and nothing left out; a webhook's place never goes back, whoever says so; no
addresses, not even masked ones.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import String, bindparam, func, insert, select, update

from nemboks.ports import Cursor, Told
from nemboks.store.reader import Reader
from nemboks.store.schema import cursors, events, mailboxes
from nemboks.store.unfold import place_of
from nemboks.store.writer import Tx, Writer

# The text search only keeps most rows away from us; `options` decides.
NAMING: Final = select(mailboxes.c.id, mailboxes.c.options).where(
    place_of(bindparam("quoted", type_=String()), mailboxes.c.options) > 0
)
AFTER: Final = (
    select(events, mailboxes.c.cvr)
    .join_from(events, mailboxes)
    .where(events.c.id > bindparam("event"), events.c.mailbox_id.in_(bindparam("boxes", expanding=True)))
    .order_by(events.c.id)
    .limit(bindparam("most"))
)
GET: Final = select(cursors).where(cursors.c.webhook == bindparam("name"))
LAST: Final = select(func.coalesce(func.max(events.c.id), 0))
INSERT: Final = insert(cursors)
UPDATE: Final = update(cursors).where(
    cursors.c.webhook == bindparam("b_webhook"), cursors.c.event <= bindparam("b_event")
)


class SqlStream:
    """The events, in order, and how far each webhook has come."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer, self._reader = writer, reader

    async def after(self, event: int, webhook: str, limit: int) -> Sequence[Told]:
        """Events after this one, of the mailboxes that name the webhook, in order."""
        return await self._reader.read(lambda tx: _after(tx, event, webhook, limit))

    async def cursor(self, webhook: str) -> Cursor:
        """How far it has come; a new one begins behind the last event, and is remembered from now on."""
        return await self._writer.unit(lambda tx: _cursor(tx, webhook))

    def claim(self, cursor: Cursor) -> AbstractAsyncContextManager[bool]:
        """True: nobody else calls this ledger's webhooks."""
        return nullcontext(True)

    async def keep_cursor(self, cursor: Cursor) -> None:
        """Returns when the cursor is written, or the webhook has come further."""
        await self._writer.unit(lambda tx: self._keep(tx, cursor))

    def _keep(self, tx: Tx, cursor: Cursor) -> None:
        values = {"b_webhook": cursor.webhook, "b_event": cursor.event}
        if tx.execute(UPDATE.values(asdict(cursor)), values).rowcount == 0 and _known(tx, cursor.webhook) is None:
            tx.execute(INSERT, asdict(cursor))


def _after(tx: Tx, event: int, webhook: str, limit: int) -> list[Told]:
    found = tx.execute(NAMING, {"quoted": json.dumps(webhook, ensure_ascii=False)})
    boxes = [row.id for row in found if webhook in row.options.webhooks]
    rows = tx.execute(AFTER, {"event": event, "boxes": boxes, "most": limit})
    return [
        Told(row.id, row.at, row.cvr, row.letter_id, row.event, row.from_state, row.to_state, told_of(row.detail))
        for row in rows
    ]


def told_of(detail: Any) -> Any:
    """The particulars without addresses, whoever masked them."""
    if isinstance(detail, Mapping):
        return {name: told_of(value) for name, value in detail.items() if name != "address"}
    return [told_of(one) for one in detail] if isinstance(detail, list) else detail


def _cursor(tx: Tx, webhook: str) -> Cursor:
    known = _known(tx, webhook)
    if known is not None:
        return known
    cursor = Cursor(webhook, tx.execute(LAST).scalar_one())
    tx.execute(INSERT, asdict(cursor))
    return cursor


def _known(tx: Tx, webhook: str) -> Cursor | None:
    row = tx.execute(GET, {"name": webhook}).first()
    return None if row is None else Cursor(**row._mapping)
