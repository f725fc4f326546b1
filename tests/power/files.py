"""The same ears for the files that the program writes itself: the spool's, and the making of the ledger's file.

The calls of `os` that the store uses are replaced for paths under the machine's directory; every other path, and every
other use, goes on as before.
"""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import pytest

from tests.power.vfs import Watcher

_NAMED: Final = {"mkdir": "mkdir", "unlink": "unlink", "rename": "rename", "replace": "rename"}


class Told(io.FileIO):
    """A file whose every write is told first."""

    def __init__(self, handle: int, path: str, watcher: Watcher) -> None:
        super().__init__(handle, "wb")
        self._at, self._watcher = path, watcher

    def write(self, data: Any) -> int:
        self._watcher.tell("write", self._at, self.tell(), bytes(data))
        return super().write(data)


@contextmanager
def watched_files(directory: Path, watcher: Watcher) -> Iterator[None]:
    """While it lasts, what is done to files under `directory` is told before it is done."""
    root = os.path.join(os.path.realpath(directory), "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", _opener(root, watcher, os.open))
        patch.setattr(os, "fdopen", _file_opener(root, watcher, os.fdopen))
        patch.setattr(os, "fsync", _syncer(root, watcher, os.fsync))
        for name, act in _NAMED.items():
            patch.setattr(os, name, _namer(root, watcher, act, getattr(os, name)))
        yield


def _where(handle: int) -> str:
    return os.readlink(f"/proc/self/fd/{handle}")


def _ours(root: str, path: Any) -> str:
    """The absolute path, or nothing if it is not the machine's."""
    if isinstance(path, int):
        return ""
    whole = os.path.abspath(os.fspath(path))
    return str(whole) if str(whole).startswith(root) else ""


def _opener(root: str, watcher: Watcher, real: Callable[..., int]) -> Callable[..., int]:
    def opened(path: Any, flags: int, *args: Any, **named: Any) -> int:
        mine = _ours(root, path)
        if mine and flags & os.O_CREAT and not os.path.exists(mine):
            watcher.tell("create", mine)
        return real(path, flags, *args, **named)

    return opened


def _file_opener(root: str, watcher: Watcher, real: Callable[..., IO[Any]]) -> Callable[..., Any]:
    def opened(handle: int, mode: str = "r", *args: Any, **named: Any) -> Any:
        where = _where(handle)
        if mode == "wb" and where.startswith(root):
            told = Told(handle, where, watcher)
            return told if named.get("buffering") == 0 else io.BufferedWriter(told)
        return real(handle, mode, *args, **named)

    return opened


def _syncer(root: str, watcher: Watcher, real: Callable[[int], None]) -> Callable[[int], None]:
    def synced(handle: int) -> None:
        where = _where(handle)
        if where.startswith(root) or where + os.sep == root:
            watcher.tell("sync_directory" if os.path.isdir(where) else "sync", where)
        real(handle)

    return synced


def _namer(root: str, watcher: Watcher, act: str, real: Callable[..., None]) -> Callable[..., None]:
    def done(path: Any, *args: Any, **named: Any) -> None:
        mine = _ours(root, path)
        if mine and (act == "mkdir" or os.path.exists(mine)):
            watcher.tell(act, mine, to=_ours(root, args[0]) if act == "rename" else "")
        real(path, *args, **named)

    return done
