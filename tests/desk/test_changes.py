"""A change of address at the desk: who may, who is told, when it takes effect, how it is stopped (SECURITY 4a)."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nemboks.desk import changes, cvrs
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.domain.announcements import Kind
from nemboks.domain.changes import PROBATION, WAIT
from nemboks.domain.mailbox import Address
from nemboks.domain.people import Grant, GrantRole, Person
from nemboks.ports import Books
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.desk.changing import CONTACT, JYTTE, NEW, OPERATOR, Firm
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock

WAY = ["anna@hjemme.example", "anna@privat.example", "carl@privat.example"]


@pytest.fixture
async def firm(store, clock):
    return await Firm(store, clock).open()


@pytest.fixture
async def careful(store, clock):
    """With a second contact at another firm."""
    return await Firm(store, clock).open(CONTACT)


async def test_asking_changes_nothing_but_tells_everybody(careful):
    """The new address gets a code, the old one and the contact theirs, the others the news; letters go as before."""
    item = await careful.asks()

    assert ("asked", 1, make.ANNA) == (item["state"], item["change"], item["cvr"])
    assert [NEW] == await careful.told(Kind.ADDRESS_CODE)
    assert [JYTTE, CONTACT, *WAY] == await careful.told(Kind.ADDRESS_ASKED)
    assert [True, True, False, False, False] == ["code" in x.facts for x in await careful.announced(Kind.ADDRESS_ASKED)]
    assert JYTTE == await careful.address()
    assert [(NEW, make.SERVER)] == careful.looked


async def test_effect_after_72_hours(firm):
    """71 h 59 min after the new address proved itself the old one is in force still; at 72 h the new one is."""
    await firm.asks()
    await firm.later(minutes=9)
    item = await firm.confirms("new")
    assert firm.clock.now() + WAIT == item["effect_at"]

    await firm.later(hours=71, minutes=59)
    assert JYTTE == await firm.address()
    await firm.later(minutes=1)

    box = await firm.box()
    assert (NEW, make.SERVER, 2, "change 1") == (
        box.route.address, box.route.server, box.route.version, box.route.vouched_by,
    )  # fmt: skip
    assert firm.clock.now() + PROBATION == box.custody.probation_until
    assert [JYTTE, NEW, *WAY] == await firm.told(Kind.ADDRESS_CHANGED)
    assert 0 == await firm.sweeps()


async def test_the_old_address_hears_of_it_for_three_days(firm):
    """One reminder a day; what a daemon slept through is not made up for; never a fourth."""
    await firm.asks()
    await firm.confirms("new", "old")
    await firm.later(hours=24)
    await firm.later(hours=48)
    await firm.later(days=2)

    assert [JYTTE, JYTTE] == await firm.told(Kind.ADDRESS_REMINDER)
    assert 3 == (await firm.change()).reminders


async def test_jytte_has_left_and_the_company_has_her_mailbox(firm):
    """Jytte left; the company reads her mailbox, so the old address agrees and the change is there at once."""
    await firm.asks("carl")
    item = await firm.confirms("old", "new")

    assert ("done", NEW) == (item["state"], await firm.address())


async def test_jytte_has_left_and_her_mailbox_is_closed(firm):
    """Nobody can answer for the old address; the other administrator asks, and it takes three days."""
    await firm.asks("carl")
    await firm.confirms("new")
    await firm.later(hours=72)

    assert NEW == await firm.address()


async def test_with_a_second_contact_both_must_agree(careful):
    """One of two is not enough for "at once"; with the second it is."""
    await careful.asks()
    await careful.confirms("new", "old")
    assert JYTTE == await careful.address()

    assert "done" == (await careful.confirms("contact"))["state"]
    assert NEW == await careful.address()


async def test_s1_a_thief_with_a_session_and_a_mailbox_of_his_own(firm):
    """SECURITY 1: the old address is told at once, stops it with its code, and the address is locked for a week."""
    await firm.asks("anna", "anna@tyv.example")
    await firm.confirms("new")
    await firm.later(hours=71)
    code = await firm.code("old")
    await changes.change_cancel(firm.store, OPERATOR, 1, code)
    await firm.later(hours=72)

    assert (JYTTE, "code:old") == (await firm.address(), (await firm.change()).cancelled_by)
    with pytest.raises(RefusedByRule, match="locked until"):
        await firm.asks("anna", "anna@tyv.example")
    await firm.later(days=5)
    assert "asked" == (await firm.asks())["state"]
    assert [JYTTE, "anna@tyv.example", *WAY] == await firm.told(Kind.ADDRESS_CANCELLED)


async def test_s2_a_thief_with_the_old_mailbox_alone(firm):
    """SECURITY 2: who only reads the departed colleague's mailbox may ask for nothing, and guesses no code."""
    with pytest.raises(NotFound):
        await firm.asks("bo")
    await firm.asks("carl")
    with pytest.raises(NotFound):
        await firm.types("00000000", name="bo")

    item = await firm.types(await firm.code("old"))
    assert ("asked", None) == (item["state"], item["effect_at"]), "the new address has not proven itself"


