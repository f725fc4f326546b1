"""What people may ask about letters, on a real ledger."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.desk import letters as desk
from nemboks.desk.access import Asking
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.desk.letter_view import veiled
from nemboks.desk.words import Lang, plain
from nemboks.domain.letter import AttemptEnded, Bounced, DotBegun, Later, Postponed, Reason, State
from nemboks.domain.people import GrantRole
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.desk.filled import Filled
from tests.desk.rooms import changed, person
from tests.helpers import builders as make
from tests.helpers.clock import START, PretendClock

ME = Asking("root (operator)")
RETRYABLE = {State.FOUND, State.WAITING, State.FORWARDED, State.VANISHED}


async def test_the_list_shows_the_latest_letter_first_and_no_title(store, filled) -> None:
    """A list has one line per letter, newest on top, and says nothing of what a letter is about."""
    letters = await filled.every_state()

    items = await desk.letter_list(store, ME)

    assert [x.id for x in reversed(letters.values())] == [x["id"] for x in items]
    assert {make.ANNA} == {x["cvr"] for x in items}
    assert "Afgørelse" not in str(items) and "Skattestyrelsen" not in str(items)


async def test_the_list_can_be_narrowed(store, filled, clock) -> None:
    """State, CVR, moment and number each leave letters out."""
    letters = await filled.every_state()
    clock.advance(3_600)
    late = await filled.found("late")

    assert [letters[State.HELD].id] == [x["id"] for x in await desk.letter_list(store, ME, state=State.HELD)]
    assert await desk.letter_list(store, ME, cvr=make.BO) == []
    assert [late.id] == [x["id"] for x in await desk.letter_list(store, ME, since=START + timedelta(minutes=30))]
    assert len(await desk.letter_list(store, ME, limit=2)) == 2


async def test_a_page_tells_the_whole_way(store, filled) -> None:
    """The page of a delivered letter has its steps in order, its attempt, the proof and the receipt."""
    letter = await filled.acknowledged("letter-1")

    page = await desk.letter_show(store, ME, letter.id, Lang.EN)

    way = ["found", "collected", "claimed", "dot_begun", "confirmed", "receipt_begun", "acknowledged"]
    assert way == [step["event"] for step in page["way"]]
    assert page["state_text"] == "Done"
    assert [(x["number"], x["outcome"], x["reply"].code, x["tls"].version, x["seconds"]) for x in page["attempts"]] == [
        (1, "confirmed", 250, "TLSv1.3", 2.0)
    ]
    assert page["attempts"][0]["address"] == make.ADDRESS
    assert page["confirmation"].at == page["forwarded_at"]
    assert (page["acknowledged_at"], "200 taken") == (page["receipt"]["acknowledged_at"], page["receipt"]["words"])
    assert None is page["reason"] is page["cure"] is page["next_try_at"]


@pytest.mark.parametrize(
    ("lang", "text"), [(Lang.DA, "Postkassen er fuld."), (Lang.EN, "The company's inbox is full.")]
)
async def test_a_page_says_why_a_letter_waits_and_until_when(store, filled, lang, text) -> None:
    """A letter that the server put off shows the server's words, what they mean, what helps, and the next try."""
    letter = await filled.later("letter-1")

    page = await desk.letter_show(store, ME, letter.id, lang)

    assert ("full", text) == (page["reason"], page["reason_text"])
    assert page["cure"] and letter.due_at == page["next_try_at"]
    assert (
        page["attempts"][0]["outcome"], page["attempts"][0]["reply"].code, plain(page["attempts"][0]["stage"])
    ) == ("full", 452, "rcpt")  # fmt: skip


async def test_a_page_masks_cpr_numbers(store, filled) -> None:
    """The owner sees the title, and no CPR number in it."""
    letter = await filled.waiting("letter-1")

    page = await desk.letter_show(store, ME, letter.id)

    assert page["headline"]["title"] == "Afgørelse om [CPR]"
    assert "0000" not in str(plain(page)["headline"]["title"])


async def test_an_unknown_letter_is_not_found(store) -> None:
    """Every wish for a letter that is not there is answered the same."""
    for wish in (desk.letter_show(store, ME, 99), desk.retry(store, ME, 99), desk.release(store, ME, 99)):
        with pytest.raises(NotFound, match="no letter number 99"):
            await wish


@pytest.mark.parametrize("state", State)
async def test_a_retry_makes_a_letter_due_now_or_is_refused_with_words(store, filled, clock, state) -> None:
    """Only a letter that the machine may try by itself is tried now; the others stay as they are."""
    letter = await filled.way_to(state)("letter-1")
    now = clock.advance(10)

    if state in RETRYABLE:
        item = await desk.retry(store, ME, letter.id)
        after = await store.letters.get(letter.id)
        due_at = now if state is State.VANISHED or letter.due_at is None else min(now, letter.due_at)
        assert (due_at, State.FOUND if state is State.VANISHED else state) == (after.due_at, item["state"])
    else:
        with pytest.raises(RefusedByRule) as refused:
            await desk.retry(store, ME, letter.id)
        assert refused.value.words.da and refused.value.words.en
        assert letter == await store.letters.get(letter.id)


