"""Rules, copies and the tray's default: what changes the route at once, what is refused, who hears of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.desk import routes as desk
from nemboks.desk.access import Asking
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.desk.route_checks import House
from nemboks.domain.announcements import Kind
from nemboks.domain.custody import NO_CUSTODY
from nemboks.domain.letter import Reason, State
from nemboks.domain.mailbox import Address, Field, Holiday, Recipient, Role
from nemboks.domain.people import GrantRole
from nemboks.domain.wishes import PUBLIC, Edit
from tests.desk.rooms import HOUSE, OPERATOR, OURS, OUTSIDE, box, changed, history, now, person, rule, told
from tests.helpers import builders as make
from tests.helpers.holding import held

pytestmark = pytest.mark.filterwarnings("error")


async def add(store, one=None, **other):
    return await desk.rule_add(store, OPERATOR, make.ANNA, one or rule(), HOUSE, **other)


async def test_a_rule_to_the_companys_own_domain_counts_at_once(store):
    """The next version has it, its server is that of the usual address, and history says who vouches."""
    item = await add(store)

    assert (item["version"], item["vouched_by"], item["pending"], item["asked"]) == (2, "root (operator)", [], [])
    assert item["rules"] == [
        {"number": 1, "field": "p_number", "value": "1003388394", "address": OURS, "server": make.SERVER}
    ]
    assert (await box(store)).custody == NO_CUSTODY
    assert (await history(store, "route_changed"))[-1]["rules"][0]["address"] == "l***@bageri.example"


async def test_the_usual_address_and_the_second_contact_hear_of_every_change(store):
    """A new rule goes round the flow for a new address: so those that it goes round are told (SECURITY 4a)."""
    contact = Address("kim@andet.example")
    await changed(
        store, lambda b: replace(b, options=replace(b.options, second_contact=contact, contact_language="en"))
    )
    await add(store)
    await desk.rule_remove(store, OPERATOR, make.ANNA, 1)

    said = [(one.path, one.facts["subject"], one.facts["rule"]) for one in await told(store, Kind.ADDRESS_CHANGED)]
    assert said == [
        ("mail:da:anna@bageri.example", "route", "Ny regel på P-nummer, til l***@bageri.example"),
        ("mail:en:kim@andet.example", "route", "new rule on the P-number, to l***@bageri.example"),
        ("mail:da:anna@bageri.example", "route", "Regel på P-nummer fjernet"),
        ("mail:en:kim@andet.example", "route", "rule on the P-number removed"),
    ]
    assert not any("1003388394" in str(one.facts) for one in await told(store))


async def test_rules_stand_in_the_order_that_people_give_them(store):
    """The first that fits decides, so a rule can be put before others; removing is by number."""
    await add(store, rule(value="1003388391"))
    await add(store, rule(value="1003388392"))
    item = await add(store, rule(value="1003388393"), place=1)
    assert [one["value"][-1] for one in item["rules"]] == ["3", "1", "2"]

    item = await desk.rule_remove(store, OPERATOR, make.ANNA, 2)
    assert [one["value"][-1] for one in item["rules"]] == ["3", "2"]
    for number in (0, 3, -1):
        with pytest.raises(NotFound):
            await desk.rule_remove(store, OPERATOR, make.ANNA, number)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (rule(value="12"), "ten digits"),
        (rule(Field.SE_NUMBER, "1234567"), "eight digits"),
        (rule(Field.KLE, "motor"), "27.12.00"),
        (rule(Field.CLASS, "important"), "legal"),
        (rule(Field.AUTHORITY, "  "), "write a value"),
        (rule(Field.CASE, "x" * 121), "at most 120"),
        (rule(Field.CASE, "sag 010101-0000"), "CPR"),
        (rule(server="nowhere"), "no [servers.nowhere]"),
        (rule(address=Address("post@nemboks.example")), "our own"),
    ],
)
async def test_a_rule_that_cannot_be_meant_is_refused(store, wrong, words):
    """Before anything is written, with what to write instead."""
    with pytest.raises(RefusedByRule, match=words.replace("[", r"\[")):
        await add(store, wrong, sure=True)
    assert (await box(store)).route.version == 1
    assert await told(store) == []


async def test_the_same_rule_or_copy_twice_is_refused(store):
    """Two equal rules are a slip, upper and lower case aside; so is a copy to the usual address."""
    await add(store, rule(Field.AUTHORITY, "Skattestyrelsen"))
    with pytest.raises(RefusedByRule, match="already"):
        await add(store, rule(Field.AUTHORITY, "skatteStyrelsen"))
    await desk.copy_add(store, OPERATOR, make.ANNA, OURS, "", HOUSE)
    with pytest.raises(RefusedByRule, match="already"):
        await desk.copy_add(store, OPERATOR, make.ANNA, OURS, "", HOUSE)
    with pytest.raises(RefusedByRule, match="usual address"):
        await desk.copy_add(store, OPERATOR, make.ANNA, Address("Anna@bageri.example"), "", HOUSE)
    with pytest.raises(RefusedByRule, match="put it in as number 1 to 2"):
        await add(store, rule(value="1003388399"), place=3)


async def test_a_copy_comes_and_goes_and_a_fallback_stays(store):
    """What the settings file named as a fallback is not dropped by rules."""
    kim = Recipient(Role.FALLBACK, Address("kim@hjemme.example"), "direct")
    await store.mailboxes.reroute(make.ANNA, make.ADDRESS, make.SERVER, "settings", others=(kim,))
    item = await desk.copy_add(store, OPERATOR, make.ANNA, OURS, "", HOUSE)
    assert [[one["address"] for one in item[role]] for role in ("copies", "fallbacks")] == [[OURS], [kim.address]]

    await desk.route_set(store, OPERATOR, make.ANNA, Edit(rules=(rule(),)), HOUSE)
    route = (await box(store)).route
    assert (route.others, len(route.rules)) == ((kim,), 1)
    with pytest.raises(NotFound, match="gets no copies"):
        await desk.copy_remove(store, OPERATOR, make.ANNA, OURS)
    await desk.copy_add(store, OPERATOR, make.ANNA, OURS, "", HOUSE)
    assert (await desk.copy_remove(store, OPERATOR, make.ANNA, OURS))["copies"] == []


async def test_what_takes_every_letter_is_asked_about_twice(store, filled):
    """A rule that fits all past letters, or a tray without rules, needs a second word."""
    for name in ("a", "b"):
        await filled.waiting(name)
    await person(store)
    all_of_them = rule(Field.AUTHORITY, "Skatte*")
    with pytest.raises(RefusedByRule, match="--sure"):
        await add(store, all_of_them)
    with pytest.raises(RefusedByRule, match="--sure"):
        await desk.default_set(store, OPERATOR, make.ANNA, "anna")
    with pytest.raises(RefusedByRule, match="--sure"):
        await desk.route_set(store, OPERATOR, make.ANNA, Edit(unrouted="anna"), HOUSE)

    item = await add(store, all_of_them, sure=True)
    assert [(one["note"], len(one["letters"])) for one in item["trial"]["tried"]] == [("swallows", 2)]


async def test_the_trays_owner_must_be_able_to_see_it(store):
    """A stranger and a name that nobody has are the same; the default comes back with one word."""
    await person(store, "bo", GrantRole.OWNER, make.BO)
    await person(store, "support", GrantRole.SUPPORT)
    await add(store)
    for name in ("bo", "nobody"):
        with pytest.raises(NotFound, match="can see letters"):
            await desk.default_set(store, OPERATOR, make.ANNA, name)

    item = await desk.default_set(store, OPERATOR, make.ANNA, "support")
    assert (item["default"], item["owner"]) == ("hold", "support")
    assert (await desk.default_set(store, OPERATOR, make.ANNA, ""))["default"] == "forward"


async def test_a_letter_of_the_tray_goes_on_when_a_rule_fits_it(store, filled):
    """In the same act; one that still fits nothing stays."""
    await person(store)
    await desk.default_set(store, OPERATOR, make.ANNA, "anna", sure=True)
    letter = await held(store.letters, await filled.waiting("a"), Reason.UNROUTED)
    other = await filled.held("b", Reason.TOO_LARGE)

    await add(store, rule(Field.CLASS, "legal"))
    assert (await now(store, letter)).state is State.HELD
    await add(store, rule(Field.AUTHORITY, "19552101"), sure=True)
    assert ((await now(store, letter)).state, (await now(store, other)).state) == (State.WAITING, State.HELD)


async def test_only_those_with_the_right_touch_a_route(store):
    """An accountant and a reader may look; a foreign person learns nothing, not even that there is a mailbox."""
    reader = await person(store, "rikke", GrantRole.READER)
    accountant = await person(store, "bo", GrantRole.ACCOUNTANT)
    stranger = await person(store, "egon", GrantRole.OWNER, make.BO)
    acts = [
        lambda who: desk.rule_add(store, who, make.ANNA, rule(), HOUSE),
        lambda who: desk.rule_remove(store, who, make.ANNA, 1),
        lambda who: desk.copy_add(store, who, make.ANNA, OURS, "", HOUSE),
        lambda who: desk.copy_remove(store, who, make.ANNA, OURS),
        lambda who: desk.default_set(store, who, make.ANNA, ""),
        lambda who: desk.holiday_cancel(store, who, make.ANNA),
        lambda who: desk.route_set(store, who, make.ANNA, Edit(), HOUSE),
    ]
    for act in acts:
        for who in (reader, accountant):
            with pytest.raises(NotAllowed):
                await act(who)
        with pytest.raises(NotFound, match="no mailbox"):
            await act(stranger)
    for who in (reader, accountant, OPERATOR):
        assert (await desk.route_list(store, who, make.ANNA))["current"]["address"] == make.ADDRESS
    with pytest.raises(NotFound, match="no mailbox"):
        await desk.route_list(store, stranger, make.ANNA)
    assert (await box(store)).route.version == 1


async def test_the_past_is_listed_with_who_vouched(store):
    """The newest first; without --all only the present version."""
    await add(store)
    item = await desk.route_list(store, OPERATOR, make.ANNA, every=True)
    assert [(one["version"], one["vouched_by"]) for one in item["versions"]] == [
        (2, "root (operator)"),
        (1, "settings"),
    ]
    assert (await desk.route_list(store, OPERATOR, make.ANNA))["versions"] == []


async def test_who_runs_nemboks_for_customers_sees_addresses_masked(store, clock):
    """Support explains a route without learning an address: of rules, copies and codes that are waited for either."""
    support = await person(store, "sune", GrantRole.SUPPORT)
    anna = await person(store)
    await add(store)
    await desk.copy_add(store, anna, make.ANNA, OUTSIDE, make.SERVER, HOUSE)
    await changed(store, lambda b: replace(b, custody=replace(b.custody, probation_until=clock.now())))

    hers = str(await desk.route_list(store, anna, make.ANNA, every=True))
    seen = await desk.route_list(store, support, make.ANNA, every=True)
    for address in (make.ADDRESS, OURS, OUTSIDE):
        assert address in hers and address not in str(seen) and address.masked in str(seen)
    assert seen["probation_until"] is None  # it is over


async def test_people_of_before_see_no_route_of_the_kurators(store, clock):
    """From an estate's effective time on they see what they had (SECURITY 3.5)."""
    anna = await person(store)
    boundary = clock.advance(3600)
    await changed(store, lambda b: replace(b, frozen_at=boundary, boundary_at=boundary))
    await store.mailboxes.reroute(make.ANNA, Address("k@advokat.example"), "direct", "estate 1")

    item = await desk.route_list(store, anna, make.ANNA, every=True)
    assert [one["version"] for one in item["versions"]] == [1]
    with pytest.raises(NotAllowed):
        await desk.rule_add(store, anna, make.ANNA, rule(), HOUSE)


