"""A case is registered: who may, what is refused, what freezes, how the kurator's address is proven."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from nemboks.content.moments import local_moment
from nemboks.desk import estate_case, estates, imports, letters, mailboxes
from nemboks.desk.access import Asking
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.desk.mailboxes import pause
from nemboks.domain.announcements import Kind
from nemboks.domain.changes import Change, Subject
from nemboks.domain.codes import Code
from nemboks.domain.estates import EstateKind, EstateState
from nemboks.domain.letter import Reason, State
from nemboks.domain.mailbox import Address
from nemboks.domain.people import GrantRole
from tests.desk.estating import COMPANY, KURATOR, MIDNIGHT
from tests.helpers import builders as make


async def test_registration_freezes_in_the_same_transaction(court):
    """From the act on nothing goes to anybody: letters are held unfetched, no receipt goes, a code is on its way."""
    await court.comes(1)
    shown = await court.opens()

    box = await court.box()
    assert (EstateState.OPEN, "sune", court.clock.now()) == (shown["state"], shown["opened_by"], box.frozen_at)
    assert ("HELD", Reason.FROZEN) == await court.state(1)
    await court.comes(2)
    await court.goes_on()
    assert ("HELD", Reason.FROZEN) == await court.state(2)
    assert ([], []) == (court.sent, court.receipts)
    assert [KURATOR] == await court.told(*Kind)
    assert [] == [call for call in court.inbox.acts if call[0] == "fetch"]


async def test_the_company_learns_nothing_of_a_case_that_is_not_decided(court):
    """For the owner there is no such case; nobody at the company is told before the effect."""
    await court.approved()

    with pytest.raises(NotFound):
        await court.page(name="anna")
    assert [] == await estate_case.estate_list(court.store, court.by("anna"))
    assert [KURATOR] == await court.told(*Kind)


async def test_a_held_letter_does_not_tell_the_company_of_a_case(court):
    """Evidence may be at risk: in a list and on its page the letter waits for "a case", for support for an estate."""
    await court.opens(evidence_at_risk=True)
    letter = await court.comes()
    await court.goes_on()

    for name, reason in (("sune", "frozen"), ("anna", "case_pending")):
        listed = await letters.letter_list(court.store, court.by(name))
        page = await letters.letter_show(court.store, court.by(name), letter.id)
        assert [reason, reason] == [listed[0]["reason"], page["reason"]]
        assert [reason] == [step["reason"] for step in page["way"] if step.get("reason")]
    assert "kurator" not in page["reason_text"] and "estate" not in page["cure"]


async def test_the_company_does_not_see_whom_its_post_goes_to_now(court):
    """From the effect on neither the list nor the export has the kurator's address, or who decided, for the company."""
    await court.in_effect()

    [hers] = await mailboxes.mailbox_list(court.store, court.by("anna"))
    assert [None, None, None] == [hers["address"], hers["vouched_by"], hers["second_contact"]]
    assert KURATOR not in await imports.export_table(court.store, court.by("anna"))
    theirs = (await mailboxes.mailbox_list(court.store, court.by("sune")))[0]
    assert (KURATOR.masked, "estate 1 (ida, jens)") == (theirs["address"], theirs["vouched_by"])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"effective_at": MIDNIGHT - timedelta(hours=24)}, "never takes effect backwards.*22-11-2026 at 00:00"),
        ({"effective_at": make.START - timedelta(microseconds=1)}, "backwards"),
        ({"decree_date": date(2026, 11, 22)}, "future"),
        ({"address": Address("kurator@gmail.com")}, "anybody can have an address at gmail.com"),
        ({"address": Address("kurator@bageri.example")}, "own domain"),
        ({"address": Address("kurator@revisor.example")}, "own domain"),
        ({"court": " "}, "give court"),
        ({"kurator": "\u200b"}, "give court"),
        ({"person": "anna"}, "another e-mail"),
        ({"person": "to ord"}, "name the kurator's person"),
    ],
)
async def test_what_no_case_is_opened_with(court, changes, why):
    """A time that has passed (T03), a decree of tomorrow, an address anybody could have; nothing is changed by it."""
    with pytest.raises(RefusedByRule, match=why):
        await court.opens(**changes)

    assert (None, []) == ((await court.box()).frozen_at, await court.told(*Kind))


async def test_a_case_may_take_effect_now_and_not_before(court):
    """The earliest time is this very moment."""
    shown = await court.opens(effective_at=court.clock.now())

    assert court.clock.now() == shown["effective_at"]


@pytest.mark.parametrize("day", ["25-10-2026", "28-03-2027", "22-11-2026", "01-07-2027"])
async def test_a_date_is_its_midnight_in_denmark(court, day):
    """00:00 of an ordinary day and of those on which clocks change; a second later that day is refused."""
    court.clock.advance((local_moment(day).at - court.clock.now()).total_seconds() - 1)
    shown = await court.opens(effective_at=local_moment(day).at, decree_date=date(2026, 10, 1))

    court.clock.advance(1)
    assert court.clock.now() == shown["effective_at"]
    assert "T22:00" in shown["effective_at"].isoformat() or "T23:00" in shown["effective_at"].isoformat()
    with pytest.raises(RefusedByRule, match="backwards"):
        court.clock.advance(1)
        await estates.estate_effective(court.store, court.by("sune"), 1, local_moment(day).at)


@pytest.mark.parametrize(("name", "error"), [("anna", NotAllowed), ("", RefusedByRule)])
async def test_who_cannot_open_a_case(court, name, error):
    """Neither the company's owner, nor an operator who names nobody."""
    with pytest.raises(error):
        await court.opens(name)


