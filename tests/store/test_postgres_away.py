"""A PostgreSQL server that restarts, and one that another takes over from; contents that any machine opens."""

import asyncio
from datetime import timedelta
from urllib.parse import quote

import pytest

from nemboks.clock import RealClock
from nemboks.store.errors import (
    StoreAway,
)
from nemboks.store.postgres_line import WORKING, PostgresHome
from nemboks.store.server_clock import ServerClock
from nemboks.store.server_spool import ServerSpool
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.helpers.postgres import own
from tests.store.notes import note, notes


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
