"""Our eyes and hands between SQLite and its files, under the program's own, unchanged SQLite.

A VFS by the name of "watched" is made the default of the very library that Python's sqlite3 uses (found through its
extension module). It is SQLite's own "unix" with four file methods and two calls replaced by ones that first tell a
watcher, who may refuse with an OSError. Only files that are opened while it is installed are watched.
"""

import _sqlite3
import ctypes
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p, cast
from typing import Any, Final, Protocol

OPEN_CREATE: Final = 0x4  # sqlite3.h: SQLITE_OPEN_CREATE
FULL: Final = 13
IOERR: Final = {"create": 14, "write": 778, "truncate": 1546, "sync": 1034, "sync_directory": 1290, "unlink": 2570}


class Watcher(Protocol):
    """Hears of every call before it is done. OSError: it shall fail."""

    def tell(self, act: str, path: str, offset: int = 0, data: bytes = b"", to: str = "") -> None: ...


class Methods(Structure):
    """sqlite3_io_methods; those we leave alone are plain pointers."""


class Opened(Structure):
    """sqlite3_file."""

    _fields_ = (("methods", POINTER(Methods)),)


FILE = POINTER(Opened)
CLOSE, SYNC = CFUNCTYPE(c_int, FILE), CFUNCTYPE(c_int, FILE, c_int)
WRITE = CFUNCTYPE(c_int, FILE, c_void_p, c_int, c_int64)
TRUNCATE = CFUNCTYPE(c_int, FILE, c_int64)
Methods._fields_ = (
    ("version", c_int), ("close", CLOSE), ("read", c_void_p), ("write", WRITE), ("truncate", TRUNCATE), ("sync", SYNC),
    ("rest", c_void_p * 13),
)  # fmt: skip


class Vfs(Structure):
    """sqlite3_vfs."""


OPEN = CFUNCTYPE(c_int, POINTER(Vfs), c_void_p, FILE, c_int, POINTER(c_int))
DELETE = CFUNCTYPE(c_int, POINTER(Vfs), c_char_p, c_int)
SLEEP = CFUNCTYPE(c_int, POINTER(Vfs), c_int)
SET_CALL = CFUNCTYPE(c_int, POINTER(Vfs), c_char_p, c_void_p)
GET_CALL = CFUNCTYPE(c_void_p, POINTER(Vfs), c_char_p)
Vfs._fields_ = (
    ("version", c_int), ("file_size", c_int), ("longest_path", c_int), ("next", c_void_p), ("name", c_char_p),
    ("data", c_void_p), ("open", OPEN), ("delete", DELETE), ("between", c_void_p * 7), ("sleep", SLEEP),
    ("clock", c_void_p * 3), ("set_call", SET_CALL), ("get_call", GET_CALL), ("next_call", c_void_p),
)  # fmt: skip
OPEN_DIRECTORY = CFUNCTYPE(c_int, c_char_p, POINTER(c_int))


def _library() -> Any:
    """Names are looked up in the extension module and in what it is linked with: so in the SQLite that it uses."""
    library = ctypes.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find.restype = POINTER(Vfs)
    return library


