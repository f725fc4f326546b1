"""Moves of a further recipient's copy, as the contracts make them."""

from dataclasses import replace

from nemboks.domain.letter import DotBegun
from tests.helpers import builders as make


def claimed(delivery, **changes):
    return make.claimed(address=delivery.address, server=delivery.server, **changes)


def confirmed(delivery, **changes):
    of = replace(make.letter(), id=delivery.letter, fence=delivery.fence)
    return make.confirmed(of, address=delivery.address, **changes)


async def begun(ledger, delivery):
    delivery = await ledger.deliveries.move(delivery, claimed(delivery))
    return await ledger.deliveries.move(delivery, DotBegun(delivery.fence))


async def forwarded(ledger):
    """A letter that its primary has, on the route that `ledger.shared` made."""
    letter = await ledger.waiting()
    letter = await ledger.letters.move(letter, make.claimed(route_version=2))
    letter = await ledger.letters.move(letter, DotBegun(letter.fence))
    return await ledger.letters.move(letter, make.confirmed(letter))