async def test_one_case_of_a_cvr_is_undecided_at_a_time(court):
    """A second one is refused while the first is not decided; after a refusal it may be opened."""
    await court.opens()

    with pytest.raises(RefusedByRule, match="case 1 of this CVR is not decided"):
        await court.opens(address=Address("x@lund.example"))


async def test_what_the_people_of_before_asked_for_comes_to_nothing(court):
    """A pending change of address is cancelled, and no code of theirs works any more."""

    def wanted(books):
        change = Change(
            0, Subject.FORWARDING, COMPANY, Address("ny@x.example"), "anna", books.at, mailbox=1, proven_at=books.at,
            effect_at=books.at + timedelta(hours=72),
        )  # fmt: skip
        number = books.changes.add(change).id
        for purpose in ("new", "old", "contact"):
            books.codes.add(Code(0, purpose, number, COMPANY, books.at, books.at + timedelta(days=9)))

    await court.store.act(wanted)
    await court.opens()

    (change,) = await court.store.ask(lambda books: books.changes.all())
    codes = await court.store.ask(lambda books: books.codes.all(subject=change.id))
    assert (court.clock.now(), "estate 1") == (change.cancelled_at, change.cancelled_by)
    assert [False] * 3 == [one.alive(court.clock.now()) for one in codes if one.purpose != "estate"]


async def test_the_owner_can_undo_nothing(court):
    """Pausing, releasing a frozen letter, refusing the case: the owner may look, and no more."""
    from nemboks.desk.estate_approvals import estate_refuse
    from nemboks.desk.letters import release

    letter = await court.comes()
    await court.opens()

    for act in (
        lambda: pause(court.store, court.by("anna"), make.ANNA),
        lambda: release(court.store, court.by("anna"), letter.id),
    ):
        with pytest.raises(NotAllowed):
            await act()
    with pytest.raises(NotFound):
        await estate_refuse(court.store, court.by("anna"), 1, "nej")


async def test_the_kurator_types_a_code(court):
    """Five wrong tries or ten minutes kill a code; five are sent a day; the right one proves the address."""
    await court.opens()
    confirm = estates.estate_confirm
    code, sune = await court.code(), court.by("sune")
    wrong = f"{(int(code) + 1) % 10**8:08}"

    for _ in range(5):
        with pytest.raises(RefusedByRule, match="not the code"):
            await confirm(court.store, sune, 1, wrong)
    with pytest.raises(RefusedByRule, match="dead"):
        await confirm(court.store, sune, 1, code)
    await estates.estate_code(court.store, sune, 1)
    await court.later(minutes=10)
    with pytest.raises(RefusedByRule, match="dead"):
        await confirm(court.store, sune, 1, await court.code())
    for _ in range(3):
        await estates.estate_code(court.store, sune, 1)
    with pytest.raises(RefusedByRule, match="five codes a day"):
        await estates.estate_code(court.store, sune, 1)
    shown = await confirm(court.store, sune, 1, await court.code())
    assert court.clock.now() == shown["proven_at"]
    with pytest.raises(RefusedByRule, match="confirmed already"):
        await confirm(court.store, sune, 1, await court.code())


async def test_no_code_lies_in_the_ledger(court, tmp_path):
    """Neither history, announcements nor any other row has the code that was sent."""
    await court.opens()
    await court.made_ready()

    codes = [await court.code()]
    await court.store._writer.unit(lambda tx: tx.execute(text("PRAGMA user_version")).all())
    found = b"".join(path.read_bytes() for path in tmp_path.glob("nemboks.db*"))
    assert [] == [code for code in codes if code.encode() in found]
    assert b"elefant" not in found.partition(b"estate_opened")[2][:2000]


async def test_a_kurators_person_is_made_and_gets_no_right_yet(court):
    """A case names who is to act for the kurator: by default the address itself; before the effect it gives nothing."""
    shown = await court.opens()

    grants = await court.store.ask(lambda books: books.grants.all(role=GrantRole.KURATOR))
    assert (str(KURATOR), []) == (shown["person"], grants)
    with pytest.raises(NotFound):
        await court.page(name=KURATOR)


async def test_the_case_says_what_it_is(court):
    """Its page has the facts, the list, the digest and what is missing, in both languages; a list has it too."""
    await court.opens(kind=EstateKind.REKONSTRUKTION, evidence_at_risk=True)
    shown = await estate_case.estate_show(court.store, court.by("sune"), 1)
    (line,) = await estate_case.estate_list(court.store, court.by("jens"))

    assert ("rekonstruktion", True, "K 1-26", "2026-11-20") == tuple(
        shown[name] for name in ("kind_text", "evidence_at_risk", "reference", "decree_date")
    )
    assert 64 == len(shown["digest"])
    assert "kurators adresse er ikke bekræftet" in shown["missing"]
    # The register knows of a bankruptcy and not of a reconstruction.
    assert [True, False, False, False, False] == [one["done"] for one in shown["checklist"]]
    assert (1, make.ANNA, "Registreret: posten er holdt tilbage") == (line["id"], line["cvr"], line["state_text"])
    with pytest.raises(NotFound):
        await court.page(2)
    with pytest.raises(NotFound):
        await estate_case.estate_show(court.store, Asking("root (operator)", "nobody"), 1)


async def test_a_letter_in_every_state_survives_the_freeze(filled, court):
    """Only what waits is held; what is on its way, delivered or over stays what it was."""
    letters = await filled.every_state()
    await court.opens()

    held = {State.FOUND, State.WAITING, State.HELD}
    after = {state: await court.store.letters.get(letter.id) for state, letter in letters.items()}
    assert {state: State.HELD if state in held else state for state in State} == {
        state: letter.state for state, letter in after.items()
    }
    assert Reason.TOO_LARGE == after[State.HELD].why
