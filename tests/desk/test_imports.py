"""Many companies by one table: what is written, what never is, and that the same table again changes nothing."""

from dataclasses import replace

import pytest

from nemboks.content.csv_cells import text_of
from nemboks.content.cvr_table import read_table
from nemboks.desk import imports as desk
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.domain.announcements import Kind
from nemboks.domain.custody import Consent
from nemboks.domain.mailbox import Address, Face
from nemboks.domain.people import GrantRole
from nemboks.domain.plans import USUAL
from tests.desk.importing import BO, EGON, FIRM, HEADING, ONE, ROWS, TERMS, THREE, TWO, boxes, firm, table
from tests.desk.rooms import OPERATOR, history, told
from tests.helpers import builders as make


def counts(item) -> tuple[int, int, int]:
    return item["new"], item["changed"], item["same"]


# --- what an import writes --------------------------------------------------------------------------------------------


async def test_a_table_of_companies_is_imported(store, clock) -> None:
    """Each has an unproven address, no login and no consent, is due at once, and is asked to let us in."""
    account = await firm(store)

    item = await desk.import_table(store, BO, table(), replace(TERMS, shadow_days=14))

    clara = (await boxes(store))[ONE]
    assert counts(item) == (3, 0, 0) and item["ready"] == 3
    assert (clara.face, clara.account, clara.reference) == (Face.REST, account.id, "K-1")
    assert (clara.consent, clara.custody.unproven, clara.due_at) == (Consent.AWAITED, True, clock.now())
    assert clara.custody.shadow_since == clock.now() and clara.custody.shadow_until is not None
    assert (clara.options.neutral_subject, clara.options.second_contact) == (True, "clara@privat.example")
    assert clara.route.vouched_by == "bo (via root (operator))"
    assert await store.mailboxes.credentials(clara) == {}
    (imported,) = await history(store, "companies_imported")
    assert (imported["by"], imported["new"]) == ("bo (via root (operator))", 3)


async def test_each_company_is_asked_for_consent_once(store) -> None:
    """By a mail to its own address that names our CVR; the same table again asks nobody."""
    await firm(store)
    for _ in range(2):
        await desk.import_table(store, BO, table(), TERMS)

    asked = await told(store, Kind.CONSENT_ASKED)
    assert [one.path for one in asked] == [
        "mail:da:clara@bo.example", "mail:da:dorte@drift.example", "mail:da:egon@firma.example",
    ]  # fmt: skip
    assert asked[0].facts == {"company": "Claras Bo", "cvr": ONE, "our_cvr": "13585628", "account": FIRM}


async def test_the_same_table_again_changes_nothing(store, clock) -> None:
    """Not a row, not a line of history."""
    await firm(store)
    await desk.import_table(store, BO, table(), TERMS)
    before, clock_before = await boxes(store), clock.now()
    clock.advance(60)

    item = await desk.import_table(store, BO, table(), TERMS)

    assert counts(item) == (0, 0, 3)
    assert await boxes(store) == before and clock_before < clock.now()
    assert len(await history(store, "companies_imported")) == 1


async def test_what_differs_is_shown_and_applied(store) -> None:
    """Name, reference, second contact and neutral subject; the contact of before and the address are told."""
    await firm(store)
    await desk.import_table(store, BO, table(), TERMS)
    other = table(f"{ONE};Claras Bo ApS;clara@bo.example;ny@privat.example;K-9;nej", *ROWS[1:])

    shown = await desk.import_preview(store, BO, other, TERMS)
    item = await desk.import_table(store, BO, other, TERMS)

    clara = (await boxes(store))[ONE]
    assert shown == item and counts(item) == (0, 1, 2)
    assert {one["field"]: one["will_be"] for one in item["items"][0]["changes"]} == {
        "name": "Claras Bo ApS", "reference": "K-9", "second_contact": "ny@privat.example", "neutral_subject": False,
    }  # fmt: skip
    assert (clara.name, clara.reference, clara.options.neutral_subject) == ("Claras Bo ApS", "K-9", False)
    heard = await told(store, Kind.ADDRESS_CHANGED)
    assert sorted(one.path for one in heard) == ["mail:da:clara@bo.example", "mail:da:clara@privat.example"]
    assert {(one.facts["old"], one.facts["new"]) for one in heard} == {("c***@privat.example", "n***@privat.example")}


