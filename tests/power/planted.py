"""Mistakes that the power cut must show: each makes the program forget one thing that keeps a letter."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

import pytest

from nemboks.domain.letter import Acknowledged, Event, Letter
from nemboks.store.sealed_file import PartFile
from nemboks.store.spool import Spool
from tests.power.machine import durability


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
