"""Where a ledger lies, and what is to be said about the place as a whole: a file here, a server elsewhere."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from nemboks.store.ballast import Ballast
from nemboks.store.connect import FileLine, open_reader, open_writer, translated
from nemboks.store.disk import our_words
from nemboks.store.errors import StoreInUse
from nemboks.store.line import Line
from nemboks.store.loop_writer import LoopWriter
from nemboks.store.turns import Turns
from nemboks.store.writer import Writer


class Home(Protocol):
    """A place that holds one ledger."""

    @property
    def sole(self) -> bool:
        """Whether a daemon that works here is the only one, so that at its start nobody holds an attempt."""
        ...

    def writer(self) -> Line:
        """A connection that may write, with the durability that we promise. StoreError if it cannot have it."""
        ...

    def reader(self) -> Line:
        """A connection that cannot write."""
        ...

    def daemons_writer(self, line: Line, turns: Turns) -> Writer:
        """The writer of a daemon on the line."""
        ...

    def opening(self, error: BaseException) -> BaseException:
        """Our word for an error that came while the ledger was opened."""
        ...

    def sign(self, writer: Line) -> None:
        """Says that a daemon writes here from now on; only of a ledger with our schema."""
        ...

    def lock_daemon(self, writer: Line, shared: bool) -> None:
        """Says that a daemon works here, alone or as one of those that share it, until `unlock` or the end of the
        process. StoreInUse if that may not be."""
        ...

    def unlock(self) -> None: ...

    def alone(self, tx: Connection) -> contextlib.AbstractContextManager[None]:
        """Inside, no daemon works here. StoreInUse."""
        ...

    def damage(self, tx: Connection) -> str:
        """What is damaged, in the database's words; "" for nothing."""
        ...

    def __str__(self) -> str: ...


class FileHome:
    """A ledger in an SQLite file, for one daemon at a time."""

    sole = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: int | None = None
        self._ballast = Ballast(path.parent)

    def __str__(self) -> str:
        return str(self._path)

    def writer(self) -> Line:
        return FileLine(open_writer(self._path))

    def reader(self) -> Line:
        return FileLine(open_reader(self._path))

    def daemons_writer(self, line: Line, turns: Turns) -> Writer:
        assert isinstance(line, FileLine)
        return LoopWriter(line, turns, self._ballast)

    def opening(self, error: BaseException) -> BaseException:
        return translated(error, self._path, opening=True)

    def sign(self, writer: Line) -> None:
        """Nothing is to be said: who reads a file's commit knows how it ended."""

    def lock_daemon(self, writer: Line, shared: bool) -> None:
        self._lock = self._locked()  # nobody shares a file
        self._ballast.hold()

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextlib.contextmanager
    def alone(self, tx: Connection) -> Iterator[None]:
        lock = self._locked()
        try:
            yield
        finally:
            os.close(lock)

    def damage(self, tx: Connection) -> str:
        words: str = tx.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        return "" if words == "ok" else words

    def _locked(self) -> int:
        """The open lock file. `flock` goes with the process, however it dies; the file itself stays."""
        file = self._path.with_name(self._path.name + ".lock")
        with our_words(file):
            handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise StoreInUse(f"another Nemboks daemon works on {self._path} (it holds {file}). Stop it first") from None
        return handle
