"""A ledger on a PostgreSQL server: its schema, its durability, and upgrades."""

import asyncio
import os
import sys

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from nemboks.clock import RealClock
from nemboks.store import migrations
from nemboks.store.errors import (
    StoreAway,
    StoreBroken,
    StoreError,
    StoreInUse,
    StoreTooNew,
)
from nemboks.store.postgres import Place
from nemboks.store.postgres_line import PostgresHome
from nemboks.store.schema import metadata
from nemboks.store.server_clock import ServerClock
from nemboks.store.server_schema import server_metadata
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.helpers.clock import START
from tests.helpers.postgres import server
from tests.store.notes import note, notes


async def test_the_migrations_make_the_schema(home, opened):
    """The revisions end at what schema.py and server_schema.py say; texts go by sign, numbers have room."""
    store = opened()
    # Not our own connection: SQLAlchemy's questions to the catalogue do not know its types.
    stock = create_engine("postgresql+psycopg://", creator=home.place.bare, poolclass=NullPool)
    with stock.connect() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": False})
        assert compare_metadata(context, [metadata, server_metadata]) == []

    odd = text(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND "
        "(data_type NOT IN ('text', 'bigint', 'bytea', 'boolean') OR data_type = 'text' AND collation_name <> 'C')"
    )
    assert await store._reader.read(lambda tx: tx.execute(odd).all()) == []
    assert await store._reader.read(migrations.version) == migrations.HEAD


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET detail = '{}'", "DELETE FROM events", "TRUNCATE events", "INSERT INTO events "
        "(id, at, event, detail, hash) VALUES (99, '', 'x', '{}', '')",
    ],
)  # fmt: skip
async def test_history_is_only_ever_added_to(opened, beside, statement):
    """What the triggers refuse on SQLite is refused here, and TRUNCATE too."""
    await opened().mailboxes.add(make.declared(), "settings")

    with pytest.raises(psycopg.DatabaseError, match="only ever added to"):
        beside.execute(statement)


async def test_the_reader_cannot_write(opened):
    """Reads go over a connection that refuses to write."""
    store = opened()

    with pytest.raises(Exception, match=r"read-only|cannot be reached"):
        store._reader.hurry()
        await store._reader.read(lambda tx: tx.execute(text("DELETE FROM letters")))


async def test_a_read_is_of_one_moment(opened, beside):
    """What is committed within a read is not seen by it."""
    count = text("SELECT count(*) FROM anchors")

    def twice(tx):
        before = tx.execute(count).scalar_one()
        beside.execute("INSERT INTO anchors (number, hash, at, \"where\") VALUES (1, '', '', 'test')")
        return before, tx.execute(count).scalar_one()

    assert await opened()._reader.read(twice) == (0, 0)


async def test_texts_without_what_postgresql_cannot_hold(opened):
    """A NUL in somebody's words stops no commit, and none of the questions that look into values."""
    store = opened()
    await store.mailboxes.add(make.declared(), "settings")
    (box,) = await store.mailboxes.all()
    await store.mailboxes.postpone(box, START, "a\0b", parked=False)
    await store._writer.unit(
        lambda tx: tx.execute(text("UPDATE mailboxes SET custody = :json"), {"json": '{"hold_by": "\\u0000"}'})
    )

    assert (await store.mailboxes.get(box.id)).trouble == "a\ufffdb"
    assert await store.letters.finished_copies(START, 10) == []


# --- durability ---


@pytest.mark.parametrize("value", ["off", "local", "remote_write"])
async def test_a_server_that_may_forget_is_refused(home, opened, beside, value):
    """Without synchronous commits no store opens, and the message says what to change; the address is not told."""
    (name,) = beside.execute("SELECT current_database()").fetchone()
    beside.execute(f"ALTER DATABASE {name} SET synchronous_commit = {value}")

    with pytest.raises(StoreError, match=f"synchronous_commit is {value}, must be on"):
        opened()


def test_the_address_is_never_told():
    """A password in the URL shows in no words; what is no URL is refused."""
    place = Place("postgresql://anna:hemmelig@127.0.0.1:1/nemboks")

    with pytest.raises(psycopg.OperationalError) as error:
        place.connect(writes=True)
    assert isinstance(place.told(error.value), StoreAway)
    assert "hemmelig" not in f"{place} {place.told(error.value)}"
    with pytest.raises(StoreError, match=r"store\.url"):
        Place("hemmelig ost")


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("postgresql://db.example/nemboks", "verify-full"),
        ("postgresql://db.example/nemboks?sslmode=verify-ca", "verify-ca"),
        ("postgresql:///nemboks", None),
        ("postgresql://localhost/nemboks", None),
    ],
)
def test_over_a_network_the_server_is_verified(url, mode):
    """Whoever says nothing gets the certificate checked."""
    assert Place(url)._facts.get("sslmode") == mode


