"""The same kills on the real store and the real spool: what a transaction promised is there after the restart."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nemboks.domain.delivery import Delivery, DeliveryState
from nemboks.domain.letter import Letter, State
from nemboks.domain.proof import Stage
from nemboks.journey.recover import recover
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.crash.fuse import Fuse, Killed, through
from tests.crash.oracle import check
from tests.crash.test_new_ways import FILES, SCENES
from tests.helpers import builders as make
from tests.helpers.fake_courier import ACCEPTED, broken
from tests.helpers.fake_inbox import LostReply, Removal
from tests.journey.town import Town, memo, settle, uuid

KILLS = 12  # of each way, at calls spread over it; before and after the call take turns


class Machine:
    """A disk, and the town around it; each `life` is one process on them."""

    def __init__(self, directory: Path, town: Town) -> None:
        directory.mkdir()
        self.directory, self.town = directory, town
        self.letters: list[Letter] = []
        self.further: list[Delivery] = []

    async def life(self, fuse: Fuse) -> None:
        """From start to rest, or to the kill; the store is closed as an operating system would close it."""
        keys, town = vault(self.directory), self.town
        store = Store.open(self.directory / "nemboks.db", keys, town.clock, threaded=False)
        try:
            route, options = town.mailbox.route, town.mailbox.options
            chosen = {"others": route.others, "fallback_decides": route.fallback_decides, "options": options}
            await store.mailboxes.declare([make.declared(**chosen)])
            spool = Spool(self.directory / "spool", keys, threaded=False)
            ours = {"letters": store.letters, "mailboxes": store.mailboxes, "deliveries": store.deliveries}
            world = through(replace(town.world, contents=spool, **ours), fuse)
            await recover(world, sole=True)
            await spool.sweep(await store.letters.spool_files())
            await settle(world, town.clock, days=6)
            self.letters = [x for x in [await store.letters.get(n) for n in (1, 2)] if x]
            self.further = [x for letter in self.letters for x in await store.deliveries.of(letter.id)]
        finally:
            await store.close()


async def killed(folder: Path, make_town: Callable[[], Town], letters: int) -> None:
    """The whole way once, then killed at calls spread over it and started again: the same promises each time."""
    whole = Fuse([])
    await Machine(folder / "whole", make_town()).life(whole)
    for number, at in enumerate(range(1, len(whole.names) + 1, max(1, len(whole.names) // KILLS))):
        machine, journal = Machine(folder / str(at), make_town()), list[tuple[Any, ...]]()
        fuse = Fuse(journal, at, after=number % 2 == 0)
        with suppress(Killed):
            await machine.life(fuse)
        assert fuse.blown
        await machine.life(Fuse(journal))

        assert len(machine.letters) == letters
        check(journal, machine.letters, machine.town.inbox, machine.town.courier, machine.further)
        assert {x.state for x in machine.further} <= {DeliveryState.DELIVERED}
        assert {x.state for x in machine.letters} == {State.ACKNOWLEDGED}
        files = list((machine.directory / "spool").iterdir())
        assert len(files) <= 2, "more than the kill's own files, which the next sweep takes"


@pytest.mark.slow
@pytest.mark.parametrize("removal", [Removal.ON_RECEIPT, Removal.ON_FETCH])
async def test_a_kill_leaves_the_real_store_whole(removal: Removal, tmp_path: Path) -> None:
    """The same promises, and no sealed file is left."""

    def make_town() -> Town:
        town = Town(removal=removal)
        for number in (1, 2):
            town.inbox.put(uuid(number), memo(number))
        town.courier.endings.extend([broken(Stage.DOT), ACCEPTED])
        town.inbox.plant("acknowledge", LostReply())
        return town

    await killed(tmp_path, make_town, 2)


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
async def test_a_kill_on_the_new_ways_leaves_the_real_store_whole(scene: str, tmp_path: Path) -> None:
    """Further recipients, parts, encrypted mails and a relay, on what SQLite really keeps."""

    def make_town() -> Town:
        town = SCENES[scene]()
        town.inbox.put(uuid(1), memo(files=FILES))
        return town

    await killed(tmp_path, make_town, 1)
