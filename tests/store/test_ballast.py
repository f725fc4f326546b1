"""A disk that is really full: what must be written then is, from the room that was kept for it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from nemboks.domain.letter import DotBegun, State
from nemboks.store import ballast
from nemboks.store.ballast import Ballast
from nemboks.store.errors import StoreFull
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.desk.filled import Filled
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.helpers.peers import do_without

MEBI = 2**20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 300 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=300m,mode=700", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True).returncode:
        do_without("a tmpfs of its own can only be mounted by root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Somebody else takes all the room."""
    filler, there = disk / "filler", os.statvfs(disk)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, there.f_bavail * there.f_frsize)
    return filler


def size(disk: Path) -> int:
    """What the ballast really has."""
    return (disk / "ballast").stat().st_blocks * 512


async def sealed(spool: Spool, once: bool, meanwhile=lambda: None):
    async with spool.seal(1, once) as sealing:
        await sealing.write(b"x" * MEBI)
        meanwhile()
        await sealing.write(b"y" * 5 * MEBI)
        return await sealing.finish(durable=True)


@pytest.mark.peer
async def test_a_letter_that_comes_only_once_is_sealed_on_a_disk_that_became_full(disk, tmp_path):
    """The room that was kept goes to it; the next one is not even asked for until somebody has made room."""
    spool = Spool(disk / "spool", vault(tmp_path))
    contents = await sealed(spool, True, lambda: fill(disk))
    assert len(b"".join([piece async for piece in spool.open(1, contents)])) == 6 * MEBI

    with pytest.raises(StoreFull, match="must be to fetch letters"):
        await sealed(spool, True)
    left = size(disk)
    assert 0 < left <= ballast.OCTETS - 5 * MEBI
    with pytest.raises(StoreFull):
        await sealed(spool, False)
    assert size(disk) == left  # a letter that is fetched again gets none of it
    (disk / "filler").unlink()
    assert await sealed(spool, True)
    assert size(disk) == ballast.OCTETS


@pytest.mark.peer
async def test_two_letters_that_come_only_once_need_room_for_two(disk, tmp_path):
    """The second one waits as long as the first is on its way."""
    spool = Spool(disk / "spool", vault(tmp_path))
    async with spool.seal(1, once=True) as sealing:
        with pytest.raises(StoreFull, match="384 must be"):
            await sealed(spool, True)
        await sealing.write(b"x")
        await sealing.finish(durable=True)
    assert await sealed(spool, True)


@pytest.mark.peer
async def test_how_an_attempt_ended_is_written_on_a_full_disk(disk, tmp_path):
    """Nothing new is begun, and with room all goes on."""
    clock = PretendClock()
    store = Store.open(disk / "nemboks.db", vault(tmp_path), clock)
    store.lock_daemon()
    await store.mailboxes.add(make.declared(), "settings")
    filled = Filled(store, clock)
    waiting, sending = await filled.waiting("b"), await filled.sending("a")
    dot, other = await store.letters.move(sending, DotBegun(sending.fence)), await filled.sending("c")
    filler = fill(disk)

    with pytest.raises(StoreFull):
        await store.letters.move(waiting, make.claimed(clock.now()))
    with pytest.raises(StoreFull):  # no new dot: there would be no room for what comes of it
        await store.letters.move(other, DotBegun(other.fence))
    assert size(disk) == ballast.OCTETS
    after = await store.letters.move(dot, make.confirmed(dot, clock.now()))
    assert (after.state, 0 < size(disk) < ballast.OCTETS) == (State.FORWARDED, True)
    filler.unlink()
    assert (await store.letters.move(waiting, make.claimed(clock.now()))).state is State.SENDING
    await store.close()
    assert size(disk) == ballast.OCTETS


def test_room_is_taken_when_there_is_plenty(tmp_path, monkeypatch):
    """Not from a disk that has little left; what was given up is taken again when there is plenty."""
    one = Ballast(tmp_path)
    assert not one.drop()
    one.again()
    assert not (tmp_path / "ballast").exists()  # nobody asked for it yet
    monkeypatch.setattr(one, "_free", lambda: ballast.OCTETS * 2)
    one.hold()
    assert not (tmp_path / "ballast").exists()
    monkeypatch.undo()
    one.again()
    assert size(tmp_path) == ballast.OCTETS
    other = Ballast(tmp_path)  # the spool's and the ledger's are one file
    assert sum(other.drop() for _ in range(100)) == ballast.OCTETS // ballast.PIECE
    one.again()
    assert size(tmp_path) == ballast.OCTETS
