"""Customers on a real ledger: made by those who run Nemboks, decided by their own people."""

import pytest

from nemboks.desk import accounts as desk
from nemboks.desk.accounts import NewAccount
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.domain.announcements import Kind
from nemboks.domain.mailbox import Address
from nemboks.domain.people import GrantRole
from nemboks.domain.plans import USUAL
from tests.desk.peopled import ANNA, CONTACT, EMAIL, FIRM, KEYBOARD, box, by, firm, give, mailbox, told


async def test_an_account_begins_with_an_owner_who_decides(store) -> None:
    """The first owner sees the account in full; whoever runs Nemboks sees its addresses masked."""
    made = await firm(store, second_contact=CONTACT)
    hers = await desk.account_show(store, ANNA, FIRM)

    assert (made["owners"], made["email"], made["second_contact"]) == (["anna"], EMAIL.masked, CONTACT.masked)
    assert (hers["email"], hers["second_contact"], hers["people"]) == (EMAIL, CONTACT, ["anna"])


async def test_what_an_account_cannot_be(store) -> None:
    """A name that is taken, one that steers a terminal, a contact that is the e-mail itself, a plan nobody sells."""
    await firm(store)
    wrong = (
        NewAccount(FIRM, EMAIL, "eva"),
        NewAccount("to\nlinjer", EMAIL, "eva"),
        NewAccount("", EMAIL, "eva"),
        NewAccount("Ny", EMAIL, "eva", second_contact=Address(EMAIL)),
        NewAccount("Ny", EMAIL, "eva", plan="Guld"),
        NewAccount("Ny", EMAIL, "eva hansen"),
        NewAccount("Ny", EMAIL, "anna"),
    )

    for new in wrong:
        with pytest.raises(RefusedByRule):
            await desk.account_add(store, KEYBOARD, new, USUAL)
    assert [FIRM] == [one["account"] for one in await desk.account_list(store, KEYBOARD)]


async def test_a_person_of_another_account_is_named_with_their_own_email(store) -> None:
    """Bo may own two accounts; whoever only types his name does not reach him by mistake."""
    await firm(store, "Syd", "bo", owner_email=Address("bo@syd.example"))

    with pytest.raises(RefusedByRule, match="taken"):
        await firm(store, "Nord", "bo", owner_email=Address("en@anden.example"))
    await firm(store, "Nord", "bo", owner_email=Address("BO@syd.example"))

    assert ["Nord", "Syd"] == [one["account"] for one in await desk.account_list(store, by("bo"))]


async def test_only_those_who_run_nemboks_make_accounts(store) -> None:
    """An owner makes none; a person of operations does."""
    await firm(store)
    await give(store, "dorte", GrantRole.OPERATIONS, asking=KEYBOARD)

    with pytest.raises(NotAllowed):
        await desk.account_add(store, ANNA, NewAccount("Ny", EMAIL, "eva"))
    assert "Ny" == (await desk.account_add(store, by("dorte"), NewAccount("Ny", EMAIL, "eva")))["account"]


async def test_a_foreign_account_is_not_there(store) -> None:
    """Neither its page nor the list knows of it, in the words of one that nobody has."""
    await firm(store)
    await firm(store, "Syd", "bo")

    with pytest.raises(NotFound) as foreign:
        await desk.account_show(store, ANNA, "Syd")
    with pytest.raises(NotFound) as missing:
        await desk.account_show(store, ANNA, "Ingen")
    assert foreign.value.words.da.replace("Syd", "Ingen") == missing.value.words.da
    assert [FIRM] == [one["account"] for one in await desk.account_list(store, ANNA)]


async def test_another_second_contact_is_told_of_to_the_one_before(store) -> None:
    """Nobody takes that place in silence; the same domain is said, the e-mail itself refused."""
    await firm(store, second_contact=CONTACT)
    await give(store, "eva", GrantRole.OWNER, email="eva@bageri.example")
    same = await desk.account_contact(store, ANNA, FIRM, Address("nr2@bageri.example"))
    with pytest.raises(RefusedByRule):
        await desk.account_contact(store, ANNA, FIRM, EMAIL)

    assert same["contact_same_domain"]
    changed = await told(store, Kind.ADDRESS_CHANGED)
    assert {f"mail:da:{one}" for one in (CONTACT, EMAIL, "eva@bageri.example")} == {one.path for one in changed}
    assert "privat.example" in str(changed[0].facts) and CONTACT not in str(changed[0].facts)


async def test_a_new_mailbox_has_its_accounts_second_contact(store) -> None:
    """Two ways to reach each company, without being asked twice."""
    await firm(store, second_contact=CONTACT, language="en")
    await mailbox(store)

    options = (await box(store)).options
    assert (options.second_contact, options.contact_language) == (CONTACT, "en")
