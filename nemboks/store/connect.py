"""Opens the SQLite file: the one place that does (D18), and the one that knows SQLite's own words.

Promises D4: WAL + FULL only where SQLite's WAL-reset fault is repaired, else DELETE + EXTRA, and both are read back:
a connection that cannot have them is not handed out. Never NORMAL: it can lose the last commits at a power cut.
"""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from nemboks.store import events
from nemboks.store.errors import StoreBroken, StoreBusy, StoreDamaged, StoreError, StoreFull
from nemboks.store.line import Patient
from nemboks.store.ready import note_driver

BUSY_SECONDS: Final = 5.0  # a transaction takes milliseconds; five seconds outlive a slow disk's worst fsync
FULL, EXTRA = 2, 3  # PRAGMA synchronous
# sqlite.org/wal.html section 11.1: two connections may lose committed writes before these releases
REPAIRED: Final = (((3, 44, 6), (3, 45, 0)), ((3, 50, 7), (3, 51, 0)), ((3, 51, 3), (9, 0, 0)))
DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
BROKEN: Final = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}


def durability(version: tuple[int, ...]) -> tuple[str, int]:
    """Journal mode and `synchronous` for this SQLite version (D4)."""
    repaired = any(first <= version < end for first, end in REPAIRED)
    return ("wal", FULL) if repaired else ("delete", EXTRA)


class FileLine:
    """A Line on the SQLite file."""

    def __init__(self, tx: Connection) -> None:
        driver = tx.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        note_driver(tx, driver)
        self._tx, self._driver = tx, driver

    def waits(self, seconds: float) -> None:
        """How long SQLite waits for another process, each time, from now on."""
        self._driver.execute(f"PRAGMA busy_timeout={round(seconds * 1000)}")

    def begin(self, patient: Patient) -> Connection:
        self._say("BEGIN IMMEDIATE", patient)
        events.begun(self._tx)
        return self._tx

    def commit(self, patient: Patient) -> None:
        self._say("COMMIT", patient)

    def rollback(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # the first error is the one to tell
            if self._driver.in_transaction:
                self._driver.execute("ROLLBACK")

    def snapshot(self, patient: Patient) -> Connection:
        self._driver.execute("BEGIN")
        return self._tx

    def told(self, error: BaseException) -> BaseException:
        return translated(error)

    def close(self) -> None:
        self._tx.close()

    def _say(self, words: str, patient: Patient) -> None:
        """A busy BEGIN or COMMIT has changed nothing and may be said again (sqlite.org/lang_transaction.html)."""
        while True:
            try:
                self._driver.execute(words)
                return
            except sqlite3.OperationalError as error:
                if code_of(error) != sqlite3.SQLITE_BUSY or not patient():
                    raise


def open_writer(path: Path) -> Connection:
    """The write connection, in SQLite's autocommit mode: whoever holds it says BEGIN and COMMIT itself.

    Makes the file (0600) if there is none; journals inherit its rights.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = _connect(path)
        _settle(connection, path)
    except OSError as error:
        raise StoreError(f"{path} cannot be opened: {error.strerror}. Check the directory and its rights") from error
    except (sqlite3.Error, DBAPIError, UnicodeDecodeError) as error:
        raise translated(error, path, opening=True) from error
    return connection


def open_reader(path: Path) -> Connection:
    """A connection that cannot write."""
    connection = _connect(path)
    connection.exec_driver_sql("PRAGMA query_only=ON")
    return connection


def code_of(error: BaseException) -> int:
    """SQLite's primary result code, -1 for an error that is not SQLite's (sqlite.org/rescode.html)."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return getattr(origin, "sqlite_errorcode", -1) % 256 if isinstance(origin, sqlite3.Error) else -1


def translated(error: BaseException, path: Path | str = "the database", opening: bool = False) -> BaseException:
    """Our word for an error of the database or the disk; any other error as it is. `opening`: the file is not ours yet,
    so that every text comes from the file alone."""
    code = code_of(error)
    # Of a damaged schema SQLite quotes the words, and Python cannot read what is no UTF-8 (sqlite.org/invalidutf.html).
    if code in DAMAGED or (isinstance(error, UnicodeDecodeError) and opening):
        return StoreDamaged(f"{path} is damaged ({_words(error)}). Do not start; restore a backup")
    if code in BROKEN:
        return StoreBroken(f"{path}: {_words(error)}. Stop, and check the disk")
    if code == sqlite3.SQLITE_FULL:
        return StoreFull(f"{path}: the disk is full. Nothing was changed; make room")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusy(f"{path}: another program is writing to it. Nothing was changed; try again")
    return error


def _words(error: BaseException) -> str:
    return str(error.orig if isinstance(error, DBAPIError) else error)


def _connect(path: Path) -> Connection:
    def raw() -> sqlite3.Connection:
        return sqlite3.connect(path, BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256)

    engine = create_engine("sqlite+pysqlite://", creator=raw, poolclass=NullPool, hide_parameters=True)
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.exec_driver_sql("PRAGMA foreign_keys=ON")
    return connection


def _settle(connection: Connection, path: Path) -> None:
    """Sets the durability and reads it back; `journal_mode` quietly stays as it was when another holds the file."""
    mode, synchronous = durability(sqlite3.sqlite_version_info)
    got_mode = connection.exec_driver_sql(f"PRAGMA journal_mode={mode}").scalar_one()
    connection.exec_driver_sql(f"PRAGMA synchronous={synchronous}")
    got_synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
    if (got_mode, got_synchronous) != (mode, synchronous):
        raise StoreError(
            f"{path}: journal mode is {got_mode}/{got_synchronous}, must be {mode}/{synchronous}. "
            "Another program holds the file in the other mode; stop it and start again"
        )
