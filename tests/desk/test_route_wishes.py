"""An address outside the company says yes first; probation of what goes round the usual address; holidays end."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nemboks.desk import routes as desk
from nemboks.desk.errors import NotAllowed, RefusedByRule
from nemboks.desk.route_wishes import again, confirm, take_effect, waiting
from nemboks.domain.announcements import Kind
from nemboks.domain.guard import receipt_may_go
from nemboks.domain.mailbox import Address, Holiday
from nemboks.domain.people import GrantRole
from nemboks.domain.wishes import EXPIRES, MOST, Edit
from tests.desk.rooms import (
    ANNA,
    HOUSE,
    OPERATOR,
    OURS,
    OUTSIDE,
    box,
    changed,
    code_for,
    history,
    now,
    person,
    rule,
    told,
)
from tests.helpers import builders as make

DAY = timedelta(days=1)
HOUR72 = timedelta(hours=72)


async def add(store, address=OUTSIDE, who=OPERATOR, value="1003388394"):
    return await desk.rule_add(store, who, make.ANNA, rule(value=value, address=address), HOUSE)


async def agree(store, address=OUTSIDE, who=OPERATOR):
    return await confirm(store, who, make.ANNA, await code_for(store, address))


async def run(store):
    """What the daemon does at every sweep."""
    if await store.ask(waiting):
        return await store.act(take_effect)
    return 0


async def test_an_outside_address_gets_nothing_before_it_agrees(store):
    """It gets a code and no letter; the route stays; with the code typed back the rule counts (FEATURES 6)."""
    item = await add(store)
    assert (item["version"], item["rules"], item["asked"]) == (1, [], [OUTSIDE])
    assert [one["waits_for"] for one in item["pending"]] == [[OUTSIDE]]
    (mail,) = await told(store)
    assert (mail.kind, mail.path, mail.facts["subject"]) == (Kind.ADDRESS_PROOF, f"mail:da:{OUTSIDE}", "route")

    done = await agree(store)
    assert (done["done"], done["waits_for"], done["version"]) == (True, [], 2)
    (one,) = (await box(store)).route.rules
    assert (one.address, one.server) == (OUTSIDE, "direct")
    assert (await desk.route_list(store, OPERATOR, make.ANNA))["pending"] == []


async def test_an_address_that_the_route_has_is_not_asked_again(store):
    """But one at the second contact's domain is, for nobody proved that; and at a public provider all are strangers."""
    await add(store)
    await agree(store)
    assert (await add(store, value="1003388395"))["asked"] == []

    public = Address("bageri@gmail.com")
    await changed(store, lambda b: replace(b, options=replace(b.options, second_contact=public)))
    assert (await add(store, Address("tyv@gmail.com"), value="1003388396"))["asked"] == ["tyv@gmail.com"]
    await changed(store, lambda b: replace(b, options=replace(b.options, second_contact=Address("k@revisor.example"))))
    assert (await add(store, Address("bo@revisor.example"), value="1003388397"))["asked"] == ["bo@revisor.example"]


async def test_what_goes_to_a_new_address_outside_stays_in_digital_post_for_72_hours(store, filled, clock):
    """The whole mailbox is on probation, counted from the moment the address agreed (I14); a copy is none."""
    await desk.copy_add(store, OPERATOR, make.ANNA, OUTSIDE, "", HOUSE)
    await agree(store)
    assert (await box(store)).custody.probation_until is None

    await add(store, OURS)
    assert (await box(store)).custody.probation_until is None
    await add(store, value="1003388395")
    anna = await box(store)
    assert anna.custody.probation_until == clock.now() + HOUR72
    assert (await history(store, "probation_begun"))[0]["addresses"] == ["l***@udenfor.example"]
    letter = await store.letters.move(
        await filled.waiting("a"), make.claimed(clock.now(), route_version=anna.route.version)
    )
    letter = await store.letters.move(letter, make.confirmed(letter, clock.now()))
    assert "probation" in receipt_may_go(letter, anna, clock.advance(HOUR72.total_seconds() - 1))
    assert receipt_may_go(await now(store, letter), anna, clock.advance(1)) == ""


