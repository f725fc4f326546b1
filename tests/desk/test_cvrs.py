"""Look now; what a company is called, and how its letters are kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nemboks.desk import cvrs as desk
from nemboks.desk.cvrs import NONE, Chosen
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.domain.announcements import Kind
from nemboks.domain.custody import Consent, Custody
from nemboks.domain.guard import may_go_at, receipt_may_go
from nemboks.domain.letter import Postponed, Stale, State
from nemboks.domain.mailbox import Address, Cvr, Face
from nemboks.domain.people import GrantRole
from nemboks.ports import Listed
from tests.desk.rooms import OPERATOR, box, changed, history, person, told
from tests.helpers import builders as make

CONTACT = Address("clara@andet.example")


# --- fetch now --------------------------------------------------------------------------------------------------------


async def test_fetch_now_makes_the_mailbox_due(store, clock) -> None:
    """It is noted who asked; the daemon's next sweep finds it."""
    later = clock.now() + timedelta(hours=1)
    await changed(store, lambda one: replace(one, due_at=later))
    anna = await person(store, role=GrantRole.ACCOUNTANT)

    item = await desk.fetch_now(store, anna, make.ANNA)

    assert item["due_at"] == clock.now() and not item["asks_the_register"]
    assert [x.cvr for x in await store.mailboxes.due(clock.now(), 10)] == [make.ANNA, make.BO]
    assert (await history(store, "fetch_asked"))[0]["by"] == "anna (via root (operator))"


async def test_fetch_now_asks_the_register_where_nobody_let_us_in(store) -> None:
    """The answer says so: nothing is listed before consent."""
    await changed(store, lambda one: replace(one, consent=Consent.AWAITED))

    assert (await desk.fetch_now(store, OPERATOR, make.ANNA))["asks_the_register"]


async def test_nothing_is_fetched_while_paused_or_after_the_plan(store, clock) -> None:
    """The answer names what stops it, instead of a promise that nobody keeps."""
    await changed(store, lambda one: replace(one, paused_at=clock.now(), paused_by="anna"))
    with pytest.raises(RefusedByRule, match="cvr resume"):
        await desk.fetch_now(store, OPERATOR, make.ANNA)
    await changed(store, lambda one: replace(one, paused_at=None, paused_by="", serves_until=clock.now()))
    with pytest.raises(RefusedByRule, match="plan"):
        await desk.fetch_now(store, OPERATOR, make.ANNA)


# --- login ------------------------------------------------------------------------------------------------------------

TYPED = {"system_id": "s-2", "api_token": "hemmelig-2"}


async def test_another_login_is_sealed_noted_and_tried_at_once(store, clock) -> None:
    """A token that was typed wrong could only be mended in the settings file; the history has who, and no secret."""
    await changed(store, lambda one: replace(one, due_at=clock.now() + timedelta(hours=1)))
    anna = await person(store, role=GrantRole.ACCOUNTANT)

    item = await desk.give_login(store, anna, make.ANNA, Face.REST, TYPED)

    assert item["due_at"] == clock.now() and "hemmelig" not in str(item)
    assert await store.mailboxes.credentials(await box(store)) == TYPED
    assert await history(store, "credentials_given") == [{"by": "anna (via root (operator))"}]


async def test_the_same_login_again_is_tried_at_once_and_noted_once(store, clock) -> None:
    """Consent was given anew, say: the person wants a look, and the history has no second row."""
    assert (await desk.give_login(store, OPERATOR, make.ANNA, Face.REST, TYPED))["changed"]
    await changed(store, lambda one: replace(one, due_at=clock.now() + timedelta(hours=1)))

    item = await desk.give_login(store, OPERATOR, make.ANNA, Face.REST, TYPED)

    assert (item["changed"], item["fetches"], item["due_at"]) == (False, True, clock.now())
    assert len(await history(store, "credentials_given")) == 1


async def test_a_login_for_a_mailbox_that_stands_still_says_so(store, clock) -> None:
    """It is kept, and nobody is told that post is looked for."""
    await changed(store, lambda one: replace(one, paused_at=clock.now(), paused_by="anna"))
    assert not (await desk.give_login(store, OPERATOR, make.ANNA, Face.REST, TYPED))["fetches"]
    await changed(store, lambda one: replace(one, paused_at=None, paused_by="", serves_until=clock.now()))
    assert not (await desk.give_login(store, OPERATOR, make.ANNA, Face.REST, TYPED))["fetches"]


