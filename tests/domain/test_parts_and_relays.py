"""A letter in several mails, in a relay's hands, come back, and kept for a further recipient."""

from dataclasses import replace

import pytest

from nemboks.domain.events import (
    Acknowledged,
    Believed,
    Bounced,
    Cleared,
    Confirmed,
    HandedOver,
    Later,
    PartConfirmed,
    Reason,
    Recomposed,
    Returned,
)
from nemboks.domain.letter import Stale, State, move
from tests.domain.samples import AT, COPY, EVENTS, LATER, TWO_PARTS, confirmation, letter

S = State


def test_parts_are_confirmed_once_and_in_order() -> None:
    """Each part's proof is kept; the receipt is owed after the last, and not before."""
    first = letter(S.SENDING, copy=replace(COPY, parts=((0,), (1,), (2,))))
    with pytest.raises(Stale):
        move(first, replace(EVENTS[Confirmed], confirmation=confirmation(part=3)), AT)
    second = move(first, PartConfirmed(confirmation(), LATER), AT)
    assert (second.state, second.part, second.parts, second.confirmation) == (S.WAITING, 2, 3, None)
    with pytest.raises(Stale):
        move(second, PartConfirmed(confirmation(), LATER), AT)
    third = move(second, PartConfirmed(confirmation(part=2), LATER), AT)
    with pytest.raises(Stale):
        move(third, PartConfirmed(confirmation(part=3), LATER), AT)
    whole = move(third, Confirmed(confirmation(part=3), "t1", LATER), AT)
    assert (whole.state, [p.part for p in whole.proofs], whole.confirmation) == (
        S.FORWARDED, [1, 2], confirmation(part=3),
    )  # fmt: skip


def test_one_mail_is_no_part() -> None:
    """A letter in one mail is confirmed whole, and a part of several never makes it so."""
    with pytest.raises(Stale):
        move(letter(S.SENDING), PartConfirmed(confirmation(), LATER), AT)
    with pytest.raises(Stale):
        move(letter(S.SENDING, copy=replace(COPY, parts=TWO_PARTS)), EVENTS[Confirmed], AT)


def test_a_proof_of_contents_that_are_fetched_anew_is_refused() -> None:
    """Without a headline nobody knows what was confirmed."""
    for event in (EVENTS[Confirmed], EVENTS[PartConfirmed]):
        with pytest.raises(Stale):
            move(letter(S.WAITING, headline=None, copy=replace(COPY, parts=TWO_PARTS)), event, AT)


def test_a_hand_over_ends_the_attempt_and_waits_for_a_proof() -> None:
    """Its deadline is when silence becomes an alarm; the attempt's own is over."""
    handed = move(letter(S.SENDING, dot_begun_at=AT, why="full", failures=3), EVENTS[HandedOver], AT)
    assert (handed.state, handed.due_at, handed.deadline_at) == (S.HANDED_OVER, LATER, EVENTS[HandedOver].silent_at)  # type: ignore[union-attr]
    assert (handed.why, handed.failures, handed.dot_begun_at, handed.confirmation) == ("", 0, None, None)


def test_a_letter_that_came_back_waits_for_a_person() -> None:
    """A confirmation of the same letter is a fact all the same: the relay may have been wrong."""
    held = move(letter(S.HANDED_OVER), EVENTS[Returned], AT)
    assert (held.state, held.why, held.due_at, held.deadline_at) == (S.HELD, "returned", None, None)
    assert move(held, EVENTS[Confirmed], AT).state is S.FORWARDED


def test_a_bounce_stops_the_receipt_until_a_person_believes() -> None:
    """RELIABILITY S25: nothing is due any more; believed, the receipt is owed again."""
    bounced = move(letter(S.FORWARDED), EVENTS[Bounced], AT)
    assert (bounced.bounced, bounced.due_at, bounced.state) == ("5.2.1", None, S.FORWARDED)
    believed = move(bounced, EVENTS[Believed], AT)
    assert (believed.bounced, believed.due_at) == ("", LATER)


def test_contents_stay_while_a_copy_waits_and_then_go() -> None:
    """`keep` leaves them sealed here; cleared, neither the letter nor its encrypted mail is left."""
    forwarded = letter(S.FORWARDED, composed=EVENTS[Recomposed].composed)  # type: ignore[union-attr]
    kept = move(forwarded, Acknowledged("200", keep=True), AT)
    assert (kept.contents, kept.composed) == (forwarded.contents, forwarded.composed)
    for gone in (move(kept, Cleared(), AT), move(forwarded, Acknowledged("200"), AT)):
        assert (gone.contents, gone.composed, gone.state) == (None, None, S.ACKNOWLEDGED)


def test_what_was_made_once_goes_with_the_form_it_was_made_for() -> None:
    """An encrypted mail is kept over ordinary troubles, and made anew for the next part or another form."""
    before = letter(S.SENDING, copy=replace(COPY, parts=TWO_PARTS), composed=EVENTS[Recomposed].composed)  # type: ignore[union-attr]
    assert move(before, EVENTS[Later], AT).composed == before.composed
    assert move(before, replace(EVENTS[Later], copy=COPY), AT).composed is None
    assert move(before, EVENTS[PartConfirmed], AT).composed is None


@pytest.mark.parametrize(("state", "part", "again"), [(S.WAITING, 1, 1), (S.WAITING, 2, 0), (S.HANDED_OVER, 1, 2),
                                                      (S.HANDED_OVER, 3, 0)])  # fmt: skip
def test_what_is_sent_a_second_time_after_a_return_is_counted(state: State, part: int, again: int) -> None:
    """The parts after the one that came back are there, or under way: their next copies are seconds, and the same."""
    proofs = (confirmation(), confirmation(part=2, attempt=2))
    before = letter(state, fence=3, copy=replace(COPY, parts=((0,), (1,), (2,))), proofs=proofs)
    assert move(before, Returned(Reason.RETURNED, "5.1.1", part), AT).uncertain == again


@pytest.mark.parametrize("other", [{"why": Reason.OTHER_CONTENTS.value}, {"headline": None}], ids=["held", "unknown"])
def test_a_late_hand_over_of_other_contents_is_none(other: dict[str, object]) -> None:
    """Else a delivery notice about the old contents would confirm the new ones, which nobody has."""
    with pytest.raises(Stale):
        move(letter(S.HELD, **other), EVENTS[HandedOver], AT)


def test_an_attempt_before_other_contents_confirms_nothing_of_them() -> None:
    """A person took the new contents; a word about the old ones may come at any time after that."""
    taken = letter(S.WAITING, fence=3, copy=replace(COPY, after=2))
    with pytest.raises(Stale):
        move(taken, replace(EVENTS[Confirmed], confirmation=confirmation(attempt=2)), AT)
    for attempt in (0, 3):  # 0: of a fallback, whose copy is compared (journey/further.py)
        event = replace(EVENTS[Confirmed], confirmation=confirmation(attempt=attempt))
        assert move(taken, event, AT).state is S.FORWARDED
