"""Opening the store: durability, schema, lock, and what it refuses."""

import asyncio
import sqlite3
import stat

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from nemboks.domain.letter import DotBegun, Stale, State
from nemboks.ports import Listed
from nemboks.store import connect, migrations
from nemboks.store.connect import durability, open_writer
from nemboks.store.errors import KeyMissing, StoreBroken, StoreError, StoreInUse, StoreTooNew
from nemboks.store.schema import metadata
from nemboks.store.store import Store
from nemboks.store.vault import Vault
from tests.helpers import builders as make
from tests.helpers.clock import START


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), ("delete", 3)),
        ((3, 44, 5), ("delete", 3)),
        ((3, 44, 6), ("wal", 2)),
        ((3, 45, 0), ("delete", 3)),
        ((3, 50, 7), ("wal", 2)),
        ((3, 51, 2), ("delete", 3)),
        ((3, 51, 3), ("wal", 2)),
        ((3, 60, 0), ("wal", 2)),
    ],
)
def test_wal_only_where_it_is_repaired(version, mode):
    """WAL with FULL only on releases without the WAL-reset fault, else DELETE with EXTRA (D4)."""
    assert durability(version) == mode


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 51, 3)])
async def test_the_durability_is_what_it_must_be(tmp_path, monkeypatch, version):
    """An opened store really has the mode that its SQLite may have, with foreign keys on."""
    monkeypatch.setattr(connect.sqlite3, "sqlite_version_info", version)
    tx = open_writer(tmp_path / "a.db")
    got = [tx.exec_driver_sql(f"PRAGMA {x}").scalar_one() for x in ("journal_mode", "synchronous", "foreign_keys")]
    tx.close()

    assert got == [*durability(version), 1]


def test_a_store_in_another_mode_is_refused(tmp_path, monkeypatch):
    """When another program keeps the file in WAL, an SQLite that may not have WAL does not open it."""
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.01)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.executescript("PRAGMA journal_mode=wal; CREATE TABLE t (a); BEGIN; SELECT * FROM t")
    with pytest.raises(StoreError):
        open_writer(tmp_path / "a.db")
    other.close()


async def test_the_reader_cannot_write(store):
    """Reads go over a connection that refuses to write."""
    with pytest.raises(Exception, match="readonly"):
        await store._reader.read(lambda tx: tx.exec_driver_sql("DELETE FROM letters"))


async def test_only_the_owner_reads_the_ledger(store, tmp_path):
    """The database file is for its owner alone."""
    assert stat.S_IMODE((tmp_path / "nemboks.db").stat().st_mode) == 0o600


async def test_the_migrations_make_the_schema(store):
    """From nothing, the revisions end at exactly what schema.py says, and HEAD is the last of them."""

    def differences(tx):
        return compare_metadata(MigrationContext.configure(tx), metadata)

    assert await store._reader.read(differences) == []
    scripts = ScriptDirectory(str(migrations.__path__[0]))
    assert scripts.get_heads() == [migrations.HEAD] == [await store._reader.read(migrations.version)]


def test_the_schema_is_one_that_postgresql_knows():
    """Every table compiles for PostgreSQL too (D3)."""
    made = [str(CreateTable(table).compile(dialect=postgresql.dialect())) for table in metadata.sorted_tables]

    assert len(made) >= 25


async def test_a_newer_database_is_left_alone(open_store, tmp_path):
    """A database of a newer program is refused with what to do, and not one byte of it changes (D04)."""
    await open_store().close()
    with sqlite3.connect(tmp_path / "nemboks.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '0099'")
    db.close()
    before = (tmp_path / "nemboks.db").read_bytes()

    with pytest.raises(StoreTooNew, match="0099"):
        open_store()

    assert (tmp_path / "nemboks.db").read_bytes() == before


async def test_no_upgrade_beneath_a_running_daemon(open_store, monkeypatch):
    """An older ledger is upgraded only when no daemon works on it."""
    daemon = open_store()
    daemon.lock_daemon()
    monkeypatch.setattr(migrations, "HEAD", "0098")

    with pytest.raises(StoreInUse):
        open_store(threaded=False)
    await daemon.close()


async def test_one_daemon_at_a_time(open_store, tmp_path):
    """A second daemon is kept out by the lock file, by name; when the first is closed the way is free."""
    first, second = open_store(), open_store()
    first.lock_daemon()

    with pytest.raises(StoreInUse, match=r"nemboks\.db\.lock"):
        second.lock_daemon()
    await first.close()
    second.lock_daemon()
    await second.close()


async def test_the_command_line_works_beside_the_daemon(open_store):
    """A pause from a second store on the same file stops the daemon's next dot."""
    daemon, cli = open_store(), open_store(threaded=False)
    box = await daemon.mailboxes.add(make.declared(), "settings")
    await daemon.letters.found(box, [Listed("a")], START, START)
    (letter,) = await daemon.letters.due(State.FOUND, START, 1)
    letter = await daemon.letters.move(letter, make.collected())
    letter = await daemon.letters.move(letter, make.claimed())
    await cli.mailboxes.pause(make.ANNA, "anna")

    with pytest.raises(Stale, match="paused"):
        await daemon.letters.move(letter, DotBegun(1))
    await cli.close()
    await daemon.close()


async def test_two_writers_share_the_file(open_store):
    """Moves from two stores at once all succeed: each waits for the other's short transactions."""
    daemon, cli = open_store(), open_store()
    box = await daemon.mailboxes.add(make.declared(), "settings")
    stores = (daemon, cli)

    found = [stores[n % 2].letters.found(box, [Listed(str(n))], START, START) for n in range(20)]

    assert await asyncio.gather(*found) == [1] * 20
    assert len(await cli.letters.due(State.FOUND, START, 100)) == 20
    await cli.close()
    await daemon.close()


async def test_a_damaged_ledger_is_refused(open_store, tmp_path):
    """Damage is found by the check, or already by opening, and named as such (D02)."""
    store = open_store()
    await store.check()
    box = await store.mailboxes.add(make.declared(), "settings")
    await store.letters.found(box, [Listed(f"letter-{n}") for n in range(500)], START, START)
    await store.close()
    file = tmp_path / "nemboks.db"
    content = bytearray(file.read_bytes())
    for start in range(20_000, len(content), 9_000):
        content[start : start + 500] = b"\xff" * 500
    file.write_bytes(content)

    with pytest.raises(StoreBroken, match="restore a backup"):
        await _open_and_check(open_store)


async def test_a_file_that_is_no_database_is_refused(open_store, tmp_path):
    """Any other file in the database's place is left alone."""
    (tmp_path / "nemboks.db").write_bytes(b"not a database at all, just some words " * 100)

    with pytest.raises(StoreBroken):
        open_store()


def test_a_missing_directory_is_told(tmp_path):
    """Where the file cannot be made, the error names it."""
    with pytest.raises(StoreError, match="nowhere"):
        open_writer(tmp_path / "nowhere" / "a.db")


async def _open_and_check(open_store):
    store = open_store()
    try:
        await store.check()
    finally:
        await store.close()


async def test_a_ledger_does_not_open_with_another_master_key(tmp_path, clock, open_store):
    """What we sealed with it nobody could open who has the ledger's own; a key file with both opens it."""
    await open_store().mailboxes.declare([make.declared()])
    (tmp_path / "elsewhere").mkdir()
    other = Vault.create(tmp_path / "elsewhere" / "master.key")
    with pytest.raises(KeyMissing, match="master key"):
        Store.open(tmp_path / "nemboks.db", other, clock)