async def test_a_table_takes_nothing_away(store) -> None:
    """A blank cell and a missing column say nothing; only in a column of yes and no a blank is a no."""
    await firm(store)
    await desk.import_table(store, BO, table(), TERMS)
    before = (await boxes(store))[ONE]

    await desk.import_table(store, BO, table(f"{ONE};clara@bo.example", heading="cvr;email"), TERMS)
    assert (await boxes(store))[ONE] == before

    await desk.import_table(store, BO, table(f"{ONE};;clara@bo.example;;;"), TERMS)
    after = (await boxes(store))[ONE]
    assert after == replace(before, options=replace(before.options, neutral_subject=False))


async def test_another_address_is_not_taken_from_a_table(store) -> None:
    """SECURITY 3, threat 7: the row warns and names the command; the letters go where they went."""
    await firm(store)
    await desk.import_table(store, BO, table(), TERMS)

    item = await desk.import_table(store, BO, table(f"{ONE};Claras Bo;thief@evil.example;;K-1;ja"), TERMS)

    (warning,) = item["warnings"]
    assert "nemboks address set" in warning["da"] and "c***@bo.example" in warning["da"]
    assert (await boxes(store))[ONE].route.address == "clara@bo.example"
    assert counts(item) == (0, 0, 1)


async def test_all_or_none(store) -> None:
    """One fault in the table, and nothing is written; a wrong check digit only warns."""
    await firm(store)
    before = await boxes(store)

    item = await desk.import_table(store, BO, table(*ROWS, "2531376;;x@y.example;;;"), TERMS)
    assert (item["ready"], [one["row"] for one in item["faults"]]) == (3, [5])
    assert await boxes(store) == before and not await told(store)

    item = await desk.import_table(store, BO, table("25313764;;x@y.example;;;"), TERMS)
    assert (counts(item), len(item["warnings"])) == ((1, 0, 0), 1)


async def test_an_act_that_fails_at_the_end_leaves_nothing(store, monkeypatch) -> None:
    """Everything is one transaction: a fault of ours at the last row rolls back the first."""
    await firm(store)
    before = await boxes(store)
    plain = desk._ask_consent

    def fails(books, box, terms) -> None:
        plain(books, box, terms)
        if box.cvr == THREE:
            raise RuntimeError("planted")

    monkeypatch.setattr(desk, "_ask_consent", fails)
    with pytest.raises(RuntimeError, match="planted"):
        await desk.import_table(store, BO, table(), TERMS)

    assert await boxes(store) == before
    assert not await told(store) and not await history(store, "companies_imported")


async def test_a_preview_writes_nothing(store) -> None:
    """With a store it compares, without one every company is new."""
    await firm(store)
    before = await boxes(store)

    item = await desk.import_preview(store, BO, table(), TERMS)

    assert counts(item) == counts(desk.preview(table())) == (3, 0, 0)
    assert await boxes(store) == before


async def test_start_from_now_is_kept_on_each(store, clock) -> None:
    """What lies there before is left alone (tests/journey has how)."""
    await firm(store)
    await desk.import_table(store, BO, table(), replace(TERMS, start_from_now=True))

    assert {(await boxes(store))[cvr].custody.starts_at for cvr in (ONE, TWO, THREE)} == {clock.now()}


# --- whose they are ---------------------------------------------------------------------------------------------------


async def test_a_company_of_others_is_a_fault_that_does_not_say_whose(store) -> None:
    """SECURITY 3, threat 7: Anna's mailbox belongs to nobody Bo knows; the row says no more than that it cannot be."""
    await firm(store)
    before = await boxes(store)

    item = await desk.import_table(store, BO, table(f"{make.ANNA};Anna;bo@revision.example;;;", ROWS[0]), TERMS)

    (fault,) = item["faults"]
    assert (fault["row"], fault["column"], fault["value"]) == (2, "cvr", make.ANNA)
    assert "bageri" not in str(item) and "konto" not in fault["da"]
    assert await boxes(store) == before


async def test_what_the_settings_file_has_is_changed_there(store) -> None:
    """A mailbox of the file would be as the file says at the next start."""
    await firm(store)

    item = await desk.import_table(store, BO, table(), replace(TERMS, declared=frozenset({TWO})))

    assert ["indstillingsfilen" in one["da"] for one in item["faults"]] == [True]


async def test_who_may_import(store) -> None:
    """Owner, administrator and accountant of the account; nobody else's account is there; the operator for his own."""
    await firm(store, GrantRole.READER)

    with pytest.raises(NotAllowed):
        await desk.import_table(store, BO, table(), TERMS)
    with pytest.raises(NotFound):
        await desk.import_table(store, EGON, table(), TERMS)
    with pytest.raises(RefusedByRule, match="--account"):
        await desk.import_table(store, EGON, table(), replace(TERMS, account=""))

    item = await desk.import_table(store, OPERATOR, table(), replace(TERMS, account=""))
    assert counts(item) == (3, 0, 0) and (await boxes(store))[ONE].account is None