async def test_all_that_wait_are_tried_once_a_server_was_mended(store, filled, clock, monkeypatch) -> None:
    """The mail server has its certificate again: nobody types a hundred numbers, and nobody waits for the hour."""
    monkeypatch.setattr(desk, "AT_ONCE", 2)
    waiting = [await filled.later(f"letter-{number}", 3_600) for number in range(5)]
    held = await filled.way_to(State.HELD)("letter-9")

    assert await desk.retry_waiting(store, ME, make.ANNA) == 5
    assert await desk.retry_waiting(store, ME) == 0

    after = [await store.letters.get(letter.id) for letter in waiting]
    assert [(one.state, one.due_at <= clock.now()) for one in after] == [(State.WAITING, True)] * 5
    assert held == await store.letters.get(held.id)
    due = [letter.id for letter in await store.letters.due(State.WAITING, clock.now(), 9)]
    assert due == [letter.id for letter in waiting]  # in the order in which they came


async def test_only_whose_letters_they_are_has_them_tried(store, filled) -> None:
    """A stranger finds no mailbox, a reader may not; with no CVR named each has only their own."""
    letter = await filled.later("letter-1", 3_600)
    stranger = await person(store, "bo", GrantRole.OWNER, make.BO)
    reader = await person(store, "eva", GrantRole.READER)
    with pytest.raises(NotFound):
        await desk.retry_waiting(store, stranger, make.ANNA)
    with pytest.raises(NotAllowed):
        await desk.retry_waiting(store, reader, make.ANNA)

    with pytest.raises(NotAllowed, match="try again"):
        await desk.retry_waiting(store, reader)
    assert await desk.retry_waiting(store, stranger) == 0
    assert letter == await store.letters.get(letter.id)


async def test_what_could_not_be_fetched_is_tried_too(store, filled, clock) -> None:
    """A letter that waits for its fetch is as late as one that waits for its server."""
    letter = await filled.found("letter-1")
    await store.letters.move(letter, Postponed("unavailable", "no answer", clock.now() + timedelta(hours=1)))

    assert await desk.retry_waiting(store, ME) == 1
    assert [one.id for one in await store.letters.due(State.FOUND, clock.now(), 9)] == [letter.id]


async def test_what_cannot_go_or_may_come_twice_keeps_its_time(store, filled, clock) -> None:
    """A pause is named where the mailbox is, and left out where all are meant; so is an uncertain end."""
    letter = await filled.sending("letter-1")
    letter = await store.letters.move(letter, DotBegun(letter.fence))
    due_at = clock.now() + timedelta(hours=1)
    await store.letters.move(letter, AttemptEnded(letter.fence, "lost", due_at, None))
    await filled.later("letter-2", 3_600)
    assert await desk.retry_waiting(store, ME) == 1

    await filled.later("letter-3", 3_600)
    await changed(store, lambda one: replace(one, paused_at=clock.now(), paused_by="anna"))
    assert await desk.retry_waiting(store, ME) == 0
    with pytest.raises(RefusedByRule, match="paused"):
        await desk.retry_waiting(store, ME, make.ANNA)


async def test_a_retry_of_what_waits_for_its_turn_does_not_send_it_to_the_end(store, filled, clock) -> None:
    """Letters go in the order in which they came: whoever is impatient must not be served last."""
    impatient = await filled.waiting("letter-1")
    patient = await filled.waiting("letter-2")
    now = clock.advance(10)
    await desk.retry(store, ME, impatient.id)

    assert [letter.id for letter in await store.letters.due(State.WAITING, now, 9)] == [impatient.id, patient.id]


async def test_history_names_who_asked(store, filled, clock) -> None:
    """Retry and release leave the person's name in the letter's history."""
    letter = await filled.held("letter-1")
    await desk.release(store, Asking("bo (operator)"), letter.id)
    await desk.retry(store, Asking("anna (operator)"), letter.id)

    page = await desk.letter_show(store, ME, letter.id)

    assert [(step["event"], step["by"]) for step in page["way"][-2:]] == [
        ("released", "bo (operator)"),
        ("retried", "anna (operator)"),
    ]


