"""The Letters port, how letters move: the same in every ledger, the real one and the fake."""

from datetime import timedelta

import pytest

from nemboks.domain.letter import (
    Acknowledged,
    AttemptEnded,
    ContentsLost,
    Dismissed,
    DotBegun,
    FetchBegun,
    Hold,
    Later,
    Postponed,
    Reason,
    ReceiptBegun,
    Released,
    Retried,
    Stale,
    State,
    move,
)
from nemboks.domain.routing import BY_MAILBOX
from nemboks.ports import Listed
from tests.helpers import builders as make
from tests.helpers.clock import START

LATER_THAN_ALL = timedelta(days=1)
LATER = START + timedelta(minutes=5)


async def test_the_straight_way(ledger):
    """A letter goes from FOUND to ACKNOWLEDGED and ends with a confirmation and without contents."""
    letter = await ledger.forwarded()
    letter = await ledger.letters.move(letter, ReceiptBegun())
    letter = await ledger.letters.move(letter, Acknowledged("200"))

    assert State.ACKNOWLEDGED is letter.state
    assert (letter.confirmation.attempt, letter.contents, letter.due_at) == (1, None, None)


async def test_what_move_brings_is_what_is_kept(ledger):
    """The letter that a move returns is the one that the next reader sees, in every field."""
    letter = await ledger.waiting()

    (kept,) = await ledger.letters.due(State.WAITING, START, 10)

    assert letter == kept


async def test_an_illegal_move_changes_nothing(ledger):
    """What the table forbids raises Stale and leaves the letter as it was."""
    letter = await ledger.waiting()

    with pytest.raises(Stale):
        await ledger.letters.move(letter, Acknowledged("200"))

    assert [letter] == await ledger.letters.due(State.WAITING, START, 10)


async def test_an_old_fence_changes_nothing(ledger):
    """After recovery ended an attempt and another began, the first holder's outcome is refused."""
    first = await ledger.begun()
    letter = await ledger.letters.move(first, AttemptEnded(1, "gone", START))
    await ledger.letters.move(letter, make.claimed())

    with pytest.raises(Stale):
        await ledger.letters.move(first, Later(1, "temporary", "451", START, make.report()))
    with pytest.raises(Stale):
        await ledger.letters.move(first, DotBegun(1))


async def test_a_claim_on_an_old_sight_is_refused(ledger):
    """Who saw the letter before another's whole attempt must look again before claiming it."""
    seen = await ledger.waiting()
    other = await ledger.letters.move(seen, make.claimed())
    await ledger.letters.move(other, Later(1, "temporary", "451", LATER))

    with pytest.raises(Stale):
        await ledger.letters.move(seen, make.claimed())


async def test_a_late_confirmation_is_a_fact(ledger):
    """A confirmation counts even when recovery has ended its attempt."""
    begun = await ledger.begun()
    await ledger.letters.move(begun, AttemptEnded(1, "gone", LATER))

    letter = await ledger.letters.move(begun, make.confirmed(begun))

    assert (letter.state, letter.uncertain) == (State.FORWARDED, 1)


async def test_a_confirmation_of_another_letter_is_refused(ledger):
    """One letter's confirmation can never let another one go."""
    begun, other = await ledger.begun("a"), await ledger.begun("b")

    with pytest.raises(ValueError, match="confirmation"):
        await ledger.letters.move(begun, make.confirmed(other))


async def test_a_paused_mailbox_is_not_claimed(ledger):
    """A pause that is committed stops the next claim and the next dot."""
    waiting, sending = await ledger.waiting("a"), await ledger.sending("b")
    await ledger.pause()

    with pytest.raises(Stale):
        await ledger.letters.move(waiting, make.claimed())
    with pytest.raises(Stale):
        await ledger.letters.move(sending, DotBegun(1))

    await ledger.resume()
    await ledger.letters.move(sending, DotBegun(1))


@pytest.mark.parametrize("reason", sorted(BY_MAILBOX))
async def test_a_letter_does_not_stay_held_for_what_its_mailbox_was(ledger, reason):
    """The case took effect between a step's look at the mailbox and its hold: the letter goes on, and is no orphan."""
    waiting = await ledger.waiting()

    with pytest.raises(Stale):
        await ledger.letters.move(waiting, Hold(reason))
    (due,) = await ledger.letters.due(State.WAITING, ledger.clock.now() + LATER_THAN_ALL, 10)
    assert due.id == waiting.id


async def test_a_fetch_that_began_meanwhile_keeps_its_seal(ledger):
    """Two saw the letter without contents; the second one's seal would hide the only bytes that upstream gave."""
    seen = await ledger.found()
    await ledger.letters.move(seen, FetchBegun(make.sealed(1)))

    with pytest.raises(Stale):
        await ledger.letters.move(seen, FetchBegun(make.sealed(2)))
    assert (await ledger.letters.get(seen.id)).contents == make.sealed(1)


async def test_a_dot_is_begun_only_on_the_route_of_its_claim(ledger):
    """A route that changed while the body flowed stops the dot; the next claim must name the new one (invariant 7)."""
    letter = await ledger.sending()
    box = await ledger.reroute()

    with pytest.raises(Stale):
        await ledger.letters.move(letter, DotBegun(1))

    letter = await ledger.letters.move(letter, Later(1, "stopped", "", START))
    with pytest.raises(Stale):
        await ledger.letters.move(letter, make.claimed())
    with pytest.raises(Stale):
        await ledger.letters.move(letter, make.claimed(route_version=2))
    await ledger.letters.move(letter, make.claimed(route_version=2, address=box.route.address))


