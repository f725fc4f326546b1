"""What the ledger keeps of a letter's way: attempts, events, and nothing that it should not keep."""

import json
from datetime import timedelta

import pytest

from nemboks.domain.letter import (
    Acknowledged,
    AttemptEnded,
    Confirmed,
    ContentsLost,
    DotBegun,
    HandedOver,
    Hold,
    Later,
    PartConfirmed,
    Reason,
    Recomposed,
    Stale,
    State,
    Vanished,
)
from nemboks.domain.proof import Evidence, Stage, Way
from nemboks.ports import Listed
from tests.contracts.ledgers import ledger_of
from tests.helpers import builders as make
from tests.helpers.clock import START


@pytest.fixture(params=["sqlite", "postgresql"])
async def ledger(request, tmp_path):
    async with ledger_of(request.param, tmp_path) as opened:
        yield opened


async def outcomes(ledger, letter):
    attempts, _ = await ledger.letters.history(letter.id)
    return [x.outcome for x in attempts]


async def test_every_move_leaves_a_row(ledger):
    """The whole way stands in the events, in order, with states and fence."""
    letter = await ledger.forwarded()
    await ledger.letters.move(letter, Acknowledged("200 OK"))

    _, past = await ledger.letters.history(letter.id)

    names = ["found", "collected", "claimed", "dot_begun", "confirmed", "acknowledged"]
    assert [x.event for x in past] == names
    assert [x.from_state for x in past[1:]] == [x.to_state for x in past[:-1]]
    assert [x.fence for x in past] == [0, 0, 1, 1, 1, 1]


async def test_a_refused_move_leaves_none(ledger):
    """What did not happen is not in the history."""
    letter = await ledger.waiting()
    _, before = await ledger.letters.history(letter.id)
    with pytest.raises(Stale):
        await ledger.letters.move(letter, Acknowledged("200"))

    _, after = await ledger.letters.history(letter.id)
    assert after == before