def test_a_public_provider_is_nobodys_own_domain():
    """The list has the domains of Denmark's and the world's usual providers, in lower case."""
    assert {"gmail.com", "hotmail.dk", "mail.dk", "icloud.com"} <= PUBLIC
    assert all(one == one.lower() and "." in one for one in PUBLIC)


async def test_a_wrong_holiday_is_refused(store, clock):
    """It ends after it begins and after now, within sixty days, and goes somewhere else."""
    at = clock.now()
    for since, until, address, words in [
        (at, at, OURS, "must end after"),
        (at - timedelta(days=3), at - timedelta(days=1), OURS, "must end after"),
        (at, at + timedelta(days=60, seconds=1), OURS, "60 days at most"),
        (at, at + timedelta(days=1), make.ADDRESS, "usual address"),
    ]:
        with pytest.raises(RefusedByRule, match=words):
            await desk.holiday_set(store, OPERATOR, make.ANNA, Holiday(since, until, address, ""), HOUSE)
    with pytest.raises(RefusedByRule, match="no holiday"):
        await desk.holiday_cancel(store, OPERATOR, make.ANNA)


async def test_the_operator_at_the_keyboard_is_not_every_customers_owner(store):
    """A mailbox of an account is its people's: there the operator runs the machine and routes nothing."""
    await changed(store, lambda b: replace(b, account=7))
    with pytest.raises(NotAllowed):
        await add(store)
    assert isinstance(OPERATOR, Asking) and House(frozenset()).servers == frozenset()
    assert OUTSIDE.domain not in PUBLIC
