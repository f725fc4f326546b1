"""One pass: everything goes as far as it can, however few seats a server has, and then it is over."""

import asyncio

from nemboks.domain.letter import State
from tests.daemon.harness import LIMIT, daemon_of, states
from tests.journey.town import Town, memo, uuid

LETTERS = 40


async def test_every_letter_goes_in_one_pass() -> None:
    """Forty letters of one company, far more than there are seats: the pass is over when the last is acknowledged."""
    town = Town()
    for number in range(1, LETTERS + 1):
        town.inbox.put(uuid(number), memo(number))
    async with asyncio.timeout(LIMIT):
        await daemon_of(town).drain()

    assert list(states(town).values()) == [State.ACKNOWLEDGED] * LETTERS


async def test_a_pass_over_nothing_is_over_at_once() -> None:
    """No letter and no mailbox that has any: the pass ends all the same."""
    town = Town()
    async with asyncio.timeout(LIMIT):
        await daemon_of(town).drain()

    assert states(town) == {}
