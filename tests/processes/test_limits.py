"""RELIABILITY 4a for the installed daemon: few open files, little memory, a disk that is full."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.peers import do_without
from tests.processes.daemon import BIN, READY
from tests.processes.simulated import Simulated

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]
# Octets of address space, of which each thread reserves some 70 MB that it never touches (malloc's arena, its stack).
MEMORY = 700_000_000
RESIDENT_KIB = 256 * 1024  # RELIABILITY H18
LARGE = 30_000_000
TMPFS_KIB = 300_000


def limited(*limits: str) -> tuple[str, ...]:
    return ("prlimit", *limits, str(BIN / "nemboks"))


def test_with_64_open_files_the_post_comes_through(tmp_path: Path) -> None:
    """Eight companies, forty letters, both faces, and no more than 64 files and connections: all is well."""
    with Simulated(tmp_path, cvrs=8, inbox="both") as town:
        town.settle_in()
        town.put(40)
        daemon = town.begin(command=limited("--nofile=64:64"))
        try:
            result = town.settled()
            daemon.stop()
        finally:
            daemon.end()

    assert result["ok"]
    assert (result["acknowledged"], result["copies"]) == (40, 0)


def test_with_little_memory_large_letters_come_through(tmp_path: Path) -> None:
    """Two letters of 30 MB at a time, and never 256 MiB of memory: they are streamed."""
    with Simulated(tmp_path) as town:
        town.settle_in()
        town.put(2, document_bytes=LARGE)
        daemon = town.begin(command=limited(f"--as={MEMORY}:{MEMORY}"))
        try:
            result = town.settled(120)
            status = Path(f"/proc/{daemon.process.pid}/status").read_text()
            daemon.stop()
        finally:
            daemon.end()

    (most,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    assert int(most) < RESIDENT_KIB
    assert result["ok"]
    assert (result["acknowledged"], result["copies"]) == (2, 0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that is soon full."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_KIB}k,mode=700", "tmpfs", str(place)], capture_output=True
    )
    if made.returncode:
        do_without("a tmpfs of its own can only be mounted by root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.peer
def test_a_full_disk_stops_the_post_and_loses_none(tmp_path: Path, small_disk: Path) -> None:
    """While the disk is full nothing is sent or receipted that is not written down; with room all of it goes on."""
    (tmp_path / "ends").mkdir()
    with Simulated(tmp_path / "ends", state=small_disk) as town:
        town.settle_in()
        town.put(6)
        daemon = town.begin()
        try:
            assert daemon.until(READY)
            town.settled()
            filler = small_disk / "filler"
            with filler.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, _room(small_disk))
            town.put(10, document_bytes=100_000)
            assert daemon.until("step_failed", 30)
            between = town.judged()
            ended = daemon.process.poll()
            filler.unlink()
            if ended is not None:  # systemd would start it again
                daemon = town.begin()
            result = town.settled()
            daemon.stop()
        finally:
            daemon.end()

    assert (between["lost"], between["premature_receipts"], between["copies"]) == (0, 0, 0)
    assert result["ok"]
    assert result["copies"] <= result["uncertain"]


def _room(place: Path) -> int:
    there = os.statvfs(place)
    return there.f_bavail * there.f_frsize
