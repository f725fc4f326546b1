"""PostgreSQL as a real neighbour: a server of our own in a private directory, on a Unix socket, for the whole session.

`NEMBOKS_TEST_PG` may name the URL of a server to use instead, where we may make databases.
"""

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.helpers.peers import PATH, do_without

OURS = "NEMBOKS_TEST_PG"
OPTIONS = (
    "-c listen_addresses='' -c shared_buffers=32MB -c max_connections=60 -c autovacuum=off -c log_min_messages=fatal "
    "-c wal_recycle=off -c max_wal_size=128MB"
)
ROOM = 1 << 30  # bytes: a container's memory file system is often smaller than that
_numbers = count(1)


@dataclass
class Server:
    """A running server; `fresh` makes databases on it."""

    info: str  # how to reach its database `postgres`
    data: Path | None = None  # its directory, if it is ours to stop and start
    options: str = OPTIONS

    def fresh(self, template: str = "template0") -> str:
        """The URL of a new database."""
        name = f"nemboks_{os.getpid()}_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
        return self.url(name)

    def url(self, database: str) -> str:
        """As the settings want it."""
        facts = {**conninfo_to_dict(self.info), "dbname": database}
        return "postgresql://?" + urlencode({name: str(value) for name, value in facts.items()}, quote_via=quote)

    def run(self, statement: str) -> list[tuple]:
        with psycopg.connect(self.info, autocommit=True) as admin:
            found = admin.execute(statement)
            return found.fetchall() if found.description else []

    def drop(self, url: str) -> None:
        """Ends whoever still talks to the database, and removes it."""
        self.run(f"DROP DATABASE IF EXISTS {conninfo_to_dict(url)['dbname']} WITH (FORCE)")

    def start(self) -> None:
        self._ctl("start", "-w", "-l", f"{self.data.parent}/log", "-o", f"{self.options} -k {self.data.parent}")

    def standby(self) -> "Server":
        """A second server that follows this one, in a directory of its own."""
        base = _directory()
        where = conninfo_to_dict(self.info)["host"]
        as_owner([_program("pg_basebackup"), "-D", str(base / "data"), "-h", where, "-U", "nemboks", "-R",
                  "-X", "stream", "-c", "fast", "--no-sync"])  # fmt: skip
        made = Server(f"host={base} user=nemboks dbname=postgres", base / "data", self.options)
        made.start()
        atexit.register(made.end)
        return made

    def end(self) -> None:
        """It is gone, whether it ran or not."""
        if (self.data / "postmaster.pid").exists():
            self.stop("immediate")

    def promote(self) -> None:
        """It takes over."""
        self._ctl("promote", "-w")

    def stop(self, mode: str = "fast") -> None:
        self._ctl("stop", "-w", "-m", mode)

    def _ctl(self, *words: str) -> None:
        as_owner([_program("pg_ctl"), "-s", "-D", str(self.data), *words])


@cache
def server() -> Server:
    """The session's server. Skips the test where there is none, unless NEMBOKS_REQUIRE_PEERS=1 forbids that."""
    given = os.environ.get(OURS)
    return Server(given) if given else own()


def own(options: str = OPTIONS) -> Server:
    """A server of the caller's own, gone with the session. Skips as `server`."""
    if _program("initdb") is None or _program("pg_ctl") is None:
        do_without("PostgreSQL is not installed on this machine; .ci/run installs it")
    base = _directory()
    as_owner([_program("initdb"), "-D", str(base / "data"), "-U", "nemboks", "-A", "trust", "--locale=C.UTF-8",
              "-E", "UTF8", "--no-sync"])  # fmt: skip
    made = Server(f"host={base} user=nemboks dbname=postgres", base / "data", options)
    made.start()
    atexit.register(made.end)
    return made


def _directory() -> Path:
    memory = Path("/dev/shm")  # as durable as a test needs it, and every fsync is still asked for
    room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    base = Path(tempfile.mkdtemp(prefix="nemboks-pg-", dir=memory if room else None))
    atexit.register(shutil.rmtree, base, True)
    if os.geteuid() == 0:
        os.chown(base, _owner().pw_uid, _owner().pw_gid)
    return base


def as_owner(words: list[str]) -> None:
    """Runs a program of the server's as somebody who may run it: it refuses root."""
    who = {"user": _owner().pw_uid, "group": _owner().pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=60, **who)


def _owner() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("no user to run PostgreSQL as")


def _program(name: str) -> str | None:
    """Debian keeps the server's programs out of the PATH, in a directory for each version."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda x: -int(x.parent.name))
    return shutil.which(name, path=os.pathsep.join((*map(str, versions), PATH)))
