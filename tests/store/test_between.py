"""What another writer did between our look and our write: the ledger refuses, and keeps what the other wrote."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.delivery import DeliveryState
from nemboks.domain.events import Hold, Later, Reason
from nemboks.domain.letter import Acknowledged, DotBegun, ReceiptBegun, Stale, State
from nemboks.domain.mailbox import Face
from nemboks.ports import Listed
from nemboks.store import deliveries, moves
from tests.contracts.ledgers import ACCOUNTANT
from tests.contracts.test_deliveries import claimed
from tests.desk.filled import Filled
from tests.helpers import builders as make


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request):
    return request.param


@pytest.fixture
async def ledger(open_store, clock):
    store = open_store(threaded=False)
    await store.mailboxes.add(make.declared(face=Face.IMAP), "settings")
    yield Filled(store, clock)
    await store.close()


async def copy_of(ledger, letter):
    """The accountant's delivery of the letter."""
    box = await ledger.store.mailboxes.find(make.ANNA)
    await ledger.store.mailboxes.reroute(make.ANNA, box.route.address, box.route.server, "anna", others=(ACCOUNTANT,))
    (one,) = await ledger.store.deliveries.plan(letter, (ACCOUNTANT,), ledger.clock.now())
    return one


async def test_a_write_rests_on_what_was_read(ledger):
    """A row that changed since it was read is left as it is (on PostgreSQL two writers may read the same)."""
    seen = await ledger.sending("7.1")
    begun = await ledger.store.letters.move(seen, DotBegun(1))
    for before in (replace(begun, fence=0), replace(begun, state=State.WAITING)):
        with pytest.raises(Stale, match="another was first"):
            await ledger.store._writer.unit(lambda tx, old=before: moves.write(tx, old, replace(old, words="mine")))

    assert await ledger.store.letters.get(seen.id) == begun


async def test_a_write_of_a_copy_rests_on_what_was_read(ledger, monkeypatch):
    """The same for a further recipient: of two who read the row before either wrote, one is refused."""
    seen = await copy_of(ledger, await ledger.waiting("7.1"))
    first = await ledger.store.deliveries.move(seen, claimed(seen))
    monkeypatch.setattr(deliveries, "_read", lambda tx, id_: seen)
    with pytest.raises(Stale, match="another was first"):
        await ledger.store.deliveries.move(seen, claimed(seen))
    monkeypatch.undo()

    assert await ledger.store.deliveries.get(seen.id) == first


async def test_giving_a_copy_up_speaks_of_the_state_that_was_seen(ledger):
    """Who saw it waiting may not end it while an attempt is open: its mail may be going out."""
    seen = await copy_of(ledger, await ledger.waiting("7.1"))
    going = await ledger.store.deliveries.move(seen, claimed(seen))
    with pytest.raises(Stale, match="was WAITING and is SENDING"):
        await ledger.store.deliveries.move(seen, Hold(Reason.COPY_LATE, fence=1))

    assert await ledger.store.deliveries.get(seen.id) == going
    assert going.state is DeliveryState.SENDING


async def test_a_plan_that_ended_between_stops_the_claim_and_the_dot(ledger):
    """No attempt begins at or after its end, and one that had begun sends no dot (I11)."""
    sending, waiting = await ledger.sending("7.1"), await ledger.waiting("7.2")
    box = await ledger.store.mailboxes.find(make.ANNA)
    await ledger.store.act(lambda books: books.keep(replace(box, serves_until=ledger.clock.now())))

    with pytest.raises(Stale, match="the plan has ended"):
        await ledger.store.letters.move(waiting, make.claimed(ledger.clock.now()))
    with pytest.raises(Stale, match="the plan has ended"):
        await ledger.store.letters.move(sending, DotBegun(1))
    assert [one.dot_begun_at for one in await ledger.store.letters.list()] == [None, None]


async def test_a_letter_that_was_tried_is_nobodys_twin(ledger):
    """It has attempts of its own: under new numbers it goes on as itself, and its record stays."""
    known, again = await ledger.waiting("7.1"), await ledger.waiting("8.1")
    assert known.headline is not None
    facts = known.headline.sha256, known.headline.size
    assert (await ledger.store.letters.twin(again, *facts)).id == known.id

    tried = await ledger.store.letters.move(again, make.claimed(ledger.clock.now()))
    later = Later(1, "temporary", "451", ledger.clock.now() + timedelta(hours=1))
    assert await ledger.store.letters.twin(tried, *facts) is None
    assert await ledger.store.letters.twin(await ledger.store.letters.move(tried, later), *facts) is None


async def test_a_twin_whose_receipt_went_between_is_not_bound_anew(ledger):
    """The one that was known is done with: the new number is looked at again as what it then is."""
    known = await ledger.forwarded("7.1")
    box = await ledger.store.mailboxes.find(make.ANNA)
    now = ledger.clock.now()
    await ledger.store.letters.found(box, [Listed("8.1")], now, now)
    (found,) = await ledger.store.letters.due(State.FOUND, now, 10)
    receipt = await ledger.store.letters.move(known, ReceiptBegun())
    await ledger.store.letters.move(receipt, Acknowledged("200"))

    with pytest.raises(Stale, match="no longer the twin"):
        await ledger.store.letters.rebind(known, found)
    assert {(one.upstream_id, one.state) for one in await ledger.store.letters.list()} == {
        ("7.1", State.ACKNOWLEDGED),
        ("8.1", State.FOUND),
    }
