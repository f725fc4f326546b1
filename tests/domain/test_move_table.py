"""Every event in every state: what is legal changes exactly the columns named here, the rest changes nothing."""

from dataclasses import asdict, fields, replace
from datetime import timedelta

import pytest

from nemboks.domain import letter as rules
from nemboks.domain.events import (
    Acknowledged,
    AttemptEnded,
    Believed,
    Bounced,
    Claimed,
    Cleared,
    Collected,
    Confirmed,
    ContentsLost,
    Dismissed,
    DotBegun,
    Event,
    FetchBegun,
    HandedOver,
    Hold,
    Later,
    PartConfirmed,
    Postponed,
    Reappeared,
    ReceiptBegun,
    Recomposed,
    Released,
    Retried,
    Returned,
    ReturnedElsewhere,
    Vanished,
)  # fmt: skip
from nemboks.domain.letter import MOVES, Letter, Stale, State, move
from tests.domain.samples import AT, COPY, EVENTS, TWO_PARTS, confirmation, letter, report

S = State
TROUBLE = {"why", "words", "failures", "due_at"}
CLOSED = {"state", "deadline_at", "dot_begun_at"}
# Written out a second time, from DESIGN 3 and not from the table under test: where, and which columns change at most.
LEGAL: dict[type[Event], tuple[set[State], set[State], set[str]]] = {
    FetchBegun: ({S.FOUND}, set(), {"contents"}),
    Collected: ({S.FOUND, S.VANISHED}, {S.WAITING}, {"state", "headline", "contents", "copy", *TROUBLE}),
    Vanished: ({S.FOUND}, {S.VANISHED}, {"state", "words", "due_at", "contents"}),
    Reappeared: ({S.VANISHED}, {S.FOUND}, {"state", *TROUBLE}),
    Postponed: ({S.FOUND, S.FORWARDED, S.HANDED_OVER}, set(), {"receipt_begun_at", *TROUBLE}),
    Claimed: (
        {S.WAITING}, {S.SENDING},
        {"fence", "due_at", "proofs", "composed", "route_version", "rule", *CLOSED},
    ),
    DotBegun: ({S.SENDING}, set(), {"dot_begun_at"}),
    Confirmed: (
        {S.SENDING, S.HANDED_OVER, S.WAITING, S.HELD},
        {S.FORWARDED},
        {"confirmation", "transmission_id", *TROUBLE, *CLOSED},
    ),
    Recomposed: ({S.SENDING}, set(), {"copy", "composed"}),
    PartConfirmed: (
        {S.SENDING, S.HANDED_OVER, S.WAITING, S.HELD}, {S.WAITING}, {"proofs", "composed", *TROUBLE, *CLOSED}
    ),
    HandedOver: ({S.SENDING, S.WAITING, S.HELD}, {S.HANDED_OVER}, {*TROUBLE, *CLOSED}),
    Later: ({S.SENDING}, {S.WAITING}, {"copy", "composed", *TROUBLE, *CLOSED}),
    Hold: ({S.SENDING, S.WAITING, S.FOUND}, {S.HELD}, {"why", "words", "due_at", "headline", "contents", *CLOSED}),
    AttemptEnded: ({S.SENDING}, {S.WAITING, S.HELD}, {"why", "words", "due_at", "uncertain", *CLOSED}),
    Returned: (
        {S.HANDED_OVER, S.FOUND, S.WAITING, S.HELD}, {S.HELD},
        {"why", "words", "due_at", "uncertain", "proofs", "composed", *CLOSED},
    ),
    ReturnedElsewhere: ({S.HANDED_OVER, S.FOUND, S.WAITING, S.HELD}, set(), {"elsewhere", "uncertain"}),
    Bounced: ({S.FORWARDED, S.ACKNOWLEDGED}, set(), {"bounced", "due_at"}),
    Believed: ({S.FORWARDED}, set(), {"bounced", "due_at"}),
    Released: ({S.HELD}, {S.WAITING}, {"state", "headline", "copy", "composed", "proofs", "released_at", *TROUBLE}),
    Retried: ({S.FOUND, S.WAITING, S.FORWARDED}, set(), {"due_at"}),
    Dismissed: ({S.HELD, S.WAITING, S.FOUND}, {S.DISMISSED}, {"state", "due_at"}),
    ContentsLost: ({S.WAITING, S.SENDING}, {S.FOUND}, {"contents", "why", "words", "due_at", *CLOSED}),
    ReceiptBegun: ({S.FORWARDED}, set(), {"receipt_begun_at"}),
    Acknowledged: (
        {S.FORWARDED}, {S.ACKNOWLEDGED},
        {"state", "contents", "composed", "due_at", "why", "words", "receipt_begun_at", "acknowledged_at"},
    ),
    Cleared: ({S.ACKNOWLEDGED}, set(), {"contents", "composed"}),
}  # fmt: skip
EVERY = [(kind, state) for kind in EVENTS for state in S]