async def test_another_imap_user_is_another_inbox(store, clock) -> None:
    """Its letters have numbers of their own: a new one with a known number would never be forwarded."""
    clara = make.declared(Cvr("25313763"), face=Face.IMAP, credentials={"user": "u1", "password": "forkert"})
    box = await store.mailboxes.add(clara, "settings")
    other = {"user": "u2", "password": "p"}
    await desk.give_login(store, OPERATOR, box.cvr, Face.IMAP, other)  # never listed: it was typed wrong

    box = await store.mailboxes.find(box.cvr)
    await store.letters.found(box, [], clock.now(), clock.now())
    with pytest.raises(RefusedByRule, match="another user's"):
        await desk.give_login(store, OPERATOR, box.cvr, Face.IMAP, {"user": "u1", "password": "p"})
    assert (await desk.give_login(store, OPERATOR, box.cvr, Face.IMAP, {**other, "password": "q"}))["changed"]


async def test_what_the_old_login_was_refused_is_fetched_at_once(store, clock) -> None:
    """A letter whose fetch was refused waited for an hour behind a login that was mended; others keep their time."""
    await store.letters.found(await box(store), [Listed("a"), Listed("b")], clock.now(), clock.now())
    first, second = await store.letters.due(State.FOUND, clock.now(), 9)
    later = clock.now() + timedelta(hours=1)
    await store.letters.move(first, Postponed("refused", "401", later))
    await store.letters.move(second, Postponed("unavailable", "no answer", later))

    await desk.give_login(store, OPERATOR, make.ANNA, Face.REST, TYPED)

    assert [one.id for one in await store.letters.due(State.FOUND, clock.now(), 9)] == [first.id]


async def test_a_look_under_way_with_the_old_login_puts_nothing_off(store, clock) -> None:
    """What it found is found again in a moment, by the new one; its failure says nothing of it."""
    seen = await box(store)
    await desk.give_login(store, OPERATOR, make.ANNA, Face.REST, TYPED)
    later = clock.now() + timedelta(hours=4)

    with pytest.raises(Stale, match="another login"):
        await store.letters.found(seen, [Listed("letter-1", clock.now())], clock.now(), later)
    assert (await store.mailboxes.postpone(seen, later, "no answer", True)).parked_until is None
    assert (await box(store)).due_at == clock.now() and (await box(store)).listed_at is None
    assert await store.letters.found(await box(store), [Listed("letter-1", clock.now())], clock.now(), later) == 1


@pytest.mark.parametrize(
    ("change", "face", "declared", "words"),
    [
        (lambda one: one, Face.IMAP, (), "--system-id"),
        (lambda one: one, Face.REST, (make.ANNA,), "settings file"),
        (lambda one: replace(one, consent=Consent.AWAITED), Face.REST, (), "from Digital Post"),
        (lambda one: replace(one, custody=Custody(by_register=True)), Face.REST, (), "from Digital Post"),
    ],
    ids=["other door", "settings", "no consent", "register"],
)
async def test_a_login_that_nobody_would_use_is_refused(store, change, face, declared, words) -> None:
    """Each refusal says where the login belongs, and the one before stands."""
    await changed(store, change)
    before = await store.mailboxes.credentials(await box(store))

    with pytest.raises(RefusedByRule, match=words):
        await desk.give_login(store, OPERATOR, make.ANNA, face, TYPED, declared)
    assert await store.mailboxes.credentials(await box(store)) == before


async def test_who_only_reads_gives_no_login(store) -> None:
    """A reader is told so; to a stranger the mailbox is not there."""
    reader = await person(store, role=GrantRole.READER)
    stranger = await person(store, "bo", GrantRole.OWNER, make.BO)
    with pytest.raises(NotAllowed, match="give another login"):
        await desk.give_login(store, reader, make.ANNA, Face.REST, TYPED)
    with pytest.raises(NotFound):
        await desk.give_login(store, stranger, make.ANNA, Face.REST, TYPED)


# --- set --------------------------------------------------------------------------------------------------------------


async def test_what_a_company_chooses_is_kept_and_noted(store) -> None:
    """One row of history that names what changed, and no address; saying it again changes nothing."""
    chosen = Chosen(None, "Anna", "K-1", True, Address("a@b.example"), CONTACT)

    item = await desk.cvr_set(store, OPERATOR, make.ANNA, chosen)
    again = await desk.cvr_set(store, OPERATOR, make.ANNA, chosen)

    assert (item["name"], item["reference"], item["neutral_subject"]) == ("Anna", "K-1", True)
    assert (item["digest"], item["second_contact"]) == ("a@b.example", CONTACT)
    assert item == again
    (row,) = await history(store, "mailbox_changed")
    assert row["changed"] == ["digest", "name", "neutral_subject", "reference", "second_contact"]
    assert "@" not in str(row)


