"""RELIABILITY 4b, D09 and D10: one ledger, several workers."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from nemboks.domain.letter import Letter, Stale, State
from nemboks.domain.proof import Report
from nemboks.journey.forward import forward
from nemboks.journey.world import World
from nemboks.ports import Mail
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.faults.village import cvr, village
from tests.helpers.fake_courier import FakeCourier

WORKERS, LETTERS = 8, 5


class Hasty(FakeCourier):
    """Yields to the other workers a random number of times, before the letter, the dot and the end."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    async def deliver(self, mail: Mail, seconds: float, before_dot: Callable[[], Awaitable[bool]]) -> Report:
        await self._wait()

        async def asked() -> bool:
            await self._wait()
            return await before_dot()

        report = await super().deliver(mail, seconds, asked)
        await self._wait()
        return report

    async def _wait(self) -> None:
        for _ in range(self._chance.randrange(12)):
            await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(5))
async def test_d09_eight_workers_on_one_mailbox(tmp_path, seed: int) -> None:
    """Each with a connection of its own to the ledger: every letter goes once; the slower ones find it taken."""
    chance = random.Random(seed)
    async with village(tmp_path) as place:
        for number in range(1, LETTERS + 1):
            place.post(cvr(1), number)
        await place.fetched()
        courier = Hasty(chance)
        stores = [
            Store.open(tmp_path / "nemboks.db", vault(tmp_path), place.clock, threaded=False) for _ in range(WORKERS)
        ]
        try:
            ours = [replace(place.world, letters=one.letters, mailboxes=one.mailboxes) for one in stores]
            stale = await asyncio.gather(*(_work(replace(one, courier=courier), chance) for one in ours))
        finally:
            for one in stores:
                await one.close()
        letters = [await place.letter(number) for number in range(1, LETTERS + 1)]

    assert {(one.state, one.fence, one.uncertain) for one in letters} == {(State.FORWARDED, 1, 0)}
    assert len(courier.sent) == LETTERS
    assert sum(stale) > 0, "nobody was in another's way: nothing was tried"


async def _work(world: World, chance: random.Random) -> int:
    """How often another was quicker."""
    stale = 0
    rows: list[Letter] = list(await world.letters.due(State.WAITING, world.clock.now(), 100))
    chance.shuffle(rows)
    for row in rows:
        try:
            await forward(row, await world.mailboxes.get(row.mailbox), world)
        except Stale:
            stale += 1
    return stale
