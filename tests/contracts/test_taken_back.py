"""A copy of what went to an address that was taken back goes to the primary, on every ledger."""

import pytest

from nemboks.domain.letter import DotBegun, Stale
from nemboks.domain.mailbox import Recipient, Role
from tests.helpers import builders as make
from tests.helpers.clock import START


async def test_the_primary_is_named_for_a_copy(ledger):
    """While it is the primary, and of no other role; another address makes it a stranger again."""
    letter = await ledger.forwarded()
    copy = Recipient(Role.COPY, make.ADDRESS, make.SERVER)
    planned = await ledger.planned(letter, copy)
    await ledger.deliveries.plan(letter, [Recipient(Role.FALLBACK, make.ADDRESS, make.SERVER)], START)

    assert [planned] == await ledger.deliveries.due(START, 10)
    claim = make.claimed(address=planned.address, server=planned.server)
    sending = await ledger.deliveries.move(planned, claim)
    await ledger.reroute()
    with pytest.raises(Stale):
        await ledger.deliveries.move(sending, DotBegun(sending.fence))
