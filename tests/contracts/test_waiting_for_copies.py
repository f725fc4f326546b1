"""Which letters wait for a further recipient, or are kept for one: the same in every ledger."""

from datetime import timedelta

from nemboks.domain.letter import Acknowledged, Cleared, Hold, Reason, Released
from nemboks.domain.mailbox import Address, Recipient, Role
from tests.contracts.copying import begun, confirmed, forwarded
from tests.contracts.ledgers import ACCOUNTANT, FALLBACK
from tests.helpers import builders as make
from tests.helpers.clock import START

LATER = START + timedelta(minutes=5)


async def stranded(ledger, now=LATER):
    return [x.upstream_id for x in await ledger.letters.stranded(now, now, 10)]


async def test_an_undelivered_letter_is_stranded_until_its_fallbacks_are_planned(ledger):
    """Old enough, undelivered, and a fallback of its route has no delivery yet."""
    second = Recipient(Role.FALLBACK, Address("kontor@hjemme.example"), "direct")
    letter = await ledger.waiting()
    assert await stranded(ledger) == []
    await ledger.shared(ACCOUNTANT)
    assert await stranded(ledger) == []
    await ledger.shared(ACCOUNTANT, FALLBACK, second)
    assert (await stranded(ledger), await stranded(ledger, START)) == (["letter-1"], [])

    await ledger.deliveries.plan(letter, (FALLBACK,), START)
    assert await stranded(ledger) == ["letter-1"]
    await ledger.deliveries.plan(letter, (second,), START)
    assert await stranded(ledger) == []


async def test_what_may_go_to_nobody_is_not_stranded(ledger):
    """A letter that was never read, is held for what it is, or lies in a paused mailbox, has no fallback to go to."""
    await ledger.shared()
    await ledger.found("unread")
    await ledger.letters.move(await ledger.waiting("wrong"), Hold(Reason.WRONG_RECIPIENT))
    await ledger.letters.move(await ledger.waiting("large"), Hold(Reason.TOO_LARGE))
    assert await stranded(ledger) == ["large"]

    await ledger.pause()
    assert await stranded(ledger) == []


async def test_contents_are_kept_until_every_copy_is_done(ledger):
    """A receipted letter with contents is finished when no copy is open, or when the copies were given up."""
    await ledger.shared()
    letter = await forwarded(ledger)
    delivery = await ledger.planned(letter)
    assert [] == await ledger.letters.finished_copies(LATER, 10)
    letter = await ledger.letters.move(letter, Acknowledged("200", keep=True))

    assert [] == await ledger.letters.finished_copies(START, 10)
    assert [letter] == await ledger.letters.finished_copies(LATER, 10)
    delivery = await begun(ledger, delivery)
    assert [] == await ledger.letters.finished_copies(START, 10)
    await ledger.deliveries.move(delivery, confirmed(delivery))
    assert [letter] == await ledger.letters.finished_copies(START, 10)

    await ledger.letters.move(letter, Cleared())
    assert [] == await ledger.letters.finished_copies(LATER, 10)


async def test_a_copy_waits_while_its_letter_is_looked_at_anew(ledger):
    """Other contents under the same id, released: until they are read there is nothing to send, and nothing is due."""
    letter = await ledger.waiting()
    await ledger.shared()
    await ledger.planned(letter)
    letter = await ledger.letters.move(letter, Hold(Reason.OTHER_CONTENTS, contents=make.sealed(9)))
    letter = await ledger.letters.move(letter, Released("anna", START))

    assert letter.contents is not None and letter.headline is None
    assert not await ledger.deliveries.due(LATER, 10)
