"""What others do between two steps of ours, and answers that come at the wrong moment."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nemboks.domain.delivery import DeliveryState
from nemboks.domain.events import Dismissed, FetchBegun, Hold, Later, Reason, Released
from nemboks.domain.letter import Stale, State
from nemboks.journey.acknowledge import WAITS
from nemboks.journey.collect import collect
from nemboks.journey.forward import forward
from nemboks.journey.further import plan_fallbacks, recover_further, send_further
from nemboks.journey.recover import recover
from nemboks.ports import Withheld
from tests.helpers import builders as make
from tests.helpers.fake_inbox import Removal
from tests.journey.test_further import BO, HOME, town_with
from tests.journey.test_further_fallbacks import stranded
from tests.journey.town import Town, memo

S, D = State, DeliveryState
Plant = Callable[[object, str, Callable[[], Awaitable[Any]]], None]


@pytest.fixture
def after(monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Once, right after the port answered this call, somebody else acts."""

    def plant(port: object, call: str, act: Callable[[], Awaitable[Any]]) -> None:
        real, left = getattr(port, call), [act]

        async def answered(*given: Any, **named: Any) -> Any:
            found = await real(*given, **named)
            if left:
                await left.pop()()
            return found

        monkeypatch.setattr(port, call, answered)

    return plant


async def sealed_before_a_crash(town: Town, contents: bytes) -> None:
    """The row names a seal that was finished, and nothing says what the letter is."""
    async with town.contents.seal(town.letter.id) as sealing:
        await town.letters.move(town.letter, FetchBegun(sealing.sealed))
        await sealing.write(contents)
        await sealing.finish(durable=True)


# --- collecting ---


async def test_of_two_who_find_the_same_sealed_letter_the_slower_destroys_nothing() -> None:
    """Both read what the row names; the letter's only bytes stay, whoever comes second."""
    town = Town(removal=Removal.FORGETS)
    await town.posted()
    await sealed_before_a_crash(town, memo())
    seen = town.letter
    await collect(seen, await town.world.mailboxes.get(seen.mailbox), town.world)
    with pytest.raises(Stale):
        await collect(seen, await town.world.mailboxes.get(seen.mailbox), town.world)

    assert town.letter.contents is not None and list(town.contents.files) == [town.letter.contents.file]
    assert await town.step() is S.FORWARDED


async def test_better_bytes_take_the_place_of_those_that_could_not_be_read() -> None:
    """An earlier fetch brought an error page; what upstream brings now is the letter, and the page goes."""
    town = Town(removal=Removal.ON_FETCH)
    await town.posted()
    await sealed_before_a_crash(town, b"<html>log in</html>")
    assert await town.step() is S.WAITING

    assert town.letter.contents is not None and list(town.contents.files) == [town.letter.contents.file]
    assert await town.step() is S.FORWARDED


async def test_a_large_letter_that_cannot_be_read_is_kept_to_its_end() -> None:
    """What follows the first fault is sealed too: a person may read what we could not."""
    page = b"<html>" + b"log in " * 100_000
    town = Town(removal=Removal.FORGETS)
    await town.posted(page)
    while await town.step() is S.FOUND:
        pass

    assert (town.letter.state, town.letter.why) == (S.HELD, Reason.UNREADABLE)
    assert [contents for _, contents in town.contents.files.values()] == [page]


async def test_a_letter_of_an_estate_in_doubt_is_not_even_fetched() -> None:
    """Found before the case was registered: fetching could take it off the list, so it is held where it lies."""
    town = Town(removal=Removal.FORGETS)
    await town.posted()
    town.mailboxes.change(1, frozen_at=town.clock.now())

    assert await town.step() is S.HELD
    assert (town.letter.why, town.letter.contents) == (Reason.FROZEN, None)
    assert [call for call, _ in town.inbox.acts] == ["list"]


# --- sending ---


async def test_a_letter_that_became_another_one_is_not_sent(after: Plant) -> None:
    """Between our look and the claim a person takes other contents under its id: they are fetched, no old mail goes."""
    town = Town()
    seen = await town.waiting()

    async def others_taken() -> None:
        await town.letters.move(town.letter, Hold(Reason.OTHER_CONTENTS))
        await town.letters.move(town.letter, Released("anna", town.clock.now()))

    after(town.mailboxes, "get", others_taken)
    await forward(seen, await town.world.mailboxes.get(seen.mailbox), town.world)

    assert not town.courier.sent
    town.clock.advance(town.seconds_until_due)
    assert [await town.step() for _ in range(2)] == [S.WAITING, S.FORWARDED]


