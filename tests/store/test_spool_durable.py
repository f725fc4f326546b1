"""What the spool calls durable is on the disk; a cancel, a full disk or a failed sync leaves nothing half done."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from nemboks.store import disk, spool
from nemboks.store.errors import StoreBroken, StoreFull
from nemboks.store.spool import Spool
from tests.contracts.ledgers import vault
from tests.store.test_spool import read, seal, three_chunks


@pytest.fixture
def contents(tmp_path):
    return Spool(tmp_path / "spool", vault(tmp_path))


async def test_a_cancel_leaves_nothing(contents, monkeypatch):
    """The sealing of a large letter that is cancelled while its thread writes leaves no file behind."""
    inside, go = asyncio.Event(), asyncio.Event()
    to_thread = contents.off_loop

    async def slow(fn, *args):
        inside.set()
        await go.wait()
        return await to_thread(fn, *args)

    monkeypatch.setattr(contents, "off_loop", slow)
    task = asyncio.ensure_future(seal(contents, 3 * three_chunks(), durable=True))
    await inside.wait()
    task.cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert list(contents.directory.iterdir()) == []
    assert contents.ours == set()


@pytest.mark.parametrize("failed", [False, True], ids=["while it writes", "while it discards"])
async def test_a_second_cancel_leaves_nothing_either(contents, monkeypatch, failed):
    """Whoever is cancelled while it clears up clears up, and ends as cancelled."""
    go, steps, to_thread = asyncio.Event(), [], contents.off_loop

    async def slow(fn, *args):
        steps.append(fn.__name__)
        await go.wait()
        return await to_thread(fn, *args)

    async def broken_off():
        async with contents.seal(1) as sealing:
            await sealing.write(three_chunks())
            monkeypatch.setattr(contents, "off_loop", slow)
            if failed:
                raise RuntimeError
            await sealing.write(three_chunks())

    task = asyncio.ensure_future(broken_off())
    while not steps:
        await asyncio.sleep(0)
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert steps[-1] == "discard"
    assert list(contents.directory.iterdir()) == []


async def test_concurrent_letters_share_the_directorys_sync(contents, monkeypatch):
    """Those who finish while one sync runs share the next one; nobody is told "durable" by a sync that began before."""
    synced = []

    def counted(directory):
        synced.append(len([x for x in directory.iterdir() if not x.name.endswith(".part")]))
        disk.sync_directory(directory)

    monkeypatch.setattr(spool, "sync_directory", counted)

    await asyncio.gather(*(seal(contents, b"brev", letter=n, durable=True) for n in range(20)))

    assert len(synced) < 20
    assert synced[-1] == 20


async def test_a_failed_sync_is_the_end(contents, monkeypatch):
    """After a failed sync of the directory no letter is called durable any more, and no sync is tried."""

    def failing(directory):
        raise StoreBroken("EIO")

    monkeypatch.setattr(spool, "sync_directory", failing)
    with pytest.raises(StoreBroken):
        await seal(contents, b"brev", durable=True)
    monkeypatch.undo()

    with pytest.raises(StoreBroken):
        await seal(contents, b"brev", durable=True)
    assert list(contents.directory.iterdir()) == []


async def test_a_full_disk_is_told(contents, monkeypatch):
    """No room is an error of its own, and leaves nothing."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFull, match="make room"):
        await seal(contents, b"brev", durable=True)

    assert list(contents.directory.iterdir()) == []


async def test_durable_means_file_then_name_then_directory(contents, monkeypatch):
    """The file is on the disk before it has its name, and the name before the letter is called sealed (D2)."""
    done, fsync, rename = [], os.fsync, Path.rename

    def synced(handle):
        fsync(handle)
        done.append(Path(os.readlink(f"/proc/self/fd/{handle}")).suffix or "directory")

    def renamed(self, target):
        done.append("rename")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", renamed)
    await seal(contents, b"brev", durable=True)
    assert done == [".part", "rename", "directory"]

    await seal(contents, b"brev", durable=False)
    assert done[3:] == ["rename"]


async def test_a_cancel_when_all_is_written_leaves_it(contents, monkeypatch):
    """The row names the seal before the fetch, and upstream may not give the letter again: a stop must not take it."""
    started, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(directory):
        loop.call_soon_threadsafe(started.set)
        go_on.wait(10)

    async def sealing():
        async with contents.seal(1) as sealing:
            names.append(sealing.sealed)
            await sealing.write(b"brev")
            await sealing.finish(durable=True)

    names = []
    monkeypatch.setattr(spool, "sync_directory", slow)
    task = asyncio.create_task(sealing())
    await started.wait()
    task.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await read(contents, names[0]) == b"brev"
    assert await contents.sweep({names[0].file}) == 0
    assert await contents.sweep(set()) == 1


def test_what_a_killed_process_named_is_made_durable_at_the_start(contents, monkeypatch):
    """Between its renaming and the directory's sync a process may have died; recovery goes on with the file."""
    synced = []
    monkeypatch.setattr(spool, "sync_directory", synced.append)
    Spool(contents.directory, contents.vault)
    assert synced == [contents.directory]
