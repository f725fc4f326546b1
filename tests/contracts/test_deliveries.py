"""The Deliveries port: what every ledger of further recipients does, the real one and the fake."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.delivery import DeliveryState
from nemboks.domain.headline import Sealed
from nemboks.domain.letter import (
    Acknowledged,
    AttemptEnded,
    Cleared,
    Dismissed,
    DotBegun,
    Hold,
    Later,
    PartConfirmed,
    Reason,
    Recomposed,
    Stale,
)
from nemboks.domain.mailbox import Address, Role
from tests.contracts.copying import begun, claimed, confirmed, forwarded
from tests.contracts.ledgers import ACCOUNTANT, FALLBACK
from tests.helpers import builders as make
from tests.helpers.clock import START
from tests.helpers.holding import held

LATER = START + timedelta(minutes=5)


async def copied(ledger, *others):
    """The accountant's delivery of a new waiting letter of Anna's."""
    await ledger.shared(*others)
    return await ledger.planned(await ledger.waiting())


async def test_a_recipient_is_planned_once(ledger):
    """However often it is named: one delivery for each role, address and server, due at once."""
    await ledger.shared()
    letter = await ledger.waiting()

    await ledger.deliveries.plan(letter, (ACCOUNTANT, ACCOUNTANT), START)
    ledger.clock.advance(60)
    both = await ledger.deliveries.plan(letter, (ACCOUNTANT, FALLBACK), LATER)

    assert [(x.role, x.address, x.server, x.due_at) for x in both] == [
        (Role.COPY, ACCOUNTANT.address, "revisor", START),
        (Role.FALLBACK, FALLBACK.address, "direct", LATER),
    ]
    assert both == await ledger.deliveries.of(letter.id)
    assert both[0] == await ledger.deliveries.get(both[0].id)


async def test_the_straight_way_of_a_copy(ledger):
    """Claimed, its dot begun, delivered; the letter itself is not touched."""
    delivery = await copied(ledger)
    before = await ledger.letters.get(delivery.letter)

    delivery = await begun(ledger, delivery)
    delivery = await ledger.deliveries.move(delivery, confirmed(delivery))

    assert (delivery.state, delivery.due_at, len(delivery.proofs)) == (DeliveryState.DELIVERED, None, 1)
    assert await ledger.deliveries.get(delivery.id) == delivery
    assert await ledger.letters.get(delivery.letter) == before


async def test_what_was_made_once_is_kept(ledger):
    """Copy, encrypted mail and the proof of a part are on the row, and a second part follows."""
    delivery = await copied(ledger)
    delivery = await ledger.deliveries.move(delivery, claimed(delivery))
    mail = make.copy(parts=((0,), (1,)))
    delivery = await ledger.deliveries.move(delivery, Recomposed(1, mail, Sealed("e" * 32, "key")))
    assert await ledger.deliveries.get(delivery.id) == delivery
    assert (delivery.copy, delivery.composed) == (mail, Sealed("e" * 32, "key"))

    delivery = await ledger.deliveries.move(delivery, PartConfirmed(confirmed(delivery).confirmation, LATER))

    assert (delivery.state, delivery.part, delivery.due_at) == (DeliveryState.WAITING, 2, LATER)
    assert await ledger.deliveries.get(delivery.id) == delivery


async def test_due_deliveries(ledger):
    """Those whose time has come, without mailboxes and destinations that are left out."""
    first = await copied(ledger)
    letter = await ledger.letters.get(first.letter)
    _, second = await ledger.deliveries.plan(letter, (FALLBACK,), LATER)

    assert [first] == await ledger.deliveries.due(START, 10)
    assert [first, second] == await ledger.deliveries.due(LATER, 10)
    assert [first] == await ledger.deliveries.due(LATER, 1)
    assert [second] == await ledger.deliveries.due(LATER, 10, busy=["revisor"])
    assert [first] == await ledger.deliveries.due(LATER, 10, busy=["direct:hjemme.example"])
    assert [] == await ledger.deliveries.due(LATER, 10, without=[letter.mailbox])


async def test_a_paused_mailbox_sends_no_copies(ledger):
    """Nothing is due, and neither a claim nor a dot is let through."""
    waiting = await copied(ledger)
    letter = await ledger.letters.get(waiting.letter)
    _, other = await ledger.deliveries.plan(letter, (FALLBACK,), START)
    sending = await ledger.deliveries.move(other, claimed(other))
    await ledger.pause()

    assert [] == await ledger.deliveries.due(START, 10)
    for delivery, event in ((waiting, claimed(waiting)), (sending, DotBegun(1))):
        with pytest.raises(Stale):
            await ledger.deliveries.move(delivery, event)


@pytest.mark.parametrize(
    "others",
    [
        (FALLBACK,),
        (replace(ACCOUNTANT, server="direct"),),
        (replace(ACCOUNTANT, role=Role.FALLBACK),),
        (replace(ACCOUNTANT, address=Address("eva@revisor.example")),),
    ],
    ids=["gone", "server", "role", "address"],
)
async def test_only_whom_the_route_still_names_gets_a_copy(ledger, others):
    """Whoever was taken off the route, or changed on it, gets nothing more of any letter."""
    waiting = await copied(ledger)
    letter = await ledger.letters.get(waiting.letter)
    await ledger.shared(*others)

    assert [] == await ledger.deliveries.due(START, 10)
    with pytest.raises(Stale):
        await ledger.deliveries.move(waiting, claimed(waiting))
    await ledger.shared()
    sending = await ledger.deliveries.move(waiting, claimed(waiting))
    await ledger.shared(*others)
    with pytest.raises(Stale):
        await ledger.deliveries.move(sending, DotBegun(1))
    assert letter == await ledger.letters.get(letter.id)


async def test_a_recipient_that_changed_in_other_ways_is_still_named(ledger):
    """Another language or certificate is no other recipient, and neither is another primary."""
    delivery = await copied(ledger)
    await ledger.shared(replace(ACCOUNTANT, language="en", certificate="PEM"))
    await ledger.reroute()

    assert DeliveryState.SENDING is (await ledger.deliveries.move(delivery, claimed(delivery))).state


async def test_a_claim_names_the_recipient(ledger):
    """A claim for another address or server is refused."""
    delivery = await copied(ledger)
    for wrong in (make.claimed(server=delivery.server), make.claimed(address=delivery.address)):
        with pytest.raises(Stale):
            await ledger.deliveries.move(delivery, wrong)


async def test_a_claim_on_an_old_sight_is_refused(ledger):
    """Who saw the delivery before another's whole attempt must look again."""
    seen = await copied(ledger)
    other = await ledger.deliveries.move(seen, claimed(seen))
    await ledger.deliveries.move(other, Later(1, "temporary", "451", LATER))

    for event in (claimed(seen), DotBegun(1), Later(0, "temporary", "451", LATER)):
        with pytest.raises(Stale):
            await ledger.deliveries.move(seen, event)


