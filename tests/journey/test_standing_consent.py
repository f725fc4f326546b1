"""Consent: nothing is listed before a company lets us in, and nothing once it no longer does."""

from dataclasses import replace

import pytest

from nemboks.desk.access import Asking
from nemboks.desk.cvrs import give_login
from nemboks.domain.custody import Consent, Life
from nemboks.domain.mailbox import Face
from nemboks.journey.collect import put_off
from nemboks.journey.standing import ask_standing, refresh_standings
from nemboks.ports import Gone, Refused, Standing, Unavailable
from tests.helpers import builders as make
from tests.helpers.fake_registry import LOGIN, standing
from tests.journey.registered import AWAITED, DAY, DECLINED, GIVEN, HOUR, PACE, House, house, let_in
from tests.journey.town import memo, uuid

__all__ = ["house"]  # a fixture


# --- before consent ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("consent", "seconds"), [(AWAITED, 900), (DECLINED, 900)])
async def test_nothing_is_listed_before_the_company_let_us_in(house: House, consent: Consent, seconds: float) -> None:
    """The register is asked instead, every quarter of an hour; the inbox is not even opened."""
    await house.add()
    house.says(consent=consent)
    house.inboxes.error = AssertionError("opened")

    for _ in range(3):
        box = await house.look()
        house.clock.advance(seconds)

    assert (box.consent, box.listed_at, box.trouble, box.failures) == (consent, None, "", 0)
    assert (len(house.registry.asked), house.polls) == (3, 0)


async def test_consent_begins_the_polls_at_once(house: House) -> None:
    """The login that the register gave is sealed, the name is filled in, and the same look lists the post."""
    await house.add()
    house.inbox.put(uuid(1), memo())
    house.says()

    box = await house.look()

    assert (box.consent, box.custody.by_register, box.name) == (GIVEN, True, "Bageriet ApS")
    assert await house.credentials() == LOGIN
    assert box.listed_at == house.clock.now() and house.wait(box) == PACE.poll_seconds
    names = [name for name, _ in await house.history()]
    assert names[-4:] == ["life_changed", "credentials_given", "consent_given", "found"]
    assert "hemmelig" not in str(await house.history())


async def test_a_system_without_a_login_is_no_consent(house: House) -> None:
    """Without credentials nothing could be listed."""
    await house.add()
    house.registry.companies[make.ANNA] = replace(standing(), credentials={})

    assert (await house.look()).consent is AWAITED
    assert house.polls == 0


@pytest.mark.parametrize("error", [Unavailable("503"), Refused("not let in"), Gone("unknown")])
async def test_a_register_that_does_not_say_changes_nothing(house: House, error: Exception) -> None:
    """Away, refusing us, or without the company: it is asked again later, and nothing is listed meanwhile."""
    before = await house.add()
    house.registry.error = error

    box = await house.look()

    assert replace(box, due_at=before.due_at, looked_up_at=None) == before
    assert (house.wait(box), house.polls) == (900, 0)


async def test_without_a_register_it_is_told_why_nothing_comes(house: House) -> None:
    """Nobody could see a consent: that is the operator's trouble, in words."""
    await house.add()
    house.world = replace(house.world, registry=None)

    box = await house.look()

    assert "[upstream]" in box.trouble and box.parked_until is None
    assert house.polls == 0


async def test_a_ceased_company_that_never_let_us_in_is_asked_about_daily(house: House) -> None:
    """There is nothing to wait for."""
    await house.add()
    house.says(life=Life.CEASED)

    assert house.wait(await house.look()) == DAY


# --- consent that ends ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("consent", "event"), [(AWAITED, "consent_withdrawn"), (DECLINED, "consent_declined")])
async def test_a_refusal_shows_that_consent_was_withdrawn(house: House, consent: Consent, event: str) -> None:
    """The listing is refused, the register says why; from then on nothing is listed or fetched, until it is back."""
    await let_in(house)
    house.says(consent=consent)
    house.inbox.plant("list", Refused("HTTP 403", mailbox=True))
    out = await house.look()
    asked = house.polls
    house.clock.advance(house.wait(out))
    still = await house.look()
    polls = house.polls
    house.says()
    house.clock.advance(house.wait(still))
    back = await house.look()

    assert (out.consent, house.polls - polls) == (consent, 1)
    assert out.parked_until is not None and "no longer lets us in (HTTP 403)" in out.trouble
    assert (polls, still.parked_until is not None) == (asked, True)
    assert (back.consent, back.parked_until, back.trouble) == (GIVEN, None, "")
    assert event in [name for name, _ in await house.history()]


