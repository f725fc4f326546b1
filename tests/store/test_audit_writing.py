"""History is written by one door, in its unit's transaction, and is only ever added to."""

import asyncio
import hashlib
import sqlite3

import pytest
from alembic import command
from alembic.config import Config

from nemboks.domain.chain import GENESIS, Outcome, hash_of
from nemboks.domain.letter import State
from nemboks.ports import Listed
from nemboks.store import events, migrations
from nemboks.store.connect import open_writer
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.helpers.clock import START

T = "2026-11-21T09:00:00.000000Z"
OLD = 2_500  # more than the migration holds at a time


def file(tmp_path):
    return sqlite3.connect(tmp_path / "nemboks.db", isolation_level=None)


def old_store(tmp_path, numbers):
    """A store as revision 0003 left it, with such a history; every third row is a recipient domain's."""
    tx = open_writer(tmp_path / "nemboks.db")
    config = Config(attributes={"connection": tx})
    config.set_main_option("script_location", str(migrations.__path__[0]))
    command.upgrade(config, "0003")
    sealed = vault(tmp_path).seal(b'{"token": "t"}', f"mailbox:{make.ANNA}")
    box = (make.ANNA, sealed, T)
    tx.exec_driver_sql(
        "INSERT INTO mailboxes (id, cvr, name, face, credentials, due_at, paused_by, trouble, failures, declared)"
        " VALUES (1,?,'Bageri','rest',?,?,'','',0,1)",
        box,
    )
    tx.exec_driver_sql("INSERT INTO routes VALUES (1,1,'anna@bageri.example','bageri',?,'anna','[]',0)", (T,))
    past = [(n, T, n if n % 3 else None, 1 if n % 3 else None, "found", None, "FOUND", 0, '{"a":"ø"}') for n in numbers]
    tx.exec_driver_sql("BEGIN")
    tx.exec_driver_sql("INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?)", past)
    tx.exec_driver_sql("COMMIT")
    tx.close()
    return past


async def test_the_history_of_an_older_program_is_chained(tmp_path, open_store):
    """Every row is kept as it was, gets its hash, and the next one follows the last."""
    past = old_store(tmp_path, range(1, OLD + 1))
    store = open_store()
    await store.mailboxes.pause(make.ANNA, "anna")

    kept = [(row.number, *row.fields) async for row in store.audit.rows()]
    found = await store.audit.verify()
    await store.close()

    assert kept[:OLD] == past
    assert (found.outcome, found.rows) == (Outcome.WHOLE, len(kept)) == (Outcome.WHOLE, OLD + 1)


async def test_the_first_row_follows_from_nothing(store, tmp_path):
    """The recipe, spelt out: number, hash before, and the row's columns, as one JSON list."""
    await store.mailboxes.add(make.declared(), "settings")

    first, second, *_ = [row async for row in store.audit.rows()]

    assert first.hash == hash_of(1, GENESIS, first.fields)
    assert second.hash == hash_of(2, first.hash, second.fields)
    text = b'[7,"' + b"0" * 64 + b'","\\u00f8\\"",null,12]'
    assert hash_of(7, GENESIS, ('ø"', None, 12)) == hashlib.sha256(text).hexdigest()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET detail = '{}' WHERE id = 1",
        "DELETE FROM events",
        "DELETE FROM events WHERE id = 2",
        f"INSERT OR REPLACE INTO events (id, at, event, detail, hash) VALUES (1, '{T}', 'x', '{{}}', 'x')",
        f"INSERT INTO events (id, at, event, detail, hash) VALUES (99, '{T}', 'x', '{{}}', 'x')",
        f"INSERT INTO events (at, event, detail, hash) VALUES ('{T}', 'x', '{{}}', 'x')",
    ],
    ids=["change", "remove all", "remove one", "replace", "out of order", "without a number"],
)
async def test_the_database_refuses_all_but_the_next_row(store, tmp_path, statement):
    """A slip of the hand, or of a later program, cannot change history: that takes taking the triggers off."""
    await store.mailboxes.add(make.declared(), "settings")
    db = file(tmp_path)

    with pytest.raises(sqlite3.IntegrityError, match="only ever added to"):
        db.execute(statement)
    db.close()