def suited(kind: type[Event], state: State) -> Event:
    """The event as it may come in that state: a fence is named only while an attempt is open."""
    event = EVENTS[kind]
    if kind in (Hold, ContentsLost) and state is not S.SENDING:
        return replace(event, fence=None)
    return event


def ready(kind: type[Event], state: State) -> Letter:
    """The letter for which the event makes sense: contents missing where none lie, parts where one is confirmed."""
    if kind is ContentsLost and state is S.WAITING:
        return letter(state, contents=None)
    copied = kind is PartConfirmed and letter(state).copy is not None
    return letter(state, **({"copy": replace(COPY, parts=TWO_PARTS)} if copied else {}))


def changed(before: Letter, after: Letter) -> set[str]:
    return {f.name for f in fields(Letter) if getattr(before, f.name) != getattr(after, f.name)}


def test_every_event_stands_in_the_table() -> None:
    """The table, this page and the event type name the same events."""
    assert set(LEGAL) == set(MOVES) == set(EVENTS) == set(Event.__args__)


@pytest.mark.parametrize(("kind", "state"), EVERY, ids=lambda x: getattr(x, "__name__", x))
def test_an_event_is_legal_in_its_states_only_and_changes_its_columns_only(kind: type[Event], state: State) -> None:
    """A legal event leads where DESIGN says and touches no other column; an illegal one raises Stale."""
    sources, targets, columns = LEGAL[kind]
    before = ready(kind, state)
    snapshot = asdict(before)

    if state in sources:
        after = move(before, suited(kind, state), AT)
        assert after.state in (targets or {state})
        assert changed(before, after) <= columns
    else:
        with pytest.raises(Stale):
            move(before, suited(kind, state), AT)
    assert asdict(before) == snapshot


def test_the_table_in_the_program_is_the_one_on_this_page() -> None:
    """Sources and targets agree event by event."""
    assert {kind: (m.sources, m.targets) for kind, m in MOVES.items()} == {
        kind: (frozenset(sources), frozenset(targets)) for kind, (sources, targets, _) in LEGAL.items()
    }


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("kind", [DotBegun, Recomposed, Later, Hold, AttemptEnded, ContentsLost])
def test_an_old_fence_changes_nothing_in_any_state(kind: type[Event], state: State) -> None:
    """A worker whose attempt was ended moves the letter nowhere, wherever it has gone meanwhile."""
    for dot in (None, AT):
        before = letter(state, fence=2, contents=None, dot_begun_at=dot if state is S.SENDING else None)
        with pytest.raises(Stale):
            move(before, EVENTS[kind], AT)


@pytest.mark.parametrize("kind", [Hold, ContentsLost])
def test_an_open_attempt_is_ended_by_its_holder_only(kind: type[Event]) -> None:
    """An event without a fence cannot take a letter away from an open attempt."""
    with pytest.raises(Stale):
        move(letter(S.SENDING), replace(EVENTS[kind], fence=None), AT)


def test_forwarded_is_left_only_for_acknowledged() -> None:
    """Invariant 3, first half."""
    assert {target for m in MOVES.values() if S.FORWARDED in m.sources for target in m.targets} == {S.ACKNOWLEDGED}


def test_an_end_is_never_left() -> None:
    """Invariants 3 and 4: nothing happens to a dismissed letter, and an acknowledged one is only noted upon."""
    assert not [kind for kind, m in MOVES.items() if S.DISMISSED in m.sources]
    noted = {kind for kind, m in MOVES.items() if S.ACKNOWLEDGED in m.sources}
    assert noted == {Bounced, Cleared} and not any(MOVES[kind].targets for kind in noted)


def test_only_a_confirmation_leads_to_forwarded_and_only_forwarded_to_acknowledged() -> None:
    """Invariant 1: there is one door to FORWARDED and one to ACKNOWLEDGED."""
    leads_to = {state: {kind for kind, m in MOVES.items() if state in m.targets} for state in S}
    assert leads_to[S.FORWARDED] == {Confirmed}
    assert leads_to[S.ACKNOWLEDGED] == {Acknowledged}


