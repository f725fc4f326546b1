"""Plans on a real ledger: room, cancel on both sides of the end, undo, a new beginning."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nemboks.desk import plans as desk
from nemboks.desk.accounts import account_show
from nemboks.desk.errors import NotAllowed, RefusedByRule
from nemboks.domain.announcements import Kind
from nemboks.domain.mailbox import Address, Cvr
from nemboks.domain.people import GrantRole
from nemboks.domain.plans import FEATURES, NONE_SOLD, USUAL, serves
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.desk.peopled import (
    ANNA,
    CONTACT,
    EMAIL,
    FIRM,
    FIRST,
    KEYBOARD,
    SECOND,
    box,
    by,
    firm,
    give,
    history,
    mailbox,
    told,
)
from tests.helpers import builders as make
from tests.helpers.clock import START, PretendClock

PAID = START + timedelta(days=40)


async def takes_effect(store) -> int:
    """What the daemon does at every sweep."""
    return await store.act(desk.take_effect) if await store.ask(desk.waiting) else 0


@pytest.fixture
async def paid(store):
    """Anna's account on Basis, paid for forty days, with one mailbox."""
    await firm(store, second_contact=CONTACT, plan="", owner_email=Address("anna@bageri.example"))
    await desk.plan_set(store, KEYBOARD, FIRM, "Basis", USUAL, PAID)
    await mailbox(store, plans=USUAL)
    return store


async def test_a_second_cvr_on_basis_is_refused_kindly(paid) -> None:
    """In words that thank and say whom to write to; a larger plan has room."""
    with pytest.raises(RefusedByRule, match="Thank you"):
        await mailbox(paid, SECOND, plans=USUAL)
    await desk.plan_set(paid, KEYBOARD, FIRM, "Pro", USUAL)

    assert SECOND == (await mailbox(paid, SECOND, plans=USUAL))["cvr"]
    with pytest.raises(RefusedByRule, match="for 1 CVR"):
        await desk.plan_set(paid, KEYBOARD, FIRM, "Basis", USUAL)


async def test_room_for_many_at_once(paid) -> None:
    """An import asks for all its rows together; Storkunde has room for as many as wanted, and no plan has no limit."""

    async def room(plan: str, number: int, plans=USUAL) -> None:
        if plan:
            await desk.plan_set(paid, KEYBOARD, FIRM, plan, USUAL)
        await paid.ask(lambda books: desk.room_for(books, books.accounts.all(name=FIRM)[0], number, plans))

    await room("Pro", 9)
    with pytest.raises(RefusedByRule):
        await room("Pro", 10)
    await room("Storkunde", 500)
    await room("", 500, NONE_SOLD)


async def test_what_a_plan_leaves_out(paid) -> None:
    """Basis forwards; a mailbox without an account, and every plan where none is sold, has all."""

    async def has(cvr: Cvr, name: str, plans=USUAL) -> bool:
        its = await box(paid, cvr)
        return await paid.ask(lambda books: desk.feature(books, its, name, plans))

    assert not any([await has(FIRST, name) for name in FEATURES])
    assert all([await has(make.ANNA, name) for name in FEATURES])
    assert await has(FIRST, "rules", NONE_SOLD)
    await desk.plan_set(paid, KEYBOARD, FIRM, "Pro", USUAL)
    assert await has(FIRST, "rules") and not await has(FIRST, "import")


async def test_a_cancelled_plan_runs_to_what_was_paid_for(paid, clock) -> None:
    """Served to the last moment before; from then on nothing, and people are told once before and once at the end."""
    item = await desk.plan_cancel(paid, ANNA, FIRM)
    until = (await box(paid)).serves_until

    assert PAID == until == item["ends_at"] and not item["ended"]
    assert serves(until, PAID - timedelta(microseconds=1)) and not serves(until, PAID)
    clock.advance((PAID - START).total_seconds() - 0.001)
    assert 0 == await takes_effect(paid)
    clock.advance(0.001)
    assert [1, 0, 0] == [await takes_effect(paid) for _ in range(3)]
    everybody = {f"mail:da:{one}" for one in (EMAIL, CONTACT, "anna@bageri.example")}
    for kind in (Kind.PLAN_CANCELLED, Kind.PLAN_ENDED):
        found = await told(paid, kind)
        assert everybody == {one.path for one in found} and len(everybody) == len(found)
        assert [FIRST] == list(found[0].facts["cvrs"])
    assert ["plan_cancelled", "plan_ended"] == (await history(paid))[-2:]
    assert (await account_show(paid, ANNA, FIRM))["ended"]


