"""A Line to a PostgreSQL server, and the server as a Home of the ledger.

Promises: one writer at a time in the whole ledger, as BEGIN IMMEDIATE gives it on SQLite. Each transaction that writes
first takes one advisory lock, as a statement of its own and at READ COMMITTED, so that every later statement sees all
that was committed before (REPEATABLE READ would take its snapshot before the lock is granted). The lock goes with the
transaction, however its holder dies.

A connection that is lost within a COMMIT leaves the question whether it was kept. Each transaction of a daemon writes
its number into the daemon's own row of `writers`, so the row tells. It is read under the lock, that is, after
the lost transaction has ended, on whichever server took over. Kept: the units are answered as if nothing had happened.
Not kept: they are run again. Where there is no such row (the command line) or no server to ask before we must stop:
StoreUnknown, and a daemon's step ends as if its process had died there. What a step then may have left behind is what
recovery is made for: a claim or a begun dot runs into its deadline, a found letter is found once, a receipt is given
again under its number.
"""

import contextlib
import secrets
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from nemboks.store import events, migrations
from nemboks.store.errors import StoreAway, StoreBroken, StoreBusy, StoreError, StoreInUse, StoreTooNew, StoreUnknown
from nemboks.store.line import Line, Patient, never
from nemboks.store.postgres import NOW, TIME, Driver, Place, last_of, time_of
from nemboks.store.server_clock import ServerClock
from nemboks.store.turns import Turns
from nemboks.store.writer import ThreadWriter, Writer

T = TypeVar("T")
WRITING, WORKING = 0x6E656D01, 0x6E656D02  # advisory locks of the database: who writes; that daemons work
FIRST_WAIT, LONGEST_WAIT = 0.05, 5.0  # seconds before the server is tried again
_LONG_AGO: Final = NOW.replace("clock_timestamp()", "(clock_timestamp() - interval '30 days')")
_BEGIN: Final = f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({WRITING})"


