"""How a company stands: what the register's answers change, what they never change, and how often it is asked."""

from datetime import datetime, timedelta

import pytest

from nemboks.domain.custody import Custody, Life, start_of
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Face
from nemboks.journey.standing import SHARE, ask_standing, refresh_standings
from nemboks.ports import Refused, Unavailable
from tests.helpers.fake_registry import standing
from tests.journey.registered import AWAITED, DAY, GIVEN, HOUR, House, house, let_in
from tests.journey.town import memo

__all__ = ["house"]  # a fixture


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