async def test_another_second_contact_is_told_to_the_one_before(store, clock) -> None:
    """And to the company's own address; taken away likewise."""
    await desk.cvr_set(store, OPERATOR, make.ANNA, Chosen(second_contact=CONTACT))
    clock.advance(60)
    await desk.cvr_set(store, OPERATOR, make.ANNA, Chosen(second_contact=NONE))

    heard = [(one.path, one.facts["old"], one.facts["new"]) for one in await told(store, Kind.ADDRESS_CHANGED)]
    own = f"mail:da:{make.ADDRESS}"
    assert heard == [
        (own, None, "c***@andet.example"), (own, "c***@andet.example", None),
        (f"mail:da:{CONTACT}", "c***@andet.example", None),
    ]  # fmt: skip
    assert (await box(store)).options.second_contact is None


async def test_the_second_contact_is_another_than_the_address(store) -> None:
    """Else nobody is reached when it fails."""
    with pytest.raises(RefusedByRule, match="another"):
        await desk.cvr_set(store, OPERATOR, make.ANNA, Chosen(second_contact=Address(make.ADDRESS.upper())))


@pytest.mark.parametrize("days", [-1, 6, 99])
async def test_more_days_than_digital_post_bears_are_refused_with_the_reason(store, days: int) -> None:
    """A recipient system without a receipt for seven days is switched off."""
    with pytest.raises(RefusedByRule, match="seven days"):
        await desk.cvr_set(store, OPERATOR, make.ANNA, Chosen(keep_days=days))


async def test_who_may_set_what(store) -> None:
    """An accountant keeps house; who else hears of the post is the company's own to say; a reader changes nothing."""
    bo = await person(store, "bo", GrantRole.ACCOUNTANT)
    reader = await person(store, "rita", GrantRole.READER)
    egon = await person(store, "egon", cvr=make.BO)

    assert (await desk.cvr_set(store, bo, make.ANNA, Chosen(keep_days=3, reference="K")))["keep_days"] == 3
    for chosen in (Chosen(second_contact=CONTACT), Chosen(digest=CONTACT)):
        with pytest.raises(NotAllowed):
            await desk.cvr_set(store, bo, make.ANNA, chosen)
    with pytest.raises(NotAllowed):
        await desk.cvr_set(store, reader, make.ANNA, Chosen(name="x"))
    for act in (desk.cvr_set(store, egon, make.ANNA, Chosen(name="x")), desk.fetch_now(store, egon, make.ANNA)):
        with pytest.raises(NotFound):
            await act


async def test_what_the_settings_file_says_is_changed_there(store) -> None:
    """Its days and its reference are ours to keep."""
    for chosen in (Chosen(name="x"), Chosen(neutral_subject=True), Chosen(digest=NONE), Chosen(second_contact=CONTACT)):
        with pytest.raises(RefusedByRule, match="settings file"):
            await desk.cvr_set(store, OPERATOR, make.ANNA, chosen, [make.ANNA])
    assert (await desk.cvr_set(store, OPERATOR, make.ANNA, Chosen(keep_days=1), [make.ANNA]))["keep_days"] == 1


# --- keep_days --------------------------------------------------------------------------------------------------------


async def test_fewer_days_let_the_receipts_go_now(store, clock, filled) -> None:
    """A receipt that waited for five days is due when they are taken away."""
    await desk.cvr_set(store, OPERATOR, make.ANNA, Chosen(keep_days=5))
    letter = await filled.forwarded("letter-kept")
    await store.letters.move(letter, Postponed("waits", "kept", clock.now() + timedelta(days=5), definite=False))
    assert not await store.letters.due(State.FORWARDED, clock.now(), 10)

    await desk.cvr_set(store, OPERATOR, make.ANNA, Chosen(keep_days=0))

    due = await store.letters.due(State.FORWARDED, clock.now(), 10)
    assert [one.id for one in due] == [letter.id]
    assert [(row["was"], row["days"]) for row in await history(store, "keep_days_set")] == [(0, 5), (5, 0)]


@pytest.mark.parametrize("confirmed_at", [
    datetime(2026, 10, 23, 13, 0, tzinfo=UTC),  # clocks go back on 25-10-2026
    datetime(2027, 3, 26, 22, 59, 59, 999_999, tzinfo=UTC),  # and forward on 28-03-2027
    datetime(2026, 12, 31, 23, 0, tzinfo=UTC),
])  # fmt: skip
@pytest.mark.parametrize("days", [1, 3, 5])
def test_days_are_exact_over_a_change_of_clocks(confirmed_at: datetime, days: int) -> None:
    """Days of 24 hours from the confirmation, to the microsecond, whatever clocks in Denmark do in between."""
    letter = make.letter(State.FORWARDED)
    letter = replace(letter, confirmation=replace(make.confirmation(letter), at=confirmed_at))
    kept = replace(make.mailbox(), custody=Custody(keep_days=days))
    end, tick = confirmed_at + timedelta(hours=24 * days), timedelta(microseconds=1)

    assert f"{days} days" in receipt_may_go(letter, kept, end - tick)
    assert receipt_may_go(letter, kept, end) == ""
    assert may_go_at(letter, kept, confirmed_at) == end