async def test_history_shows_no_titles_and_no_addresses(ledger):
    """Addresses are masked; title and file names are nowhere in the events."""
    letter = await ledger.forwarded()
    _, past = await ledger.letters.history(letter.id)

    told = json.dumps([dict(x.detail) for x in past], ensure_ascii=False)

    assert "a***@bageri.example" in told and "anna@" not in told
    assert "Årsopgørelse" not in told and "Skattestyrelsen" not in told
    assert "queued as 4711" in told and "TLSv1.3" in told


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (Later(1, "temporary", "451", START, make.report(reply=make.reply(451))), "temporary"),
        (Hold(Reason.TOO_LARGE, "552", 1, report=make.report(reply=make.reply(552))), "too_large"),
        (AttemptEnded(1, "gone", START), "uncertain"),
        (HandedOver("queued", START, START, make.report(reply=make.reply())), "handed_over"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
async def test_an_attempt_is_closed_with_one_word(ledger, event, outcome):
    """What ended an attempt is on its row, with the report and the time."""
    letter = await ledger.begun()
    ledger.clock.advance(5)
    await ledger.letters.move(letter, event)

    (attempt,), _ = await ledger.letters.history(letter.id)

    assert (attempt.outcome, attempt.ended_at) == (outcome, START + timedelta(seconds=5))
    assert attempt.report == getattr(event, "report", None)
    assert (attempt.dot_begun_at, attempt.address) == (START, make.ADDRESS)


async def test_a_part_closes_its_attempt_and_the_next_names_the_next(ledger):
    """Each attempt's row says which part it carried."""
    letter = await ledger.found()
    letter = await ledger.letters.move(letter, make.collected(copy=make.copy(parts=((0,), (1,)))))
    for _ in range(2):
        letter = await ledger.letters.move(letter, make.claimed())
        letter = await ledger.letters.move(letter, Recomposed(letter.fence, letter.copy))
        letter = await ledger.letters.move(letter, DotBegun(letter.fence))
        proof = make.confirmation(letter, part=letter.part)
        whole = Confirmed(proof, "t-1", START)
        letter = await ledger.letters.move(letter, PartConfirmed(proof, START) if proof.part == 1 else whole)

    attempts, _ = await ledger.letters.history(letter.id)
    assert [(x.part, x.outcome) for x in attempts] == [(1, "part_confirmed"), (2, "confirmed")]
    assert (letter.state, len(letter.proofs), letter.confirmation.part) == (State.FORWARDED, 1, 2)
    assert (await ledger.letters.attempt(letter.id, 2)).part == 2
    assert await ledger.letters.attempt(letter.id, 3) is None


async def test_what_a_relay_said_outlives_the_proof_of_delivery(ledger):
    """A notification confirms the attempt; its report stays the relay's own."""
    letter = await ledger.begun()
    said = make.report(reply=make.reply(text="queued by the relay"), way=Way.RELAY)
    letter = await ledger.letters.move(letter, HandedOver("queued", START, START, said))
    await ledger.letters.move(letter, make.confirmed(letter, evidence=Evidence.DSN))

    (attempt,), _ = await ledger.letters.history(letter.id)
    assert (attempt.outcome, attempt.report) == ("confirmed", said)


@pytest.mark.parametrize(
    ("event", "outcome"),
    [(AttemptEnded(1, "gone", START), "cut"), (ContentsLost("cut", START, 1), "contents_lost")],
    ids=["cut", "contents_lost"],
)
async def test_an_attempt_before_its_dot_is_closed_too(ledger, event, outcome):
    """Without dot_begun an ended attempt is cut, or had no contents."""
    letter = await ledger.sending()
    await ledger.letters.move(letter, event)

    assert await outcomes(ledger, letter) == [outcome]


async def test_a_late_confirmation_closes_its_own_attempt(ledger):
    """A reply that comes after recovery makes its attempt confirmed; one that is open by then is overtaken."""
    first = await ledger.begun()
    letter = await ledger.letters.move(first, AttemptEnded(1, "gone", START))
    assert await outcomes(ledger, letter) == ["uncertain"]
    await ledger.letters.move(letter, make.claimed())

    await ledger.letters.move(first, make.confirmed(first))

    assert await outcomes(ledger, letter) == ["confirmed", "overtaken"]
    (attempt, _), _ = await ledger.letters.history(letter.id)
    assert (attempt.report.stage, attempt.report.reply) == (Stage.DOT, make.reply())


async def test_a_hold_of_a_waiting_letter_touches_no_attempt(ledger):
    """Only an open attempt is closed by a hold."""
    letter = await ledger.sending()
    letter = await ledger.letters.move(letter, Later(1, "temporary", "451", START))
    await ledger.letters.move(letter, Hold(Reason.NEMSMS))

    assert await outcomes(ledger, letter) == ["temporary"]


# --- reads for people ---


async def test_lists_are_filtered(ledger):
    """By state, by CVR and by the time of finding; the latest first, no more than asked for."""
    await ledger.waiting("a")
    ledger.clock.advance(60)
    await ledger.found("b")
    await ledger.letters.found(ledger.bo, [Listed("c")], START, START)

    async def ids(**filters):
        return [x.upstream_id for x in await ledger.letters.list(**filters)]

    assert await ids() == ["c", "b", "a"]
    assert await ids(limit=1) == ["c"]
    assert await ids(state=State.WAITING) == ["a"]
    assert await ids(cvr=make.BO) == ["c"]
    assert await ids(since=START + timedelta(seconds=1)) == ["b"]


async def test_counts(ledger):
    """Numbers per mailbox and state, and since when the oldest of them waits."""
    old = [Listed("old", START - timedelta(days=2))]
    await ledger.letters.found(ledger.bo, old, START, START)
    (vanished,) = await ledger.letters.due(State.FOUND, START, 1)
    await ledger.letters.move(vanished, Vanished("404"))
    await ledger.waiting("a")
    await ledger.forwarded("b")

    counts = {(x.cvr, x.state): (x.number, x.oldest_at) for x in await ledger.letters.counts()}

    assert counts == {
        (make.ANNA, State.WAITING): (1, START),
        (make.ANNA, State.FORWARDED): (1, START),
        (make.BO, State.VANISHED): (1, START - timedelta(days=2)),
    }


async def test_one_letter_and_its_files(ledger):
    """A letter is found by its number; the spool's files are those that rows name."""
    letter = await ledger.waiting("a", number=1)
    other = await ledger.forwarded("b")
    assert await ledger.letters.get(letter.id) == letter
    assert await ledger.letters.get(99) is None
    assert await ledger.letters.spool_files() == {make.sealed(1).file}

    await ledger.letters.move(other, Acknowledged("200"))
    letter = await ledger.letters.move(letter, make.claimed())
    await ledger.letters.move(letter, ContentsLost("cut", START, 1))
    assert await ledger.letters.spool_files() == set()


async def test_the_attempts_own_words_survive_a_round(ledger):
    """A letter's values come back as they went in, texts in any script too."""
    letter = await ledger.sending()
    words = "451 4.7.1 Prøv igen – 再試行 \x00?"
    shown = words.replace("\x00", "")  # of a text by itself PostgreSQL keeps no NUL
    after = await ledger.letters.move(letter, Later(1, "temporary", shown, START, make.report(words=words)))

    assert (await ledger.letters.get(letter.id)) == after
    (attempt,), _ = await ledger.letters.history(letter.id)
    assert attempt.report.words == words


async def test_a_fence_mark_is_on_the_open_attempt(ledger):
    """dot_begun is on the attempt's row before the dot is sent."""
    letter = await ledger.sending()
    ledger.clock.advance(3)
    await ledger.letters.move(letter, DotBegun(1))

    (attempt,), _ = await ledger.letters.history(letter.id)
    assert (attempt.dot_begun_at, attempt.outcome) == (START + timedelta(seconds=3), "")


async def test_a_copys_attempts_and_steps_stand_beside_the_letters(ledger):
    """Counted apart, under the delivery's number; addresses are masked and the letter's own way is as it was."""
    await ledger.shared()
    letter = await ledger.waiting()
    delivery = await ledger.planned(letter)
    delivery = await ledger.deliveries.move(delivery, make.claimed(address=delivery.address, server=delivery.server))
    await ledger.deliveries.move(delivery, Later(1, "full", "452", START, make.report(reply=make.reply(452))))
    await ledger.letters.move(letter, make.claimed(route_version=2))

    attempts, past = await ledger.letters.history(letter.id)
    assert [(x.delivery_id, x.number, x.outcome) for x in attempts] == [(0, 1, ""), (delivery.id, 1, "full")]
    copied = [x for x in past if x.event.startswith("copy_")]
    assert [x.event for x in copied] == ["copy_planned", "copy_claimed", "copy_later"]
    assert {x.to_state for x in copied} == {None}
    assert [x.detail["address"] for x in copied[:2]] == ["b***@revisor.example"] * 2
    assert (await ledger.letters.attempt(letter.id, 1)).address == make.ADDRESS
