"""Ledgers with many rows, made quickly: one row made by the program itself, then copied by SQL under other numbers.

So every column is plausible, whatever the schema; what tells rows apart is changed in each copy. The same words work on
SQLite and on PostgreSQL.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, bindparam, update

from bench.place import Place
from bench.store_moves import carry
from nemboks.clock import RealClock
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address, Cvr, Face
from nemboks.ports import Listed
from nemboks.store.mailboxes import Declared
from nemboks.store.schema import attempts, events, letters, mailboxes, routes

CLOCK = RealClock()
FIRST_CVR = 30_000_000


def fill(where: Place, boxes: int, done: int = 0) -> None:
    """Nothing; the empty ledger has so many mailboxes and acknowledged letters then."""
    asyncio.run(_one_of_each(where, bool(done)))
    with where.filling() as tx:
        _copy_mailboxes(tx, boxes)
        if done > 1:
            _copy_letters(tx, boxes, done)
        if where.url:  # numbers that we gave ourselves did not move the server's counters
            for table in (mailboxes, letters):
                column = f"pg_get_serial_sequence('{table.name}', 'id')"
                tx.exec_driver_sql(f"SELECT setval({column}, (SELECT MAX(id) FROM {table.name}))")  # noqa: S608
    where.after_filling()


async def _one_of_each(where: Place, letter: bool) -> None:
    store = where.open(threaded=False)
    new = Declared(
        Cvr(f"{FIRST_CVR}"), "Firma ApS", Face.REST, Address("post@firma.example"), "sink",
        {"system_id": "system", "api_token": "ikke et rigtigt et"},
    )  # fmt: skip
    mailbox = await store.mailboxes.add(new, "bench")
    if letter:
        now = CLOCK.now()
        await store.letters.found(mailbox, [Listed("letter-1")], now, now)
        (found,) = await store.letters.due(State.FOUND, CLOCK.now(), 1)
        await carry(store, mailbox, found)
    await store.close()


def _copy_mailboxes(tx: Connection, boxes: int) -> None:
    cvr, address = f"CAST({FIRST_CVR} + i AS TEXT)", "'post@firma' || i || '.example'"
    _copies(tx, mailboxes, boxes, {"id": "i", "cvr": cvr, "name": "'Firma ' || i || ' ApS'"}, "one.id = 1")
    _copies(tx, routes, boxes, {"mailbox_id": "i", "address": address}, "one.mailbox_id = 1")


def _copy_letters(tx: Connection, boxes: int, done: int) -> None:
    upstream, box = "'letter-' || i", f"1 + i - i / {boxes} * {boxes}"
    digest = "SUBSTR(one.sha256, 1, 50) || CAST(10000000000000 + i AS TEXT)"
    own = {"id": "i", "upstream_id": upstream, "mailbox_id": box, "sha256": digest}
    _copies(tx, letters, done, own, "one.id = 1")
    _copies(tx, attempts, done, {"letter_id": "i"}, "one.letter_id = 1")
    first, number = tx.exec_driver_sql("SELECT MIN(id), COUNT(*) FROM events WHERE letter_id = 1").one()
    own = {"id": f"{first} + (i - 1) * {number} + one.id - {first}", "letter_id": "i", "mailbox_id": box}
    _copies(tx, events, done, own, "one.letter_id = 1", "ORDER BY i, one.id")


def _copies(tx: Connection, table: Table, last: int, own: Mapping[str, str], which: str, order: str = "") -> None:
    """Copies of the row (or rows) `which`, numbered from 2 on; `own` are the columns that differ, as SQL with `i`."""
    names = [column.name for column in table.columns]
    quoted = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(own.get(name, f'one."{name}"') for name in names)
    tx.exec_driver_sql(
        f"WITH RECURSIVE number(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM number WHERE i < {last}) "  # noqa: S608
        f"INSERT INTO {table.name} ({quoted}) SELECT {values} FROM {table.name} AS one, number "
        f"WHERE {which} AND i <= {last} {order}"
    )


def due_between(where: Place, seconds: float) -> None:
    """Every mailbox is due at a time of its own, evenly from now on, as after a round of looks."""
    with where.filling() as tx:
        ids: Sequence[int] = [row[0] for row in tx.exec_driver_sql("SELECT id FROM mailboxes ORDER BY id")]
        now: datetime = CLOCK.now()
        rows = [{"b": id_, "at": now + timedelta(seconds=n * seconds / len(ids))} for n, id_ in enumerate(ids)]
        tx.execute(
            update(mailboxes).where(mailboxes.c.id == bindparam("b")).values(due_at=bindparam("at"), listed_at=now),
            rows,
        )
