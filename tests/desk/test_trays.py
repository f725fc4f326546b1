"""The unrouted tray and its alarm; a letter held, or left in Digital Post, by a person's word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nemboks.desk import trays as desk
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.desk.routes import default_set
from nemboks.domain.announcements import Kind
from nemboks.domain.letter import Dismissed, Reason, Released, State
from nemboks.domain.mailbox import Address
from nemboks.domain.people import GrantRole
from tests.desk.rooms import ANNA, OPERATOR, box, changed, history, now, person, told
from tests.helpers import builders as make
from tests.helpers.holding import held

CONTACT = Address("kim@andet.example")


@pytest.fixture
async def tray(store, filled):
    """Anna owns the tray; one letter lies in it. Her second contact is Kim."""
    await person(store, email="anna@privat.example")
    await changed(store, lambda b: replace(b, options=replace(b.options, second_contact=CONTACT)))
    await default_set(store, ANNA, make.ANNA, "anna", sure=True)
    return await held(store.letters, await filled.waiting("a"), Reason.UNROUTED)


async def run(store):
    if await store.ask(desk.waiting):
        return await store.act(desk.take_effect)
    return 0


async def alarms(store):
    return [(one.path, one.facts["number"]) for one in await told(store, Kind.UNROUTED)]


async def test_the_tray_shows_owner_and_age(store, tray, clock, filled):
    """Only what no rule fits, of the mailboxes that the asker sees."""
    await filled.held("b")
    stranger = await person(store, "egon", GrantRole.OWNER, make.BO)
    clock.advance(90)

    (item,) = await desk.letter_tray(store, OPERATOR)
    assert (item["id"], item["owner"], item["waited_seconds"]) == (tray.id, "anna", 90)
    assert await desk.letter_tray(store, OPERATOR, make.ANNA) == [item]
    assert await desk.letter_tray(store, OPERATOR, make.BO) == [] == await desk.letter_tray(store, stranger)
    with pytest.raises(NotFound):
        await desk.letter_tray(store, stranger, make.ANNA)


async def test_a_tray_that_nobody_empties_raises_the_alarm(store, tray, clock):
    """After four hours, to the owner and the second contact, once."""
    clock.advance(4 * 3600 - 1)
    assert await run(store) == 0
    clock.advance(1)
    assert await run(store) == 2 and await run(store) == 0
    assert await alarms(store) == [("mail:da:kim@andet.example", 1), ("mail:da:anna@privat.example", 1)]


async def test_and_again_every_morning_at_eight(store, tray, clock):
    """Danish time, as long as it lasts; a look that comes late tells once, not for each day it missed."""
    clock.advance(4 * 3600)  # 14.00 in Denmark
    await run(store)
    clock.advance(18 * 3600 - 1)
    assert await run(store) == 0
    clock.advance(1)
    assert await run(store) == 2
    clock.advance(3 * 86_400)
    assert await run(store) == 2 and await run(store) == 0

    await store.letters.move(await now(store, tray), Dismissed("anna"))
    clock.advance(86_400)
    assert await run(store) == 0


async def test_mornings_go_by_danish_clocks(store, filled, clock):
    """Eight o'clock is 06:00 UTC in summer and 07:00 in winter; the day of the change has one morning."""
    assert desk._latest_morning(datetime(2026, 10, 24, 6, 0, tzinfo=UTC)) == datetime(2026, 10, 24, 6, 0, tzinfo=UTC)
    assert desk._latest_morning(datetime(2026, 10, 25, 6, 59, tzinfo=UTC)) == datetime(2026, 10, 24, 6, 0, tzinfo=UTC)
    assert desk._latest_morning(datetime(2026, 10, 25, 7, 0, tzinfo=UTC)) == datetime(2026, 10, 25, 7, 0, tzinfo=UTC)
    assert desk._latest_morning(datetime(2027, 3, 28, 5, 59, tzinfo=UTC)) == datetime(2027, 3, 27, 7, 0, tzinfo=UTC)


