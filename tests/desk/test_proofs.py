"""An imported company's address proves itself; accounts without a second contact are reminded."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from nemboks.desk import changes, contact_nag, proofs
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.domain.announcements import Kind
from nemboks.domain.mailbox import Address
from nemboks.store.store import Store
from tests.desk.changing import CONTACT, JYTTE, NEW, OPERATOR, Firm
from tests.helpers import builders as make

NINE = datetime(2026, 11, 23, 8, 1, tzinfo=UTC)  # 09.01 in Denmark: the minute of account 1


@pytest.fixture
async def imported(store, clock):
    """As an import leaves it: letters are forwarded, receipts wait for a code."""
    firm = await Firm(store, clock).open()

    def unproven(books):
        box = books.mailbox_of(1)
        proofs.ask_proof(books, books.keep(replace(box, custody=replace(box.custody, unproven=True))), "anna")

    await store.act(unproven)
    return firm


async def given(firm: Firm, code: str, name: str = "anna") -> object:
    return await proofs.proof_give(firm.store, firm.by(name), make.ANNA, code)


async def test_a_code_typed_back(imported):
    """Then the receipts go; whoever it was is in the history, and the code cannot be typed again."""
    (told,) = await imported.announced(Kind.ADDRESS_PROOF)
    assert f"mail:da:{JYTTE}" == told.path
    code = await imported.code("proof")
    await given(imported, code)

    assert not (await imported.box()).custody.unproven
    with pytest.raises(RefusedByRule, match="already"):
        await given(imported, code)


async def test_wrong_dead_and_foreign_codes(imported):
    """Five tries, ten minutes, the latest one only; strangers and readers prove nothing."""
    first = await imported.code("proof")
    for name, refusal in (("bo", NotFound), ("rita", NotAllowed), ("sune", NotAllowed)):
        with pytest.raises(refusal):
            await given(imported, first, name)
    for _ in range(5):
        with pytest.raises(RefusedByRule, match="--send"):
            await given(imported, "00000000")
    with pytest.raises(RefusedByRule):
        await given(imported, first)

    await proofs.proof_send(imported.store, imported.by("carl"), make.ANNA)
    second = await imported.code("proof")
    imported.clock.advance(600)
    with pytest.raises(RefusedByRule):
        await given(imported, second)
    await proofs.proof_send(imported.store, imported.by("carl"), make.ANNA)
    await given(imported, await imported.code("proof"))
    assert not (await imported.box()).custody.unproven


async def test_five_codes_a_day(imported):
    """Nobody's mailbox is filled with them."""
    for _ in range(4):
        await proofs.proof_send(imported.store, imported.by("anna"), make.ANNA)
    with pytest.raises(RefusedByRule, match="5 codes"):
        await proofs.proof_send(imported.store, imported.by("anna"), make.ANNA)


async def test_a_code_of_an_address_of_before(imported):
    """It proves nothing of the address that letters go to now."""
    code = await imported.code("proof")
    await imported.store.mailboxes.reroute(make.ANNA, Address("andet@bageri.example"), make.SERVER, "settings")
    with pytest.raises(RefusedByRule):
        await given(imported, code)


async def test_a_changed_address_is_proven_and_an_old_one_is_not(imported):
    """The new address typed its code; taken back, the imported one is as unproven as it was."""
    await imported.asks()
    await imported.confirms("new")
    await imported.later(hours=72)
    assert not (await imported.box()).custody.unproven

    await changes.change_roll_back(imported.store, imported.by("carl"), 1)
    assert (JYTTE, True) == (await imported.address(), (await imported.box()).custody.unproven)


async def test_whoever_took_it_back_by_code_reads_it(imported):
    """That proves the old address too."""
    await imported.asks()
    await imported.confirms("new")
    await imported.later(hours=72)
    await changes.change_roll_back(imported.store, OPERATOR, 1, await imported.code("old"))

    assert (JYTTE, False) == (await imported.address(), (await imported.box()).custody.unproven)


# --- a second contact ---


@pytest.fixture
def nagged(store: Store, clock) -> Callable[[datetime], Awaitable[int]]:
    """How many accounts are reminded at that time."""

    async def at(moment: datetime) -> int:
        clock.advance((moment - clock.now()).total_seconds())
        return await store.act(contact_nag.take_effect) if await store.ask(contact_nag.waiting) else 0

    return at


async def test_nobody_else_can_be_told(store, clock, nagged):
    """One message to the account's e-mail, at most every 30 days, in its minute of the day and no other."""
    firm = await Firm(store, clock).open()
    early, late = NINE.replace(minute=0), NINE.replace(minute=2)
    assert [0, 1, 0, 0] == [await nagged(at) for at in (early, NINE, NINE, late)]
    (told,) = await firm.announced(Kind.CONTACT_MISSING)
    assert ("mail:da:anna@hjemme.example", "a***@bageri.example") == (told.path, told.facts["address"])

    days = [NINE.replace(month=12, day=day) for day in (22, 23, 24)]
    assert [0, 1, 0] == [await nagged(at) for at in days]


async def test_two_companies_are_one_message(store, clock, nagged):
    """However many a customer has."""
    firm = await Firm(store, clock).open()
    await store.act(lambda books: books.keep(replace(books.mailbox_of(2), account=1)))

    assert 1 == await nagged(NINE)
    (told,) = await firm.announced(Kind.CONTACT_MISSING)
    assert {"company": "bageriet"} == dict(told.facts)


@pytest.mark.parametrize(("contact", "number"), [(CONTACT, 0), (NEW, 1)])
async def test_a_contact_at_another_domain(store, clock, nagged, contact, number):
    """Is enough; one at the same domain fails together with the address."""
    await Firm(store, clock).open(contact)

    assert number == await nagged(NINE)
