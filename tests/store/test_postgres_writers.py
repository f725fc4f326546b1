"""Several writers on one PostgreSQL server, and connections that are lost in a commit."""

import asyncio
import os
import threading
from contextlib import suppress

import pytest
from psycopg.conninfo import make_conninfo
from sqlalchemy import text

from nemboks.clock import RealClock
from nemboks.domain.chain import Outcome
from nemboks.domain.letter import Stale, State
from nemboks.ports import Listed
from nemboks.store.errors import (
    StoreBusy,
    StoreError,
    StoreUnknown,
)
from nemboks.store.postgres import Place
from nemboks.store.postgres_line import WRITING, PostgresHome
from nemboks.store.server_clock import ServerClock
from tests.helpers import builders as make
from tests.helpers.clock import START
from tests.helpers.postgres import OPTIONS, own
from tests.store.notes import NOTE, note, notes


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


@pytest.fixture
def over_tcp(tmp_path):
    """The address of an empty ledger on a server that is reached over the network."""
    n = os.getpid()
    host = f"127.9.{n >> 8 & 255}.{n & 255}"  # of our own: other servers may have the usual port
    alone = own(OPTIONS.replace("listen_addresses=''", f"listen_addresses='{host}'"))
    try:
        yield make_conninfo(alone.fresh(), host=host, sslmode="disable")
    finally:
        alone.end()


async def test_who_is_stopped_while_it_is_sent_much_loses_its_turn(over_tcp, opened):
    """A worker that asked for a large part of a letter and takes none of it is not idle: the network puts it out."""
    clock = ServerClock(RealClock())
    other = opened(place=PostgresHome(over_tcp, clock), time=clock)
    slow = Place(over_tcp).bare()
    assert ("30000",) == slow.execute("SHOW tcp_user_timeout").fetchone()

    slow.execute("SET tcp_user_timeout = '500ms'")
    slow.execute(f"BEGIN; SELECT pg_advisory_xact_lock({WRITING})", prepare=False)
    slow.pgconn.send_query(b"SELECT repeat('x', 40000000)")
    slow.pgconn.flush()

    assert await asyncio.wait_for(other._writer.unit(note(1)), 20) == 1
    slow.close()


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
