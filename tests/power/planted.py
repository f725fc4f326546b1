"""Mistakes that the power cut must show: each makes the program forget one thing that keeps a letter."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

import pytest

from nemboks.domain.letter import Acknowledged, Event, Letter
from nemboks.store.sealed_file import PartFile
from nemboks.store.spool import Spool
from tests.power.cut import cut_at
from tests.power.disk import PLAIN, Chance
from tests.power.machine import MODES, Recording, durability, record
from tests.power.tally import Tally
from tests.power.ways import FORGETS, WAYS


@contextmanager
def no_file_sync() -> Iterator[None]:
    """The spool's file gets its name without having been synced."""
    complete = PartFile.complete
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PartFile, "complete", lambda self, last, durable: complete(self, last, False))
        yield


@contextmanager
def no_directory_sync() -> Iterator[None]:
    """The file is synced, its name is not."""

    async def at_once(self: Spool) -> None:
        pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Spool, "durable", at_once)
        yield


class Hasty:
    """The letters of the store, whose contents are destroyed before the commit that allows it."""

    def __init__(self, letters: Any, spool: Spool) -> None:
        self._letters, self._spool = letters, spool

    def __getattr__(self, name: str) -> Any:
        return getattr(self._letters, name)

    async def move(self, letter: Letter, event: Event) -> Letter:
        if isinstance(event, Acknowledged) and letter.contents:
            await self._spool.destroy(letter.contents)
        after: Letter = await self._letters.move(letter, event)
        return after


MISTAKES: Final[dict[str, Callable[[], AbstractContextManager[None]]]] = {
    "synchronous=OFF": lambda: durability("delete", 0),
    "synchronous=NORMAL": lambda: durability("delete", 1),
    "synchronous=FULL without WAL": lambda: durability("delete", 2),
    "WAL and synchronous=NORMAL": lambda: durability("wal", 1),
    "the spool's file is not synced": no_file_sync,
    "the spool's directory is not synced": no_directory_sync,
}
TWISTS: Final[dict[str, Callable[[Any, Spool], Any]]] = {"contents destroyed before ACKNOWLEDGED": Hasty}
ALL: Final = (*MISTAKES, *TWISTS)


async def found(name: str, at: Path) -> Tally:
    """The cuts of a life with the mistake, until one shows it; a whole tally says that none did."""
    twist = {"twist": TWISTS[name]} if name in TWISTS else {}
    with MISTAKES[name]() if name in MISTAKES else nullcontext():
        recording = await record(WAYS[FORGETS], at / "life", **twist)
    tally = Tally()
    with durability(*MODES["wal" if name.startswith("WAL") else "delete"]):
        choices = [PLAIN[1], PLAIN[2], Chance("1")]
        await cut_at(recording, choices, at, tally, start=_first(name, recording), step=5, stop_at=1)
    return tally


def _first(name: str, recording: Recording) -> int:
    """Before this call the mistake has done nothing yet."""
    act = {"the spool": "rename", "contents": "unlink"}  # else: the first commit after which a file is made
    wanted = next((what for word, what in act.items() if name.startswith(word)), "create")
    places = (n for n, op in enumerate(recording.ops) if op.act == wanted and op.path.startswith("spool/"))
    return next(places, recording.first)
