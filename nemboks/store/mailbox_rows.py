"""Mailboxes as rows of the ledger with their current route, and back; the statements that change them."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Row, bindparam, insert, or_, select, update

from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox, Route
from nemboks.store.copies import CURRENT, SERVED
from nemboks.store.errors import StoreError
from nemboks.store.ready import Ready
from nemboks.store.schema import mailboxes, routes
from nemboks.store.writer import Tx

SAME: Final = tuple(field.name for field in fields(Mailbox) if field.name not in ("cvr", "route"))
_SAME_ROUTE: Final = tuple(field.name for field in fields(Route) if field.name != "address")
_ROUTE: Final = [column for column in routes.columns if column.name != "mailbox_id"]
ALL: Final = select(mailboxes, *_ROUTE).join_from(mailboxes, routes, CURRENT)
IN_ORDER: Final = ALL.order_by(mailboxes.c.cvr)
BY_ID: Final = ALL.where(mailboxes.c.id == bindparam("id"))
OF_FILE: Final = IN_ORDER.where(mailboxes.c.declared)
OF_CVRS: Final = IN_ORDER.where(mailboxes.c.cvr.in_(bindparam("cvrs", expanding=True)))
LISTENING: Final = (
    ALL.where(
        mailboxes.c.face == Face.IMAP,
        or_(mailboxes.c.parked_until.is_(None), mailboxes.c.parked_until <= bindparam("now")),
        mailboxes.c.id.not_in(bindparam("without", expanding=True)),
    )
    .order_by(mailboxes.c.id)
    .limit(bindparam("most"))
)
THESE: Final = ALL.where(mailboxes.c.id.in_(bindparam("ids", expanding=True)))
_NOW: Final = Ready(BY_ID)
BY_CVR: Final = ALL.where(mailboxes.c.cvr == bindparam("cvr"))
BY_JUST_CVR: Final = select(mailboxes.c.id).where(mailboxes.c.cvr == bindparam("cvr"))
DUE: Final = (
    ALL.where(mailboxes.c.due_at <= bindparam("now"), SERVED)
    .order_by(mailboxes.c.due_at, mailboxes.c.id)
    .limit(bindparam("most"))
)
SHARED: Final = (
    select(mailboxes.c.id)
    .join_from(mailboxes, routes, CURRENT)
    .where(routes.c.address == bindparam("address"), mailboxes.c.id != bindparam("own"))
    .limit(1)
)
OF_ACCOUNT: Final = ALL.where(mailboxes.c.account == bindparam("account")).order_by(mailboxes.c.cvr)
VERSIONS: Final = select(routes).where(routes.c.mailbox_id == bindparam("mailbox")).order_by(routes.c.version)
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
    return mailbox_from(row._mapping)


def mailbox_from(values: Mapping[Any, Any]) -> Mailbox:
    """The mailbox of the values of a row of ALL, by column name."""
    return Mailbox(cvr=Cvr(values["cvr"]), route=route_from(values), **{name: values[name] for name in SAME})


def route_from(values: Mapping[Any, Any]) -> Route:
    """The route of values that have all columns of `routes`."""
    return Route(address=Address(values["address"]), **{name: values[name] for name in _SAME_ROUTE})


def now(tx: Tx, mailbox: int) -> Mailbox:
    """The mailbox as its row says in this transaction, quickly: for the guards of the letters' way."""
    values = _NOW.first(tx, {"id": mailbox})
    assert values is not None  # a letter never is without a mailbox
    return mailbox_from(values)
