"""The store of one process: one file, one writer, one reader, brought to this program's schema.

Promises: a store that opens has the durability of D4 and the schema of this program; a newer one is left untouched.
The daemon takes the lock; the CLI opens the same store beside it without.
"""

import fcntl
import os
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Self, TypeVar

from sqlalchemy import Connection

from nemboks.domain.codes import Codes
from nemboks.domain.fuse import Limits
from nemboks.domain.pace import Pace
from nemboks.ports import Books, Clock
from nemboks.store import migrations
from nemboks.store.announcements import SqlAnnouncements
from nemboks.store.audit import SqlAudit
from nemboks.store.books import SqlBooks
from nemboks.store.checks import SqlChecks
from nemboks.store.clock_back import bring_back
from nemboks.store.connect import open_reader, open_writer, translated
from nemboks.store.deliveries import SqlDeliveries
from nemboks.store.domains import SqlDomains
from nemboks.store.errors import StoreDamaged, StoreInUse
from nemboks.store.fuse import SqlFuse, Tripped
from nemboks.store.incidents import SqlIncidents
from nemboks.store.letters import SqlLetters
from nemboks.store.mailboxes import SqlMailboxes
from nemboks.store.reader import Reader
from nemboks.store.reckoning import SqlReckoning
from nemboks.store.stream import SqlStream
from nemboks.store.turns import Turns
from nemboks.store.vault import Vault
from nemboks.store.writer import InlineWriter, ThreadWriter, Transactions, Tx, Writer

T = TypeVar("T")
PRODUCTION: Final = Pace()
CODES: Final = "codes"  # what a key of the vault is derived for


class Store:
    """The ledger, open. `close` finishes what was asked for."""

    def __init__(
        self, path: Path, writer: Writer, reader: Reader, vault: Vault, clock: Clock, pace: Pace = PRODUCTION
    ) -> None:
        self._path, self._writer, self._reader, self._clock = path, writer, reader, clock
        self._lock: int | None = None
        self._pace = pace
        self._vault, self.codes = vault, Codes(vault.derive(CODES))
        self.letters = SqlLetters(writer, reader, clock, vault)
        self.mailboxes = SqlMailboxes(writer, reader, vault, clock)
        self.deliveries = SqlDeliveries(writer, reader, clock)
        self.domains = SqlDomains(writer, reader, clock)
        self.checks = SqlChecks(writer, reader)
        self.incidents = SqlIncidents(writer, reader)
        self.announcements = SqlAnnouncements(writer, reader)
        self.stream = SqlStream(writer, reader)
        self.audit = SqlAudit(writer, reader)
        self.reckoning = SqlReckoning(writer, reader)

    @classmethod
    def open(cls, path: Path, vault: Vault, clock: Clock, threaded: bool = True, pace: Pace = PRODUCTION) -> Self:
        """The store at `path`, made or upgraded if need be. StoreTooNew, StoreInUse, StoreBroken, StoreError.

        `threaded`: writer and reader on threads of their own; else inline, for the CLI and for simulation.
        """
        tx, turns = open_writer(path), Turns()
        try:
            _to_head(tx, path, vault)
            reader = Reader(open_reader(path), threaded, turns)
        except Exception as error:
            tx.close()
            raise translated(error, path, opening=True) from error
        writer = ThreadWriter(tx, turns) if threaded else InlineWriter(tx)
        return cls(path, writer, reader, vault, clock, pace)

    async def act(self, fn: Callable[[Books], T]) -> T:
        """What the act brings, after its commit; what it raises, after the rollback."""
        return await self._writer.unit(lambda tx: fn(self._books(tx)))

    async def ask(self, fn: Callable[[Books], T]) -> T:
        """What is read, on the connection that cannot write."""
        return await self._reader.read(lambda tx: fn(self._books(tx)))

    def fuse(self, limits: Limits, tripped: Tripped) -> SqlFuse:
        """The delete fuse of this ledger."""
        return SqlFuse(self._writer, self._books, limits, tripped)

    def _books(self, tx: Tx) -> SqlBooks:
        return SqlBooks(tx, self._vault, self.codes, self._pace, self._clock.now())

    def lock_daemon(self) -> None:
        """Keeps any other daemon out until `close` or the end of the process. StoreInUse if one is there."""
        self._lock = _locked(self._path)

    async def check(self) -> None:
        """Reads the whole file for damage. StoreDamaged if there is any (RELIABILITY D02); seconds for a gigabyte."""
        words = await self._reader.read(lambda tx: tx.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
        if words != "ok":
            raise StoreDamaged(f"{self._path} is damaged ({words}). Do not start; restore a backup")

    async def bring_back(self, latest: datetime) -> int:
        """How many letters and mailboxes were due after `latest`, and are due now: the clock was put back."""
        return await self._writer.unit(lambda tx: bring_back(tx, latest, self._clock.now()))

    async def close(self) -> None:
        await self._writer.close()
        await self._reader.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _locked(path: Path) -> int:
    """The open lock file. `flock` goes with the process, however it dies; the file itself stays."""
    file = path.with_name(path.name + ".lock")
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise StoreInUse(f"another Nemboks daemon works on {path} (it holds {file}). Stop it first") from None
    return handle


def _to_head(tx: Connection, path: Path, vault: Vault) -> None:
    """Upgrades in one transaction. An old ledger only under the daemon's lock: no daemon may run on it meanwhile."""
    at = migrations.version(tx)
    if at == migrations.HEAD:
        return
    lock = _locked(path) if at is not None else None
    try:
        outcome = Transactions(tx, patient=lambda: False).run([partial(_upgrade, vault=vault)])[0]
        outcome.result()
    finally:
        if lock is not None:
            os.close(lock)


def _upgrade(tx: Tx, vault: Vault) -> None:
    if migrations.version(tx) != migrations.HEAD:  # another process may have made it while we waited for the lock
        migrations.upgrade(tx, vault)
