"""A ledger on a PostgreSQL server: durability, several writers, connections that are lost, clocks that disagree."""

import asyncio
import os
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from urllib.parse import quote

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from nemboks.clock import RealClock
from nemboks.domain.chain import Outcome
from nemboks.domain.letter import Stale, State
from nemboks.ports import Listed
from nemboks.store import migrations
from nemboks.store.errors import (
    StoreAway,
    StoreBroken,
    StoreBusy,
    StoreError,
    StoreInUse,
    StoreTooNew,
    StoreUnknown,
)
from nemboks.store.postgres import Place
from nemboks.store.postgres_line import WORKING, WRITING, PostgresHome
from nemboks.store.schema import metadata
from nemboks.store.server_clock import ServerClock
from nemboks.store.server_schema import server_metadata
from nemboks.store.server_spool import ServerSpool
from nemboks.store.store import Store
from tests.contracts.ledgers import place_of, vault
from tests.helpers import builders as make
from tests.helpers.clock import START
from tests.helpers.postgres import own, server

NOTE = text("INSERT INTO anchors (number, hash, at, \"where\") VALUES (:n, '', '', 'test')")


@pytest.fixture
def kind():
    return "postgresql"


@pytest.fixture
def home(tmp_path):
    with place_of("postgresql", tmp_path) as place:
        yield place


@pytest.fixture
async def opened(home, tmp_path, clock):
    """Opens stores on one database; all are closed in the end."""
    stores = []

    def more(threaded=True, place=home, time=clock):
        stores.append(Store.open(place, vault(tmp_path), time, threaded))
        return stores[-1]

    yield more
    for store in stores:
        await store.close()


@pytest.fixture
def beside(home):
    """A connection of somebody else's to the same database."""
    driver = home.place.bare()
    yield driver
    driver.close()


def note(n):
    """A unit that leaves one row."""

    def unit(tx):
        tx.execute(NOTE, {"n": n})
        return n

    return unit


def notes(driver):
    return [n for (n,) in driver.execute("SELECT number FROM anchors ORDER BY id").fetchall()]


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
        "store.lock_daemon()\nasyncio.run(store.close())\n"
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


async def test_no_upgrade_beneath_a_running_daemon(opened, beside):
    """An older ledger is upgraded only when no daemon works on it; several daemons of one schema are welcome."""
    one, other = opened(), opened()
    one.lock_daemon()
    other.lock_daemon()
    beside.execute("UPDATE alembic_version SET version_num = '0011'")

    with pytest.raises(StoreInUse, match="Stop all"):
        opened(threaded=False)
    assert not one.sole


async def test_an_upgrade_while_a_daemon_was_away_ends_it(opened, beside):
    """A worker that comes back to another schema writes nothing any more."""
    store = opened()
    store.lock_daemon()
    beside.execute("UPDATE alembic_version SET version_num = '0099'")
    beside.execute("SELECT pg_terminate_backend(%s)", (store._line._driver.info.backend_pid,))

    with pytest.raises(StoreBroken, match="upgraded"):
        await store._writer.unit(note(1))
    assert notes(beside) == []


# --- several writers ---


