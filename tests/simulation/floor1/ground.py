"""Where a schedule stands: a ledger that was migrated once per process and is copied, a spool, and silence in the log.

Only processes die on this floor, so what is written need not be on a disk: a RAM disk where there is one, no syncs.
"""

import asyncio
import atexit
import gc
import shutil
import sqlite3
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import structlog
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from nemboks.domain.mailbox import Address, Cvr, Face, Options
from nemboks.domain.pace import Pace
from nemboks.ports import Clock
from nemboks.store import connect, sealed_file, spool, vault
from nemboks.store.errors import StoreBusy, StoreFull
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from nemboks.store.vault import Vault, fingerprint
from tests.desk.estating import Court
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock

KEY = b"k" * 32  # of every schedule: nothing here is a secret
CVRS = (make.ANNA, make.BO, Cvr("30303030"), Cvr("40404040"))
ADDRESSES = (make.ADDRESS, Address("bo@revisor.example"), Address("c@cykler.example"), Address("d@dyrlaege.example"))
SHARED: dict[str, Any] = {}
COMPILED: dict[Any, Any] = {}  # statements, for all stores of this process
RELAY, TRUSTED, DIRECT = "relay", "trusted", "direct"


@dataclass(frozen=True)
class Box:
    """One mailbox as a schedule has it; the first is always Anna's, over REST and to her own server."""

    face: Face = Face.REST
    server: str = make.SERVER
    landing: bool = False


@cache
def root() -> Path:
    """The folder of this process, gone with it."""
    ram = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="nemboks-floor1-", dir=ram if ram.is_dir() else None))
    atexit.register(shutil.rmtree, folder, True)
    return folder


def keys() -> Vault:
    return Vault({fingerprint(KEY): KEY})


def opened(path: Path, clock: Clock, pace: Pace) -> Store:
    """The store at the path, as a process opens it at its start."""
    real, connect._connect = connect._connect, _connected
    try:
        store = Store.open(path, keys(), clock, threaded=False, pace=pace)
    finally:
        connect._connect = real
    tx: Any = store._writer._transactions._line._tx  # type: ignore[attr-defined]
    for connection in (tx, store._reader._line._tx):
        connection.dialect = SHARED.setdefault("dialect", connection.dialect)  # statements are compiled once for one
        connection.execution_options(compiled_cache=COMPILED)
    tx.exec_driver_sql("PRAGMA synchronous = OFF")
    tx.exec_driver_sql("PRAGMA journal_mode = MEMORY")  # a transaction has no await inside: no process dies in one
    return store


def _connected(path: Path) -> Connection:
    """As the store's own, without locks on the file: one thread, and no transaction that an await interrupts."""

    def raw() -> sqlite3.Connection:
        return sqlite3.connect(
            f"file:{path}?vfs=unix-none", 5.0, isolation_level=None, check_same_thread=False, cached_statements=512,
            uri=True,
        )  # fmt: skip

    engine = create_engine("sqlite+pysqlite://", creator=raw, poolclass=NullPool, hide_parameters=True)
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.exec_driver_sql("PRAGMA foreign_keys=ON")
    return connection


@cache
def template(boxes: tuple[Box, ...]) -> Path:
    """A ledger with these mailboxes and everybody who may do anything about the first one's post."""
    empty = template(()) if boxes else None
    path = root() / f"template{len(list(root().glob('template*.db')))}.db"
    if empty is not None:
        shutil.copyfile(empty, path)

    async def fill() -> None:
        clock = PretendClock()
        store = opened(path, clock, Pace())
        for number, box in enumerate(boxes):
            options = Options(landing="bageri") if box.landing else Options()
            await store.mailboxes.add(
                make.declared(
                    CVRS[number], name=f"Firma {number}", face=box.face, address=ADDRESSES[number], server=box.server,
                    options=options,
                ),
                "settings",
            )  # fmt: skip
        if boxes:
            await Court(store, clock, Spool(root() / "documents", keys(), threaded=False)).sits()
        await store.close()

    asyncio.run(fill())
    return path


@contextmanager
def ground(boxes: tuple[Box, ...], seed: int, complaints: list[str]) -> Iterator[Path]:
    """A folder with `nemboks.db` in it; gone afterwards. Meanwhile ids come by the seed, and errors are collected."""
    made = template(boxes)
    folder = Path(tempfile.mkdtemp(dir=root()))
    shutil.copyfile(made, folder / "nemboks.db")
    with _by_the_seed(seed), _silent(complaints):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@cache
def _settled() -> None:
    """What this process has loaded by now is never looked at by the collector again: it is quick from here on."""
    gc.collect()
    gc.freeze()


@contextmanager
def buried() -> Iterator[None]:
    """Inside, nothing is collected: what the collector closes, it closes at a time that no seed knows.

    Afterwards the dead processes' tasks go, without a word: a killed process says none either.
    """
    _settled()
    collecting, hook = gc.isenabled(), sys.unraisablehook
    gc.disable()
    try:
        yield
    finally:
        sys.unraisablehook = unheard
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a coroutine that a dead process had no time to begin
            gc.collect()
        gc.freeze()  # what is left is the process's own
        sys.unraisablehook = hook
        if collecting:
            gc.enable()


def unheard(_: Any) -> None:
    pass


@contextmanager
def _by_the_seed(seed: int) -> Iterator[None]:
    """Names of files and nonces by the seed: rows are read in the order of such names."""
    random = Random(f"ids {seed}")
    chosen = SimpleNamespace(
        token_hex=lambda n: f"{random.getrandbits(8 * n):0{2 * n}x}",
        token_bytes=lambda n: random.getrandbits(8 * n).to_bytes(n, "big"),
    )
    places: list[Any] = [spool, sealed_file, vault]
    before = [place.secrets for place in places]
    for place in places:
        place.secrets = chosen
    try:
        yield
    finally:
        for place, known in zip(places, before, strict=True):
            place.secrets = known


@contextmanager
def _silent(complaints: list[str]) -> Iterator[None]:
    """No log lines; what is logged with its traceback is a fault of ours, and is kept."""

    class Deaf:
        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def bind(self, **_: Any) -> "Deaf":
            return self

        new = bind

        def info(self, *_: Any, **__: Any) -> None:
            pass

        warning = error = debug = info

        def exception(self, event: str, **facts: Any) -> None:
            error = sys.exc_info()[1]
            if isinstance(error, StoreBusy | StoreFull):  # what a store may say of its disk
                return
            complaints.append(f"{event} {facts}: {type(error).__name__}: {error}")

    before = structlog.get_config()
    structlog.configure(processors=[], wrapper_class=Deaf, cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)
