"""A change of address at the desk: who may, who is told, when it takes effect, how it is stopped (SECURITY 4a)."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nemboks.desk import changes, cvrs
from nemboks.desk.changes_view import change_list
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.domain.announcements import Kind
from nemboks.domain.changes import LAPSE, PROBATION, WAIT
from nemboks.domain.mailbox import Address
from nemboks.ports import Finding
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.desk.changing import CONTACT, JYTTE, NEW, OPERATOR, Firm
from tests.helpers import builders as make
from tests.helpers.clock import START, PretendClock

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


async def test_the_new_address_code(firm):
    """Ten minutes, five tries, the latest only, three rounds; blanks and dashes do not count."""
    await firm.asks()
    first = await firm.code("new")
    await firm.later(minutes=10)
    with pytest.raises(RefusedByRule, match="--again"):
        await firm.types(first, name="anna")

    await changes.change_again(firm.store, firm.by("carl"), 1)
    second = await firm.code("new")
    await changes.change_again(firm.store, firm.by("carl"), 1)
    third = await firm.code("new")
    assert 3 == len({first, second, third})
    with pytest.raises(RefusedByRule):
        await firm.types(second, name="anna")
    with pytest.raises(RefusedByRule, match="codes were sent"):
        await changes.change_again(firm.store, firm.by("carl"), 1)
    assert "waiting" == (await firm.types(f"{third[:4]} - {third[4:]}"))["state"]


async def test_five_wrong_tries(firm):
    """Then the right one is dead too; once used, a code is used."""
    await firm.asks()
    code = await firm.code("new")
    for number in range(5):
        with pytest.raises(RefusedByRule):
            await firm.types(f"{number:08}", name="anna")
    with pytest.raises(RefusedByRule):
        await firm.types(code, name="anna")

    await changes.change_again(firm.store, firm.by("anna"), 1)
    await firm.confirms("new")
    with pytest.raises(RefusedByRule):
        await firm.types(await firm.code("new"), name="anna")


async def test_s6_slips_of_the_finger(firm):
    """SECURITY 6: refused with what was perhaps meant, unless a person insists; nobody was asked, nothing is kept."""
    for new in ("post@gmial.com", "post@bagerl.example", "kontor@bagri.example"):
        with pytest.raises(RefusedByRule, match="--sure"):
            await firm.asks(new=new)
    assert [] == firm.looked

    item = await firm.asks(new="post@gmial.com", sure=True)
    assert ["gmail.com" in text for text in item["warnings"]] == [True, False]


async def test_a_look_at_the_new_address(firm):
    """A definite fault is refused with its reason, and everything stays; what cannot be asked now is a warning."""
    firm.findings = [Finding("recipient_unknown", True, (("address", "k***@bageri.example"), ("server", "mx:25")))]
    with pytest.raises(RefusedByRule, match="letters go where they went"):
        await firm.asks()
    assert [] == await change_list(firm.store, firm.by("anna"), every=True)

    firm.findings = [Finding("unreachable", True, (("server", "mx:25"), ("words", "no answer")))]
    assert 1 == len((await firm.asks())["warnings"])


async def test_addresses_that_are_refused(firm):
    """Our own domain would be a circle, and the present address is no change."""
    for new, why in (("x@retur.nemboks.example", "circle"), ("x@a.nemboks.example", "circle"), (JYTTE, "in force")):
        with pytest.raises(RefusedByRule, match=why):
            await firm.asks(new=new)


async def test_one_at_a_time_and_three_in_30_days(firm):
    """One that is under way bars another; after three a month must have passed, whatever became of them."""
    for number in (1, 2, 3):
        await firm.asks("carl")
        with pytest.raises(RefusedByRule, match="under way"):
            await firm.asks(new="andet@bageri.example")
        await changes.change_cancel(firm.store, firm.by("carl"), number)
    with pytest.raises(RefusedByRule, match="3 changes"):
        await firm.asks()
    await firm.later(days=30)

    assert 4 == (await firm.asks())["change"]


async def test_a_wish_that_nobody_proves_lapses(firm):
    """After a day it is over, everybody hears so, and another can be asked for."""
    await firm.asks()
    await firm.later(seconds=LAPSE.total_seconds())

    assert "lapsed" == (await firm.change()).cancelled_by
    assert [JYTTE, *WAY] == await firm.told(Kind.ADDRESS_CANCELLED)
    with pytest.raises(RefusedByRule, match="is over"):
        await firm.types(await firm.code("old"))


async def test_s3_who_may(firm):
    """SECURITY 3: owners and administrators; not readers, not our support, not whoever sits at our keyboard."""
    for name in ("rita", "sune", ""):
        with pytest.raises(NotAllowed):
            await firm.asks(name)
    await firm.asks("carl")
    for name in ("rita", "sune", ""):
        with pytest.raises(NotAllowed):
            await changes.change_cancel(firm.store, firm.by(name), 1)
    for number in (1, 2):
        with pytest.raises(NotFound, match=f"no change number {number}"):
            await changes.change_cancel(firm.store, firm.by("bo"), number)
        with pytest.raises(NotFound, match=f"no change number {number}"):
            await changes.change_cancel(firm.store, firm.by("bo"), number, "12345678")


async def test_s9_two_changes_at_once(firm):
    """SECURITY 9: if the address was changed by somebody else meanwhile, the wish ends and says so."""
    await firm.asks()
    await firm.confirms("new")
    await firm.store.mailboxes.reroute(make.ANNA, Address("andet@bageri.example"), make.SERVER, "settings")
    await firm.later(hours=72)

    assert ("andet@bageri.example", "overtaken") == (await firm.address(), (await firm.change()).cancelled_by)
    (told,) = {tuple(x.facts.get("old", "")) for x in await firm.announced(Kind.ADDRESS_CANCELLED)}
    assert () == told, "the old address is not the one in force"


async def test_s9_two_askers_at_once(firm):
    """SECURITY 9: two administrators in the same moment: one wish stands, the other is refused."""
    other: list[Exception] = []

    async def meanwhile(address: Address, server: str) -> list[Finding]:
        await firm.asks("carl", "carl@bageri.example")
        return []

    wish = changes.Wanted(NEW)
    try:
        await changes.address_set(firm.store, firm.by("anna"), make.ANNA, wish, meanwhile)
    except RefusedByRule as error:
        other.append(error)

    assert ["under way" in str(error) for error in other] == [True]
    assert "carl@bageri.example" == (await firm.change()).new


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


async def test_the_accounts_own_email(firm):
    """The same flow: 72 hours or the old address' word, told to all in charge, and it can be taken back."""
    await firm.asks_email()
    assert [("kontor@bageri.example", "direct")] == firm.looked
    assert ["anna@hjemme.example", "anna@privat.example", "carl@privat.example"] == await firm.told(Kind.ADDRESS_ASKED)
    await firm.confirms("new", "old")
    account = await firm.store.ask(lambda books: books.accounts.all()[0])
    assert (NEW, START + PROBATION) == (account.email, account.email_probation_until)

    await changes.change_roll_back(firm.store, OPERATOR, 1, await firm.code("old"))
    account = await firm.store.ask(lambda books: books.accounts.all()[0])
    assert ("anna@hjemme.example", None) == (account.email, account.email_probation_until)
    with pytest.raises(RefusedByRule, match="locked"):
        await firm.asks_email()
    for name in ("", "rita", "sune"):
        with pytest.raises(NotAllowed):
            await firm.asks_email(name=name)