@pytest.mark.parametrize(
    ("today", "ends_at"),
    [
        (datetime(2026, 11, 21, 9, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC)),
        (datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)),  # clocks change on the 25th
        (datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2027, 3, 31, 22, tzinfo=UTC)),  # and on the 28th
        (datetime(2026, 10, 31, 23, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC)),  # 00.00 on 1 November here
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC)),
    ],
)
async def test_without_payment_ahead_it_runs_to_the_months_end(tmp_path, today, ends_at) -> None:
    """Danish midnight, exact where clocks change and at the turn of the year."""
    store = Store.open(tmp_path / "nemboks.db", vault(tmp_path), PretendClock(today), threaded=False)
    await firm(store)

    item = await desk.plan_cancel(store, ANNA, FIRM)
    await store.close()

    assert ends_at == item["ends_at"]


async def test_a_payment_that_is_over_is_none_ahead(store, clock) -> None:
    """Paid until yesterday: to the month's end. Nothing stops without a cancel; the account's page says so."""
    await firm(store, paid_until=START - timedelta(days=1))

    shown = await account_show(store, ANNA, FIRM)
    assert (shown["overdue"], shown["ended"]) == (True, False)
    assert datetime(2026, 11, 30, 23, tzinfo=UTC) == (await desk.plan_cancel(store, ANNA, FIRM))["ends_at"]


async def test_a_cancel_is_undone_until_the_end(paid, clock) -> None:
    """By any owner, to the last moment; after it not, in words."""
    await give(paid, "ida", GrantRole.OWNER)
    await desk.plan_cancel(paid, by("ida"), FIRM)
    with pytest.raises(RefusedByRule, match="cancelled already"):
        await desk.plan_cancel(paid, ANNA, FIRM)
    clock.advance((PAID - START).total_seconds() - 0.001)
    await desk.plan_undo(paid, ANNA, FIRM)

    assert (await box(paid)).serves_until is None
    with pytest.raises(RefusedByRule, match="not cancelled"):
        await desk.plan_undo(paid, ANNA, FIRM)
    await desk.plan_set(paid, KEYBOARD, FIRM, "Basis", USUAL, clock.now() + timedelta(hours=1))
    await desk.plan_cancel(paid, ANNA, FIRM)
    clock.advance(3_600)
    with pytest.raises(RefusedByRule, match="has ended"):
        await desk.plan_undo(paid, ANNA, FIRM)


async def test_a_new_plan_begins_anew(paid, clock) -> None:
    """After the end the mailboxes are looked into at once; before it they just go on."""
    await desk.plan_cancel(paid, ANNA, FIRM)
    clock.advance((PAID - START).total_seconds() + 86_400)
    await takes_effect(paid)
    with pytest.raises(RefusedByRule, match="has ended"):
        await mailbox(paid, SECOND, plans=USUAL)
    item = await desk.plan_set(paid, KEYBOARD, FIRM, "Pro", USUAL, clock.now() + timedelta(days=30))

    its = await box(paid)
    assert (its.serves_until, its.due_at) == (None, clock.now())
    assert (item["plan"], item["ended"], item["ends_at"]) == ("Pro", False, None)
    assert 0 == await takes_effect(paid)
    assert SECOND == (await mailbox(paid, SECOND, plans=USUAL))["cvr"]


async def test_a_cvr_added_to_a_cancelled_account_ends_with_it(paid) -> None:
    """It is served no longer than the others."""
    await desk.plan_set(paid, KEYBOARD, FIRM, "Pro", USUAL)
    await desk.plan_cancel(paid, ANNA, FIRM)
    await mailbox(paid, SECOND, plans=USUAL)

    assert PAID == (await box(paid, SECOND)).serves_until


async def test_who_may_do_what_with_a_plan(paid) -> None:
    """Owners cancel and undo, those who run Nemboks set; an administrator does neither."""
    await give(paid, "eva", GrantRole.ADMINISTRATOR)
    await give(paid, "dorte", GrantRole.OPERATIONS, asking=KEYBOARD)

    for asking in (KEYBOARD, by("eva"), by("dorte")):
        with pytest.raises(NotAllowed):
            await desk.plan_cancel(paid, asking, FIRM)
    for asking in (ANNA, by("eva")):
        with pytest.raises(NotAllowed):
            await desk.plan_set(paid, asking, FIRM, "Storkunde", USUAL)
    with pytest.raises(RefusedByRule, match="Basis, Pro, Storkunde"):
        await desk.plan_set(paid, by("dorte"), FIRM, "Guld", USUAL)


async def test_former_people_do_not_stop_an_estates_post(paid) -> None:
    """A cancel leaves out a mailbox with an estate: from its registration on that is no longer theirs to stop."""
    await desk.plan_set(paid, KEYBOARD, FIRM, "Pro", USUAL)
    await mailbox(paid, SECOND, plans=USUAL)

    def freeze(books):
        return books.keep(replace(books.mailbox(FIRST), frozen_at=books.at))

    await paid.act(freeze)
    item = await desk.plan_cancel(paid, ANNA, FIRM)

    assert (None, PAID) == ((await box(paid)).serves_until, (await box(paid, SECOND)).serves_until)
    assert [SECOND] == item["cvrs"]
