"""The engine that carries the nudges: each waits once, none is needed, and its tables are made beside ours."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from nemboks.clock import RealClock
from nemboks.store.errors import StoreInUse, StoreTooNew
from nemboks.store.postgres_line import WORKING
from nemboks.workers.nudges import MOST, SCHEMA, Nudges, schema

LIMIT = 20.0


class Ledger:
    """What is due, and what was heard of it."""

    def __init__(self, *due):
        self.due, self.heard = list(due), asyncio.Queue()

    async def idle(self, most):
        return self.due[:most]

    async def hear(self, role):
        self.heard.put_nowait(role)

    async def next(self):
        return await asyncio.wait_for(self.heard.get(), LIMIT)


@pytest.fixture
async def engine(opened, home):
    """Makes one engine after another on a database with its tables."""
    await opened().settle(SCHEMA, *schema())
    return lambda ledger: Nudges(home.place.facts, RealClock(), ledger.hear, ledger.idle)


@asynccontextmanager
async def running(nudges):
    task = asyncio.create_task(nudges.run())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def waiting(beside):
    return {lock for (lock,) in beside.execute(f"SELECT queueing_lock FROM {SCHEMA}.procrastinate_jobs").fetchall()}


async def test_what_is_due_is_told_and_forgotten(engine, beside):
    """A worker hears of a due mailbox and of a due letter by their roles; no job is left afterwards."""
    ledger = Ledger(("look", "12345678", 0), ("collect", "", 7))
    async with running(engine(ledger)):
        assert {await ledger.next(), await ledger.next()} == {"look", "collect"}
        ledger.due.clear()

    async def none():
        while waiting(beside) - {"sweep"}:
            await asyncio.sleep(0.05)

    await asyncio.wait_for(none(), LIMIT)


async def test_a_nudge_waits_once(engine, beside):
    """However often and by whomever the store is swept, there is one job for each due row, and never too many."""
    ledger = Ledger(*(("forward", "", n) for n in range(30)), ("look", "12345678", 0))
    one, two = engine(ledger), engine(ledger)
    async with one._app.open_async(), two._app.open_async():
        await asyncio.gather(one.sweep(), two.sweep())
        assert await one.sweep() <= 1
        ledger.due = [("land", "", n) for n in range(1000, 3000)]
        for _ in range(10):
            await two.sweep()

    locks = waiting(beside)
    assert "deliver 0" in locks
    assert len(locks) <= 2 * MOST


@pytest.mark.parametrize("heart", ["now()", "now() - interval '1 hour'"], ids=["alive", "dead"])
@pytest.mark.parametrize("twin", [False, True], ids=["alone", "twin"])
async def test_a_nudge_in_dead_hands_is_handed_out_again(engine, beside, heart, twin):
    """What a worker had in hand when its heart stopped, or when it lost the server, is heard by another; also where
    the same nudge waits already."""
    ledger = Ledger()
    beside.execute(f"INSERT INTO {SCHEMA}.procrastinate_workers (last_heartbeat) VALUES ({heart})")
    beside.execute(f"SET search_path TO {SCHEMA}")
    for status in ("doing", "todo") if twin else ("doing",):
        beside.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args, status, worker_id) "
            "SELECT 'default', 'deliver', 'deliver 7', 'deliver 7', '{\"letter\": 7, \"role\": \"land\"}', %s, max(id) "
            "FROM procrastinate_workers",
            (status,),
        )
    async with running(engine(ledger)):
        assert await ledger.next() == "land"


async def test_the_server_is_lost_and_found(engine, beside, monkeypatch):
    """A lost connection ends nothing: nudges come again, also that one whose end was lost with it."""
    monkeypatch.setattr("nemboks.workers.nudges.STALLED_SECONDS", 1.0)
    ledger = Ledger(("look", "12345678", 0))
    async with running(engine(ledger)):
        await ledger.next()
        beside.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )
        while not ledger.heard.empty():
            ledger.heard.get_nowait()
        assert await ledger.next() == "look"


async def test_the_tables_are_made_once(opened, beside):
    """Workers that start at once make them together; what is there stays."""
    stores = [opened() for _ in range(3)]
    await asyncio.gather(*(store.settle(SCHEMA, *schema()) for store in stores))
    made = beside.execute(
        f"SELECT to_regclass('{SCHEMA}.procrastinate_jobs'), to_regclass('public.procrastinate_jobs')"
    )

    assert made.fetchone()[1] is None
    assert beside.execute(f"SELECT step FROM {SCHEMA}.settled").fetchall() == [(schema()[1][-1][0],)]


async def test_an_engine_is_upgraded_alone_and_step_by_step(opened, beside):
    """The steps after the one that it is at, in order, while no other daemon works; a newer engine is left alone."""
    store = opened()
    store.lock_daemon(shared=True)  # it works itself
    steps = [("1", "CREATE TABLE a (n int)"), ("2", "CREATE TABLE b (n int)"), ("3", "INSERT INTO b VALUES (3)")]
    await store.settle("guests", steps[0][1], steps[:1])
    beside.execute(f"SELECT pg_advisory_lock_shared({WORKING})")
    with pytest.raises(StoreInUse):
        await store.settle("guests", "", steps)
    beside.execute(f"SELECT pg_advisory_unlock_shared({WORKING})")
    await store.settle("guests", "", steps)

    assert beside.execute("SELECT n FROM guests.b").fetchall() == [(3,)]
    with pytest.raises(StoreTooNew):
        await store.settle("guests", "", steps[:2])
