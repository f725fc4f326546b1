"""One pass: everything goes as far as it can, however few seats a server has, and then it is over."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from nemboks.domain.letter import State
from tests.daemon.harness import LIMIT, daemon_of, states
from tests.journey.test_parts import FILES, too_large
from tests.journey.town import SlowCourier, Town, memo, uuid, with_courier

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


async def test_what_a_parked_mailbox_kept_goes_in_the_pass_that_lets_it_in_again() -> None:
    """The listing ends the park, and finds nothing new: the letter that waited for it goes in the same pass."""
    town = Town()
    await town.posted()
    await town.mailboxes.postpone(town.mailbox, town.clock.now() + timedelta(days=1), "refused", True)
    async with asyncio.timeout(LIMIT):
        await daemon_of(town).drain()

    assert town.letter.state is State.ACKNOWLEDGED


async def test_a_receipt_goes_although_its_mailbox_held_it_a_moment_ago() -> None:
    """What was known of the mailbox is half a second old: a person has let it go since, and nobody waits for a day."""
    town = Town()
    await town.forwarded()
    held = replace(town.mailbox, custody=replace(town.mailbox.custody, unproven=True))
    daemon = daemon_of(town)
    daemon._known[held.id] = town.clock.monotonic(), held
    await daemon._acknowledge(town.letter)

    assert town.letter.state is State.ACKNOWLEDGED


async def test_a_letter_in_three_mails_goes_in_one_pass() -> None:
    """Each mail makes the next one due while its own step is not quite over: nobody has to come again for it."""
    town = Town()
    with_courier(town, SlowCourier())
    town.inbox.put(uuid(1), memo(files=FILES))
    town.courier.endings.append(too_large())
    async with asyncio.timeout(LIMIT):
        await daemon_of(town).drain()

    assert (town.letter.state, len(town.courier.sent)) == (State.ACKNOWLEDGED, 3)
