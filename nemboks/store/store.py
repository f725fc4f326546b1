"""The store of one process: one ledger, one writer, one reader, brought to this program's schema.

Promises: a store that opens has the durability of D4 and the schema of this program; a newer one is left untouched.
The daemon takes the lock; the CLI opens the same store beside it without. On a server several daemons work on one.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

from sqlalchemy import select

from nemboks.domain.codes import Codes
from nemboks.domain.custody import KEEP_DAYS_MOST
from nemboks.domain.fuse import Limits
from nemboks.domain.letter import Letter
from nemboks.domain.pace import Pace
from nemboks.ports import Books, Clock
from nemboks.store import guests, migrations
from nemboks.store.announcements import SqlAnnouncements
from nemboks.store.audit import SqlAudit
from nemboks.store.books import SqlBooks
from nemboks.store.checks import SqlChecks
from nemboks.store.clock_back import bring_back
from nemboks.store.deliveries import SqlDeliveries
from nemboks.store.domains import SqlDomains
from nemboks.store.errors import Altered, StoreDamaged
from nemboks.store.fuse import SqlFuse, Tripped
from nemboks.store.home import FileHome, Home
from nemboks.store.incidents import SqlIncidents
from nemboks.store.letters import SqlLetters
from nemboks.store.line import Line, Patient
from nemboks.store.mailboxes import SqlMailboxes
from nemboks.store.reader import Reader
from nemboks.store.reckoning import SqlReckoning
from nemboks.store.schema import mailboxes
from nemboks.store.stream import SqlStream
from nemboks.store.turns import Turns
from nemboks.store.vault import Vault
from nemboks.store.writer import InlineWriter, Transactions, Tx, Writer

if TYPE_CHECKING:
    from nemboks.store.leases_ports import Share

T = TypeVar("T")
PRODUCTION: Final = Pace()
CODES: Final = "codes"  # what a key of the vault is derived for
_NEWEST: Final = select(mailboxes.c.cvr, mailboxes.c.credentials).order_by(mailboxes.c.id.desc()).limit(1)


class Store:
    """The ledger, open. `close` finishes what was asked for."""

    def __init__(
        self, home: Home, line: Line, writer: Writer, reader: Reader, vault: Vault, clock: Clock, pace: Pace
    ) -> None:
        self._home, self._line, self._writer, self._reader, self._clock = home, line, writer, reader, clock
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
    def open(
        cls, place: Path | Home, vault: Vault, clock: Clock, threaded: bool = True, pace: Pace = PRODUCTION
    ) -> Self:
        """The store at the place (a path: of an SQLite file), made or upgraded if need be. StoreTooNew, StoreInUse,
        StoreAway, StoreBroken, KeyMissing, StoreError.

        `threaded`: a daemon's, which waits for the disk beside the loop; else inline, for the CLI and for simulation.
        """
        home = FileHome(place) if isinstance(place, Path) else place

        def patient() -> bool:
            return threaded and not home.sole

        line, turns = home.writer(), Turns()
        try:
            _to_head(line, home, vault, patient)
            _check_key(line, vault, patient)
            if threaded:
                home.sign(line)
            other = home.reader()
        except Exception as error:
            line.close()
            raise home.opening(error) from error
        writer = home.daemons_writer(line, turns) if threaded else InlineWriter(line)
        reader = Reader(other, threaded, turns, near=getattr(writer, "glance", None))
        return cls(home, line, writer, reader, vault, clock, pace)

    @property
    def sole(self) -> bool:
        """Whether a daemon with the lock is the only one on this ledger, so that nobody else holds an attempt."""
        return self._home.sole

    @property
    def clock(self) -> Clock:
        """The time that everybody on this ledger goes by."""
        return self._clock

    def share(self, seconds: float, wanted: Callable[[Letter], bool]) -> "Share":
        """The ledger as one of several workers sees it; a lease that is not renewed lasts so long."""
        from nemboks.store.leases_ports import Share  # only a server's ledger has leases, and psycopg

        return Share(self._writer, self._reader, self._clock, self._vault, seconds, wanted)

    async def settle(self, schema: str, whole: str, steps: Sequence[tuple[str, str]]) -> None:
        """Returns when the schema of another program's tables is at the last step (guests.py). StoreTooNew,
        StoreInUse."""
        await self._writer.unit(lambda tx: guests.settle(tx, schema, whole, steps, self._home.alone(tx)))

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

    def lock_daemon(self, shared: bool = False) -> None:
        """Keeps any other daemon out until `close` or the end of the process; `shared`: all but those that share the
        ledger by leases (0031). StoreInUse, StoreTooNew."""
        self._home.lock_daemon(self._line, shared)

    async def check(self) -> None:
        """Reads the whole file for damage. StoreDamaged if there is any (RELIABILITY D02); seconds for a gigabyte."""
        words = await self._reader.read(self._home.damage)
        if words:
            raise StoreDamaged(f"{self._home} is damaged ({words}). Do not start; restore a backup")

    async def bring_back(self, latest: datetime) -> int:
        """How many letters and mailboxes were due after `latest`, and are due now: the clock was put back."""
        kept = max(timedelta(days=KEEP_DAYS_MOST), self._pace.probation)
        return await self._writer.unit(lambda tx: bring_back(tx, latest, self._clock.now(), kept))

    def hurry(self) -> None:
        """From now on no read waits for a server that is away: the daemon stops. Writes wait until `close`."""
        self._reader.hurry()

    async def close(self) -> None:
        await self._writer.close()
        await self._reader.close()
        self._home.unlock()


def _to_head(line: Line, home: Home, vault: Vault, patient: Patient) -> None:
    """Upgrades in one transaction. An old ledger only while no daemon works on it."""
    at = migrations.version(line.snapshot(patient))
    line.rollback()
    if at != migrations.HEAD:
        outcome = Transactions(line, patient).run([lambda tx: _upgrade(tx, home, vault)])[0]
        outcome.result()


def _check_key(line: Line, vault: Vault, patient: Patient) -> None:
    """Raises KeyMissing where the ledger is sealed with a key that is not here: what we sealed with ours, nobody who
    has the ledger's could open."""
    row = line.snapshot(patient).execute(_NEWEST).first()
    line.rollback()
    if row is not None:
        with suppress(Altered):  # that mailbox's trouble alone
            vault.open(row.credentials, f"mailbox:{row.cvr}")


def _upgrade(tx: Tx, home: Home, vault: Vault) -> None:
    at = migrations.version(tx)
    if at != migrations.HEAD:  # another process may have made it while we waited for our turn
        with home.alone(tx) if at is not None else nullcontext():
            migrations.upgrade(tx, vault)