class PostgresLine:
    """One connection, made again when it is lost."""

    def __init__(self, place: Place, writes: bool, clock: ServerClock | None = None) -> None:
        self._place, self._writes, self._clock = place, writes, clock
        self._tx: Connection | None = None
        self._driver: Driver | None = None
        self._name, self._mark = "", 0
        self._working = ""  # the question that gets the lock of who works here
        self._rest = threading.Event()  # never set: a way to wait in a thread
        self._until(never, self._connected)

    def begin(self, patient: Patient) -> Connection:
        self._mark += 1
        return self._until(patient, lambda: self._begun(self._mark))

    def commit(self, patient: Patient) -> None:
        assert self._driver is not None
        try:
            said = self._driver.execute("COMMIT", prepare=False).statusmessage
        except psycopg.Error as error:
            if not (self._driver.closed or isinstance(self.told(error), StoreAway)):
                raise  # the server says no
            kept = self._kept(patient)
            if kept is None:
                words = "the connection was lost in a commit; look whether it is there before doing it again"
                raise StoreUnknown(f"{self._place}: {words}") from error
            if not kept:
                raise
            return
        if said != "COMMIT":
            raise StoreError(f"{self._place}: nothing was kept, because a statement before had failed")

    def rollback(self) -> None:
        driver = self._driver
        if driver is None:
            return
        with contextlib.suppress(psycopg.Error):  # the first error is the one to tell
            if driver.info.transaction_status is not TransactionStatus.IDLE:
                driver.execute("ROLLBACK", prepare=False)
        if driver.closed:
            self._drop()

    def snapshot(self, patient: Patient) -> Connection:
        return self._until(patient, self._shown)

    def told(self, error: BaseException) -> BaseException:
        return self._place.told(error)

    def close(self) -> None:
        self._drop()

    def sign(self) -> None:
        """From now on each transaction leaves its number."""
        name = secrets.token_hex(16)
        driver = self._live()
        driver.execute(f"DELETE FROM writers WHERE at < {_LONG_AGO}")  # noqa: S608  nothing comes from outside
        driver.execute(f"INSERT INTO writers (name, mark, at) VALUES (%s, 0, {NOW})", (name,))  # noqa: S608
        self._name = name

    def work(self, shared: bool) -> None:
        """Keeps upgrades and, unless `shared`, all other daemons away while this connection lives. StoreInUse, and
        StoreTooNew for an upgrade that came between the opening and the lock."""
        working = f"pg_try_advisory_lock{'_shared' if shared else ''}({WORKING})"
        if not _got(self._live(), working):
            others = "a daemon without --role works there" if shared else "another daemon works there"
            words = f"{self._place}: {others}, or it is being upgraded. Stop that one first"
            raise StoreInUse(words if shared else f"{words}, or start all of them with --role worker")
        if (at := migrations.version(self._connected())) != migrations.HEAD:
            raise StoreTooNew(f"{self._place} was upgraded to schema {at} just now. Install that Nemboks here, too")
        self._working = working

    # --- within ---

    def _until(self, patient: Patient, step: Callable[[], T]) -> T:
        """What the step brings; while there is patience it is tried again for a server that is busy or away."""
        wait = FIRST_WAIT
        while True:
            try:
                return step()
            except (psycopg.Error, DBAPIError, StoreAway) as error:
                self.rollback()
                trouble = self._place.told(error)
                if not (isinstance(trouble, StoreAway | StoreBusy) and patient()):
                    raise trouble from error
            self._rest.wait(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _begun(self, mark: int) -> Connection:
        tx = self._connected()
        note = f"UPDATE writers SET mark = {mark}, at = {NOW} WHERE name = '{self._name}'; "  # noqa: S608  both are ours
        asked = self._clock.elapsed() if self._clock else 0.0
        # The time as the last of the statements: it has no wait for the lock behind it.
        said = self._live().execute(f"{_BEGIN}; {note if self._name else ''}{TIME}", prepare=False)
        if self._clock is not None:
            self._clock.heard(last_of(said), asked)
        events.begun(tx)
        return tx

    def _shown(self) -> Connection:
        tx, driver = self._connected(), self._live()
        if self._clock is not None and self._clock.due:
            asked = self._clock.elapsed()
            self._clock.heard(time_of(driver), asked)
        driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", prepare=False)
        return tx

    def _kept(self, patient: Patient) -> bool | None:
        """Whether the transaction of our latest number was kept; None if nobody can say."""
        if not self._name:
            return None

        def look() -> Any:
            self._connected()
            driver = self._live()
            driver.execute(_BEGIN, prepare=False)  # waits for the lost one's end
            row = driver.execute("SELECT mark FROM writers WHERE name = %s", (self._name,)).fetchone()
            self.rollback()
            return None if row is None else row[0] == self._mark

        self._drop()
        try:
            kept: bool | None = self._until(patient, look)
        except StoreError:
            kept = None
        return kept

    def _connected(self) -> Connection:
        if self._tx is None:
            tx, driver = self._place.connect(self._writes)
            self._tx, self._driver = tx, driver
            try:
                self._again(tx, driver)
            except BaseException:
                self._drop()
                raise
        return self._tx

    def _again(self, tx: Connection, driver: Driver) -> None:
        """What was said on the lost connection is said again; an upgrade that came between ends us. The lock may
        still be with that connection until the server has noticed its end."""
        if self._working and not _got(driver, self._working):
            raise StoreAway(f"{self._place}: another daemon works there, or it is being upgraded")
        if self._working and migrations.version(tx) != migrations.HEAD:
            raise StoreBroken(f"{self._place} was upgraded by another Nemboks. Stop, and install the same one here")

    def _live(self) -> Driver:
        if self._driver is None:
            raise psycopg.OperationalError("the connection is closed")
        return self._driver

    def _drop(self) -> None:
        tx, driver, self._tx, self._driver = self._tx, self._driver, None, None
        if driver is not None:
            driver.close()
        if tx is not None:
            with contextlib.suppress(psycopg.Error, DBAPIError):
                tx.invalidate()
                tx.close()


class PostgresHome:
    """A ledger on a PostgreSQL server, for one daemon at a time or any number that share it."""

    sole = False

    def __init__(self, url: str, clock: ServerClock) -> None:
        """`clock` is set by the server from now on."""
        self.url, self.place, self._clock = url, Place(url), clock

    def __str__(self) -> str:
        return str(self.place)

    def writer(self) -> Line:
        return PostgresLine(self.place, writes=True, clock=self._clock)

    def reader(self) -> Line:
        line = PostgresLine(self.place, writes=False, clock=self._clock)
        line.snapshot(never)  # the time is known before anybody asks for it
        line.rollback()
        return line

    def daemons_writer(self, line: Line, turns: Turns) -> Writer:
        return ThreadWriter(line, turns)

    def opening(self, error: BaseException) -> BaseException:
        return self.place.told(error)

    def sign(self, writer: Line) -> None:
        assert isinstance(writer, PostgresLine)
        writer.sign()

    def lock_daemon(self, writer: Line, shared: bool) -> None:
        assert isinstance(writer, PostgresLine)
        writer.work(shared)

    def unlock(self) -> None:
        """Went with the connection."""

    @contextlib.contextmanager
    def alone(self, tx: Connection) -> Iterator[None]:
        if not tx.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({WORKING})").scalar():
            raise StoreInUse(f"a Nemboks daemon works on {self.place}. Stop all of them first")
        yield

    def damage(self, tx: Connection) -> str:
        """The server checks its own pages."""
        return ""


def _got(driver: Driver, question: str) -> bool:
    row = driver.execute(f"SELECT {question}").fetchone()
    return bool(row and row[0])