async def test_a_pause_stops_fetching_and_sending_but_no_receipt(ledger):
    """Of a paused mailbox FOUND and WAITING are not due, FORWARDED is."""
    await ledger.forwarded("a")
    await ledger.waiting("b")
    await ledger.found("c")
    await ledger.pause()

    due = {state: len(await ledger.letters.due(state, START, 10)) for state in State}
    assert {state: number for state, number in due.items() if number} == {State.FORWARDED: 1}


async def test_a_parked_mailbox_keeps_its_letters_from_upstream(ledger):
    """Of a parked mailbox FOUND and FORWARDED wait until the parking ends; sending goes on."""
    await ledger.forwarded("a")
    await ledger.waiting("b")
    await ledger.found("c")
    anna = await ledger.mailboxes.get(ledger.anna.id)
    await ledger.mailboxes.postpone(anna, LATER, "HTTP 403", parked=True)

    states = (State.FOUND, State.WAITING, State.FORWARDED)
    assert [len(await ledger.letters.due(state, START, 10)) for state in states] == [0, 1, 0]
    assert [len(await ledger.letters.due(state, LATER, 10)) for state in states] == [1, 1, 1]


async def test_due_letters_come_oldest_first_and_bounded(ledger):
    """The longest due comes first, what is not yet due does not come at all."""
    listed = [Listed("b", START - timedelta(hours=1)), Listed("a", START - timedelta(hours=2)), Listed("c")]
    await ledger.letters.found(ledger.anna, listed, START, LATER)
    c = next(x for x in await ledger.letters.due(State.FOUND, START, 10) if x.upstream_id == "c")
    await ledger.letters.move(c, Postponed("unavailable", "503", LATER))

    assert [x.upstream_id for x in await ledger.letters.due(State.FOUND, START, 10)] == ["a", "b"]
    assert [x.upstream_id for x in await ledger.letters.due(State.FOUND, LATER, 1)] == ["a"]


async def test_an_attempt_is_overdue_after_its_deadline(ledger):
    """Before dot_begun the deadline decides, after it deadline and grace; who is alone may end all at once."""
    await ledger.sending("a")
    await ledger.begun("b")
    deadline = START + timedelta(seconds=1200)

    async def overdue(now, sole=False):
        return sorted(x.upstream_id for x in await ledger.letters.overdue(now, 600, sole))

    assert await overdue(START) == []
    assert await overdue(START, sole=True) == ["a", "b"]
    assert await overdue(deadline) == ["a"]
    assert await overdue(deadline + timedelta(seconds=600)) == ["a", "b"]


async def test_a_letter_whose_dot_came_between_is_not_sent_again_a_minute_later(ledger):
    """Who ends an attempt saw it without its dot, and so the time of a cut one; now its ending would be uncertain."""
    seen = await ledger.sending()
    begun = await ledger.letters.move(seen, DotBegun(1))

    with pytest.raises(Stale):
        await ledger.letters.move(seen, AttemptEnded(1, "gone", LATER))

    assert begun == await ledger.letters.get(seen.id)


async def test_the_third_uncertain_end_holds_the_letter(ledger):
    """Two uncertain ends are tried again; the third is for a person (I3)."""
    letter = await ledger.waiting()
    for _ in range(3):
        letter = await ledger.letters.move(letter, make.claimed())
        letter = await ledger.letters.move(letter, DotBegun(letter.fence))
        letter = await ledger.letters.move(letter, AttemptEnded(letter.fence, "gone", START))

    assert (letter.state, letter.why, letter.uncertain) == (State.HELD, Reason.THREE_UNCERTAIN, 3)
    assert State.WAITING is (await ledger.letters.move(letter, Released("anna", START))).state


async def test_lost_contents_are_fetched_again(ledger):
    """A letter whose contents cannot be opened is FOUND again, keeps its mail's identity and takes new contents."""
    letter = await ledger.sending()
    lost = await ledger.letters.move(letter, ContentsLost("cut", START, 1))
    again = await ledger.letters.move(lost, make.collected(number=2, copy=make.copy(seed="other")))

    assert (lost.state, lost.contents) == (State.FOUND, None)
    assert (make.sealed(2), "seed-1") == (again.contents, again.copy.seed)


@pytest.mark.parametrize(
    "event",
    [Hold(Reason.NEMSMS), Retried("anna", LATER), Postponed("gone", "404", LATER)],
    ids=lambda e: type(e).__name__,
)
async def test_moves_of_a_found_letter(ledger, event):
    """What may happen before a fetch succeeds is kept as the domain says."""
    letter = await ledger.found()

    assert move(letter, event, START) == await ledger.letters.move(letter, event)


async def test_a_dismissed_letter_stays_dismissed(ledger):
    """What a person closed is never forwarded nor receipted (invariant 4)."""
    letter = await ledger.waiting()
    closed = await ledger.letters.move(letter, Dismissed("anna"))

    for event in (make.claimed(), Released("bo", START), Acknowledged("200"), make.confirmed(letter)):
        with pytest.raises(Stale):
            await ledger.letters.move(closed, event)


async def test_busy_destinations_are_left_out(ledger):
    """A mail server that has no free seat gets no letter, the others do; a new route counts at once."""
    await ledger.waiting("a")

    assert await ledger.letters.due(State.WAITING, START, 10, busy=[make.SERVER]) == []
    assert len(await ledger.letters.due(State.WAITING, START, 10, busy=["another", "direct:bageri.example"])) == 1

    await ledger.acts.reroute(make.ANNA, make.ADDRESS, "direct", "anna")
    assert len(await ledger.letters.due(State.WAITING, START, 10, busy=[make.SERVER])) == 1
    assert await ledger.letters.due(State.WAITING, START, 10, busy=["direct:bageri.example"]) == []
