"""The Checks port on the ledger: the latest look at every address and its server, and which of them are sick.

Never: counts a fault that was seen once. Servers restart and names come late; a second look tells.
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, insert, select

from nemboks.domain.incidents import NOBODYS, Cause, Sick
from nemboks.domain.mailbox import Address, destination
from nemboks.ports import Check
from nemboks.store.copies import CURRENT
from nemboks.store.reader import Reader
from nemboks.store.schema import checks, mailboxes, routes
from nemboks.store.writer import Tx, Writer

ALL: Final = select(checks).order_by(checks.c.address, checks.c.server)
PLACE: Final = (checks.c.address == bindparam("b_address"), checks.c.server == bindparam("b_server"))
REMOVE: Final = delete(checks).where(*PLACE)
INSERT: Final = insert(checks)
FORGET: Final = delete(checks).where(checks.c.at < bindparam("before"))
TROUBLED: Final = select(checks).where(checks.c.since < checks.c.at)
NAMED: Final = (
    select(mailboxes.c.id, mailboxes.c.cvr, routes.c.address, routes.c.server, routes.c.others)
    .join_from(mailboxes, routes, CURRENT)
    .where(mailboxes.c.paused_at.is_(None))
    .order_by(mailboxes.c.id)
)
# What the server says of this recipient alone: others still get their mail there.
_OF_ADDRESS: Final = "recipient_"


class SqlChecks:
    """The latest looks."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer, self._reader = writer, reader

    async def all(self) -> Sequence[Check]:
        """Every place that was looked at, with the latest look."""
        return await self._reader.read(lambda tx: [_check(row) for row in tx.execute(ALL)])

    async def keep(self, check: Check) -> None:
        """Returns when the look is written in place of the one before."""
        await self._writer.unit(lambda tx: _put(tx, check))

    async def forget(self, before: datetime) -> None:
        """Returns when older looks are gone."""
        await self._writer.unit(lambda tx: tx.execute(FORGET, {"before": before}))


def troubled(tx: Tx) -> list[Sick]:
    """Each mailbox that names a place with a trouble that was seen twice; our own domain for nobody's mailbox."""
    ill = {(check.address, check.server): check for check in map(_check, tx.execute(TROUBLED))}
    if not ill:
        return []
    own = ill.pop(("", ""), None)
    found = [_sick(own, NOBODYS, "")] if own else []
    for row in tx.execute(NAMED):
        found += [_sick(ill[place], row.id, row.cvr) for place in dict.fromkeys(_places(row)) if place in ill]
    return found


def _places(row: Any) -> Iterator[tuple[str, str]]:
    yield row.address, row.server
    for one in row.others:
        yield str(one.address), one.server


def _sick(check: Check, mailbox: int, cvr: str) -> Sick:
    trouble = check.trouble
    assert trouble is not None and check.since is not None, "a look without a trouble has no `since`"
    facts = dict(trouble.facts)
    if mailbox == NOBODYS:  # the name that it is about; no way to anybody leads through it
        place, address, definite = "", f"@{facts.get('domain') or facts.get('name', '')}", False
    else:
        whole = not trouble.code.startswith(_OF_ADDRESS)
        place = destination(check.server, Address(check.address)) if whole else ""
        address, definite = check.address, trouble.fault
    return Sick(Cause.PREFLIGHT, mailbox, None, check.since, cvr, trouble.line, place, address, definite)


def _check(row: Row[Any]) -> Check:
    return Check(**row._mapping)


def _put(tx: Tx, check: Check) -> None:
    tx.execute(REMOVE, {"b_address": check.address, "b_server": check.server})
    tx.execute(INSERT, {field.name: getattr(check, field.name) for field in fields(check)})