class Watched:
    """The VFS. Keep it as long as a connection that was opened through it is open."""

    def __init__(self, watcher: Watcher, sleep: Callable[[float], None] | None = None) -> None:
        """`sleep`: is told the seconds that SQLite would wait for a lock, instead of the waiting."""
        self._watcher, self._library = watcher, _library()
        self._unix = self._library.sqlite3_vfs_find(b"unix")
        self.fault: BaseException | None = None
        self._paths: dict[int, str] = {}
        self._real: dict[int, Methods] = {}  # of each open file, by its address
        self._ours: dict[int, Methods] = {}  # for each of SQLite's own tables: journals are never locked
        self._vfs = Vfs()
        ctypes.memmove(ctypes.byref(self._vfs), self._unix, ctypes.sizeof(Vfs))
        self._open, self._delete = OPEN(self._on_open), DELETE(self._on_delete)
        self._vfs.name, self._vfs.open, self._vfs.delete = b"watched", self._open, self._delete
        self._sleep = SLEEP(lambda _vfs, micros: _slept(sleep, micros)) if sleep else self._vfs.sleep
        self._vfs.sleep = self._sleep
        self._directory: list[str] = []  # those that SQLite opened to sync them
        self._real_directory = cast(self._unix.contents.get_call(self._unix, b"openDirectory"), OPEN_DIRECTORY)
        self._open_directory = OPEN_DIRECTORY(self._on_open_directory)

    def install(self) -> None:
        self._library.sqlite3_vfs_register(ctypes.byref(self._vfs), 1)
        self._unix.contents.set_call(self._unix, b"openDirectory", cast(self._open_directory, c_void_p))

    def remove(self) -> None:
        """SQLite's own is the default again; files that are open stay watched."""
        self._library.sqlite3_vfs_register(self._unix, 1)
        self._library.sqlite3_vfs_unregister(ctypes.byref(self._vfs))
        self._unix.contents.set_call(self._unix, b"openDirectory", None)

    # --- what SQLite calls ---

    def _on_open(self, _vfs: Any, name: int | None, file: Any, flags: int, out: Any) -> int:
        path = os.fsdecode(ctypes.string_at(name)) if name else ""
        made = bool(path) and bool(flags & OPEN_CREATE) and not os.path.exists(path)
        if made and (bad := self._tell("create", path)):
            return bad
        done: int = self._unix.contents.open(self._unix, name, file, flags, out)
        if done == 0 and path:
            self._paths[ctypes.addressof(file.contents)] = path
            self._replace(file.contents)
        return done

    def _replace(self, opened: Opened) -> None:
        real = opened.methods.contents
        self._real[ctypes.addressof(opened)] = real
        ours = self._ours.get(ctypes.addressof(real))
        if ours is None:
            ours = self._ours[ctypes.addressof(real)] = Methods.from_buffer_copy(real)
            ours.close, ours.sync = CLOSE(self._on_close), SYNC(self._on_sync)
            ours.write, ours.truncate = WRITE(self._on_write), TRUNCATE(self._on_truncate)
        opened.methods = ctypes.pointer(ours)

    def _on_write(self, file: Any, data: int, length: int, offset: int) -> int:
        bad = self._tell("write", self._path(file), offset, ctypes.string_at(data, length))
        return bad or self._of(file).write(file, data, length, offset)

    def _on_truncate(self, file: Any, length: int) -> int:
        bad = self._tell("truncate", self._path(file), length)
        return bad or self._of(file).truncate(file, length)

    def _on_sync(self, file: Any, flags: int) -> int:
        if bad := self._tell("sync", self._path(file)):
            return bad
        self._directory.clear()
        done: int = self._of(file).sync(file, flags)
        self._synced_directories()  # of a new journal; SQLite does not ask how that went (os_unix.c, unixSync)
        return done

    def _on_close(self, file: Any) -> int:
        self._paths.pop(ctypes.addressof(file.contents), None)
        return self._real.pop(ctypes.addressof(file.contents)).close(file)  # type: ignore[no-any-return]

    def _on_delete(self, _vfs: Any, name: bytes, sync: int) -> int:
        if os.path.exists(name) and (bad := self._tell("unlink", os.fsdecode(name))):
            return bad
        self._directory.clear()
        done: int = self._unix.contents.delete(self._unix, name, sync)
        return self._synced_directories() or done

    def _on_open_directory(self, name: bytes, out: Any) -> int:
        self._directory.append(os.path.dirname(os.fsdecode(name)))
        return self._real_directory(name, out)  # type: ignore[no-any-return]

    # --- what the watcher says ---

    def _synced_directories(self) -> int:
        return max((self._tell("sync_directory", each) for each in self._directory), default=0)

    def _of(self, file: Any) -> Methods:
        return self._real[ctypes.addressof(file.contents)]

    def _path(self, file: Any) -> str:
        return self._paths[ctypes.addressof(file.contents)]

    def _tell(self, act: str, path: str, offset: int = 0, data: bytes = b"") -> int:
        """SQLite's code for what the watcher did not allow, or 0."""
        try:
            self._watcher.tell(act, path, offset, data)
        except OSError as error:
            full = error.errno == errno.ENOSPC and act in ("write", "truncate")
            return FULL if full else IOERR.get(act, 10)
        except BaseException as error:  # a fault of the watcher's; ctypes would only print it
            self.fault = self.fault or error
            return IOERR.get(act, 10)
        return 0


def _slept(sleep: Callable[[float], None], micros: int) -> int:
    sleep(micros / 1e6)
    return micros


@contextmanager
def watched(watcher: Watcher, sleep: Callable[[float], None] | None = None) -> Iterator[None]:
    """SQLite files that are opened meanwhile are watched; how long it waits for locks is told, if `sleep` is given."""
    vfs = Watched(watcher, sleep)
    vfs.install()
    _KEPT.append(vfs)
    try:
        yield
    finally:
        vfs.remove()
        if vfs.fault is not None:
            raise vfs.fault


_KEPT: Final[list[Watched]] = []  # a connection may be closed late, by the collector; its methods must still be there