async def test_the_list(firm):
    """What is under way or can be taken back, in full for who may; all of it when asked; a stranger sees nothing."""
    await firm.asks()
    (item,) = await change_list(firm.store, firm.by("anna"), make.ANNA)
    assert (JYTTE, NEW, "asked") == (item["old"], item["new"], item["state"])
    await changes.change_cancel(firm.store, firm.by("anna"), 1)

    assert [] == await change_list(firm.store, firm.by("anna"))
    assert [1] == [x["change"] for x in await change_list(firm.store, firm.by("carl"), every=True)]
    assert [] == await change_list(firm.store, firm.by("anna"), account="bageriet", every=True)
    assert [] == await change_list(firm.store, firm.by("bo"), every=True)


async def test_codes_lie_nowhere(careful, tmp_path):
    """Not in the history, not among what people are told, nowhere in the file: they are derived when they are sent."""
    await careful.asks()
    codes = [await careful.code(purpose) for purpose in ("new", "old", "contact")]
    await careful.confirms("new", "old", "contact")
    await changes.change_roll_back(careful.store, OPERATOR, 1, codes[1])

    found = b"".join(file.read_bytes() for file in tmp_path.glob("nemboks.db*"))
    assert b"kontor@bageri.example" in found
    assert [] == [code for code in codes if code.encode() in found]


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
