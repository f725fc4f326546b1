"""Opens connections to a PostgreSQL server: the one place that does (D18), and the one that knows its words.

Promises: a connection that may write has `fsync`, `full_page_writes` and `synchronous_commit` on, and is not handed
out without them, whenever it is made; texts are compared sign by sign and numbers have 64 bits, as on SQLite; over a
network the server's certificate is verified unless the URL says otherwise.
Never: shows the URL, which may hold a password.
"""

from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import Column, Connection, String, create_engine
from sqlalchemy.dialects.postgresql.base import PGDDLCompiler, PGTypeCompiler
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from nemboks.store.errors import StoreAway, StoreBroken, StoreBusy, StoreDamaged, StoreError, StoreFull

Driver = psycopg.Connection[Any]
LOCK_SECONDS: Final = 5
# A machine that dies, or a process that is stopped, within a transaction keeps all others out until this has passed.
IDLE_SECONDS: Final = 30
_DEFAULTS: Final = {
    "application_name": "nemboks", "client_encoding": "utf8", "connect_timeout": "10", "keepalives_idle": "15",
    "keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "30000",
    "target_session_attrs": "read-write",
}  # fmt: skip
_SESSION: Final = (
    f"SET lock_timeout = '{LOCK_SECONDS}s'; SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'; "
    "SET TimeZone = 'UTC'; SET jit = off; "
    # A connection whose machine died holds its locks until the server has noticed: after half a minute.
    "SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; "
    # A process that is stopped while a large answer comes is not idle: its connection takes nothing (RFC 5482).
    f"SET tcp_user_timeout = '{IDLE_SECONDS}s'"
)
# postgresql.org/docs/current/runtime-config-wal.html: weaker ones may lose the last commits
_MUST: Final = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_apply"),
    "server_encoding": ("UTF8",),
}
_DURABLE: Final = "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)" + "".join(
    f", current_setting('{name}')" for name in _MUST
)
# The server's time as columns.UtcTime has it.
NOW: Final = "to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
TIME: Final = "SELECT clock_timestamp()"
# postgresql.org/docs/current/errcodes-appendix.html
_AWAY: Final = ("08", "57P", "53300", "25006", "25P03", "55000")
_BUSY: Final = ("55P03", "40")
_FULL: Final = ("53100",)
_DAMAGED: Final = ("XX001", "XX002")
_BROKEN: Final = ("58030",)