def test_a_dot_is_begun_once_and_in_time() -> None:
    """The point of no return is refused a second time, at the deadline, and after it."""
    begun = move(letter(S.SENDING), DotBegun(1), AT)
    assert begun.dot_begun_at == AT
    deadline = begun.deadline_at
    assert deadline is not None
    for before, at in ((begun, AT), (letter(S.SENDING), deadline), (letter(S.SENDING), deadline + timedelta(hours=1))):
        with pytest.raises(Stale):
            move(before, DotBegun(1), at)


@pytest.mark.parametrize("kind", [Later, Hold, ContentsLost])
def test_after_the_dot_a_letter_comes_back_only_with_a_reply(kind: type[Event]) -> None:
    """No report, and a report of silence at the dot, leave the attempt open: it may have delivered."""
    begun = letter(S.SENDING, dot_begun_at=AT)
    silent = report(reply=None, words="no answer within 600 s")
    events = [EVENTS[kind]] if kind is ContentsLost else [replace(EVENTS[kind], report=r) for r in (None, silent)]
    for event in events:
        with pytest.raises(Stale):
            move(begun, event, AT)


def test_a_claim_takes_the_next_fence_and_moves_the_due_time_first() -> None:
    """A crash right after the claim leaves a due time in the future."""
    after = move(letter(S.WAITING, fence=6), EVENTS[Claimed], AT)
    assert (after.fence, after.due_at) == (7, EVENTS[Claimed].due_at)  # type: ignore[union-attr]


def test_ends_are_counted_only_past_the_dot_and_the_third_is_held() -> None:
    """A cut attempt counts nothing; uncertain ones count, and every third waits for a person."""
    cut = move(letter(S.SENDING), EVENTS[AttemptEnded], AT)
    assert (cut.state, cut.uncertain, cut.why) == (S.WAITING, 0, "cut")

    states = [move(letter(S.SENDING, dot_begun_at=AT, uncertain=n), EVENTS[AttemptEnded], AT) for n in range(6)]
    assert [(x.uncertain, x.state) for x in states] == [
        (1, S.WAITING), (2, S.WAITING), (3, S.HELD), (4, S.WAITING), (5, S.WAITING), (6, S.HELD),
    ]  # fmt: skip


def test_a_letter_fetched_again_keeps_its_mails_identity() -> None:
    """Message-ID, Date and seed of the first composition survive lost contents (D13)."""
    first = letter(S.WAITING, contents=None)
    found = move(first, ContentsLost("gone", AT), AT)
    again = move(found, EVENTS[Collected], AT)
    assert (again.copy, again.contents) == (first.copy, EVENTS[Collected].contents)  # type: ignore[union-attr]


def test_an_old_sight_cannot_throw_contents_away() -> None:
    """Without an attempt that read them, contents that lie here are not lost."""
    with pytest.raises(Stale):
        move(letter(S.WAITING), ContentsLost("there are none here", AT), AT)


def test_other_contents_taken_by_a_person_are_another_letter() -> None:
    """A release after OTHER_CONTENTS forgets the old identity, and no late confirmation of the old one counts."""
    released = move(
        letter(S.HELD, why=rules.Reason.OTHER_CONTENTS.value, proofs=(confirmation(),), uncertain=2),
        EVENTS[Released],
        AT,
    )
    assert (released.headline, released.copy, released.part, released.uncertain) == (None, None, 1, 0)
    with pytest.raises(Stale):
        move(released, EVENTS[Confirmed], AT)


def test_a_receipt_stays_in_doubt_until_a_definite_answer() -> None:
    """The first unanswered call's time is kept; only `definite` clears it."""
    begun = move(letter(S.FORWARDED), ReceiptBegun(), AT)
    silent = move(begun, Postponed("unavailable", "", AT, definite=False), AT)
    again = move(silent, ReceiptBegun(), AT + timedelta(hours=1))
    assert begun.receipt_begun_at == silent.receipt_begun_at == again.receipt_begun_at == AT
    assert move(again, Postponed("refused", "", AT), AT).receipt_begun_at is None


def test_troubles_of_one_class_in_a_row_are_counted() -> None:
    """Another class starts at one again."""
    once = move(letter(S.FOUND), Postponed("gone", "", AT), AT)
    twice = move(once, Postponed("gone", "", AT), AT)
    other = move(twice, Postponed("unavailable", "", AT), AT)
    assert [x.failures for x in (once, twice, other)] == [1, 2, 1]
