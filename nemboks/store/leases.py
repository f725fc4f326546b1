"""Whose a due row is for now, among several workers on one server.

Promises: a row that one worker was given as due is given to no other before its lease has ended, by the server's time;
a lease that its holder does not renew ends by itself. Whoever lost it is refused what only the holder may write:
leases_ports.py asks here in the same transaction.
Never: decides about an attempt. Claims, dots and receipts have guards of their own, and a lost lease breaks none.
"""

import secrets
from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, bindparam, exists, literal_column, select

from nemboks.store.postgres import NOW
from nemboks.store.server_schema import leases
from nemboks.store.writer import Tx, Writer

LETTER, MAILBOX, COPY = "letter", "mailbox", "copy"
ANNOUNCEMENT, NOTICE, WEBHOOK = "announcement", "notice", "webhook"
_UNTIL: Final = NOW.replace("clock_timestamp()", "(clock_timestamp() + make_interval(secs => %s))")
_TAKE: Final = (
    f"INSERT INTO leases (kind, number, holder, until) SELECT %s, number, %s, {_UNTIL} "  # noqa: S608  all ours
    "FROM unnest(%s::bigint[]) AS number "
    "ON CONFLICT (kind, number) DO UPDATE SET holder = excluded.holder, until = excluded.until"
)
_RENEW: Final = f"UPDATE leases SET until = {_UNTIL} WHERE holder = %s AND kind = %s AND number = ANY(%s::bigint[])"  # noqa: S608
_OVER: Final = f"DELETE FROM leases WHERE until <= {_UNTIL}"  # noqa: S608
_HELD: Final = "SELECT 1 FROM leases WHERE kind = %s AND number = %s AND holder = %s"
_LET_GO: Final = "DELETE FROM leases WHERE kind = %s AND number = %s AND holder = %s"
_LET_ALL_GO: Final = "DELETE FROM leases WHERE holder = %s"


class Leases:
    """The leases of one worker, under a name that no other ever had."""

    def __init__(self, writer: Writer, seconds: float) -> None:
        """`seconds`: how long a lease lasts that is not renewed."""
        self._writer, self.seconds, self.holder = writer, seconds, secrets.token_hex(16)

    def take(self, tx: Tx, kind: str, rows: Collection[int]) -> None:
        """The rows are ours from the commit on; the caller has seen in this transaction that they are `free`."""
        if rows:
            _run(tx, _TAKE, kind, self.holder, self.seconds, list(rows))

    def held(self, tx: Tx, kind: str, row: int) -> bool:
        """Whether nobody was given the row since it was given to us."""
        return _run(tx, _HELD, kind, row, self.holder).fetchone() is not None

    def let_go(self, tx: Tx, kind: str, row: int) -> None:
        """The row is anybody's, if it was ours."""
        _run(tx, _LET_GO, kind, row, self.holder)

    async def renew(self, rows: dict[str, set[int]]) -> None:
        """Those of the rows that still are ours last for as long again; what ended long ago is forgotten."""
        await self._writer.unit(lambda tx: self._renew(tx, rows))

    async def give_back(self, kind: str, row: int) -> None:
        await self._writer.unit(lambda tx: self.let_go(tx, kind, row))

    async def give_all_back(self) -> None:
        """Others need not wait for our leases' end."""
        await self._writer.unit(lambda tx: _run(tx, _LET_ALL_GO, self.holder))

    def _renew(self, tx: Tx, rows: dict[str, set[int]]) -> None:
        for kind, numbers in rows.items():
            if numbers:
                _run(tx, _RENEW, self.seconds, self.holder, kind, list(numbers))
        _run(tx, _OVER, -10 * self.seconds)


def free(kind: str, number: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition that nobody but the worker `me` has the row now."""
    return ~exists(_theirs(kind).where(leases.c.number == number))


def free_path(kind: str, table: Table) -> ColumnElement[bool]:
    """The condition that nobody but the worker `me` has a row of the table with the same `path` now."""
    other = table.alias()
    return ~exists(_theirs(kind).join(other, other.c.id == leases.c.number).where(other.c.path == table.c.path))


def _theirs(kind: str) -> Select[tuple[int]]:
    return select(leases.c.number).where(
        leases.c.kind == kind, leases.c.holder != bindparam("me"), leases.c.until > literal_column(NOW)
    )


def _run(tx: Tx, statement: str, *values: Any) -> Any:
    """The driver's cursor (PEP 249)."""
    driver: Any = tx.connection.driver_connection
    return driver.execute(statement, values)