@pytest.mark.parametrize("reason", Reason)
async def test_a_held_letter_is_released_unless_it_may_never_go(store, filled, clock, reason) -> None:
    """NemSMS, letters for another and what an estate holds never go by this way; every other reason a person lifts."""
    letter = await filled.held("letter-1", reason)

    if reason in (Reason.NEMSMS, Reason.WRONG_RECIPIENT, Reason.FROZEN, Reason.OLDER, Reason.BOUNDARY):
        with pytest.raises(NotAllowed if reason is Reason.BOUNDARY else RefusedByRule):
            await desk.release(store, ME, letter.id)
        assert State.HELD is (await store.letters.get(letter.id)).state
    else:
        assert State.WAITING is (await desk.release(store, ME, letter.id))["state"]


@pytest.mark.parametrize("state", [x for x in State if x is not State.HELD])
async def test_only_a_held_letter_is_released(store, filled, clock, state) -> None:
    """A release of any other letter is refused and changes nothing."""
    letter = await filled.way_to(state)("letter-1")

    with pytest.raises(RefusedByRule):
        await desk.release(store, ME, letter.id)

    assert letter == await store.letters.get(letter.id)


async def test_a_wish_that_comes_second_meets_the_letter_as_it_is(store, filled, clock) -> None:
    """When the daemon took the letter after the asker had looked, its present state answers."""
    letter = await filled.later("letter-1")
    await store.letters.move(letter, make.claimed(clock.now()))

    with pytest.raises(RefusedByRule, match="being sent"):
        await desk.retry(store, ME, letter.id)


def test_all_letters_come_oldest_first_as_json_carries_them(tmp_path) -> None:
    """A caller without an event loop gets every letter with plain values; times are RFC 3339 in UTC."""
    clock = PretendClock()
    store = Store.open(tmp_path / "nemboks.db", vault(tmp_path), clock, threaded=False)

    async def fill() -> None:
        await store.mailboxes.add(make.declared(), "settings")
        await Filled(store, clock).every_state()

    asyncio.run(fill())
    items = desk.all_letters(store, ME)
    asyncio.run(store.close())

    assert [state.value for state in State] == [x["state"] for x in items]
    done = next(x for x in items if x["state"] == "ACKNOWLEDGED")
    keys = "id upstream_id cvr state reason attempts uncertain available_at forwarded_at acknowledged_at seconds"
    assert set(keys.split()) <= set(done)
    assert tuple(done[key] for key in ("upstream_id", "cvr", "reason", "attempts", "uncertain", "seconds")) == (
        "letter-ACKNOWLEDGED",
        "13748136",
        None,
        1,
        0,
        2.0,
    )
    assert done["available_at"].endswith("Z") and done["forwarded_at"] <= done["acknowledged_at"]
    assert next(x["reason"] for x in items if x["state"] == "HELD") == "too_large"


async def test_a_letter_that_came_back_is_settled_on_a_persons_word(store, filled, clock) -> None:
    """A bounce after the confirmation stops the receipt; who says that the mail is there after all lets it go."""
    letter = await store.letters.move(await filled.forwarded("letter-1"), Bounced("5.1.1 no such user"))
    assert letter.due_at is None

    item = await desk.release(store, ME, letter.id)

    assert (item["state"], item["next_try_at"]) == (State.FORWARDED, clock.now())
    with pytest.raises(RefusedByRule):
        await desk.release(store, ME, letter.id)


async def test_a_second_refusal_is_called_blocked_and_a_lost_reply_uncertain(store, filled, clock) -> None:
    """A waiting letter shows the word that people know for it; the state beneath stays WAITING."""
    once = await filled.sending("letter-1")
    for number in range(2):
        later = Later(once.fence, "address", "550 5.1.1 no such user", clock.now())
        once = await store.letters.move(once, later)
        item = (await desk.letter_list(store, ME))[0]
        assert item["shown"] == (None, "blocked")[number]
        if not number:
            once = await store.letters.move(once, make.claimed(clock.now()))

    page = await desk.letter_show(store, ME, once.id)
    assert (page["state"], page["state_text"]) == (State.WAITING, "Stoppet")
    lost = await filled.sending("letter-2")
    lost = await store.letters.move(lost, DotBegun(lost.fence))
    await store.letters.move(lost, AttemptEnded(lost.fence, "no reply", clock.now()))
    assert "Usikker" == (await desk.letter_show(store, ME, lost.id))["state_text"]


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ("p_number:1003388394", "p_number:1003388394"),  # has a CPR number's shape, as most P-numbers have
        ("authority:Bo 010101-0000", "authority:Bo [CPR]"),
        (None, None),
    ],
)
def test_a_workplaces_number_is_no_persons(rule, shown) -> None:
    """Who may not see titles is told by which rule a letter went, and read "[CPR]" there."""
    page = veiled({"rule": rule, "headline": None, "words": "til 010101-0000"})

    assert page == {"rule": shown, "headline": None, "words": "til [CPR]"}
