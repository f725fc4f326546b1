"""`nemboks estate` on a real ledger: a case from registration to its end, as three people type it."""

import asyncio
import csv
import stat
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from nemboks.clock import RealClock
from nemboks.domain.announcements import Kind
from nemboks.domain.custody import Life
from nemboks.domain.estates import EstateState
from nemboks.domain.people import Grant, GrantRole, Person
from tests.helpers import builders as make

PDF = b"%PDF-1.7 an invented decree"
OPEN = (
    "estate", "open", make.ANNA, "--kind", "dødsbo", "--court", "Skifteretten", "--case-number", "SKS 1-26",
    "--decree-date", "01-10-2026", "--kurator", "Kirsten Holm", "--firm", "Holm Advokater",
    "--address", "k.holm@holm.example", "--effective", "01-01-2199",
)  # fmt: skip


async def _staff(place) -> None:
    store = place.store()

    def act(books) -> None:
        for name, role in (("sune", GrantRole.SUPPORT), ("ida", GrantRole.OPERATIONS), ("jens", GrantRole.OPERATIONS)):
            person = books.people.add(Person(0, name, books.at))
            books.grants.add(Grant(0, person.id, role, books.at, "test"))
        box = books.mailbox(make.ANNA)
        books.keep(replace(box, looked_up_at=books.at, curator=True, life=Life.BANKRUPT))

    await store.act(act)
    await store.close()


async def _code(place) -> str:
    store = place.store()
    try:
        told = await store.ask(lambda books: books.announcements.all(kind=Kind.ESTATE_CODE))
        return store.codes.code(told[-1].facts["code"])
    finally:
        await store.close()


@pytest.fixture
def court(place):
    """The filled ledger with those who open and approve cases, and a decree as a file."""
    asyncio.run(_staff(place))
    (place.folder / "dekret.pdf").write_bytes(PDF)
    return place


def test_a_case_from_registration_to_its_decision(court) -> None:
    """Each command answers with the whole case; after the second approval it waits for its time."""
    item = court.ask(*OPEN, "--as", "sune")["item"]
    assert ("open", "dødsbo", "2026-10-01", "2198-12-31T23:00:00.000Z") == (
        item["state"], item["kind_text"], item["decree_date"], item["effective_at"],
    )  # fmt: skip
    (court.folder / "code").write_text(asyncio.run(_code(court)))
    court.ask("estate", "confirm", "1", "--code-file", str(court.folder / "code"), "--as", "sune")
    # A person looks at the register for what it says nothing of.
    for line in ("register", "gazette", "bar_listing", "call_back"):
        court.ask("estate", "check", "1", line, "--note", "i orden", "--as", "sune")
    item = court.ask("estate", "document", "1", str(court.folder / "dekret.pdf"), "--as", "sune")["item"]
    assert [] == item["missing"]
    for name, state, missing in (("ida", "open", "2 af 2"), ("jens", "approved", "1 af 2")):
        assert f"Mangler: {missing} godkendelser" in court.run("estate", "show", "1", "--as", name).output
        item = court.ask("estate", "approve", "1", "--digest", item["digest"].upper(), "--as", name)["item"]
        assert state == item["state"]

    shown = court.run("estate", "show", "1", "--as", "ida").output
    assert "Sag 1: Godkendt: venter på sit tidspunkt" in shown and "[x] CVR-registret" in shown
    assert item["digest"] in shown and "dekret.pdf" in shown
    assert "Mangler" not in shown
    listed = court.run("estate", "list", "--as", "ida", "--lang", "en").output
    assert "estate of a deceased person" in listed and "Approved: waits for its time" in listed
    item = court.ask("estate", "effective", "1", "02-01-2199 12.00", "--as", "sune")["item"]
    assert ("open", "2199-01-02T11:00:00.000Z") == (item["state"], item["effective_at"])
    assert "refused" == court.ask("estate", "refuse", "1", "--reason", "nej", "--as", "jens")["item"]["state"]


