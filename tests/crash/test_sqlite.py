"""The same kills on the real store and the real spool: what a transaction promised is there after the restart."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from nemboks.domain.letter import Letter
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Stage
from nemboks.journey.recover import recover
from nemboks.journey.world import World
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.crash.fuse import Fuse, Killed, through
from tests.crash.oracle import check
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.helpers.fake_courier import ACCEPTED, FakeCourier, broken
from tests.helpers.fake_inbox import FakeInbox, LostReply, Removal
from tests.journey.town import SENDER, FakeInboxes, memo, settle, uuid

EVERY = 7  # of the calls; the two modes take turns


class Machine:
    """A disk, and the world outside of it; each `life` is one process on them."""

    def __init__(self, directory: Path, removal: Removal) -> None:
        self.directory, self.clock, self.courier = directory, PretendClock(), FakeCourier()
        self.inbox = FakeInbox(keeps=False, removal=removal)
        self.inbox.put(uuid(1), memo(1))
        self.inbox.put(uuid(2), memo(2))
        self.courier.endings.extend([broken(Stage.DOT), ACCEPTED])
        self.inbox.plant("acknowledge", LostReply())
        self.letters: list[Letter] = []

    async def life(self, fuse: Fuse) -> None:
        """From start to rest, or to the kill; the store is closed as an operating system would close it."""
        keys = vault(self.directory)
        store = Store.open(self.directory / "nemboks.db", keys, self.clock, threaded=False)
        try:
            await store.mailboxes.declare([make.declared()])
            spool = Spool(self.directory / "spool", keys, threaded=False)
            inboxes = FakeInboxes(self.inbox)
            ports = (store.letters, store.mailboxes, spool, inboxes, self.courier, self.clock, Pace(), SENDER)
            world = through(World(*ports, store.deliveries), fuse)
            await recover(world, sole=True)
            await spool.sweep(await store.letters.spool_files())
            await settle(world, self.clock)
            self.letters = [x for x in [await store.letters.get(n) for n in (1, 2)] if x]
        finally:
            await store.close()


@pytest.mark.slow
@pytest.mark.parametrize("removal", [Removal.ON_RECEIPT, Removal.ON_FETCH])
async def test_a_kill_leaves_the_real_store_whole(removal: Removal, tmp_path: Path) -> None:
    """Killed at every seventh call and started again: the same promises, and no sealed file is left."""
    (tmp_path / "whole").mkdir()
    whole = Fuse([])
    await Machine(tmp_path / "whole", removal).life(whole)

    for at in range(1, len(whole.names) + 1, EVERY):
        directory = tmp_path / str(at)
        directory.mkdir()
        machine, journal = Machine(directory, removal), list[tuple[Any, ...]]()
        fuse = Fuse(journal, at, after=at % 2 == 0)
        with suppress(Killed):
            await machine.life(fuse)
        assert fuse.blown
        await machine.life(Fuse(journal))

        assert len(machine.letters) == 2
        check(journal, machine.letters, machine.inbox, machine.courier)
        assert len(list((directory / "spool").iterdir())) <= 1, "more than the one file that the next sweep takes"