async def test_two_writers_make_one_chain_and_no_claim_twice(opened):
    """Two daemons find and claim the same letters at once: each is claimed by one, and history is whole."""
    stores = opened(), opened()
    box = await stores[0].mailboxes.add(make.declared(), "settings")
    await asyncio.gather(*(
        stores[n % 2].letters.found(box, [Listed(str(n // 2))], START, START) for n in range(40)
    ))  # fmt: skip
    letters = await stores[0].letters.due(State.FOUND, START, 100)
    waiting = [await stores[n % 2].letters.move(x, make.collected(number=n)) for n, x in enumerate(letters)]

    claims = [store.letters.move(x, make.claimed()) for x in waiting for store in stores]
    ended = await asyncio.gather(*claims, return_exceptions=True)

    assert len(letters) == 20
    assert [type(x) for x in ended].count(Stale) == 20
    assert {x.fence for x in ended if not isinstance(x, Stale)} == {1}
    assert (await stores[1].audit.verify()).outcome is Outcome.WHOLE


async def test_the_command_line_gives_up_on_a_busy_ledger(opened, beside):
    """While another writes, a command says so after a while, and nothing was changed."""
    store = opened(threaded=False)
    store._line._driver.execute("SET lock_timeout = '20ms'")
    beside.execute("BEGIN")
    beside.execute(f"SELECT pg_advisory_xact_lock({WRITING})")

    with pytest.raises(StoreBusy, match="try again"):
        await store._writer.unit(note(1))
    beside.execute("ROLLBACK")
    assert await store._writer.unit(note(2)) == 2
    assert notes(beside) == [2]


async def test_the_daemon_waits_for_its_turn(opened, beside):
    """However long another writes, a daemon's unit is done after it."""
    store = opened()
    store._line._driver.execute("SET lock_timeout = '20ms'")
    beside.execute("BEGIN")
    beside.execute(f"SELECT pg_advisory_xact_lock({WRITING})")
    asked = asyncio.ensure_future(store._writer.unit(note(1)))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(asked), 0.3)
    beside.execute("ROLLBACK")

    assert await asked == 1


async def test_who_is_stopped_within_a_transaction_loses_its_turn(opened, beside):
    """A process that stands still under the lock is put out by the server; woken, it does its units anew."""
    slow, other = opened(), opened()
    slow._line._driver.execute("SET idle_in_transaction_session_timeout = '500ms'")
    runs, stands, go = [], threading.Event(), threading.Event()

    def stopped(tx):
        runs.append(1)
        tx.execute(NOTE, {"n": 1})
        stands.set()
        if len(runs) == 1:
            go.wait(10)
        return len(runs)

    asked = asyncio.ensure_future(slow._writer.unit(stopped))
    await asyncio.to_thread(stands.wait, 10)
    assert await asyncio.wait_for(other._writer.unit(note(2)), 10) == 2
    go.set()

    assert await asked == 2
    assert notes(beside) == [2, 1]


# --- connections that are lost ---


class Lost:
    """The connection's driver, which dies around its next COMMIT."""

    def __init__(self, line, beside, kept):
        self._driver, self._beside, self._kept = line._driver, beside, kept
        line._driver = self

    def __getattr__(self, name):
        return getattr(self._driver, name)

    def execute(self, words, *args, **kw):
        if words == "COMMIT":
            if self._kept:
                self._driver.execute(words, *args, **kw)
            self._beside.execute("SELECT pg_terminate_backend(%s, 5000)", (self._driver.info.backend_pid,))
        return self._driver.execute(words, *args, **kw)


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
async def test_a_daemon_knows_how_a_lost_commit_ended(opened, beside, kept):
    """Whether the server kept it or not: each unit is answered with its value, and was done once."""
    store = opened()
    Lost(store._line, beside, kept)

    assert await asyncio.gather(*(store._writer.unit(note(n)) for n in range(5))) == [0, 1, 2, 3, 4]
    assert sorted(notes(beside)) == [0, 1, 2, 3, 4]


async def test_the_next_transactions_commit_is_not_taken_for_the_lost_one(opened, beside):
    """The mark is the transaction's own: one that was kept before proves nothing for the next."""
    store = opened()
    await store._writer.unit(note(1))
    Lost(store._line, beside, kept=False)
    runs = []

    await store._writer.unit(lambda tx: runs.append(tx.execute(NOTE, {"n": 2})))

    assert (len(runs), notes(beside)) == (2, [1, 2])


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
async def test_a_command_says_that_it_does_not_know(opened, beside, kept):
    """The command line asks nobody later: its commit's end is unknown, and it says to look."""
    store = opened(threaded=False)
    Lost(store._line, beside, kept)

    with pytest.raises(StoreUnknown, match="look"):
        await store._writer.unit(note(1))
    assert notes(beside) == ([1] if kept else [])
    assert await store._writer.unit(note(2)) == 2


async def test_a_backend_that_is_ended_while_it_commits(opened, beside):
    """The server itself is stopped in the midst of a COMMIT: the units are run again, once."""
    beside.execute(
        "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF NEW.number = 1 AND NOT EXISTS (SELECT 1 FROM cursors) THEN PERFORM pg_sleep(30); END IF; "
        "RETURN NULL; END $$"
    )
    beside.execute(
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON anchors DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION slowly()"
    )
    store = opened()
    asked = asyncio.ensure_future(store._writer.unit(note(1)))
    while not beside.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'").fetchone():
        await asyncio.sleep(0)
    beside.execute("INSERT INTO cursors (webhook, event, failures, words) VALUES ('quick', 0, 0, '')")
    beside.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")

    assert await asked == 1
    assert notes(beside) == [1]


async def test_what_failed_within_is_not_taken_for_kept(opened):
    """A unit that goes on after a failed statement is told that nothing was kept."""

    def careless(tx):
        with suppress(Exception):
            tx.execute(text("SELECT 1 / 0"))

    with pytest.raises(StoreError, match="nothing was kept"):
        await opened()._writer.unit(careless)


# --- the server restarts ---


@pytest.fixture(scope="module")
def alone():
    """A server that a test may stop."""
    return own()


async def test_a_restart_of_the_server_is_lived_through(alone, tmp_path, clock):
    """Units and reads that are asked for while the server is down are answered when it is back, each done once."""
    home = PostgresHome(alone.fresh(), ServerClock(RealClock()))
    store = Store.open(home, vault(tmp_path), clock)
    store.lock_daemon()
    spool = ServerSpool(home.place, vault(tmp_path))
    async with spool.seal(1) as sealing:
        await sealing.write(b"x" * 300_000)
        alone.stop("immediate")
        asked = [asyncio.ensure_future(store._writer.unit(note(n))) for n in range(10)]
        read = asyncio.ensure_future(store.mailboxes.all())
        finished = asyncio.ensure_future(sealing.finish(durable=True))
        done, _ = await asyncio.wait([*asked, read, finished], timeout=0.3)
        assert not done
        await asyncio.to_thread(alone.start)
        sealed = await finished

    assert await asyncio.gather(*asked) == list(range(10))
    assert await read == []
    assert b"".join([piece async for piece in spool.open(1, sealed)]) == b"x" * 300_000
    driver = home.place.bare()
    assert sorted(notes(driver)) == list(range(10))
    held = driver.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s", (WORKING,))
    assert held.fetchone() == (1,)
    driver.close()
    await spool.close()
    await store.close()


async def test_a_commit_that_waits_for_its_standby_is_known_to_be_kept(alone, tmp_path, clock):
    """Ended while it waits for a standby, the server has kept the commit: the unit is not done twice."""
    home = PostgresHome(alone.fresh(), ServerClock(RealClock()))
    store = Store.open(home, vault(tmp_path), clock)
    alone.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    alone.run("SELECT pg_reload_conf()")
    driver = home.place.bare()
    driver.execute("SET synchronous_commit = local")
    while driver.execute("SHOW synchronous_standby_names").fetchone() != ("nobody",):
        await asyncio.sleep(0)
    asked = asyncio.ensure_future(store._writer.unit(note(1)))
    while not driver.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'").fetchone():
        await asyncio.sleep(0)
    driver.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")

    assert await asked == 1
    assert notes(driver) == [1]
    alone.run("ALTER SYSTEM RESET synchronous_standby_names")
    alone.run("SELECT pg_reload_conf()")
    driver.close()
    await store.close()


async def test_who_stops_waits_for_no_server(alone, tmp_path, clock):
    """A daemon that is told to stop gives up what it reads, and ends though the server is away."""
    store = Store.open(PostgresHome(alone.fresh(), ServerClock(RealClock())), vault(tmp_path), clock)
    alone.stop("immediate")
    read, asked = asyncio.ensure_future(store.mailboxes.all()), asyncio.ensure_future(store._writer.unit(note(1)))
    await asyncio.wait([read, asked], timeout=0.1)
    store.hurry()

    with pytest.raises(StoreAway):
        await read
    await store.close()
    with pytest.raises(StoreAway):
        await asked
    alone.start()


# --- another server takes over ---


@pytest.fixture
def pair(tmp_path):
    """A server and its synchronous standby, and the URL that names both."""
    first = own()
    second = first.standby()
    url = first.fresh()
    first.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
    first.run("SELECT pg_reload_conf()")
    both = url.replace("host=", f"host={quote(str(second.data.parent), safe='')},")
    yield first, second, both
    first.end()
    second.end()


async def test_a_standby_takes_over_with_every_commit(pair, tmp_path, clock):
    """D05, D07: what was told as committed is on the server that took over; the old one gets nothing any more."""
    first, second, both = pair
    home = PostgresHome(both, ServerClock(RealClock()))
    assert home.place.survives_failover()
    store = Store.open(home, vault(tmp_path), clock)
    store.lock_daemon()
    await store.mailboxes.add(make.declared(), "settings")
    told = await store.mailboxes.reroute(make.ANNA, make.ADDRESS, "nyt", "anna")
    asked = [asyncio.ensure_future(store._writer.unit(note(n))) for n in range(200)]
    await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.to_thread(first.stop, "immediate")
    await asyncio.to_thread(second.promote)

    assert await asyncio.gather(*asked) == list(range(200))
    assert (await store.mailboxes.find(make.ANNA)).route == told.route
    driver = home.place.bare()
    assert sorted(notes(driver)) == list(range(200))
    driver.close()
    second.stop("immediate")
    first.start()
    with pytest.raises(StoreAway, match="took over"):
        home.place.bare()
    store.hurry()
    await store.close()


# --- time and contents ---


class Ahead(RealClock):
    """A machine whose clock is wrong."""

    def __init__(self, hours):
        self._wrong = timedelta(hours=hours)

    def now(self):
        return super().now() + self._wrong


async def test_workers_whose_clocks_disagree_go_by_the_servers(home, opened):
    """An hour before and an hour behind: both know the server's time."""
    url = home.place._facts
    clocks = [ServerClock(Ahead(1)), ServerClock(Ahead(-1))]
    for clock in clocks:
        place = PostgresHome(psycopg.conninfo.make_conninfo(**url), clock)
        opened(place=place, time=clock)

    first, second = (clock.now() for clock in clocks)
    assert abs(first - second) < timedelta(seconds=1)
    assert abs(first - RealClock().now()) < timedelta(seconds=5)


def test_a_look_moves_the_time_no_further_than_it_proves(clock):
    """An answer that took long leaves what it does not refute; one that refutes moves it to the nearer end."""
    ours = ServerClock(clock)
    ours.heard(START, clock.monotonic())
    clock.advance(61)
    assert ours.due

    asked = clock.monotonic()
    clock.advance(4)
    ours.heard(START + timedelta(seconds=63), asked)  # now 63 to 67, and we have 65
    assert (ours.now(), ours.due) == (START + timedelta(seconds=65), False)
    ours.heard(START + timedelta(seconds=60), clock.monotonic())
    assert ours.now() == START + timedelta(seconds=60)
    asked = clock.monotonic()
    clock.advance(2)
    ours.heard(START + timedelta(seconds=90), asked)
    assert ours.now() == START + timedelta(seconds=90)


async def test_contents_go_from_one_machine_to_another(home, tmp_path):
    """What one worker sealed another opens, with the same master key; what another is sealing is not swept."""
    one, other = (ServerSpool(home.place, vault(tmp_path)) for _ in range(2))
    eager = ServerSpool(home.place, vault(tmp_path), spared=timedelta())
    documents = ServerSpool(home.place, vault(tmp_path), "documents")
    async with one.seal(7) as sealing:
        await sealing.write(b"brev" * 100_000)
        sealed = await sealing.finish(durable=False)
    async with documents.seal(1) as sealing:
        decree = await sealing.finish(durable=True)

    assert b"".join([piece async for piece in other.open(7, sealed)]) == b"brev" * 100_000
    assert (await other.sweep(set()), await eager.sweep({sealed.file}), await eager.sweep(set())) == (0, 0, 1)
    assert [piece async for piece in documents.open(1, decree)] == [b""]
    for spool in (one, other, eager, documents):
        await spool.close()
