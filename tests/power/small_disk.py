"""Real full disks and a real read-only one: a tmpfs of so many kilobytes under the whole machine (needs root).

The recorded faults of sick.py show each single call; this shows what the kernel really says.
"""

import argparse
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nemboks.store.errors import StoreError
from nemboks.store.vault import Vault
from tests.journey.town import memo, uuid
from tests.power.machine import MODES, Journal, Machine, durability
from tests.power.oracle import Looks
from tests.power.tally import Tally
from tests.power.ways import FORGETS, ON_RECEIPT, WAYS

SIZES: Final = range(24, 640, 8)  # kilobytes: from "no ledger fits" to "all fits"
ROOM: Final = "size=8m"


@contextmanager
def mounted(at: Path, kilobytes: int) -> Iterator[Path]:
    at.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={kilobytes}k,mode=700", "nemboks-small", str(at))
    try:
        yield at
    finally:
        subprocess.run(["umount", str(at)], check=True)


def possible() -> bool:
    """Whether this machine lets us mount."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


async def small(at: Path, arguments: argparse.Namespace) -> Tally:
    """Every size under both upstreams: the program says that there is no room; with room again all letters go."""
    tally = Tally()
    if not possible():
        tally.say("small disks are left out: only root may mount one")
        return tally
    with durability(*MODES["delete"]):
        for name in (ON_RECEIPT, FORGETS):
            for kilobytes in SIZES[:: arguments.every]:
                with mounted(at / f"{name[6:]}-{kilobytes}", kilobytes) as root:
                    await _fill(root, name, kilobytes, tally)
        with mounted(at / "read-only", 8192) as root:
            await read_only(root, tally)
    return tally


async def _fill(root: Path, name: str, kilobytes: int, tally: Tally) -> None:
    town, journal = WAYS[name](), Journal()
    machine = Machine(root, town, Vault.create(root.parent / f"{root.name}.key"), journal)
    ended = "all fitted"
    try:
        await machine.life()
    except StoreError as error:
        ended = type(error).__name__
    tally.cells[f"a full tmpfs: {ended}"] += 1
    _mount("-o", f"remount,{ROOM}", str(root))
    await _again(machine, f"{name} on {kilobytes} kB", tally)


async def read_only(root: Path, tally: Tally) -> None:
    """A disk that becomes read-only between two letters: nothing is begun, and nothing is lost."""
    town, journal = WAYS[ON_RECEIPT](), Journal()
    machine = Machine(root, town, Vault.create(root.parent / f"{root.name}.key"), journal)
    await machine.life()
    town.inbox.put(uuid(3), memo(3))
    sent = len(town.courier.sent)
    _mount("-o", "remount,ro", str(root))
    try:
        await machine.life()
        tally.fail(0, "read-only", "the program went on")
    except StoreError as error:
        tally.cells[f"read-only: {type(error).__name__}"] += 1
    if len(town.courier.sent) != sent:
        tally.fail(0, "read-only", "a letter was sent")
    _mount("-o", "remount,rw", str(root))
    await _again(machine, "read-only", tally)


async def _again(machine: Machine, name: str, tally: Tally) -> None:
    looks = Looks(machine.town, machine.journal)
    tally.restarts += 1
    try:
        await machine.life(looks)
    except Exception as error:
        tally.fail(tally.restarts, name, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
    tally.uncertain += looks.uncertain
    tally.copies += looks.copies