async def test_no_change_without_its_history(store, clock, tmp_path):
    """D12: when the row of history cannot be written, the letter does not move either; nor the mailbox."""
    anna = await store.mailboxes.add(make.declared(), "settings")
    await store.letters.found(anna, [Listed("letter-1")], clock.now(), clock.now())
    (letter,) = await store.letters.due(State.FOUND, clock.now(), 10)
    db = file(tmp_path)
    db.execute("CREATE TRIGGER no BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no room for history'); END")

    with pytest.raises(sqlite3.IntegrityError, match="no room"):
        await store.letters.move(letter, make.collected(START, 1))
    with pytest.raises(sqlite3.IntegrityError, match="no room"):
        await store.mailboxes.pause(make.ANNA, "anna")

    assert await store.letters.get(letter.id) == letter
    assert (await store.mailboxes.find(make.ANNA)).paused_at is None
    db.execute("DROP TRIGGER no")
    db.close()
    assert (await store.letters.move(letter, make.collected(START, 1))).state is State.WAITING
    assert (await store.audit.verify()).outcome is Outcome.WHOLE


async def test_two_programs_write_one_chain(open_store):
    """The daemon and the command line, each on its own connection and by turns: no row is lost, none doubled."""
    daemon, beside = open_store(), open_store()
    anna = await daemon.mailboxes.add(make.declared(), "settings")
    before = (await daemon.audit.head()).number

    async def write(store, times):
        for n in range(times):
            await store._writer.unit(lambda tx, n=n: events.add(tx, events.row(anna.id, "noted", START, {"n": n})))

    async with asyncio.TaskGroup() as group:
        for store in (daemon, beside, daemon, beside):
            group.create_task(write(store, 25))
    found = await beside.audit.verify([await daemon.audit.head()])
    await daemon.close()
    await beside.close()

    assert (found.outcome, found.rows, found.proven) == (Outcome.WHOLE, before + 100, before + 100)


async def test_many_rows_of_one_unit_are_one_chain(store, clock):
    """A listing that shows many letters at once chains them in the order of the list."""
    anna = await store.mailboxes.add(make.declared(), "settings")
    await store.letters.found(anna, [Listed(f"letter-{n}") for n in range(700)], clock.now(), clock.now())

    found = await store.audit.verify()

    assert (found.outcome, found.rows) == (Outcome.WHOLE, 702)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_rows_of_one_transaction_follow_each_other_and_what_others_wrote_before(open_store):
    """The last row is read once a transaction: after each BEGIN, for another process may have written; and a unit that
    raised has left nothing to follow."""
    one, other = open_store(), open_store(threaded=False)
    await one.mailboxes.add(make.declared(), "settings")

    def adding(words, error=None):
        def unit(tx):
            for number in range(2):
                events.add(tx, events.row(1, "noted", START, {"words": words, "number": number}))
            if error:
                raise error

        return unit

    for _ in range(2):
        await one._writer.unit(adding("one"))
        with pytest.raises(ValueError, match="no"):
            await one._writer.unit(adding("never", ValueError("no")))
        both = (one._writer.unit(adding("together")), one._writer.unit(adding("never", ValueError("no"))))
        assert isinstance((await asyncio.gather(*both, return_exceptions=True))[1], ValueError)
        await other._writer.unit(adding("other"))
    told = [row.fields async for row in one.audit.rows()]
    found = await one.audit.verify()
    await other.close()
    await one.close()

    assert found.outcome is Outcome.WHOLE
    assert sum("together" in str(fields) for fields in told) == 4
    assert not any("never" in str(fields) for fields in told)
