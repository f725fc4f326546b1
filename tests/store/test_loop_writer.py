"""What is a file's writer's alone: small steps and reads on the loop's own thread. The rest is in test_writer.py."""

import asyncio
import sqlite3
import threading
import time

import pytest

from nemboks.store import loop_writer
from nemboks.store.connect import FileLine, open_writer
from nemboks.store.errors import StoreBroken, StoreBusy
from nemboks.store.loop_writer import LoopWriter
from tests.store.test_writer import ADD, notes, path

__all__ = ["path"]  # a fixture
HERE = threading.get_ident


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


async def test_who_only_looks_does_not_wait_for_another_process(writer, other, monkeypatch):
    """While a step waits for the file: neither who comes later, nor, after a while, who came before."""
    monkeypatch.setattr(loop_writer, "BUSY_SECONDS", 0.1)
    other.execute("BEGIN IMMEDIATE")
    step = asyncio.ensure_future(writer.step(add(1)))
    await asyncio.sleep(0.01)
    with pytest.raises(StoreBusy):
        await writer.glance(read)
    writer._slow = False  # as while a commit is on its way, of which nobody knows yet that it will wait
    look = asyncio.ensure_future(writer.glance(read))
    with pytest.raises(StoreBusy):
        await asyncio.wait_for(look, 5)
    assert not step.done()
    other.execute("COMMIT")

    assert (await step)[0] == 1
    assert await writer.glance(read) == [1]


async def test_who_only_looks_does_not_wait_for_a_long_unit(writer):
    """It may ask on the other connection meanwhile."""
    go = threading.Event()
    unit = asyncio.ensure_future(writer.unit(lambda tx: go.wait(5)))
    await asyncio.sleep(0.05)
    with pytest.raises(StoreBusy):
        await writer.glance(read)
    assert await later([unit], go) == [True]


async def test_after_a_failed_fsync_no_step_even_runs(writer, other):
    """Nothing is begun, nothing stays open, and others may have the file."""
    writer._transactions.broken = StoreBroken("EIO")
    ran = []
    with pytest.raises(StoreBroken):
        await writer.step(ran.append)

    other.execute("BEGIN EXCLUSIVE")
    other.execute("COMMIT")
    assert (ran, writer._line._driver.in_transaction, await writer.glance(read)) == ([], False, [])


async def test_units_that_arrive_together_are_committed_together(writer, monkeypatch):
    """An fsync for each would make a queue of them."""
    commits, commit = [], writer._line.commit
    monkeypatch.setattr(writer._line, "commit", lambda patient: commits.append(1) or commit(patient))
    await asyncio.gather(*(writer.unit(add(n)) for n in range(20)))

    assert len(commits) == 1


async def test_a_close_that_was_cut_off_may_be_asked_for_again(path):
    """What was asked for is done, and the thread ends."""
    writer, go = LoopWriter(FileLine(open_writer(path))), threading.Event()
    held, last = (asyncio.ensure_future(writer.unit(x)) for x in (lambda tx: go.wait(5), add(1)))
    await asyncio.sleep(0.01)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(writer.close(), 0.05)
    go.set()
    await asyncio.wait_for(writer.close(), 5)

    assert (await held, (await last)[0], notes(path)) == (True, 1, [1])
    with pytest.raises(StoreBusy):  # nobody looks on a connection that another thread closes
        await writer.glance(read)


async def test_what_ends_the_process_leaves_nothing_open(writer, path, monkeypatch):
    """An interrupt within a step is no error of the step: it goes on its way, nothing of that step was written, and
    those that were asked for with it are done."""

    def interrupted(tx):
        tx.execute(ADD, {"n": 1})
        raise SystemExit

    monkeypatch.setattr(loop_writer, "SLICE_SECONDS", 60.0)  # else a slow machine takes them one by one
    loop, asked = asyncio.get_running_loop(), [add(0), interrupted, add(2)]
    jobs = [loop_writer._Job(fn, loop.create_future(), True) for fn in asked]
    writer._jobs.extend(jobs)
    with pytest.raises(SystemExit):
        writer._turn()
    assert not writer._line._driver.in_transaction
    await asyncio.gather(jobs[0].future, jobs[2].future)

    assert notes(path) == [0, 2]