async def test_somebody_hears_of_the_tray_whoever_is_left(store, tray, clock):
    """Without an owner's e-mail and a second contact, the usual address; nobody while an estate is undecided."""
    await changed(store, lambda b: replace(b, options=replace(b.options, second_contact=None)))
    await person(store, "bo")
    await default_set(store, OPERATOR, make.ANNA, "bo", sure=True)
    frozen = await changed(store, lambda b: replace(b, frozen_at=clock.now()))
    clock.advance(5 * 3600)
    assert await run(store) == 0
    await changed(store, lambda _: replace(frozen, frozen_at=None))
    assert await run(store) == 1
    assert await alarms(store) == [("mail:da:anna@bageri.example", 1)]


@pytest.mark.parametrize("state", State)
async def test_a_letter_can_be_held_until_it_is_sent(store, filled, state):
    """Found and waiting ones; every other state is refused with words that say why."""
    letter = await filled.way_to(state)("a")
    if state in (State.FOUND, State.WAITING):
        item = await desk.letter_hold(store, OPERATOR, letter.id, "vi venter på advokaten 010101-0000")
        assert (item["state"], item["reason"]) == (State.HELD, Reason.ASKED)
        (note,) = await history(store, "letter_held")
        assert note == {"by": "root (operator)", "words": "vi venter på advokaten [CPR]"}
    else:
        with pytest.raises(RefusedByRule):
            await desk.letter_hold(store, OPERATOR, letter.id, "vent")
        assert await now(store, letter) == letter


@pytest.mark.parametrize("state", State)
async def test_a_letter_can_be_left_in_digital_post_until_it_is_sent(store, filled, state):
    """Held, waiting and found ones; it is closed for good and who did it is on record."""
    letter = await filled.way_to(state)("a")
    if state in (State.FOUND, State.WAITING, State.HELD):
        item = await desk.letter_dismiss(store, OPERATOR, letter.id, "reklame")
        assert (item["state"], item["next_try_at"]) == (State.DISMISSED, None)
        assert [one["words"] for one in await history(store, "letter_dismissed")] == ["reklame"]
        with pytest.raises(RefusedByRule, match="left in Digital Post"):
            await desk.letter_dismiss(store, OPERATOR, letter.id, "igen")
    else:
        with pytest.raises(RefusedByRule):
            await desk.letter_dismiss(store, OPERATOR, letter.id, "reklame")
        assert await now(store, letter) == letter


async def test_a_held_letter_goes_on_when_it_is_released(store, filled):
    """Hold is no dead end."""
    letter = await filled.waiting("a")
    await desk.letter_hold(store, OPERATOR, letter.id, "vent")
    after = await store.letters.move(await now(store, letter), Released("anna", filled.clock.now()))
    assert (after.state, after.why) == (State.WAITING, "")


async def test_hold_and_dismiss_say_why_and_who_may(store, filled, clock):
    """A reader and the people of before have no such right; a stranger sees no letter; no reason, no act."""
    letter = await filled.waiting("a")
    reader = await person(store, "rikke", GrantRole.READER)
    owner = await person(store)
    kurator = await person(store, "clara", GrantRole.KURATOR)
    stranger = await person(store, "egon", GrantRole.OWNER, make.BO)
    for act in (desk.letter_hold, desk.letter_dismiss):
        with pytest.raises(NotAllowed):
            await act(store, reader, letter.id, "x")
        with pytest.raises(NotFound, match="no letter number"):
            await act(store, stranger, letter.id, "x")
        with pytest.raises(NotFound, match="no letter number"):
            await act(store, OPERATOR, 4711, "x")
        with pytest.raises(RefusedByRule, match="say why"):
            await act(store, owner, letter.id, " \n ")

    await changed(store, lambda b: replace(b, frozen_at=clock.now()))
    with pytest.raises(NotAllowed):
        await desk.letter_dismiss(store, owner, letter.id, "x")
    assert (await desk.letter_dismiss(store, kurator, letter.id, "læst i Digital Post"))["state"] is State.DISMISSED
    assert (await box(store)).frozen_at is not None
    assert timedelta(hours=4) == desk.PATIENCE
