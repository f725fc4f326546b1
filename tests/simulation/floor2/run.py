"""One schedule of floor 2, from its seed to what came of it."""

import contextlib
import gc
import shutil
import sys
import tempfile
import warnings
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

import structlog

from nemboks.store.store import Store
from nemboks.store.vault import Vault, fingerprint
from tests.helpers.clock import PretendClock
from tests.simulation.floor2.life import KEY, Life
from tests.simulation.floor2.mistakes import planted
from tests.simulation.floor2.near import Killed
from tests.simulation.floor2.town import Town, build
from tests.simulation.loop import Deadlock, TooLong, bury
from tests.simulation.outcome import Outcome

MEMORY = Path("/dev/shm")  # a file system without a disk, where there is one
SHOWN = 60  # lines of the trace


def schedule(seed: int, mistake: str | None = None, only: Collection[str] | None = None) -> Outcome:
    """What came of the seed's schedule; with `only`, of those of its faults that are named."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        shutil.copyfile(_empty_ledger(), folder / "nemboks.db")
        (folder / "nemboks.db").chmod(0o600)
        gc.disable()  # what a schedule leaves is collected at its end, and is young then
        town = build(seed, folder, only)
        with _quiet(), planted(mistake):
            try:
                _live(town)
            except (Deadlock, TooLong) as error:
                town.oracle.breach("stuck", f"{type(error).__name__}: {error}")
            finally:
                town.gone()
                _forget(town)
        return _outcome(town)


def _live(town: Town) -> None:
    """One life after another, until one reaches the end."""
    while True:
        life = Life(town)
        try:
            town.loop.run_until_complete(life.run())
            return
        except Killed:
            life.dead = True
            town.bury_life()


def _forget(town: Town) -> None:
    """Clears away what a kill left; its last words, as its coroutines unwind, are nobody's business."""
    before, sys.unraisablehook = sys.unraisablehook, lambda _: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gc.collect(0)
            heard = len(town.loop.complaints)  # so far of what lived
            town.loop.kill()
            bury(town.loop)
            town.loop.graveyard.clear()
            gc.collect(1)
            del town.loop.complaints[heard:]
    finally:
        sys.unraisablehook = before
        gc.enable()


def _outcome(town: Town) -> Outcome:
    oracle = town.oracle
    for complaint in town.loop.complaints:
        oracle.breach("other", f"the loop heard: {complaint.get('message')} {complaint.get('exception')!r}")
    uncertain = sum(oracle.uncertain_of(post) for post in oracle.posts.values())
    oracle.close()
    return Outcome(
        town.seed, tuple(oracle.breaches), len(oracle.posts), oracle.copies, uncertain, oracle.plan.cells,
        tuple(oracle.plan.fired), oracle.trace_hash, tuple(oracle.trace[-SHOWN:]),
    )  # fmt: skip


@cache
def _empty_ledger() -> Path:
    """A ledger with its tables, made once a process."""
    path = Path(tempfile.mkdtemp(prefix="nemboks-floor2-")) / "nemboks.db"
    store = Store.open(path, Vault({fingerprint(KEY): KEY}), PretendClock(), threaded=False)
    store._writer._transactions.close()  # type: ignore[attr-defined]
    return path


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The program's log goes nowhere."""
    before = structlog.get_config()
    structlog.configure(processors=[_dropped], cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)


def _dropped(*_: object) -> str:
    raise structlog.DropEvent