def test_a_document_comes_out_as_it_went_in(court) -> None:
    """For an approver, into a new file of their own; not twice into the same one, and not for who opened the case."""
    court.ask(*OPEN, "--as", "sune")
    court.ask("estate", "document", "1", str(court.folder / "dekret.pdf"), "--as", "sune")
    out = court.folder / "ud.pdf"
    item = court.ask("estate", "view", "1", "1", "--out", str(out), "--as", "ida")["item"]

    assert (PDF, 0o600) == (out.read_bytes(), stat.S_IMODE(out.stat().st_mode))
    assert sha256(PDF).hexdigest() == item["sha256"]
    court.ask("estate", "view", "1", "1", "--out", str(out), "--as", "ida", code=4)
    court.ask("estate", "view", "1", "1", "--out", str(court.folder / "x.pdf"), "--as", "sune", code=77)
    assert not (court.folder / "x.pdf").exists()
    (court.folder / "svg.pdf").write_bytes(b"<svg/>")
    court.ask("estate", "document", "1", str(court.folder / "svg.pdf"), "--as", "sune", code=4)


def test_the_list_of_earlier_letters(court) -> None:
    """On the terminal, as JSON, and as a file whose SHA-256 is told; a second run does not write over it."""
    court.ask(*OPEN, "--as", "sune")
    item = court.ask("estate", "inventory", "1", "--as", "ida")
    assert 10 == len(item["items"])
    out = court.folder / "breve.csv"
    told = court.run("estate", "inventory", "1", "--out", str(out), "--as", "ida")
    assert sha256(out.read_bytes()).hexdigest() in told.output
    assert 11 == len(list(csv.reader(out.read_text("utf-8-sig").splitlines(), delimiter=";")))
    assert 4 == court.run("estate", "inventory", "1", "--out", str(out), "--as", "ida").exit_code
    shown = court.run("estate", "inventory", "1", "--as", "ida").output
    assert "Skattestyrelsen" in shown and "leveret til den tidligere adresse" in shown
    assert "010101-0000" not in shown + out.read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((*OPEN,), 4),  # nobody is named
        ((*OPEN, "--as", "nobody"), 3),
        (("estate", "show", "1", "--as", "ida"), 3),
        ((*OPEN[:-1], "01-01-2026", "--as", "sune"), 4),
        ((*OPEN[:-1], "29-02-2027", "--as", "sune"), 2),
        ((*OPEN, "--server", "ukendt", "--as", "sune"), 2),
        ((*OPEN[:4], "fusion", *OPEN[5:], "--as", "sune"), 2),
        (("estate", "close", "1", "--outcome", "refused", "--as", "ida"), 2),
    ],
)
def test_what_is_refused_has_its_exit_code(court, arguments, code) -> None:
    """3 for what is not there, 4 for what a rule forbids, 2 for what nobody can mean; nothing is frozen by it."""
    assert code == court.run(*arguments, "--json").exit_code
    assert [] == court.ask("estate", "list", "--as", "ida")["items"]


def test_no_code_as_an_argument(court) -> None:
    """B88: a code is never an argument, and a wrong one from stdin is refused."""
    court.ask(*OPEN, "--as", "sune")

    assert 2 == court.run("estate", "confirm", "1", "12345678", "--as", "sune").exit_code
    code = asyncio.run(_code(court))
    wrong = f"{(int(code) + 1) % 10**8:08}"
    assert 4 == court.run("estate", "confirm", "1", "--as", "sune", input=wrong).exit_code
    assert 0 == court.run("estate", "confirm", "1", "--as", "sune", input=f" {code[:4]} {code[4:]}\n").exit_code
    assert 4 == court.run("estate", "confirm", "1", "--again", "--as", "sune").exit_code


def test_two_end_a_case(court) -> None:
    """Its end is asked for by one and decided by another, who names the digest that was shown."""

    async def in_effect() -> None:
        store = court.store()
        at = RealClock().now() - timedelta(seconds=1)
        now = {"state": EstateState.IN_EFFECT, "effect_at": at, "effective_at": at}
        await store.act(lambda books: books.estates.put(replace(books.estates.get(1), **now)))
        await store.close()

    court.ask(*OPEN, "--as", "sune")
    asyncio.run(in_effect())
    end = ("estate", "close", "1", "--outcome", "closed")
    item = court.ask(*end, "--reason", "boet er sluttet", "--as", "ida")["item"]
    digest = item["closing"]["digest"]
    shown = court.run("estate", "show", "1", "--as", "jens").output
    assert digest in shown and "Ønskes afsluttet: boet er sluttet" in shown
    assert "closed" == court.ask(*end, "--digest", digest, "--as", "jens")["item"]["state"]
    assert "boet er sluttet" in court.run("estate", "show", "1", "--as", "jens").output
