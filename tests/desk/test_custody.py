"""Shadow mode, going live, legal hold: why receipts wait, and who lets them go."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from nemboks.desk.access import Asking
from nemboks.desk.custody import AT_ONCE, SECONDS_APART, legal_hold, shadow
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.desk.golive import go_live
from nemboks.domain.announcements import Kind
from nemboks.domain.custody import Custody
from nemboks.domain.letter import Acknowledged, Cleared, Reason, ReceiptBegun, Stale, State
from nemboks.domain.mailbox import Cvr
from nemboks.domain.people import Account, Grant, GrantRole, Person
from tests.helpers import builders as make

KEYBOARD = Asking("dorte (operator)")


async def custody_of(store, cvr=make.ANNA):
    return (await store.mailboxes.find(cvr)).custody


async def told(store):
    return [(x.kind, x.path, x.due_at, dict(x.facts)) for x in reversed(await store.announcements.latest(20))]


async def history(store, event):
    rows = await store._reader.read(
        lambda tx: tx.execute(text(f"SELECT detail FROM events WHERE event = '{event}'")).scalars().all()
    )
    return [json.loads(one) for one in rows]


async def due(filled):
    return await filled.store.letters.due(State.FORWARDED, filled.clock.now(), 1000)


async def person(store, name, role, cvr=make.ANNA):
    """Somebody with a grant for the CVR, which belongs to an account."""

    def act(books):
        account = (books.accounts.all() or [None])[0]
        account = account or books.accounts.add(Account(0, "Bageri", make.ADDRESS, books.at))
        box = books.keep(replace(books.mailbox(cvr), account=account.id))
        who = books.people.add(Person(0, name, books.at, account.id))
        books.grants.add(Grant(0, who.id, role, books.at, "dorte", mailbox=box.id))

    await store.act(act)
    return Asking("dorte (operator)", name)


async def test_in_shadow_mode_letters_go_and_receipts_wait(filled):
    """Nothing is due, and the guard under the fence says no; the reminder is queued for the end of the fortnight."""
    letter = await filled.forwarded("a")
    item = await shadow(filled.store, KEYBOARD, make.ANNA)

    assert item["receipts_wait"] and item["shadow_since"] == filled.clock.now()
    assert [] == await due(filled)
    with pytest.raises(Stale, match="shadow mode"):
        await filled.store.letters.move(letter, ReceiptBegun())
    ((kind, path, due_at, facts),) = await told(filled.store)
    assert (kind, path, facts["step"]) == (Kind.GOLIVE_REPORT, f"mail:da:{make.ADDRESS}", "reminder")
    assert due_at == filled.clock.now() + timedelta(days=14)


async def test_going_live_reports_and_lets_receipts_go(filled):
    """The company hears how it went; nobody is reminded any more; what was owed is due at once."""
    await shadow(filled.store, KEYBOARD, make.ANNA)
    letter = await filled.forwarded("a")
    seen = await go_live(filled.store, KEYBOARD, make.ANNA, dry_run=True)
    assert not seen["live"] and (await custody_of(filled.store)).shadow_since

    item = await go_live(filled.store, KEYBOARD, make.ANNA)

    assert (item["letters"], item["forwarded"], item["undelivered"], item["median_seconds"]) == (1, 1, 0, 2)
    assert (item["live"], item["receipts_wait"], item["receipts_owed"]) == (True, False, 1)
    assert [letter.id] == [x.id for x in await due(filled)]
    assert Custody() == await custody_of(filled.store)
    (_, _, reminder, _), (kind, _, due_at, facts) = await told(filled.store)
    assert (reminder, kind, due_at) == (None, Kind.GOLIVE_REPORT, filled.clock.now())
    assert (facts["forwarded"], facts["by"]) == (1, "dorte (operator)")
    assert 1 == (await history(filled.store, "went_live"))[0]["report"]["forwarded"]
    with pytest.raises(RefusedByRule, match="live already"):
        await go_live(filled.store, KEYBOARD, make.ANNA)


@pytest.mark.parametrize("state", ["found", "waiting", "sending", "handed_over", "held"])
async def test_nothing_goes_live_while_a_letter_is_not_delivered(filled, state):
    """Unless a person says so with a reason, which history keeps."""
    await shadow(filled.store, KEYBOARD, make.ANNA)
    await getattr(filled, state)("a")
    for refused in ({}, {"anyway": True}):
        with pytest.raises(RefusedByRule, match="1 letters are not delivered"):
            await go_live(filled.store, KEYBOARD, make.ANNA, **refused)

    assert (await go_live(filled.store, KEYBOARD, make.ANNA, anyway=True, reason="one NemSMS"))["live"]
    assert "one NemSMS" == (await history(filled.store, "went_live"))[0]["reason"]


async def test_a_nemsms_keeps_nobody_from_going_live(filled):
    """It is never mailed, whatever anybody does."""
    await shadow(filled.store, KEYBOARD, make.ANNA)
    await filled.held("a", Reason.NEMSMS)
    assert (await go_live(filled.store, KEYBOARD, make.ANNA))["live"]


async def test_an_unproven_address_goes_live_only_after_a_first_letter(filled):
    """Without one delivered letter the report says nothing of the address."""
    store = filled.store
    await store.act(lambda books: books.keep(replace(books.mailbox(make.ANNA), custody=Custody(unproven=True))))
    with pytest.raises(RefusedByRule, match="nobody has proven the address"):
        await go_live(store, KEYBOARD, make.ANNA)
    await filled.forwarded("a")
    assert not (await go_live(store, KEYBOARD, make.ANNA))["unproven"]


async def test_a_backlog_goes_out_at_a_pace(filled):
    """A hundred at once, then one every fifteen seconds: half of what the fuse takes for a fault."""
    await shadow(filled.store, KEYBOARD, make.ANNA)
    for number in range(AT_ONCE + 3):
        await filled.forwarded(f"{number}")
    await go_live(filled.store, KEYBOARD, make.ANNA)

    now = len(await due(filled))
    filled.clock.advance(2 * SECONDS_APART)
    assert (AT_ONCE + 1, AT_ONCE + 3) == (now, len(await due(filled)))


async def test_a_legal_hold_keeps_everything(filled):
    """No receipt is given, an answer that comes late clears nothing, and retention passes the letters by."""
    store, clock = filled.store, filled.clock
    owed, asked, done = [await filled.forwarded(name) for name in "abc"]
    asked = await store.letters.move(asked, ReceiptBegun())
    done = await store.letters.move(await store.letters.move(done, ReceiptBegun()), Acknowledged("200", keep=True))
    await legal_hold(store, KEYBOARD, make.ANNA, True, "sag 17/2026")

    with pytest.raises(Stale, match="legal hold"):
        await store.letters.move(owed, ReceiptBegun())
    asked = await store.letters.move(asked, Acknowledged("200"))
    assert asked.contents is not None
    with pytest.raises(Stale, match="legal hold"):
        await store.letters.move(done, Cleared())
    late = clock.now() + timedelta(days=9)
    assert [] == await store.letters.finished_copies(late, 10)
    assert [] == await due(filled)

    item = await legal_hold(store, KEYBOARD, make.ANNA, False, "sagen er slut")
    assert (item["legal_hold_since"], item["receipts_owed"]) == (None, 1)
    assert {asked.id, done.id} == {x.id for x in await store.letters.finished_copies(late, 10)}
    assert ["sag 17/2026"] == [x["reason"] for x in await history(store, "legal_hold_on")]


async def test_one_wait_that_ends_does_not_end_the_other(filled):
    """A mailbox that goes live under a legal hold gives no receipt."""
    await shadow(filled.store, KEYBOARD, make.ANNA)
    await legal_hold(filled.store, KEYBOARD, make.ANNA, True, "sag 17/2026")
    await filled.forwarded("a")
    assert 0 == (await go_live(filled.store, KEYBOARD, make.ANNA))["receipts_owed"]
    assert [] == await due(filled)


@pytest.mark.parametrize("on", [True, False])
async def test_a_switch_that_stands_so_already_is_refused(filled, on):
    """So that the history has no act that did nothing."""
    if on:
        await legal_hold(filled.store, KEYBOARD, make.ANNA, True, "sag")
    with pytest.raises(RefusedByRule):
        await legal_hold(filled.store, KEYBOARD, make.ANNA, on, "igen")


@pytest.mark.parametrize(("role", "may_shadow", "may_hold"), [
    (GrantRole.OWNER, True, True), (GrantRole.ADMINISTRATOR, True, True), (GrantRole.ACCOUNTANT, True, False),
    (GrantRole.KURATOR, True, True), (GrantRole.READER, False, False),
])  # fmt: skip
async def test_who_may(filled, role, may_shadow, may_hold):
    """By grant, for one's own CVR; another's is not there, in the words for one that nobody has."""
    who = await person(filled.store, "anna", role)

    async def refused(act):
        with pytest.raises(NotAllowed):
            await act

    for may, act in (
        (may_shadow, shadow(filled.store, who, make.ANNA)),
        (may_hold, legal_hold(filled.store, who, make.ANNA, True, "sag")),
    ):
        await (act if may else refused(act))
    with pytest.raises(NotFound) as foreign:
        await shadow(filled.store, who, make.BO)
    with pytest.raises(NotFound) as missing:
        await shadow(filled.store, who, Cvr("10000009"))
    assert str(foreign.value).replace(make.BO, "") == str(missing.value).replace("10000009", "")


async def test_in_an_estate_the_company_moves_nothing(filled):
    """From the registration on its owner may only look."""
    who = await person(filled.store, "anna", GrantRole.OWNER)
    at = filled.clock.now()
    await filled.store.act(lambda books: books.keep(replace(books.mailbox(make.ANNA), frozen_at=at)))
    for act in (shadow(filled.store, who, make.ANNA), legal_hold(filled.store, who, make.ANNA, True, "sag")):
        with pytest.raises(NotAllowed):
            await act
