"""Mailboxes as rows of the ledger with their current route, and back; the statements that change them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, bindparam, insert, or_, select, update

from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox, Route
from nemboks.store.copies import CURRENT, SERVED
from nemboks.store.errors import StoreError
from nemboks.store.ready import Ready
from nemboks.store.schema import mailboxes, routes
from nemboks.store.writer import Tx

SAME: Final = tuple(field.name for field in fields(Mailbox) if field.name not in ("cvr", "route", "sealing"))
_SAME_ROUTE: Final = tuple(field.name for field in fields(Route) if field.name != "address")
_ROUTE: Final = [column for column in routes.columns if column.name != "mailbox_id"]
ALL: Final = select(mailboxes, *_ROUTE).join_from(mailboxes, routes, CURRENT)
_IN_ORDER: Final = ALL.order_by(mailboxes.c.cvr)
IN_ORDER: Final = Ready(_IN_ORDER)
_BY_ID: Final = Ready(ALL.where(mailboxes.c.id == bindparam("id")))
CREDENTIALS: Final = Ready(select(mailboxes.c.cvr, mailboxes.c.credentials).where(mailboxes.c.id == bindparam("id")))
OF_FILE: Final = _IN_ORDER.where(mailboxes.c.declared)
DECLARED: Final = Ready(OF_FILE)
OF_CVRS: Final = _IN_ORDER.where(mailboxes.c.cvr.in_(bindparam("cvrs", expanding=True)))
LISTENING: Final = Ready(
    ALL.where(
        mailboxes.c.face == Face.IMAP,
        or_(mailboxes.c.parked_until.is_(None), mailboxes.c.parked_until <= bindparam("now")),
        mailboxes.c.id.not_in(bindparam("without", expanding=True)),
    )
    .order_by(mailboxes.c.id)
    .limit(bindparam("most")),
    lists=("without",),
)
THESE: Final = Ready(ALL.where(mailboxes.c.id.in_(bindparam("ids", expanding=True))), lists=("ids",))
BY_CVR: Final = Ready(ALL.where(mailboxes.c.cvr == bindparam("cvr")))
BY_JUST_CVR: Final = Ready(select(mailboxes.c.id).where(mailboxes.c.cvr == bindparam("cvr")))


def due_where(*also: ColumnElement[bool]) -> Ready:
    """The statement of `due`, with these conditions besides."""
    return Ready(
        ALL.where(mailboxes.c.due_at <= bindparam("now"), SERVED, *also)
        .order_by(mailboxes.c.due_at, mailboxes.c.id)
        .limit(bindparam("most"))
    )


DUE: Final = due_where()
SHARED: Final = Ready(
    select(mailboxes.c.id)
    .join_from(mailboxes, routes, CURRENT)
    .where(routes.c.address == bindparam("address"), mailboxes.c.id != bindparam("own"))
    .limit(1)
)
OF_ACCOUNT: Final = ALL.where(mailboxes.c.account == bindparam("account")).order_by(mailboxes.c.cvr)
MOST_MADE: Final = 4000  # some 15 MB
# Mailboxes with the driver's rows that they were made of: looks and letters' moves read a mailbox again and again, and
# nearly always find the same row.
_made: dict[int, tuple[tuple[Any, ...], Mailbox]] = {}
VERSIONS: Final = select(routes).where(routes.c.mailbox_id == bindparam("mailbox")).order_by(routes.c.version)
INSERT: Final = insert(mailboxes)
DECLARE: Final = Ready(
    INSERT,
    ["cvr", "name", "face", "credentials", "due_at", "paused_by", "trouble", "failures", "declared", "options"],
)
INSERT_ROUTE: Final = Ready(insert(routes), ["mailbox_id", *(field.name for field in fields(Route))])
_THIS = mailboxes.c.id == bindparam("b_id")
LEADS_TO: Final = Ready(update(mailboxes).where(_THIS).values(destination=bindparam("where")))
PAUSE: Final = update(mailboxes).where(_THIS).values(paused_at=bindparam("at"), paused_by=bindparam("by"))
POSTPONE: Final = (
    update(mailboxes)
    .where(_THIS)
    .values(
        due_at=bindparam("due"),
        trouble=bindparam("words"),
        parked_until=bindparam("until"),
        failures=mailboxes.c.failures + 1,
    )
)
DESCRIBE: Final = (
    update(mailboxes)
    .where(_THIS)
    .values(
        name=bindparam("new_name"),
        face=bindparam("new_face"),
        credentials=bindparam("sealed"),
        options=bindparam("chosen"),
        declared=True,
        due_at=bindparam("due"),
    )
)


def mailboxes_of(tx: Tx, statement: Any, values: Mapping[str, Any]) -> list[Mailbox]:
    """The mailboxes that a statement like ALL brings."""
    if isinstance(statement, Ready):
        rows, read = statement.raws(tx, values)
        return [_seen(row, read) for row in rows]
    return [mailbox_of(row) for row in tx.execute(statement, values)]


def one(tx: Tx, mailbox: int) -> Mailbox:
    """The mailbox. StoreError if there is none."""
    rows, read = _BY_ID.raws(tx, {"id": mailbox})
    if not rows:
        raise StoreError(f"there is no mailbox {mailbox}")
    return _seen(rows[0], read)


def _seen(row: Sequence[Any], read: Callable[[Any], Mapping[str, Any]]) -> Mailbox:
    """The mailbox of the driver's row, whose first column is its id: the one remembered, if made of the same row."""
    known, seen = _made.get(row[0], ((), None))
    if seen is None or known != tuple(row):
        if len(_made) >= MOST_MADE:
            _made.clear()
        seen = mailbox_from(read(row))
        _made[row[0]] = tuple(row), seen
    return seen


def by_cvr(tx: Tx, cvr: Cvr) -> Mailbox:
    """The mailbox of the CVR. StoreError if there is none."""
    found = of_cvr(tx, cvr)
    if found is None:
        raise StoreError(f"there is no mailbox for CVR {cvr}; see `nemboks cvr list`")
    return found


def of_cvr(tx: Tx, cvr: Cvr) -> Mailbox | None:
    """The mailbox of the CVR, if there is one."""
    values = BY_CVR.first(tx, {"cvr": cvr})
    return None if values is None else mailbox_from(values)


def id_of(tx: Tx, cvr: Cvr) -> int:
    """The number of the CVR's mailbox, which must be there."""
    row = BY_JUST_CVR.first(tx, {"cvr": cvr})
    assert row is not None
    number: int = row["id"]
    return number


def mailbox_of(row: Row[Any]) -> Mailbox:
    """The mailbox of a row of ALL."""
    return mailbox_from(row._mapping)


def mailbox_from(values: Mapping[Any, Any]) -> Mailbox:
    """The mailbox of the values of a row of ALL, by column name."""
    same = {name: values[name] for name in SAME}
    return Mailbox(cvr=Cvr(values["cvr"]), route=route_from(values), sealing=hash(values["credentials"]), **same)


def is_outdated(seen: Mailbox, sealing: int) -> bool:
    """Whether the mailbox was given another login since it was read."""
    return seen.sealing not in (0, sealing)


def route_from(values: Mapping[Any, Any]) -> Route:
    """The route of values that have all columns of `routes`."""
    return Route(address=Address(values["address"]), **{name: values[name] for name in _SAME_ROUTE})
