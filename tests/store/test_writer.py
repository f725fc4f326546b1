"""The writer: groups, failures, cancels, and a disk that fails."""

import asyncio
import sqlite3
import threading

import pytest
from sqlalchemy import text

from nemboks.store import connect
from nemboks.store.connect import FileLine, open_writer
from nemboks.store.errors import StoreBroken, StoreBusy, StoreError, StoreFull
from nemboks.store.loop_writer import LoopWriter
from nemboks.store.turns import Turns
from nemboks.store.writer import InlineWriter, ThreadWriter, Transactions

ADD = text("INSERT INTO notes VALUES (:n)")


class Refused(Exception):
    """A unit of the test says no."""


@pytest.fixture
def path(tmp_path):
    """A database with one table."""
    file = tmp_path / "notes.db"
    tx = open_writer(file)
    tx.exec_driver_sql("CREATE TABLE notes (n INTEGER)")
    tx.close()
    return file


@pytest.fixture(params=[ThreadWriter, LoopWriter])
def made(request):
    """A daemon's writer, of a server's ledger and of a file's."""
    return request.param


@pytest.fixture
async def writer(path, made):
    opened = made(FileLine(open_writer(path)))
    yield opened
    await opened.close()


def notes(path):
    with sqlite3.connect(path) as reader:
        found = [n for (n,) in reader.execute("SELECT n FROM notes ORDER BY n")]
    reader.close()
    return found


def add(n, refuse=False):
    def unit(tx):
        tx.execute(ADD, {"n": n})
        if refuse:
            raise Refused
        return n

    return unit


def hold(writer):
    """A unit that keeps the writer busy until the event is set: what is asked meanwhile makes one group."""
    go = threading.Event()
    return asyncio.ensure_future(writer.unit(lambda tx: go.wait(5))), go


async def test_one_unit_that_fails_spoils_no_other(writer, path):
    """Of a group with a failing unit every other one is committed, and only the failing one's asker hears of it."""
    held, go = hold(writer)
    group = [asyncio.ensure_future(writer.step(add(n, refuse=n == 13))) for n in range(20)]
    await asyncio.sleep(0)
    go.set()

    results = await asyncio.gather(held, *group, return_exceptions=True)

    assert [type(x) for x in results[1:]] == [Refused if n == 13 else int for n in range(20)]
    assert notes(path) == [n for n in range(20) if n != 13]


async def test_what_arrives_together_is_committed_together(writer):
    """A group of steps is one transaction."""
    begun = []
    held, go = hold(writer)
    group = [asyncio.ensure_future(writer.step(lambda tx: begun.append(commits(tx)))) for _ in range(10)]
    await asyncio.sleep(0)
    go.set()
    await asyncio.gather(held, *group)

    assert len(begun) == 10 and len(set(begun)) == 1


def commits(tx):
    """How often this database was changed by a commit; the same for all reads within one transaction."""
    tx.execute(ADD, {"n": 0})
    return tx.exec_driver_sql("PRAGMA data_version").scalar_one()


async def test_a_cancelled_asker_does_not_stop_its_unit(writer, path):
    """Once asked for, a unit is done; its asker sees the cancel, nobody complains about an unread error."""
    held, go = hold(writer)
    asked = asyncio.ensure_future(writer.unit(add(1)))
    refused = asyncio.ensure_future(writer.unit(add(2, refuse=True)))
    await asyncio.sleep(0)
    asked.cancel()
    refused.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    go.set()
    await held
    await writer.unit(add(3))

    assert notes(path) == [1, 3]


async def test_close_finishes_what_was_asked_for(path, made):
    """Closing waits for the queue, then refuses what comes later."""
    writer = made(FileLine(open_writer(path)))
    asked = [asyncio.ensure_future((writer.unit if n % 2 else writer.step)(add(n))) for n in range(5)]
    await asyncio.sleep(0)
    await writer.close()

    assert await asyncio.gather(*asked) == notes(path) == [0, 1, 2, 3, 4]
    with pytest.raises(StoreError, match="closed"):
        await writer.unit(add(5))


async def test_after_a_failed_fsync_nothing_is_written_any_more(writer, path):
    """An error of the disk is told to all who wait and to all who come; the process has to stop."""

    def failing(tx):
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        raise error

    held, go = hold(writer)
    group = [asyncio.ensure_future(writer.step(unit)) for unit in (add(1), failing, add(2))]
    await asyncio.sleep(0)
    go.set()
    results = await asyncio.gather(held, *group, return_exceptions=True)

    assert [type(x) for x in results[1:]] == [StoreBroken] * 3
    with pytest.raises(StoreBroken):
        await writer.unit(add(3))
    assert notes(path) == []


async def test_a_full_disk_refuses_and_goes_on_when_there_is_room(writer, path):
    """A full disk changes nothing and breaks nothing."""
    await writer.unit(lambda tx: tx.exec_driver_sql("PRAGMA max_page_count=2"))
    with pytest.raises(StoreFull):
        await writer.unit(lambda tx: [tx.execute(ADD, {"n": n}) for n in range(2000)])
    await writer.unit(lambda tx: tx.exec_driver_sql("PRAGMA max_page_count=1000"))
    await writer.unit(add(1))

    assert notes(path) == [1]


def test_the_daemon_waits_as_long_as_another_writes(path, monkeypatch):
    """A confirmation must be written: the writer asks again and again until the other program is done (D01)."""
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.001)
    tx, other = open_writer(path), sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = []

    def patient():
        refused.append(1)
        if len(refused) == 3:
            other.execute("COMMIT")
        return True

    (outcome,) = Transactions(FileLine(tx), patient).run([add(1)])
    tx.close()
    other.close()

    assert (outcome.result(), len(refused), notes(path)) == (1, 3, [1])


async def test_the_command_line_gives_up_on_a_busy_store(path, monkeypatch):
    """Inline, a store that another holds is an error that says so; nothing was changed."""
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.01)
    writer, other = InlineWriter(FileLine(open_writer(path))), sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="try again"):
        await writer.unit(add(1))
    other.execute("ROLLBACK")
    other.close()

    assert await writer.unit(add(2)) == 2
    await writer.close()
    assert notes(path) == [2]


async def test_the_loop_may_go_before_the_answer(path):
    """A unit whose loop has ended is committed all the same."""
    go = threading.Event()
    writer = ThreadWriter(FileLine(open_writer(path)))

    def ask_and_leave():
        async def ask():
            asyncio.ensure_future(writer.unit(lambda tx: go.wait(5)))  # noqa: RUF006
            asyncio.ensure_future(writer.unit(add(1)))  # noqa: RUF006
            await asyncio.sleep(0)

        asyncio.run(ask())

    await asyncio.to_thread(ask_and_leave)
    go.set()
    await writer.close()

    assert notes(path) == [1]


def test_nobody_is_overtaken_twice():
    """Who waits for the file gets it before the one who has just had it, however quickly that one asks again."""
    turns, order = Turns(), []

    def reader():
        with turns.turn():
            order.append("reader")

    waiting = threading.Thread(target=reader)
    with turns.turn():
        waiting.start()
        while not turns._line.locked():
            assert waiting.is_alive()
    with turns.turn():
        order.append("writer")
    waiting.join(5)

    assert order == ["reader", "writer"]
