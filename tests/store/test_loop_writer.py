"""What is a file's writer's alone: small steps and reads on the loop's own thread. The rest is in test_writer.py."""

import asyncio
import sqlite3
import threading
import time

import pytest
from sqlalchemy import text

from nemboks.store import loop_writer
from nemboks.store.connect import FileLine, open_writer
from nemboks.store.errors import StoreBusy
from nemboks.store.loop_writer import LoopWriter

ADD = text("INSERT INTO notes VALUES (:n)")
HERE = threading.get_ident


@pytest.fixture
def path(tmp_path):
    """A database with one table."""
    file = tmp_path / "notes.db"
    tx = open_writer(file)
    tx.exec_driver_sql("CREATE TABLE notes (n INTEGER)")
    tx.close()
    return file


@pytest.fixture
async def writer(path):
    opened = LoopWriter(FileLine(open_writer(path)))
    yield opened
    await opened.close()


@pytest.fixture
def other(path):
    """Another process's connection."""
    opened = sqlite3.connect(path, isolation_level=None, timeout=0)
    yield opened
    opened.close()


def add(n):
    return lambda tx: tx.execute(ADD, {"n": n}).rowcount and (n, HERE())


def read(tx):
    return [n for (n,) in tx.exec_driver_sql("SELECT n FROM notes ORDER BY rowid")]


def notes(path):
    with sqlite3.connect(path) as reader:
        found = [n for (n,) in reader.execute("SELECT n FROM notes ORDER BY rowid")]
    reader.close()
    return found


async def later(made, go):
    """What was asked for, and only then the event."""
    await asyncio.sleep(0)
    go.set()
    return await asyncio.gather(*made)


async def test_small_steps_run_on_the_loop_and_long_units_beside_it(writer, path):
    """In the order in which they were asked for, whichever they are."""
    asked = [asyncio.ensure_future((writer.unit if n in (2, 5) else writer.step)(add(n))) for n in range(8)]
    told = await asyncio.gather(*asked)

    assert notes(path) == list(range(8))
    assert [n for n, where in told if where != HERE()] == [2, 5]


async def test_nothing_is_told_or_shown_before_the_commit(writer, path, monkeypatch):
    """While a commit is on its way its steps have no answer, and a read waits for it."""
    go, commit = threading.Event(), writer._line.commit
    monkeypatch.setattr(writer._line, "commit", lambda patient: (go.wait(5), commit(patient)))
    step = asyncio.ensure_future(writer.step(add(1)))
    await asyncio.sleep(0.05)
    look = asyncio.ensure_future(writer.glance(read))
    await asyncio.sleep(0.05)

    assert (step.done(), look.done(), notes(path)) == (False, False, [])
    assert await later([look, step], go) == [[1], (1, HERE())]


async def test_a_read_is_at_once_when_nothing_is_on_its_way(writer):
    """It does not even give up its turn of the loop, and runs on its thread."""
    await writer.step(add(1))
    turns = []
    asyncio.get_running_loop().call_soon(turns.append, 1)

    assert (await writer.glance(lambda tx: (read(tx), HERE())), turns) == (([1], HERE()), [])


async def test_a_read_that_fails_is_its_askers_alone(writer):
    """Both at once and behind a commit; nothing stays open."""
    for before in ((), (writer.step(add(1)),)):
        asked = [asyncio.ensure_future(x) for x in before]
        await asyncio.sleep(0)
        with pytest.raises(ZeroDivisionError):
            await writer.glance(lambda tx: 1 // 0)
        await asyncio.gather(*asked)
    assert not writer._line._driver.in_transaction


async def test_the_loop_goes_on_while_another_process_holds_the_file(writer, other, path):
    """The step waits beside the loop, as long as it takes (D01); others behind it come after it."""
    other.execute("BEGIN IMMEDIATE")
    asked = [asyncio.ensure_future(writer.step(add(n))) for n in range(3)]
    slowest = 0.0
    for _ in range(30):
        began = time.monotonic()
        await asyncio.sleep(0.01)
        slowest = max(slowest, time.monotonic() - began)
    assert not any(x.done() for x in asked)
    assert slowest < loop_writer.BUSY_SECONDS / 2
    other.execute("COMMIT")

    assert [n for n, _ in await asyncio.gather(*asked)] == notes(path) == [0, 1, 2]


async def test_a_read_does_not_wait_for_another_process(writer, other):
    """Whoever asks hears that it is busy, and may ask where waiting harms nobody."""
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBusy):
        await writer.glance(read)
    other.execute("COMMIT")

    assert await writer.glance(read) == []


async def test_many_steps_are_many_transactions(writer, monkeypatch):
    """The loop has other things to do: after some milliseconds no further step joins."""
    monkeypatch.setattr(loop_writer, "SLICE_SECONDS", -1.0)
    began = []
    begin = writer._line.begin
    monkeypatch.setattr(writer._line, "begin", lambda patient: began.append(1) or begin(patient))
    await asyncio.gather(*(writer.step(add(n)) for n in range(4)))

    assert len(began) == 4


async def test_what_ends_the_process_leaves_nothing_open(writer, path):
    """An interrupt within a step is no error of the step: it goes on its way, and nothing of it was written."""

    def interrupted(tx):
        tx.execute(ADD, {"n": 1})
        raise SystemExit

    writer._jobs.append(loop_writer._Job(interrupted, asyncio.get_running_loop().create_future(), True))
    with pytest.raises(SystemExit):
        writer._turn()

    assert (writer._line._driver.in_transaction, notes(path)) == (False, [])