async def test_the_operator_adds_for_a_customer_and_changes_nothing(store) -> None:
    """At the keyboard new companies of an account can be added; what is there is its own people's to change."""
    await firm(store)
    await desk.import_table(store, OPERATOR, table(), TERMS)

    item = await desk.import_table(store, OPERATOR, table(f"{ONE};Ny;clara@bo.example;;K-9;nej"), TERMS)

    assert counts(item) == (0, 0, 1)
    assert [one["column"] for one in item["warnings"]] == ["navn", "reference", "neutralt_emne"]


async def test_an_accountant_changes_no_second_contact(store) -> None:
    """Who hears of trouble is the client's own to say: the row warns, the rest is applied."""
    await firm(store, GrantRole.ACCOUNTANT)
    await desk.import_table(store, BO, table(), TERMS)

    item = await desk.import_table(store, BO, table(f"{ONE};Ny;clara@bo.example;ny@privat.example;K-1;ja"), TERMS)

    clara = (await boxes(store))[ONE]
    assert (clara.name, clara.options.second_contact) == ("Ny", "clara@privat.example")
    assert [(one["column"], one["value"]) for one in item["warnings"]] == [("anden_kontakt", "ny@privat.example")]


async def test_a_plan_has_room_for_so_many(store) -> None:
    """Basis has no import, Pro none either, and Storkunde takes all; the table is refused whole."""
    account = await firm(store, plan="Basis")
    terms = replace(TERMS, plans=USUAL)

    with pytest.raises(RefusedByRule, match="has no import"):
        await desk.import_table(store, BO, table(), terms)
    small = {"Basis": replace(USUAL["Storkunde"], name="Basis", cvrs=2)}
    with pytest.raises(RefusedByRule, match="2 CVR"):
        await desk.import_table(store, BO, table(), replace(TERMS, plans=small))
    await store.act(lambda books: books.accounts.put(replace(account, plan="Storkunde")))
    assert counts(await desk.import_table(store, BO, table(), terms)) == (3, 0, 0)


async def test_a_cancelled_accounts_company_is_served_no_longer_than_the_others(store, clock) -> None:
    """It gets the same end."""
    account = await firm(store)
    ends_at = clock.now().replace(day=30)
    await store.act(lambda books: books.accounts.put(replace(account, cancelled_at=clock.now(), ends_at=ends_at)))

    await desk.import_table(store, BO, table(), TERMS)

    assert (await boxes(store))[ONE].serves_until == ends_at


async def test_the_accounts_own_contact_stands_in(store) -> None:
    """Where the row names none, but never the address itself."""
    await firm(store, second_contact=Address("dorte@drift.example"), language="en")
    await desk.import_table(store, BO, table(), TERMS)

    contacts = {cvr: box.options.second_contact for cvr, box in (await boxes(store)).items()}
    assert (contacts[ONE], contacts[TWO]) == ("clara@privat.example", None)
    assert contacts[THREE] == "dorte@drift.example"


# --- and back again ---------------------------------------------------------------------------------------------------


async def test_an_export_is_imported_again_without_a_change(store) -> None:
    """The asker's companies only, formula cells defused, and every field as it was."""
    await firm(store)
    await desk.import_table(store, BO, table(f"{ONE};=SUM(A1);clara@bo.example;;'=x;ja", *ROWS[1:]), TERMS)

    text = await desk.export_table(store, BO)

    assert text.splitlines()[0] == HEADING and make.ANNA not in text
    assert "'=SUM(A1)" in text and text.count("\r\n") == 4
    again = await desk.import_table(store, BO, read_table(f"\ufeff{text}".encode()), TERMS)
    assert counts(again) == (0, 0, 3) and not again["warnings"]
    assert text_of(text.encode()) == text


async def test_an_export_is_for_those_who_may_read_of_the_letters(store) -> None:
    """Addresses stand in it: a supporter, and an operator of other people's mailboxes, get the heading alone."""
    await firm(store)
    await desk.import_table(store, BO, table(), TERMS)

    assert FIRM not in (mine := await desk.export_table(store, OPERATOR)) and ONE not in mine
    assert make.ANNA in mine  # of no account: the operator's own
    assert (await desk.export_table(store, EGON)).strip() == HEADING
