"""Where a ledger of a measurement lies: in a file of its own, or in a database of its own on a server that is named.

On a server we must be allowed to make databases; each is removed again.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bench.processes import cpu_seconds
from nemboks.clock import RealClock
from nemboks.ports import Clock
from nemboks.store.home import Home
from nemboks.store.line import never
from nemboks.store.store import Store
from nemboks.store.vault import Vault

_numbers = count(1)


@dataclass(frozen=True)
class Place:
    """The folder holds the master key, and the ledger where there is no `url`."""

    folder: str
    url: str = ""

    @property
    def file(self) -> Path:
        return Path(self.folder) / "nemboks.db"

    @property
    def key(self) -> Path:
        return Path(self.folder) / "master.key"

    def given(self) -> dict[str, Any]:
        """As words for a process of its own."""
        return asdict(self)

    def open(self, threaded: bool = True) -> Store:
        """The ledger, made if need be."""
        home, clock = self._home()
        return Store.open(home, Vault.load(self.key), clock, threaded=threaded)

    def _home(self) -> tuple[Path | Home, Clock]:
        if not self.url:
            return self.file, RealClock()
        from nemboks.store.postgres_line import PostgresHome
        from nemboks.store.server_clock import ServerClock

        clock = ServerClock(RealClock())
        return PostgresHome(self.url, clock), clock

    @contextmanager
    def filling(self) -> Iterator[Connection]:
        """One transaction for a great many rows, committed at the end."""
        from nemboks.store.home import FileHome

        home, _ = self._home()
        line = (FileHome(home) if isinstance(home, Path) else home).writer()
        tx = line.begin(never)
        try:
            yield tx
            line.commit(never)
        finally:
            line.close()

    def after_filling(self) -> None:
        """A server is told what there is now, as it finds out by itself in time (autovacuum)."""
        if self.url:
            with _connected(self.url) as database:
                database.execute("VACUUM ANALYZE")

    def size(self) -> int:
        """Bytes that the ledger takes."""
        if not self.url:
            return self.file.stat().st_size
        with _connected(self.url) as database:
            found: int = database.execute("SELECT pg_database_size(current_database())").fetchone()[0]
            return found

    def server_cpu(self) -> float:
        """CPU seconds of the server's processes that work for us; 0 for a file, and for a server elsewhere."""
        if not self.url:
            return 0.0
        with _connected(self.url) as database:
            rows = database.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'nemboks'").fetchall()
        total = 0.0
        for (pid,) in rows:
            with suppress(OSError):
                total += cpu_seconds(pid)
        return total


@contextmanager
def place(folder: Path, url: str) -> Iterator[Place]:
    """A place for an empty ledger, with a master key; gone when the block is left."""
    folder.mkdir(exist_ok=True)
    Vault.create(folder / "master.key")
    if not url:
        yield Place(str(folder))
        return
    from psycopg.conninfo import make_conninfo

    name = f"nemboks_bench_{os.getpid()}_{next(_numbers)}"
    with _connected(url) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    try:
        yield Place(str(folder), make_conninfo(url, dbname=name))
    finally:
        with _connected(url) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _connected(url: str) -> Any:
    import psycopg

    return psycopg.connect(url, autocommit=True, application_name="bench")