async def test_a_letter_dismissed_before_the_claim_is_not_sent(after: Plant) -> None:
    """Anna closed it while the forwarder read her mailbox: its step ends, and it stays in Digital Post."""
    town = Town()
    seen = await town.waiting()
    after(town.mailboxes, "get", lambda: town.letters.move(town.letter, Dismissed("anna")))
    with pytest.raises(Stale):
        await forward(seen, await town.world.mailboxes.get(seen.mailbox), town.world)

    assert (town.letter.state, town.courier.sent) == (S.DISMISSED, [])


async def test_a_mail_that_cannot_be_made_is_held_and_told() -> None:
    """A row that would make an unsafe header is a person's: tried again it would be the same."""
    town = Town()
    letter = await town.waiting()
    assert letter.copy is not None
    town.letters.rows[1] = replace(letter, copy=replace(letter.copy, seed="two words"))

    assert await town.step() is S.HELD
    assert (town.letter.why, town.courier.sent) == (Reason.UNREADABLE, [])
    assert "boundary" in town.letter.words


async def test_a_copy_that_cannot_be_made_ends_alone() -> None:
    """The accountant's mail would have an unsafe header: its delivery ends with the reason, the letter goes on."""
    town = town_with(BO)
    await town.forwarded()
    letter = town.letter
    assert letter.copy is not None
    town.letters.rows[1] = replace(letter, copy=replace(letter.copy, seed="two words"))
    delivery = await town.copied()

    assert (delivery.state, delivery.why) == (D.ENDED, Reason.UNREADABLE)
    assert (town.letter.state, len(town.courier.sent)) == (S.FORWARDED, 1)


async def test_a_copy_whose_contents_went_is_not_begun() -> None:
    """Contents destroyed between the look for what is due and the attempt: nothing is claimed, nobody is asked."""
    town = town_with(BO)
    await town.forwarded()
    town.letters.rows[1] = replace(town.letter, contents=None)

    assert await send_further(town.further, town.world) is None
    assert (town.further.state, town.further.fence, len(town.courier.sent)) == (D.WAITING, 0, 1)


async def test_a_pause_between_stops_a_fallback(after: Plant) -> None:
    """The letter was out of reach for a day, and Anna paused her mailbox in that moment: nobody else gets it."""
    town = town_with(HOME)
    await stranded(town)
    after(town.letters, "stranded", lambda: town.mailboxes.pause(make.ANNA, "anna"))

    assert await plan_fallbacks(town.world) == 0
    assert town.deliveries.rows == {}


async def test_a_rule_taken_back_between_stops_a_fallback(after: Plant) -> None:
    """The same when she took the fallback off her route."""
    town = town_with(HOME)
    await stranded(town)
    route = town.mailbox.route

    async def taken_off() -> None:
        await town.mailboxes.reroute(make.ANNA, route.address, route.server, "anna", others=())

    after(town.letters, "stranded", taken_off)
    assert await plan_fallbacks(town.world) == 0
    assert town.deliveries.rows == {}


# --- recovering ---


async def test_a_holder_that_was_only_slow_keeps_its_word(after: Plant) -> None:
    """It commits what happened while recovery looks: recovery ends nothing, and nothing is counted as uncertain."""
    town = Town()
    claimed = await town.letters.move(await town.waiting(), make.claimed(town.clock.now()))
    at = town.clock.now() + timedelta(hours=1)
    after(town.letters, "overdue", lambda: town.letters.move(claimed, Later(1, "temporary", "451", at)))
    await recover(town.world, sole=True)

    assert (town.letter.state, town.letter.why, town.letter.uncertain) == (S.WAITING, "temporary", 0)
    assert town.letter.due_at == at


async def test_a_copys_holder_that_was_only_slow_keeps_its_word(after: Plant) -> None:
    """The same for a further recipient."""
    town = town_with(BO)
    await town.forwarded()
    one, at = town.further, town.clock.now() + timedelta(hours=1)
    event = replace(make.claimed(town.clock.now()), address=one.address, server=one.server)
    claimed = await town.deliveries.move(one, event)
    after(town.deliveries, "overdue", lambda: town.deliveries.move(claimed, Later(1, "temporary", "451", at)))
    await recover_further(town.world, sole=True)

    assert (town.further.state, town.further.why, town.further.uncertain) == (D.WAITING, "temporary", 0)
    assert town.further.due_at == at


# --- the receipt ---


async def test_a_receipt_that_our_own_fuse_withholds_waits_a_day() -> None:
    """Upstream was not asked: no failure of its own, no hammering, and the letter stays forwarded."""
    town = Town()
    await town.forwarded()
    town.inbox.plant("acknowledge", Withheld("the delete fuse has tripped", tripped=True))

    assert await town.step() is S.FORWARDED
    assert (town.letter.why, town.letter.words) == (WAITS, "the delete fuse has tripped")
    assert (town.seconds_until_due, town.inbox.receipts) == (86_400, [])
