"""How a company stands: what the register's answers change, what they never change, and how often it is asked."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nemboks.domain.custody import Consent, Custody, Life, start_of
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Face, Mailbox
from nemboks.journey.collect import put_off
from nemboks.journey.standing import SHARE, ask_standing, refresh_standings
from nemboks.ports import Gone, Refused, Unavailable
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.helpers.fake_registry import LOGIN, standing
from tests.journey.registered import PACE, House
from tests.journey.town import memo, uuid

DAY, HOUR = 86_400, 3_600
AWAITED, GIVEN, DECLINED = Consent.AWAITED, Consent.GIVEN, Consent.DECLINED
LET_IN = Custody(by_register=True)


@pytest.fixture
async def house(tmp_path) -> AsyncIterator[House]:
    clock = PretendClock()
    store = Store.open(tmp_path / "nemboks.db", vault(tmp_path), clock, threaded=False)
    yield House(store, clock)
    await store.close()


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


async def let_in(house: House) -> Mailbox:
    await house.add()
    house.says()
    return await house.look()


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


async def test_the_same_token_refused_again_parks(house: House) -> None:
    """Only another login is worth another try at once: no loop."""
    await let_in(house)
    house.inbox.plant("list", Refused("HTTP 401", mailbox=True))

    box = await house.look()

    assert (house.wait(box), box.trouble) == (HOUR, "HTTP 401")


# --- life -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("life", "seconds", "why"), [
    (Life.CEASED, DAY, "the company has ceased"), (Life.BANKRUPT, HOUR, "the company is bankrupt"),
    (Life.RECONSTRUCTION, HOUR, "under reconstruction"), (Life.EXEMPT, HOUR, "exempt"), (Life.ACTIVE, HOUR, "HTTP 403"),
])  # fmt: skip
async def test_a_refusal_is_told_with_what_the_register_says(
    house: House, life: Life, seconds: float, why: str
) -> None:
    """Not a bare 403 where there is a reason; of a company that has ceased nothing is asked for a day."""
    await let_in(house)
    house.says(life=life)
    house.inbox.plant("list", Refused("HTTP 403", mailbox=True))

    box = await house.look()

    assert (box.life, box.consent, house.wait(box)) == (life, GIVEN, seconds)
    assert why in box.trouble and "HTTP 403" in box.trouble
    assert box.parked_until == box.due_at


@pytest.mark.parametrize(("life", "seconds"), [
    (Life.ACTIVE, 300), (Life.BANKRUPT, 300), (Life.RECONSTRUCTION, 300), (Life.UNKNOWN, 300),
    (Life.EXEMPT, HOUR), (Life.WAITING_PERIOD, HOUR),
])  # fmt: skip
async def test_where_no_post_can_come_looks_are_hourly(house: House, life: Life, seconds: float) -> None:
    """Listing goes on, for a letter may lie there from before."""
    await house.add(consent=GIVEN, life=life)

    assert house.wait(await house.look()) == seconds


async def test_a_change_of_life_is_history(house: House) -> None:
    """Once, with what it was; a curator's access too."""
    box = await house.add(consent=GIVEN)
    for _ in range(2):
        house.says(life=Life.BANKRUPT, curator=True)
        box, _ = await ask_standing(box, house.world)

    changed = [detail for name, detail in await house.history() if name == "life_changed"]
    assert (box.life, box.curator, box.looked_up_at) == (Life.BANKRUPT, True, house.clock.now())
    assert changed == [{"by": "register", "was": "unknown", "life": "bankrupt", "curator": True}]


async def test_an_imap_company_has_no_system_in_the_register(house: House) -> None:
    """Its life is told, its consent is its own login."""
    box = await house.add(face=Face.IMAP, consent=GIVEN)
    house.says(life=Life.EXEMPT, consent=AWAITED)

    after, _ = await ask_standing(box, house.world)

    assert (after.life, after.consent) == (Life.EXEMPT, GIVEN)
    assert await house.credentials() == {"system_id": "s-0", "api_token": "typed"}


# --- the daily round --------------------------------------------------------------------------------------------------


async def test_everybody_is_asked_about_daily_and_few_at_a_time(house: House) -> None:
    """A share each round, the longest waiting first; within a day each once, and no more."""
    numbers = [f"{30_000_000 + n}" for n in range(45)]
    for cvr in numbers:
        await house.add(cvr, consent=GIVEN)
        house.registry.companies[cvr] = standing()
    rounds = []
    for _ in range(24):
        rounds.append(await refresh_standings(house.world))
        house.clock.advance(HOUR)

    assert max(rounds) == -(-45 // SHARE)
    assert sorted(house.registry.asked) == numbers


async def test_a_register_that_is_away_ends_the_round(house: House) -> None:
    """The others are not asked for in vain; nothing changed, and the next round begins where this one ended."""
    for n in range(40):
        await house.add(f"{30_000_000 + n}", consent=GIVEN)
    house.registry.error = Unavailable("503")

    assert await refresh_standings(house.world) == 0
    assert len(house.registry.asked) == 1


async def test_who_awaits_consent_or_is_no_longer_served_is_not_in_the_round(house: House) -> None:
    """The first asks for itself; for the second nobody pays."""
    ended: datetime = house.clock.now() - timedelta(seconds=1)
    await house.add()
    await house.add("30000001", consent=GIVEN, serves_until=ended)

    assert await refresh_standings(house.world) == 0


async def test_a_number_that_nobody_has_does_not_stand_in_the_way(house: House) -> None:
    """A definite no counts as asked: the others get their turn."""
    for n in range(3):
        await house.add(f"{30_000_000 + n}", consent=GIVEN)
    house.registry.companies["30000002"] = standing()
    for _ in range(3):
        await refresh_standings(house.world)

    assert sorted(house.registry.asked) == ["30000000", "30000001", "30000002"]


# --- start from now ---------------------------------------------------------------------------------------------------


async def states(house: House) -> dict[str, State]:
    return {one.upstream_id: one.state for one in await house.store.letters.list()}


async def test_start_from_now_by_the_first_listing_where_lists_have_no_times(house: House) -> None:
    """REST: what the first complete listing shows lay there before, and is left alone; the next is like any other.

    The first listing comes with consent, so what came while that was awaited is left in Digital Post too.
    """
    await house.add(custody=Custody(starts_at=start_of(house.clock.now())))
    house.inbox.put("old", memo())
    house.clock.advance(3 * DAY)
    house.says()
    await house.look()
    house.inbox.put("new", memo(2))
    house.clock.advance(300)
    await house.look()

    assert await states(house) == {"old": State.DISMISSED, "new": State.FOUND}
    assert house.inbox.acts == [("list", ""), ("list", "")]


async def test_start_from_now_by_the_letters_own_time_over_imap(house: House) -> None:
    """IMAP: what arrived before the second of the start is left alone, also when it is listed late."""
    start = house.clock.now()
    await house.add(
        face=Face.IMAP, consent=GIVEN, custody=Custody(starts_at=start_of(start + timedelta(microseconds=700_000)))
    )
    for name, seconds in (("7.1", -1), ("7.2", 0), ("7.3", 60)):
        house.inbox.put(name, b"x", start + timedelta(seconds=seconds))
    await house.look()
    house.inbox.put("7.4", b"x", start - timedelta(hours=1))
    house.clock.advance(300)
    await house.look()

    assert await states(house) == {
        "7.1": State.DISMISSED, "7.2": State.FOUND, "7.3": State.FOUND, "7.4": State.DISMISSED,
    }  # fmt: skip