async def test_s2_a_thief_with_the_old_mailbox_and_a_session(careful):
    """SECURITY 2: where a second contact exists that is not enough: it waits, and the contact stops it."""
    await careful.asks("anna", "anna@tyv.example")
    await careful.confirms("new", "old")
    await careful.later(hours=71, minutes=59)
    assert JYTTE == await careful.address()
    await changes.change_cancel(careful.store, OPERATOR, 1, await careful.code("contact"))
    await careful.later(days=4)

    assert JYTTE == await careful.address()


async def test_s2_a_thief_who_first_takes_the_second_contacts_place(careful):
    """A contact that took another's place less than 72 hours ago cannot make it "at once": nothing can be asked."""
    chosen = cvrs.Chosen(second_contact=Address("kontakt@tyv.example"))
    await cvrs.cvr_set(careful.store, careful.by("anna"), make.ANNA, chosen)
    with pytest.raises(RefusedByRule, match="second contact was changed"):
        await careful.asks("anna", "anna@tyv.example")
    await careful.later(hours=72)

    assert "asked" == (await careful.asks())["state"]


async def test_a_thief_who_burns_the_codes_cannot_take_the_way_out(firm):
    """Five wrong tries kill a code for agreeing; whoever has it can still say "that was not me"."""
    await firm.asks("anna", "anna@tyv.example")
    await firm.confirms("new")
    for _ in range(7):
        with pytest.raises(RefusedByRule, match="does not fit"):
            await firm.types("12 34-56 78", name="anna")
    code = await firm.code("old")
    with pytest.raises(RefusedByRule, match="does not fit"):
        await firm.types(code, name="anna")

    assert "cancelled" == (await changes.change_cancel(firm.store, OPERATOR, 1, code))["state"]


async def test_an_estate_ends_it_in_silence(firm):
    """From the registration on nobody of before can ask or agree, and no message tells them of the case."""
    await firm.asks()
    await firm.confirms("new")
    await firm.later(hours=1)
    await firm.store.act(lambda books: books.keep(replace(books.mailbox_of(1), frozen_at=books.at)))
    with pytest.raises(RefusedByRule):
        await firm.types(await firm.code("old"))
    await firm.sweeps()

    assert "estate" == (await firm.change()).cancelled_by
    assert [] == await firm.told(Kind.ADDRESS_CANCELLED)
    with pytest.raises(NotAllowed):
        await firm.asks("anna")


async def test_a_kurator_changes_his_own_address(careful):
    """Once the estate is in effect; the people of before hear nothing of it, and their contact agrees to nothing."""

    def in_effect(books: Books) -> None:
        box = books.mailbox_of(1)
        kurator = books.people.add(Person(0, "kim", books.at, email=Address("kim@advokat.example")))
        books.grants.add(Grant(0, kurator.id, GrantRole.KURATOR, books.at, "estate 1", mailbox=1))
        kept = books.keep(replace(box, frozen_at=books.at, boundary_at=books.at))
        books.reroute(kept, replace(box.route, address=Address("kim@advokat.example"), since=books.at))

    await careful.store.act(in_effect)
    await careful.later(minutes=1)
    await careful.asks("kim", "post@advokat.example")
    assert ["kim@advokat.example"] == await careful.told(Kind.ADDRESS_ASKED)
    await careful.confirms("new", "old")

    assert "post@advokat.example" == await careful.address()
    told = await careful.told(Kind.ADDRESS_CHANGED)
    assert {"kim@advokat.example", "post@advokat.example"} == set(told)


@pytest.mark.parametrize("start", [datetime(2026, 10, 23, 12, tzinfo=UTC), datetime(2027, 3, 26, 12, tzinfo=UTC)])
async def test_72_hours_over_a_change_of_clocks(fresh_at, start):
    """72 hours are 72 hours, also where clocks in Denmark show one more or one less."""
    firm = await fresh_at(start)
    await firm.asks()
    await firm.confirms("new")
    await firm.later(hours=71, minutes=59, seconds=59)
    assert JYTTE == await firm.address()
    await firm.later(seconds=1)

    assert NEW == await firm.address()
    assert start + timedelta(hours=72) == (await firm.change()).done_at


@pytest.fixture
async def fresh_at(fresh, tmp_path):
    """A firm whose clock begins at another time."""
    opened = []

    async def at(start: datetime) -> Firm:
        folder = tmp_path / "later"
        shutil.copytree(fresh, folder)
        clock = PretendClock(start)
        opened.append(Store.open(folder / "nemboks.db", vault(folder), clock, threaded=False))
        return await Firm(opened[0], clock).open()

    yield at
    for store in opened:
        await store.close()