async def test_a_confirmation_of_another_letter_is_refused(ledger):
    """A proof is bound to its letter."""
    delivery = await begun(ledger, await copied(ledger))

    with pytest.raises(ValueError, match="confirmation"):
        await ledger.deliveries.move(delivery, confirmed(replace(delivery, letter=99)))


@pytest.mark.parametrize("reason", [Reason.WRONG_RECIPIENT, Reason.OTHER_CONTENTS, Reason.UNREADABLE])
async def test_a_letter_that_is_held_for_what_it_is_goes_to_nobody(ledger, reason):
    """Its copies wait with it."""
    delivery = await copied(ledger)
    await held(ledger.letters, await ledger.letters.get(delivery.letter), reason)

    assert [] == await ledger.deliveries.due(START, 10)
    with pytest.raises(Stale):
        await ledger.deliveries.move(delivery, claimed(delivery))


async def test_a_letter_that_the_primary_does_not_get_goes_to_the_others(ledger):
    """Too large for the primary is no reason to keep it from the fallback; a dismissed one goes to nobody."""
    delivery = await copied(ledger)
    letter = await ledger.letters.move(await ledger.letters.get(delivery.letter), Hold(Reason.TOO_LARGE))
    assert [delivery] == await ledger.deliveries.due(START, 10)

    await ledger.letters.move(letter, Dismissed("anna"))
    assert [] == await ledger.deliveries.due(START, 10)


async def test_copies_go_on_after_the_receipt_until_the_contents_go(ledger):
    """With `keep` a copy is still due; when the contents are cleared it is not."""
    await ledger.shared()
    letter = await forwarded(ledger)
    delivery = await ledger.planned(letter)
    letter = await ledger.letters.move(letter, Acknowledged("200", keep=True))
    assert [delivery] == await ledger.deliveries.due(START, 10)

    await ledger.letters.move(letter, Cleared())
    assert [] == await ledger.deliveries.due(START, 10)


async def test_a_copys_attempt_is_overdue_as_a_letters(ledger):
    """Before dot_begun the deadline decides, after it deadline and grace; who is alone may end all at once."""
    delivery = await begun(ledger, await copied(ledger))
    deadline = START + timedelta(seconds=1200)

    assert [] == await ledger.deliveries.overdue(deadline, 600, False)
    assert [delivery] == await ledger.deliveries.overdue(deadline + timedelta(seconds=600), 600, False)
    assert [delivery] == await ledger.deliveries.overdue(START, 600, True)

    again = await ledger.deliveries.move(delivery, AttemptEnded(1, "gone", LATER))
    assert (again.why, again.uncertain) == ("uncertain", 1)
    assert [] == await ledger.deliveries.overdue(START, 600, True)


async def test_a_copy_whose_dot_came_between_is_not_sent_again_a_minute_later(ledger):
    """As for a letter: the time at which it would be due is that of a cut attempt, which this one is no more."""
    delivery = await copied(ledger)
    seen = await ledger.deliveries.move(delivery, claimed(delivery))
    begun = await ledger.deliveries.move(seen, DotBegun(1))

    with pytest.raises(Stale):
        await ledger.deliveries.move(seen, AttemptEnded(1, "gone", LATER))

    assert begun == await ledger.deliveries.get(seen.id)


async def test_a_delivery_that_is_not_there_is_stale(ledger):
    """A number that nobody planned has nothing to move."""
    with pytest.raises(Stale):
        await ledger.deliveries.get(99)