async def test_a_withdrawal_is_seen_within_a_day_though_the_door_stays_open(house: House) -> None:
    """The daily question is enough: consent is the system that names us, not a token that still works."""
    await let_in(house)
    house.says(consent=AWAITED)
    house.clock.advance(DAY)

    assert await refresh_standings(house.world) == 1
    polls = house.polls
    box = await house.look()

    assert (box.consent, house.polls) == (AWAITED, polls)


@pytest.mark.parametrize("consent", [AWAITED, DECLINED])
async def test_a_login_that_a_person_typed_is_not_the_registers(house: House, consent: Consent) -> None:
    """A company that gave us its login itself need not name us there: a refusal parks it for an hour, as ever."""
    await house.add(consent=GIVEN)
    house.says(consent=consent)
    house.inbox.plant("list", Refused("HTTP 401", mailbox=True))

    box = await house.look()
    await ask_standing(box, house.world)

    assert (box.consent, box.trouble, house.wait(box)) == (GIVEN, "HTTP 401", HOUR)
    assert await house.credentials() == {"system_id": "s-0", "api_token": "typed"}


async def test_a_new_token_is_used_at_once(house: House) -> None:
    """The company renewed its system's token: the refusal asks, and the next look has the new one."""
    await let_in(house)
    house.registry.companies[make.ANNA] = replace(standing(), credentials={**LOGIN, "api_token": "ny"})
    house.inbox.plant("list", Refused("HTTP 401", mailbox=True))

    box = await house.look()

    assert (await house.credentials())["api_token"] == "ny"
    assert (house.wait(box), box.parked_until) == (0, None)


async def test_a_refusal_of_the_token_of_before_parks_nobody(house: House) -> None:
    """Somebody was on his way with the old one when the new one came: the new one was not refused."""
    before = await let_in(house)
    house.registry.companies[make.ANNA] = replace(standing(), credentials={**LOGIN, "api_token": "ny"})
    house.inbox.plant("list", Refused("HTTP 401", mailbox=True))
    await house.look()

    again = await put_off(before, Refused("HTTP 401", mailbox=True), house.world)

    assert (again, (await house.box()).parked_until) == (house.clock.now(), None)


async def test_a_login_that_is_given_while_the_register_is_asked_is_not_parked(house: House) -> None:
    """People type a new token just when the old one is refused: the refusal says nothing of the new one."""
    await house.add(consent=GIVEN)
    house.says()
    house.inbox.plant("list", Refused("HTTP 401", mailbox=True))
    real, typed = house.registry.look_up, {"system_id": "s-0", "api_token": "rigtig"}

    async def look_up(cvr: str) -> Standing:
        await give_login(house.store, Asking("root (operator)"), make.ANNA, Face.REST, typed)
        return await real(cvr)

    house.registry.look_up = look_up  # type: ignore[method-assign]
    box = await house.look()

    assert (house.wait(box), box.parked_until, box.trouble) == (0, None, "")


async def test_a_refusal_from_before_anothers_listing_parks_nobody(house: House) -> None:
    """A worker slept on its way to the register: what was listed meanwhile is newer than what it was refused."""
    before = await let_in(house)
    house.clock.advance(HOUR)
    listed = await house.look()

    await put_off(before, Refused("HTTP 401", mailbox=True), house.world)

    after = await house.box()
    assert (listed.due_at, None, "") == (after.due_at, after.parked_until, after.trouble)


async def test_the_same_token_refused_again_parks(house: House) -> None:
    """Only another login is worth another try at once: no loop."""
    await let_in(house)
    house.inbox.plant("list", Refused("HTTP 401", mailbox=True))

    box = await house.look()

    assert (house.wait(box), box.trouble) == (HOUR, "HTTP 401")