async def test_a_wrong_code_counts_and_five_kill_it(store):
    """A wrong try is kept although it is refused; a dead code does nothing, and a new one can be sent twice."""
    await add(store)
    right = await code_for(store, OUTSIDE)
    for number in range(5):
        with pytest.raises(RefusedByRule, match="the code is wrong"):
            await confirm(store, OPERATOR, make.ANNA, f"{(int(right) + number + 1) % 10**8:08}")
    with pytest.raises(RefusedByRule, match="--again"):
        await confirm(store, OPERATOR, make.ANNA, right)
    assert len(await history(store, "route_code_wrong")) == 5

    for _ in range(2):
        await again(store, OPERATOR, make.ANNA)
    with pytest.raises(RefusedByRule, match="3 codes were sent"):
        await again(store, OPERATOR, make.ANNA)
    assert (await agree(store))["done"]
    with pytest.raises(RefusedByRule, match="no wish waits"):
        await again(store, OPERATOR, make.ANNA)


async def test_a_code_lives_ten_minutes_and_its_wish_seven_days(store, clock):
    """To the second; an expired wish is listed no more, and its address never got anything."""
    await add(store)
    clock.advance(600)
    with pytest.raises(RefusedByRule, match="no code is waited for"):
        await agree(store)
    await again(store, OPERATOR, make.ANNA)
    clock.advance((EXPIRES - timedelta(seconds=601)).total_seconds())
    assert await run(store) == 0
    assert len((await desk.route_list(store, OPERATOR, make.ANNA))["pending"]) == 1

    clock.advance(1)
    assert await run(store) == 1 and await run(store) == 0
    assert (await desk.route_list(store, OPERATOR, make.ANNA))["pending"] == []
    assert [one["wish"] for one in await history(store, "route_wish_expired")] == [1]
    assert (await box(store)).route.version == 1


async def test_everybody_whom_the_rules_name_must_agree(store):
    """New rules count when the last address has said yes, all at once."""
    other = Address("revisor@tal.example")
    rules = (rule(address=OUTSIDE), rule(value="1003388395", address=other), rule(value="1003388396"))
    item = await desk.route_set(store, OPERATOR, make.ANNA, Edit(rules=rules), HOUSE)
    assert item["asked"] == [OUTSIDE, other]

    assert (await agree(store, other))["waits_for"] == [OUTSIDE]
    assert (await box(store)).route.rules == ()
    assert (await agree(store))["done"]
    assert [one.address for one in (await box(store)).route.rules] == [OUTSIDE, other, OURS]


async def test_two_changes_at_once_do_not_undo_each_other(store):
    """One more rule is added to whatever the route is by then; a whole set only takes the place of what it knew."""
    await desk.route_set(store, OPERATOR, make.ANNA, Edit(rules=(rule(address=OUTSIDE),)), HOUSE)
    stranger = Address("en@helt-anden.example")
    await add(store, stranger, value="1003388395")
    await add(store, OURS, value="1003388396")

    with pytest.raises(RefusedByRule, match="the route has changed since"):
        await agree(store)
    assert (await agree(store, stranger))["done"]
    assert [one.value[-1] for one in (await box(store)).route.rules] == ["6", "5"]
    assert (await desk.route_list(store, OPERATOR, make.ANNA))["pending"] == []


async def test_an_estate_overtakes_what_the_people_before_it_wished(store, clock):
    """Their wish does nothing any more, whoever types the code; they themselves may type nothing."""
    anna, kurator = await person(store), await person(store, "clara", GrantRole.KURATOR)
    await add(store, who=anna)
    boundary = clock.advance(60)
    await changed(store, lambda b: replace(b, frozen_at=boundary, boundary_at=boundary))

    with pytest.raises(NotAllowed):
        await agree(store, who=ANNA)
    with pytest.raises(RefusedByRule, match="no code is waited for"):
        await agree(store, who=kurator)
    assert (await box(store)).route.rules == ()


async def test_strangers_are_not_flooded_with_codes(store):
    """Only so many wishes wait at a time."""
    for number in range(MOST):
        await add(store, Address(f"x{number}@udenfor.example"), value=f"100338839{number}")
    with pytest.raises(RefusedByRule, match="wait for a code already"):
        await add(store, Address("y@udenfor.example"))
    assert len(await told(store)) == MOST