async def test_who_owns_the_database_needs_no_other_right(tmp_path):
    """Our user is an ordinary one: it makes the tables and works with them."""
    name = f"owner_{os.getpid()}"
    server().run(f"CREATE ROLE {name} LOGIN")
    url = server().fresh()
    server().run(f"ALTER DATABASE {conninfo_to_dict(url)['dbname']} OWNER TO {name}")
    clock = ServerClock(RealClock())
    store = Store.open(PostgresHome(url.replace("user=nemboks", f"user={name}"), clock), vault(tmp_path), clock)
    store.lock_daemon()
    await store.mailboxes.add(make.declared(), "settings")

    assert len(await store.mailboxes.all()) == 1
    await store.close()
    server().drop(url)
    server().run(f"DROP ROLE {name}")


# --- migrations ---


async def test_four_processes_open_an_empty_database_at_once(tmp_path):
    """One of them makes the schema, the others wait for it."""
    url = server().fresh()
    program = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom nemboks.clock import RealClock\n"
        "from nemboks.store.postgres_line import PostgresHome\nfrom nemboks.store.server_clock import ServerClock\n"
        "from nemboks.store.store import Store\nfrom nemboks.store.vault import Vault\n"
        "clock = ServerClock(RealClock())\n"
        "store = Store.open(PostgresHome(sys.argv[1], clock), Vault.load(Path(sys.argv[2])), clock)\n"
        "store.lock_daemon(shared=True)\nasyncio.run(store.close())\n"
    )
    vault(tmp_path)
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, url, str(tmp_path / "master.key"), stderr=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    ended = [await process.communicate() for process in started]

    assert [(x.returncode, err) for x, (_, err) in zip(started, ended, strict=True)] == [(0, b"")] * 4
    with psycopg.connect(url) as driver:
        assert driver.execute("SELECT version_num FROM alembic_version").fetchall() == [(migrations.HEAD,)]
    server().drop(url)


async def test_a_newer_database_is_left_alone(opened, beside):
    """A database of a newer program is refused with what to do."""
    beside.execute("UPDATE alembic_version SET version_num = '0099'")

    with pytest.raises(StoreTooNew, match="0099"):
        opened()


@pytest.mark.parametrize("shared", [True, False])
async def test_a_daemon_that_an_upgrade_overtook_as_it_started_does_not_work(opened, beside, shared):
    """It found its own schema, and before it had its lock a newer program made the next one."""
    store = opened()
    beside.execute("UPDATE alembic_version SET version_num = '0099'")

    with pytest.raises(StoreTooNew, match="0099"):
        store.lock_daemon(shared)


async def test_no_upgrade_beneath_running_workers(opened, beside):
    """An older ledger is upgraded only when no daemon works on it; several that share one schema are welcome."""
    one, other = opened(), opened()
    one.lock_daemon(shared=True)
    other.lock_daemon(shared=True)
    beside.execute("UPDATE alembic_version SET version_num = '0011'")

    with pytest.raises(StoreInUse, match="Stop all"):
        opened(threaded=False)
    assert not one.sole


def _end(store, beside):
    """Its writer's connection is ended, and the server knows it (5000 ms at most)."""
    beside.execute("SELECT pg_terminate_backend(%s, 5000)", (store._line._driver.info.backend_pid,))


async def test_a_daemon_that_was_away_waits_while_another_works(opened, beside):
    """Its lock went with its connection and another took the ledger: it writes nothing until that one has ended."""
    one, other = opened(), opened()
    one.lock_daemon()
    for shared in (False, True):
        with pytest.raises(StoreInUse, match="Stop that one"):
            other.lock_daemon(shared)
    _end(one, beside)
    other.lock_daemon()
    asked = asyncio.ensure_future(one._writer.unit(note(1)))
    await asyncio.wait([asked], timeout=0.5)
    assert (asked.done(), notes(beside)) == (False, [])
    _end(other, beside)

    assert (await asked, notes(beside)) == (1, [1])


async def test_an_upgrade_while_a_daemon_was_away_ends_it(opened, beside):
    """A worker that comes back to another schema writes nothing any more."""
    store = opened()
    store.lock_daemon()
    beside.execute("UPDATE alembic_version SET version_num = '0099'")
    beside.execute("SELECT pg_terminate_backend(%s)", (store._line._driver.info.backend_pid,))

    with pytest.raises(StoreBroken, match="upgraded"):
        await store._writer.unit(note(1))
    assert notes(beside) == []
