"""Mailboxes as rows of the ledger with their current route, and back; the statements that change them."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Row, bindparam, insert, select, update

from nemboks.domain.mailbox import Address, Cvr, Mailbox, Route
from nemboks.store.copies import CURRENT
from nemboks.store.errors import StoreError
from nemboks.store.schema import mailboxes, routes
from nemboks.store.writer import Tx

_ROUTE: Final = [column for column in routes.columns if column.name != "mailbox_id"]
ALL: Final = select(mailboxes, *_ROUTE).join_from(mailboxes, routes, CURRENT)
BY_ID: Final = ALL.where(mailboxes.c.id == bindparam("id"))
BY_CVR: Final = ALL.where(mailboxes.c.cvr == bindparam("cvr"))
BY_JUST_CVR: Final = select(mailboxes.c.id).where(mailboxes.c.cvr == bindparam("cvr"))
IN_ORDER: Final = ALL.order_by(mailboxes.c.cvr)
DUE: Final = (
    ALL.where(mailboxes.c.due_at <= bindparam("now"))
    .order_by(mailboxes.c.due_at, mailboxes.c.id)
    .limit(bindparam("most"))
)
SHARED: Final = (
    select(mailboxes.c.id)
    .join_from(mailboxes, routes, CURRENT)
    .where(routes.c.address == bindparam("address"), mailboxes.c.id != bindparam("own"))
    .limit(1)
)
INSERT: Final = insert(mailboxes)
INSERT_ROUTE: Final = insert(routes)
_THIS = mailboxes.c.id == bindparam("b_id")
LEADS_TO: Final = update(mailboxes).where(_THIS).values(destination=bindparam("where"))
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
    return [mailbox_of(row) for row in tx.execute(statement, values)]


def one(tx: Tx, mailbox: int) -> Mailbox:
    """The mailbox. StoreError if there is none."""
    found = mailboxes_of(tx, BY_ID, {"id": mailbox})
    if not found:
        raise StoreError(f"there is no mailbox {mailbox}")
    return found[0]


def by_cvr(tx: Tx, cvr: Cvr) -> Mailbox:
    """The mailbox of the CVR. StoreError if there is none."""
    found = mailboxes_of(tx, BY_CVR, {"cvr": cvr})
    if not found:
        raise StoreError(f"there is no mailbox for CVR {cvr}; see `nemboks mailbox list`")
    return found[0]


def mailbox_of(row: Row[Any]) -> Mailbox:
    """The mailbox of a row of ALL."""
    route = Route(
        row.version, Address(row.address), row.server, row.since, row.vouched_by, row.others, row.fallback_decides
    )
    return Mailbox(
        id=row.id,
        cvr=Cvr(row.cvr),
        name=row.name,
        face=row.face,
        route=route,
        due_at=row.due_at,
        listed_at=row.listed_at,
        paused_at=row.paused_at,
        paused_by=row.paused_by,
        parked_until=row.parked_until,
        trouble=row.trouble,
        failures=row.failures,
        options=row.options,
    )