async def test_no_code_lies_in_the_database(store, tmp_path):
    """Neither before nor after it was typed, in no table and in no log of the database."""
    await add(store)
    code = await code_for(store, OUTSIDE)
    await agree(store)
    for file in tmp_path.iterdir():
        if file.name.startswith("nemboks.db"):
            assert code.encode() not in file.read_bytes()


# --- holidays ---


def away(since, until, address=OURS):
    return Holiday(since, until, address, "")


async def test_a_holiday_ends_by_itself_and_people_are_told(store, clock):
    """At its minute the aim is the usual one again (domain/routing.py); soon after the route says so too, once."""
    await person(store, email="anna@privat.example")
    await desk.holiday_set(store, ANNA, make.ANNA, away(clock.now(), clock.now() + DAY), HOUSE)
    clock.advance(DAY.total_seconds() - 1)
    assert await run(store) == 0
    clock.advance(1)
    assert await run(store) == 1 and await run(store) == 0

    route = (await box(store)).route
    assert (route.version, route.holiday, route.address) == (3, None, make.ADDRESS)
    assert [one["address"] for one in await history(store, "holiday_ended")] == ["l***@bageri.example"]
    ended = await told(store, Kind.HOLIDAY_ENDED)
    assert [one.path for one in ended] == ["mail:da:anna@bageri.example", "mail:da:anna@privat.example"]


async def test_a_holiday_that_was_moved_or_cancelled_ends_only_once(store, clock):
    """The end of one that another took the place of says nothing."""
    at = clock.now()
    await desk.holiday_set(store, OPERATOR, make.ANNA, away(at, at + DAY), HOUSE)
    await desk.holiday_set(store, OPERATOR, make.ANNA, away(at, at + 3 * DAY), HOUSE)
    clock.advance(2 * DAY.total_seconds())
    assert await run(store) == 0
    assert (await desk.holiday_cancel(store, OPERATOR, make.ANNA))["holiday"] is None
    clock.advance(2 * DAY.total_seconds())
    assert await run(store) == 0
    assert await told(store, Kind.HOLIDAY_ENDED) == []


async def test_a_holiday_outside_needs_the_addresss_word(store, clock):
    """And is on probation; one whose end has come before the word did is written again."""
    at = clock.now()
    await desk.holiday_set(store, OPERATOR, make.ANNA, away(at, at + timedelta(minutes=5), OUTSIDE), HOUSE)
    clock.advance(300)
    with pytest.raises(RefusedByRule, match="the holiday is over"):
        await agree(store)

    await desk.holiday_set(store, OPERATOR, make.ANNA, away(at, clock.now() + 20 * DAY, OUTSIDE), HOUSE)
    assert (await agree(store))["done"]
    anna = await box(store)
    assert anna.route.holiday.address == OUTSIDE
    assert anna.custody.probation_until == clock.now() + HOUR72


async def test_an_old_holiday_end_tells_the_people_of_before_nothing_during_an_estate(store, clock):
    """The route is tidied up; nobody is written to."""
    await desk.holiday_set(store, OPERATOR, make.ANNA, away(clock.now(), clock.now() + DAY), HOUSE)
    at = clock.advance(3600)
    await changed(store, lambda b: replace(b, frozen_at=at))
    clock.advance(DAY.total_seconds())
    assert await run(store) == 1
    assert (await box(store)).route.holiday is None
    assert await told(store, Kind.HOLIDAY_ENDED) == []


@pytest.mark.parametrize(
    "end",
    [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
     datetime(2027, 3, 28, 1, 0, tzinfo=UTC), datetime(2027, 3, 27, 23, 0, tzinfo=UTC)],
    ids=["first 2.30", "second 2.30", "spring", "midnight"],
)  # fmt: skip
async def test_a_holiday_ends_at_its_minute_when_the_clocks_change(store, clock, end):
    """Its end is a moment, not a reading of a clock."""
    clock.advance((end - timedelta(days=2) - clock.now()).total_seconds())
    await desk.holiday_set(store, OPERATOR, make.ANNA, away(clock.now(), end), HOUSE)
    clock.advance((end - clock.now()).total_seconds() - 0.000001)
    assert await run(store) == 0
    clock.advance(0.000001)
    assert await run(store) == 1
