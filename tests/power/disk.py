"""What a disk may hold after the power went: all that was synced, and any legal part of what was not.

The model is the strictest that POSIX allows (RELIABILITY 4a). An fsync keeps a file's bytes, never its name; names
(creations, renames, removals) are kept by a sync of their directory alone, and until then each may be done or lost by
itself. Of a file's unsynced writes each sector of 512 bytes shows the state after some of the writes to it, whatever
the other sectors show: dropped, torn and reordered. Its length may be any that it had since the sync.
Never: half a sector (SQLite's own assumption, sqlite.org/psow.html), or damage to what was synced.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from random import Random
from typing import Final, Literal

SECTOR: Final = 512
Act = Literal["create", "mkdir", "write", "truncate", "sync", "sync_directory", "rename", "unlink", "broken"]


@dataclass(frozen=True, slots=True)
class Op:
    """One call on the disk; paths are relative to the machine's directory. `moment`: what was elsewhere just before."""

    act: Act
    path: str
    moment: int = 0
    offset: int = 0  # of a truncate: the new length
    data: bytes = b""
    to: str = ""  # of a rename


class Choice:
    """Which of the unsynced survives; this one: everything, as after kill -9."""

    name = "all"

    def at(self, point: int) -> "Choice":
        """The choice for a cut at that point."""
        return self

    def named(self) -> bool:
        """Whether a change of a name is kept."""
        return True

    def of(self, most: int) -> int:
        """How many of the `most` writes to a sector, or lengths of a file, are kept."""
        return most

    def filler(self, length: int) -> bytes:
        """What lies in a part of the file that was never written."""
        return bytes(length)


class Nothing(Choice):
    name = "nothing"

    def named(self) -> bool:
        return False

    def of(self, most: int) -> int:
        return 0


class OnlyNames(Nothing):
    name = "names"

    def named(self) -> bool:
        return True


class OnlyData(Choice):
    name = "data"

    def named(self) -> bool:
        return False


class Chance(Choice):
    """By the seed: mostly kept, mostly lost or even; fresh sectors zero or, as SQLite allows for, anything."""

    def __init__(self, seed: str) -> None:
        self.name = seed
        self._random = Random(seed)
        self._kept = self._random.choice((0.1, 0.5, 0.9))
        self._names = self._random.choice((0.1, 0.5, 0.9))
        self._dirty = self._random.random() < 0.3

    def at(self, point: int) -> "Chance":
        return Chance(f"{self.name}/{point}")

    def named(self) -> bool:
        return self._random.random() < self._names

    def of(self, most: int) -> int:
        if self._random.random() < self._kept:
            return most
        return self._random.randint(0, most)

    def filler(self, length: int) -> bytes:
        return self._random.randbytes(length) if self._dirty else bytes(length)


PLAIN: Final = (Choice(), Nothing(), OnlyNames(), OnlyData())


@dataclass(eq=False)
class File:
    """A file's bytes: those that are on the disk for certain, and what was done since."""

    synced: bytes = b""
    pending: list[Op] = field(default_factory=list)

    def sync(self) -> None:
        self.synced, self.pending = self.after(Choice()), []

    def after(self, choice: Choice) -> bytes:
        if not self.pending:
            return self.synced
        lengths, touched = self._history()
        kept = {sector: choice.of(most) for sector, most in sorted(touched.items())}
        length = lengths[choice.of(len(lengths) - 1)]
        content = bytearray(self.synced)
        if length > len(content):
            content += choice.filler(length - len(content))
        for op in self.pending:
            _apply(op, content, kept)
        return bytes(content[:length].ljust(length, b"\0"))

    def _history(self) -> tuple[list[int], dict[int, int]]:
        """The lengths it had since the sync, and how often each sector was written."""
        lengths, touched = [len(self.synced)], dict[int, int]()
        for op in self.pending:
            length = op.offset if op.act == "truncate" else max(lengths[-1], op.offset + len(op.data))
            for sector in _sectors(op, max(length, lengths[-1])):
                touched[sector] = touched.get(sector, 0) + 1
            lengths.append(length)
        return lengths, touched


def _sectors(op: Op, length: int) -> Iterable[int]:
    end = length if op.act == "truncate" else op.offset + len(op.data)
    return range(op.offset // SECTOR, -(-end // SECTOR))


def _apply(op: Op, content: bytearray, kept: dict[int, int]) -> None:
    """Does the part of a write that its sectors keep, and counts it."""
    for sector in _sectors(op, len(content)):
        if kept.get(sector, 0) <= 0:
            continue
        kept[sector] -= 1
        start, end = max(op.offset, sector * SECTOR), (sector + 1) * SECTOR
        if op.act == "truncate":
            content[start:end] = bytes(len(content[start:end]))
            continue
        piece = op.data[start - op.offset : end - op.offset]
        if start > len(content):
            content += bytes(start - len(content))
        content[start : start + len(piece)] = piece


Names = dict[str, "File | None"]  # None: a directory


class Disk:
    """The disk's state after the calls so far."""

    def __init__(self) -> None:
        self._synced: Names = {}
        self._now: Names = {}
        self._pending: list[tuple[Op, File | None]] = []

    def do(self, op: Op) -> None:
        if op.act in ("write", "truncate"):
            self._file(op.path).pending.append(op)
        elif op.act == "sync":
            self._file(op.path).sync()
        elif op.act == "broken":  # a failed fsync: what was to be written may be gone, and no later one says so
            self._file(op.path).pending.clear()
        elif op.act == "sync_directory":
            self._sync_names(op.path)
        else:
            file = File() if op.act == "create" else self._now.get(op.path)
            _rename(self._now, op, file)
            self._pending.append((op, file))

    def after(self, choice: Choice) -> dict[str, bytes | None]:
        """What is found when the power is back: contents by path, None for a directory."""
        names = dict(self._synced)
        for op, file in self._pending:
            if choice.named():
                _rename(names, op, file)
        found = {path: None if file is None else file.after(choice) for path, file in sorted(names.items())}
        return {path: what for path, what in found.items() if _parent(path) in ("", *found)}

    def _file(self, path: str) -> File:
        file = self._now[path]
        assert file is not None, f"{path} is a directory"
        return file

    def _sync_names(self, directory: str) -> None:
        mine = [(op, file) for op, file in self._pending if _parent(op.path) == directory]
        for op, file in mine:
            _rename(self._synced, op, file)
        self._pending = [one for one in self._pending if one not in mine]


def _rename(names: Names, op: Op, file: File | None) -> None:
    """Does one change of a name; a rename keeps the file even if its first name never came to be."""
    if op.act in ("rename", "unlink"):
        names.pop(op.path, None)
    if op.act != "unlink":
        names[op.to or op.path] = file


def _parent(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent
