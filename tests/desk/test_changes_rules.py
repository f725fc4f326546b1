"""Changes of address that are refused; codes; two at once; the list; an account's own e-mail (SECURITY 4a)."""

import pytest

from nemboks.desk import changes
from nemboks.desk.changes_view import change_list
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.domain.announcements import Kind
from nemboks.domain.changes import LAPSE, PROBATION
from nemboks.domain.mailbox import Address
from nemboks.ports import Finding
from tests.desk.changing import CONTACT, JYTTE, NEW, OPERATOR, Firm
from tests.helpers import builders as make
from tests.helpers.clock import START

WAY = ["anna@hjemme.example", "anna@privat.example", "carl@privat.example"]


@pytest.fixture
async def firm(store, clock):
    return await Firm(store, clock).open()


@pytest.fixture
async def careful(store, clock):
    """With a second contact at another firm."""
    return await Firm(store, clock).open(CONTACT)


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