class Place:
    """A database on a server."""

    def __init__(self, url: str) -> None:
        """`url`: as libpq has it (postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING). StoreError."""
        try:
            given = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
        except psycopg.ProgrammingError as error:
            raise StoreError("store.url is no URL of a PostgreSQL database") from error
        if "@" in given.get("host", ""):  # it would be told as a name, and may be half of the password
            raise StoreError("store.url: write an @ in user name or password as %40")
        host = given.get("host", "")
        far = bool(host) and not host.startswith("/") and host not in ("localhost", "127.0.0.1", "::1")
        secure = {"sslmode": "verify-full", "sslrootcert": "system"} if far and "sslmode" not in given else {}
        self._facts = {**_DEFAULTS, **secure, **given}
        self._timeline = ""

    def __str__(self) -> str:
        return f"database {self._facts.get('dbname', '')} on {self._facts.get('host') or 'this machine'}"

    @property
    def facts(self) -> dict[str, str]:
        """What libpq is told, by name; the password among it."""
        return dict(self._facts)

    def connect(self, writes: bool) -> tuple[Connection, Driver]:
        """A connection in autocommit mode, for SQLAlchemy and bare. StoreError if it cannot have our durability."""
        driver = self._opened(writes)
        return _core(driver), driver

    def _opened(self, writes: bool) -> Driver:
        driver: Driver = psycopg.connect(**self._facts, autocommit=True)  # type: ignore[arg-type]
        try:
            driver.prepared_max = 500
            driver.adapters.register_dumper(str, _WithoutNul)
            driver.execute(_SESSION, prepare=False)
            if writes:
                self._durable(driver)
            else:
                driver.execute("SET default_transaction_read_only = on")
        except BaseException:
            driver.close()
            raise
        return driver

    def bare(self) -> Driver:
        """The connection alone. StoreError as `connect`."""
        return self._opened(writes=True)

    def survives_failover(self) -> bool:
        """Whether a commit waits for a standby, so that it is there when that one takes over. StoreError."""
        return bool(self._asked("SELECT current_setting('synchronous_standby_names')"))

    def has_ledger(self) -> bool:
        """Whether a ledger's tables are there. StoreError."""
        return self._asked("SELECT to_regclass('letters')") is not None

    def _asked(self, statement: LiteralString) -> Any:
        try:
            with self._opened(writes=False) as driver:
                row = driver.execute(statement).fetchone()
        except psycopg.Error as error:
            raise self.told(error) from error
        return row and row[0]

    def _durable(self, driver: Driver) -> None:
        """Raises StoreError for a server that may lose a commit, StoreAway for one that another took over from: what
        that one still takes would be forgotten."""
        row = driver.execute(_DURABLE).fetchone()
        assert row is not None
        timeline, *values = row
        for (name, good), value in zip(_MUST.items(), values, strict=True):
            if value not in good:
                raise StoreError(f"{self}: {name} is {value}, must be {good[0]}. Change it on the server, start again")
        if timeline < self._timeline:
            raise StoreAway(f"{self}: another server took over from this one. Take the old one away")
        self._timeline = timeline

    def told(self, error: BaseException) -> BaseException:
        """Our word for an error of the server or of the way to it; any other error as it is."""
        origin = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(origin, psycopg.Error):
            return error
        code, words = origin.sqlstate or "", str(origin).strip().splitlines()[0] if str(origin).strip() else ""
        lost = not code and isinstance(origin, psycopg.OperationalError | psycopg.InterfaceError)
        if lost or code.startswith(_AWAY):
            return StoreAway(f"{self} cannot be reached ({words}). Nothing was changed; it is tried again")
        if code.startswith(_BUSY):
            return StoreBusy(f"{self}: another program is writing to it. Nothing was changed; try again")
        if code.startswith(_FULL):
            return StoreFull(f"{self}: the disk is full. Nothing was changed; make room")
        if code.startswith(_DAMAGED):
            return StoreDamaged(f"{self} is damaged ({words}). Do not start; restore a backup")
        if code.startswith(_BROKEN):
            return StoreBroken(f"{self}: {words}. Stop, and check the server's disk")
        return error


def time_of(driver: Driver) -> datetime:
    """The server's time."""
    return last_of(driver.execute(TIME))


def last_of(said: psycopg.Cursor[Any]) -> datetime:
    """The server's time, where TIME was the last of the statements."""
    while said.nextset():
        pass
    row = said.fetchone()
    assert row is not None
    at: datetime = row[0]
    return at


class _WithoutNul(StrDumperUnknown):
    """PostgreSQL's texts cannot hold a NUL, and a stranger's must not stop a commit."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


class _Types(PGTypeCompiler):
    """Texts of any length and numbers of 64 bits, as SQLite has them."""

    def visit_INTEGER(self, type_: Any, **kw: Any) -> str:
        return "BIGINT"

    def visit_VARCHAR(self, type_: Any, **kw: Any) -> str:
        return "TEXT"


class _Ddl(PGDDLCompiler):
    """Texts that are compared sign by sign, whatever language the database was made for."""

    def get_column_specification(self, column: Column[Any], **kw: Any) -> str:
        words = str(super().get_column_specification(column, **kw)).replace(" SERIAL", " BIGSERIAL")  # type: ignore[no-untyped-call]
        return words + ' COLLATE "C"' if isinstance(column.type, String) else words


def _core(driver: Driver) -> Connection:
    """SQLAlchemy on this one connection: it must never make another by itself, outside of our transactions."""
    once = iter([driver])
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: next(once), poolclass=NullPool, hide_parameters=True,
        use_native_hstore=False,
    )  # fmt: skip
    engine.dialect.type_compiler_instance = _Types(engine.dialect)
    engine.dialect.ddl_compiler = _Ddl
    return engine.connect().execution_options(isolation_level="AUTOCOMMIT")
