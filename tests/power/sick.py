"""A disk that fails: the N-th sync brings EIO, the N-th write finds no room.

After a failed sync nothing may be told as done, and what was to be written may be gone for good although a later sync
succeeds (USENIX ATC 2020). The machine is then started again, on a disk that is well.
"""

import argparse
import errno
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from nemboks.ports import ContentsGone
from nemboks.store.errors import StoreBroken, StoreError
from nemboks.store.vault import Vault
from tests.power.cut import clear, restart
from tests.power.disk import PLAIN, Chance, Choice, Disk, Op
from tests.power.files import watched_files
from tests.power.machine import MODES, Journal, Machine, Recorder, Recording, durability
from tests.power.rolled_back import LEDGER
from tests.power.tally import Tally
from tests.power.vfs import watched
from tests.power.ways import FORGETS, ON_RECEIPT, WAYS, Way

WRITES: Final = ("write", "create", "truncate", "mkdir")
BOTH: Final = (ON_RECEIPT, FORGETS)


@dataclass
class Fault:
    """Refuses one call of its kind, or all from that one on; notes what was done after it."""

    acts: tuple[str, ...]
    number: int
    error: int
    lasting: bool = False
    recorder: Recorder | None = None
    met: int = 0
    hit: str = ""
    syncs_after: list[str] = field(default_factory=list)

    def __call__(self, _: int, act: str, path: str) -> None:
        if self.hit and act == "sync":
            self.syncs_after.append(path)
        if act not in self.acts or (act == "sync_directory" and self._unheeded()):
            return
        self.met += 1
        if self.met == self.number or (self.lasting and self.met > self.number):
            self.hit = self.hit or f"{act} {Path(path).name}"
            assert self.recorder is not None
            if act == "sync":
                self.recorder.note("broken", path)
            raise OSError(self.error, errno.errorcode[self.error])

    def _unheeded(self) -> bool:
        """SQLite syncs the directory of a new journal and does not ask how that went (os_unix.c, unixSync)."""
        assert self.recorder is not None
        last = self.recorder.ops[-1]
        return last.act == "sync" and last.path.startswith(LEDGER)


async def life(way: Way, root: Path, fault: Fault) -> tuple[Recording, Exception | None]:
    """One life on a sick disk, and what ended it before its time."""
    town, keys, journal = way(), Vault.create(root.parent / f"{root.name}.key"), Journal()
    root.mkdir()
    recorder = fault.recorder = Recorder(root, town, journal, fault)
    ended: Exception | None = None
    with watched(recorder), watched_files(root, recorder):
        try:
            await Machine(root, town, keys, journal).life()
        except (StoreError, ContentsGone) as error:
            ended = error
    recorder.look()
    clear(root)
    return Recording(way, keys, recorder.ops, recorder.moments, journal), ended


async def _each(
    at: Path,
    step: int,
    make_fault: Callable[[int], Fault],
    after: Callable[..., Awaitable[None]],
    tally: Tally,
    ways: Sequence[str],
    modes: Sequence[str],
) -> None:
    """A life for every N, until no call has that number; each is then started again."""
    for name in ways:
        for mode in modes:
            number = 1
            while True:
                fault, root = make_fault(number), at / f"{name[6:]}-{mode}-{number}"
                with durability(*MODES[mode]):
                    recording, ended = await life(WAYS[name], root, fault)
                    if not fault.hit:
                        break
                    tally.points += 1
                    await after(recording, ended, fault, root, tally)
                number += step


async def fsync(
    at: Path,
    arguments: argparse.Namespace,
    step: int = 1,
    ways: Sequence[str] = BOTH,
    modes: Sequence[str] = tuple(MODES),
) -> Tally:
    """EIO at every sync: the program stops with StoreBroken, and the next start finds all that was told."""
    tally = Tally()

    async def stopped(recording: Recording, ended: Exception | None, fault: Fault, root: Path, tally: Tally) -> None:
        tally.cells[f"EIO × {fault.hit.rpartition('.')[2] if '.db' in fault.hit else 'spool'}"] += 1
        if not isinstance(ended, StoreBroken):
            tally.fail(fault.number, root.name, f"{fault.hit} failed, and then: {ended!r}")
        for path in fault.syncs_after:
            tally.cells[f"synced after EIO: {Path(path).name if LEDGER in path else 'spool'}"] += 1
        disk = _disk(recording.ops)
        for choice in (*PLAIN, Chance(str(fault.number))):
            image = disk.after(choice)
            if tally.new(image, 0):
                await restart(recording, image, recording.moments[-1], root, tally, (fault.number, choice.name))

    acts = ("sync", "sync_directory")
    await _each(at, max(step, arguments.every), lambda n: Fault(acts, n, errno.EIO), stopped, tally, ways, modes)
    return tally


async def full(
    at: Path,
    arguments: argparse.Namespace,
    step: int = 3,
    ways: Sequence[str] = BOTH,
    modes: Sequence[str] = tuple(MODES),
) -> Tally:
    """ENOSPC at every write, once and for good: the program says so or carries on; with room again all is whole."""
    tally = Tally()

    async def room_again(recording: Recording, ended: Exception | None, fault: Fault, root: Path, tally: Tally) -> None:
        tally.cells[f"ENOSPC: {type(ended).__name__ if ended else 'went on'}"] += 1
        checkpoint = "-wal-" in root.name and fault.hit == f"write {LEDGER}"  # all is in the WAL: SQLite says nothing
        if fault.lasting and not checkpoint and not isinstance(ended, StoreError):
            tally.fail(fault.number, root.name, f"no room at {fault.hit}, and then: {ended!r}")
        image = _disk(recording.ops).after(Choice())
        await restart(recording, image, recording.moments[-1], root, tally, (fault.number, "all"))

    for lasting in (False, True):
        make = lambda n, lasting=lasting: Fault(WRITES, n, errno.ENOSPC, lasting)  # noqa: E731
        root = at / str(lasting)
        root.mkdir()
        await _each(root, step * arguments.every, make, room_again, tally, ways, modes)
    return tally


def _disk(ops: list[Op]) -> Disk:
    disk = Disk()
    for op in ops:
        disk.do(op)
    return disk
