"""The Mailboxes port: what every ledger of mailboxes does, the real one and the fake."""

from datetime import timedelta

import pytest

from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address
from nemboks.ports import Listed
from tests.helpers.builders import ANNA, BO
from tests.helpers.clock import START

LATER = START + timedelta(minutes=5)


async def test_mailboxes_are_due_oldest_first(ledger):
    """A mailbox comes when its next look has come; the longest due first, no more than asked for."""
    await ledger.mailboxes.postpone(ledger.anna, LATER, "HTTP 503", parked=False)

    assert [x.cvr for x in await ledger.mailboxes.due(START, 10)] == [BO]
    assert [x.cvr for x in await ledger.mailboxes.due(LATER, 10)] == [BO, ANNA]
    assert [x.cvr for x in await ledger.mailboxes.due(LATER, 1)] == [BO]


async def test_a_paused_mailbox_is_still_listed(ledger):
    """Listing touches nothing upstream, so a pause does not stop it."""
    await ledger.pause()

    assert {ANNA, BO} == {x.cvr for x in await ledger.mailboxes.due(START, 10)}


async def test_failed_listings_are_counted(ledger):
    """Each failed listing in a row counts; a park keeps its time, an ordinary outage none."""
    await ledger.mailboxes.postpone(ledger.anna, LATER, "HTTP 403", parked=True)
    parked = await ledger.mailboxes.get(ledger.anna.id)
    out = await ledger.mailboxes.postpone(parked, LATER, "HTTP 503", parked=False)

    assert (parked.failures, parked.parked_until, parked.trouble) == (1, LATER, "HTTP 403")
    assert (out.failures, out.parked_until, out.trouble) == (2, None, "HTTP 503")
    assert out == await ledger.mailboxes.get(ledger.anna.id)


@pytest.mark.parametrize("parked", [True, False])
async def test_a_failed_look_from_before_a_good_one_hides_no_new_letter(ledger, parked):
    """A worker that slept brings its refusal hours later: what another one has listed since then is newer."""
    seen = await ledger.mailboxes.get(ledger.anna.id)
    await ledger.letters.found(ledger.anna, [Listed("new")], START, LATER)
    listed = await ledger.mailboxes.get(ledger.anna.id)

    assert listed == await ledger.mailboxes.postpone(seen, LATER + timedelta(hours=9), "HTTP 403", parked)

    assert listed == await ledger.mailboxes.get(ledger.anna.id)
    assert ["new"] == [letter.upstream_id for letter in await ledger.letters.due(State.FOUND, LATER, 10)]


async def test_a_change_of_route_is_a_new_version(ledger):
    """The route is followed by its next version, vouched for by whoever changed it."""
    ledger.clock.advance(60)

    box = await ledger.reroute("nyt@bageri.example")

    route = box.route
    assert (route.version, route.address, route.vouched_by) == (2, "nyt@bageri.example", "anna")
    assert ledger.clock.now() == route.since
    assert box == await ledger.mailboxes.get(box.id)


async def test_all_mailboxes_come_by_cvr(ledger):
    """The whole list, in order."""
    assert [x.cvr for x in await ledger.mailboxes.all()] == [ANNA, BO]


async def test_a_pause_names_who_and_when(ledger):
    """A pause tells who asked for it and since when; a resume takes both away."""
    await ledger.pause()
    paused = await ledger.mailboxes.get(ledger.anna.id)
    await ledger.resume()
    going = await ledger.mailboxes.get(ledger.anna.id)

    assert (paused.paused_at, paused.paused_by) == (START, "anna")
    assert (going.paused_at, going.paused_by) == (None, "")


async def test_an_address_of_two_companies_is_shared(ledger) -> None:
    """Two CVRs with one address share it; a third with another does not, nor does one that moved away."""
    anna, bo = await ledger.mailboxes.get(1), await ledger.mailboxes.get(2)
    assert anna.route.address == bo.route.address and await ledger.mailboxes.shared(anna)

    await ledger.mailboxes.reroute(bo.cvr, Address("bo@bogholder.example"), bo.route.server, "bo")

    assert not await ledger.mailboxes.shared(anna)
