"""Contents on a PostgreSQL server that loses a connection, goes away or is full while letters are sealed."""

import asyncio
import threading
from contextlib import suppress
from datetime import timedelta

import pytest

from nemboks.clock import RealClock
from nemboks.ports import Unavailable
from nemboks.store import server_spool
from nemboks.store.errors import StoreBusy, StoreFull
from nemboks.store.postgres_line import PostgresHome
from nemboks.store.server_clock import ServerClock
from nemboks.store.server_spool import ServerSpool
from nemboks.store.store import Store
from nemboks.wiring import Services
from tests.contracts.ledgers import vault
from tests.helpers.postgres import own
from tests.store.test_spool import read, three_chunks

LIMIT = 0.3  # seconds for what may not happen


@pytest.fixture(scope="module")
def alone():
    """A server that a test may stop."""
    return own()


@pytest.fixture
async def services(alone, tmp_path, clock):
    """What a daemon has on the server that may be stopped, as far as it matters here."""
    place = PostgresHome(alone.fresh(), ServerClock(RealClock()))
    store = Store.open(place, vault(tmp_path), clock)
    spool = ServerSpool(place.place, vault(tmp_path))
    yield Services(None, store, None, spool)
    await spool.close()
    await store.close()


@pytest.fixture
def away(services):
    """The contents on the server that may be stopped."""
    return services.spool


async def cut(spool, letter=1):
    """A fetch breaks off after the first chunks."""
    with suppress(Unavailable):
        async with spool.seal(letter) as sealing:
            await sealing.write(three_chunks())
            raise Unavailable("cut")


async def test_a_letter_that_was_sealed_durably_does_not_go_with_anothers_broken_fetch(
    home, tmp_path, beside, monkeypatch
):
    """A connection that is lost in the midst of a removal takes the removal with it, and nothing else."""
    spool = ServerSpool(home.place, vault(tmp_path))
    removing, told = threading.Event(), threading.Event()
    put, lazily = spool._rows.put, server_spool._lazily

    def in_its_midst(row, durable):
        removing.wait(LIMIT)
        put(row, durable)
        told.set()

    def lost(driver, statement, values):
        if removing.is_set():
            lazily(driver, statement, values)
            return
        with driver.transaction():
            driver.execute(statement, values)
            removing.set()
            told.wait(LIMIT)
            beside.execute("SELECT pg_terminate_backend(%s, 5000)", (driver.info.backend_pid,))

    async with spool.seal(2) as other:
        await other.write(b"brev")
        with suppress(Unavailable):
            async with spool.seal(1) as sealing:
                await sealing.write(three_chunks())
                monkeypatch.setattr(spool._rows, "put", in_its_midst)
                monkeypatch.setattr(server_spool, "_lazily", lost)
                finishing = asyncio.create_task(other.finish(durable=True))
                await asyncio.wait([finishing], timeout=0.05)
                raise Unavailable("cut")
        sealed = await finishing

    assert await read(spool, sealed, 2) == b"brev"
    assert beside.execute("SELECT DISTINCT file FROM contents").fetchall() == [(sealed.file,)]
    await spool.close()


async def test_a_fetch_that_breaks_off_holds_nobody_up_while_the_server_is_away(alone, away):
    """What it left is removed when the server is back; until then everything else goes on."""
    async with away.seal(2) as sealing:
        await sealing.write(b"brev")
        sealed = await sealing.finish(durable=True)
    loop = asyncio.get_running_loop()
    back = threading.Timer(3, alone.start)
    with suppress(Unavailable):
        async with away.seal(1) as sealing:
            await sealing.write(three_chunks())
            await asyncio.to_thread(alone.stop, "immediate")
            back.start()
            begun, late = loop.time(), []
            loop.call_later(LIMIT, lambda: late.append(loop.time() - begun))
            raise Unavailable("cut")

    await asyncio.to_thread(back.join)
    assert late[0] < 2
    assert await read(away, sealed, 2) == b"brev"
    assert away._rows.old("letters", timedelta()) == [sealed.file]


async def test_a_stop_waits_for_no_server_to_seal_a_letter_on(alone, away, services):
    """A step that is cancelled while the server is away ends; what lies there of its letter goes with a sweep."""

    async def fetch():
        async with away.seal(1) as sealing:
            await sealing.write(three_chunks())
            await asyncio.to_thread(alone.stop, "immediate")
            await sealing.write(three_chunks())

    task = asyncio.create_task(fetch())
    await asyncio.wait([task], timeout=1.5)
    services.hurry_spool()
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=5)
    await asyncio.to_thread(alone.start)

    assert done
    assert task.cancelled()


TROUBLE = """
    CREATE TABLE trouble (code TEXT);
    CREATE FUNCTION meet_trouble() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM trouble) AND NEW.number = 1 THEN
            RAISE EXCEPTION 'planted' USING ERRCODE = (SELECT code FROM trouble);
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER meet_trouble BEFORE INSERT ON contents FOR EACH ROW EXECUTE FUNCTION meet_trouble();
"""


@pytest.mark.parametrize("code", ["53100", "55P03"], ids=["full", "locked"])
async def test_a_letter_that_comes_once_arrives_though_the_servers_disk_was_full(
    home, tmp_path, beside, monkeypatch, code
):
    """It waits for room in mid-fetch; others, who may make some, are not kept waiting. One that comes again does not
    wait."""
    monkeypatch.setattr(server_spool, "WAIT", 0.05)
    spool = ServerSpool(home.place, vault(tmp_path))
    async with spool.seal(1) as sealing:
        await sealing.write(b"brev")
        old = await sealing.finish(durable=True)
    beside.execute(TROUBLE)
    beside.execute("INSERT INTO trouble VALUES (%s)", (code,))
    with pytest.raises(StoreFull if code == "53100" else StoreBusy):
        async with spool.seal(2) as sealing:
            await sealing.write(three_chunks())

    async with spool.seal(3, once=True) as sealing:
        body = three_chunks()
        writing = asyncio.create_task(sealing.write(body))
        done, _ = await asyncio.wait([writing], timeout=LIMIT)
        await spool.destroy(old)
        beside.execute("DELETE FROM trouble")
        await writing
        sealed = await sealing.finish(durable=True)

    assert not done
    assert await read(spool, sealed, 3) == body
    assert spool._rows.old("letters", timedelta()) == [sealed.file]
    await spool.close()


async def test_a_letter_that_waits_for_room_keeps_nobody_from_stopping(home, tmp_path, beside):
    """A cancel ends the wait at once, and what was there of the letter is removed."""
    spool = ServerSpool(home.place, vault(tmp_path))
    beside.execute(TROUBLE)
    beside.execute("INSERT INTO trouble VALUES ('53100')")

    async def fetch():
        async with spool.seal(1, once=True) as sealing:
            await sealing.write(three_chunks())

    task = asyncio.create_task(fetch())
    await asyncio.wait([task], timeout=LIMIT)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert spool._rows.old("letters", timedelta()) == []
    await spool.close()
