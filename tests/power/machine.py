"""One machine of ours on a watched disk, in the small town whose upstream and mail server are other machines.

Its whole life is run once and recorded: each call on the disk in order, and what the rest of the world was like just
before it. A power cut at any of them is then a matter of choosing what the disk kept.
"""

import copy
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from nemboks.domain.headline import Sealed
from nemboks.journey.recover import recover
from nemboks.store import connect
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from nemboks.store.vault import Vault
from tests.crash.fuse import Fuse, through
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.journey.town import Town, settle
from tests.power.disk import Op
from tests.power.files import watched_files
from tests.power.vfs import watched

MODES: Final = {"delete": ("delete", connect.EXTRA), "wal": ("wal", connect.FULL)}
Journal = list[tuple[Any, ...]]
SHM: Final = Path("/dev/shm")  # a disk of memory: what is lost here is lost by choice


@contextmanager
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=SHM if os.access(SHM, os.W_OK) else None, prefix="nemboks-power-") as made:
        yield Path(made)


@contextmanager
def durability(mode: str, synchronous: int) -> Iterator[None]:
    """The store opens its files like this, whatever it would choose for this SQLite."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connect, "durability", lambda version: (mode, synchronous))
        yield


@dataclass(frozen=True, slots=True)
class Moment:
    """What was true outside our machine, and what our program had been told by then."""

    inbox: Any
    courier: Any
    now: datetime
    journal: int  # entries


@dataclass
class Recorder:
    """Hears of every call on the disk. `refuse` may raise OSError for the call of that number, counted from 1."""

    root: Path
    town: Town
    journal: Journal
    refuse: Callable[[int, str, str], None] = lambda number, act, path: None
    ops: list[Op] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)
    _key: tuple[Any, ...] = ()

    def tell(self, act: Any, path: str, offset: int = 0, data: bytes = b"", to: str = "") -> None:
        self.look()
        self.refuse(len(self.ops) + 1, act, path)
        self.note(act, path, offset, data, to)

    def note(self, act: Any, path: str, offset: int = 0, data: bytes = b"", to: str = "") -> None:
        self.ops.append(Op(act, self._short(path), len(self.moments) - 1, offset, data, to and self._short(to)))

    def _short(self, path: str) -> str:
        name = os.path.relpath(os.path.realpath(os.path.dirname(path)) + os.sep + os.path.basename(path), self.root)
        return "" if name == "." else name

    def look(self) -> None:
        inbox, courier = self.town.inbox, self.town.courier
        seen = (len(inbox.acts), len(inbox.receipts), len(inbox.letters), len(courier.sent), len(courier.endings))
        key = (*seen, self.town.clock.now(), len(self.journal))
        if key != self._key:
            self._key = key
            self.moments.append(Moment(*copied(inbox, courier), self.town.clock.now(), len(self.journal)))


def copied(inbox: Any, courier: Any) -> tuple[Any, Any]:
    """Both as they are now; mails that were sent are shared: nobody changes them."""
    return copy.deepcopy((inbox, courier), {id(sent): sent for sent in courier.sent})


class Noting:
    """The real spool, which also writes into the journal what it promised to have sealed."""

    def __init__(self, spool: Spool, journal: Journal) -> None:
        self._spool, self._journal = spool, journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._spool, name)

    @asynccontextmanager
    async def seal(self, letter: int, once: bool = False) -> AsyncIterator["NotingSealing"]:
        async with self._spool.seal(letter) as sealing:  # the ballast is no matter of what reaches the disk
            yield NotingSealing(sealing, letter, self._journal)


@dataclass
class NotingSealing:
    real: Any
    letter: int
    journal: Journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    async def finish(self, durable: bool) -> Sealed:
        sealed: Sealed = await self.real.finish(durable)
        if durable:
            self.journal.append(("sealed", self.letter, sealed))
        return sealed


@dataclass
class Machine:
    """The files of one machine. Each `life` is one process on them, from its start until nothing is due."""

    root: Path
    town: Town
    keys: Vault
    journal: Journal
    twist: Callable[[Any, Spool], Any] = lambda letters, spool: letters  # a mistake that a test plants

    @asynccontextmanager
    async def process(self) -> AsyncIterator[tuple[Store, Spool]]:
        """The store and the spool, open; left as a killed process leaves them if the body raises."""
        store = Store.open(self.root / "nemboks.db", self.keys, self.town.clock, threaded=False)
        try:
            home: Any = store._home
            home._ballast.hold = lambda: None  # what disks do is tried out here, not how full they are
            store.lock_daemon()
            yield store, Spool(self.root / "spool", self.keys, threaded=False)
        finally:
            await store.close()

    async def life(self, looked_at: Callable[[Store, Spool], Any] | None = None) -> None:
        """From start to rest; `looked_at` is called with the open store before anything is done, and at the end."""
        async with self.process() as (store, spool):
            if looked_at:
                await looked_at(store, spool)
            await self._declare(store)
            world = self._world(store, spool)
            await recover(world, sole=True)
            await spool.sweep(await store.letters.spool_files())
            await settle(world, self.town.clock, days=6)
            await spool.sweep(await store.letters.spool_files())
            if looked_at:
                await looked_at(store, spool)

    async def _declare(self, store: Store) -> None:
        box = self.town.mailbox
        chosen: dict[str, Any] = {
            "others": box.route.others,
            "fallback_decides": box.route.fallback_decides,
            "options": box.options,
        }
        await store.mailboxes.declare([make.declared(face=box.face, **chosen)])

    def _world(self, store: Store, spool: Spool) -> Any:
        letters = self.twist(store.letters, spool)
        contents = Noting(spool, self.journal)
        ours = {"letters": letters, "mailboxes": store.mailboxes, "deliveries": store.deliveries}
        return through(replace(self.town.world, contents=contents, **ours), Fuse(self.journal))


@dataclass(frozen=True)
class Recording:
    """A whole life: what was done on the disk, what was elsewhere, what the program was told."""

    make_town: Callable[[], Town]
    keys: Vault
    ops: list[Op]
    moments: list[Moment]
    journal: Journal

    @property
    def first(self) -> int:
        """The first call after the ledger was made: from here letters are at stake."""
        return next(n for n, op in enumerate(self.ops) if self.moments[op.moment].inbox.acts)

    def step(self, moment: Moment) -> str:
        """What the program had done last at the moment."""
        last = self.journal[moment.journal - 1] if moment.journal else ("start",)
        name = str(last[0])
        return f"{name} {type(last[2]).__name__}" if name.endswith("move") else name


async def record(make_town: Callable[[], Town], root: Path, **machine: Any) -> Recording:
    """One life on an empty directory, to its end."""
    town, keys, journal = make_town(), Vault.create(root.parent / f"{root.name}.key"), Journal()
    root.mkdir()
    recorder = Recorder(root, town, journal)
    with watched(recorder), watched_files(root, recorder):
        await Machine(root, town, keys, journal, **machine).life()
    recorder.look()
    return Recording(make_town, keys, recorder.ops, recorder.moments, journal)


def town_at(recording: Recording, moment: Moment) -> Town:
    """The town as it was, with a clock of its own."""
    town = recording.make_town()
    town.clock = PretendClock(moment.now)
    town.clock._ids = 10_000  # never those that the machine before gave
    town.inbox, town.courier = copied(moment.inbox, moment.courier)
    town.inboxes.inbox = town.inbox
    town.world = replace(town.world, clock=town.clock, courier=town.courier)
    return town
