"""A further recipient's small life: its moves, its fence, its point of no return."""

from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemboks.domain.delivery import Delivery, DeliveryEvent, DeliveryState, step
from nemboks.domain.events import (
    AttemptEnded,
    Claimed,
    Confirmed,
    DotBegun,
    Hold,
    Later,
    PartConfirmed,
    Reason,
    Recomposed,
)
from nemboks.domain.letter import UNCERTAIN_LIMIT, Stale
from nemboks.domain.mailbox import Address, Role
from nemboks.domain.proof import Stage
from tests.domain.samples import AT, COPY, DEADLINE, EVENTS, LATER, SEALED, SORRY, TWO_PARTS, confirmation, report

D = DeliveryState
_BARE = Delivery(1, 1, 1, Role.COPY, Address("bo@revisor.example"), "revisor", D.WAITING, AT, AT)
_WITH: dict[DeliveryState, dict[str, Any]] = {
    D.WAITING: {},
    D.SENDING: {"fence": 1, "deadline_at": DEADLINE, "due_at": LATER, "copy": COPY},
    D.DELIVERED: {"fence": 1, "due_at": None, "copy": COPY, "proofs": (confirmation(),)},
    D.ENDED: {"fence": 1, "due_at": None, "copy": COPY, "why": "too_large"},
}


def delivery(state: DeliveryState, **other: Any) -> Delivery:
    """A delivery as it lies in that state; the first attempt is open, or was."""
    return replace(_BARE, state=state, **{**_WITH[state], **other})


def at_dot(**other: Any) -> Delivery:
    """A delivery whose first attempt is past the point of no return."""
    return delivery(D.SENDING, **{"dot_begun_at": AT, **other})


CLOSED = {"state", "deadline_at", "dot_begun_at"}
# Where each event is legal, where it may lead, and which columns change at most.
LEGAL: dict[type, tuple[set[DeliveryState], set[DeliveryState], set[str]]] = {
    Claimed: ({D.WAITING}, {D.SENDING}, {"fence", "due_at", *CLOSED}),
    DotBegun: ({D.SENDING}, {D.SENDING}, {"dot_begun_at"}),
    Recomposed: ({D.SENDING}, {D.SENDING}, {"copy", "composed"}),
    Confirmed: ({D.WAITING, D.SENDING, D.ENDED}, {D.DELIVERED}, {"proofs", "due_at", "why", "words", *CLOSED}),
    PartConfirmed: ({D.WAITING, D.SENDING, D.ENDED}, {D.WAITING}, {"proofs", "due_at", "composed", *CLOSED}),
    Later: ({D.SENDING}, {D.WAITING}, {"why", "words", "due_at", "failures", "copy", "composed", *CLOSED}),
    AttemptEnded: ({D.SENDING}, {D.WAITING, D.ENDED}, {"why", "words", "due_at", "uncertain", *CLOSED}),
    Hold: ({D.SENDING}, {D.ENDED}, {"why", "words", "due_at", *CLOSED}),
}


def test_the_page_names_every_event() -> None:
    """A delivery knows these events of a letter's, and no other."""
    assert set(LEGAL) == set(DeliveryEvent.__args__)


@pytest.mark.parametrize("state", D)
@pytest.mark.parametrize("kind", LEGAL, ids=lambda x: x.__name__)
def test_an_event_is_legal_in_its_states_only_and_changes_its_columns_only(kind: type, state: DeliveryState) -> None:
    """Anything else raises Stale and changes nothing."""
    sources, targets, columns = LEGAL[kind]
    before = delivery(state)
    snapshot = asdict(before)
    event: Any = EVENTS[kind]
    if state in sources:
        after = step(before, event, AT)
        assert after.state in targets
        assert {f.name for f in fields(Delivery) if getattr(before, f.name) != getattr(after, f.name)} <= columns
    else:
        with pytest.raises(Stale):
            step(before, event, AT)
    assert asdict(before) == snapshot


@pytest.mark.parametrize("kind", [DotBegun, Recomposed, Later, AttemptEnded, Hold])
def test_an_old_fence_changes_nothing(kind: type) -> None:
    """A worker whose attempt was ended moves the delivery nowhere."""
    event: Any = EVENTS[kind]
    for state in D:
        with pytest.raises(Stale):
            step(delivery(state, fence=2), event, AT)


def test_a_copy_that_waits_is_given_up_without_a_fence() -> None:
    """Its time is over while nobody sends it; an open attempt is ended by its holder only."""
    late = Hold(Reason.COPY_LATE, "452 4.2.2")
    ended = step(delivery(D.WAITING, fence=4), late, AT)
    assert (ended.state, ended.why, ended.due_at) == (D.ENDED, "copy_late", None)
    with pytest.raises(Stale):
        step(delivery(D.SENDING), late, AT)


def test_a_dot_is_begun_once_and_in_time() -> None:
    """As a letter's."""
    begun = step(delivery(D.SENDING), DotBegun(1), AT)
    assert begun.dot_begun_at == AT
    for before, at in ((begun, AT), (delivery(D.SENDING), DEADLINE)):
        with pytest.raises(Stale):
            step(before, DotBegun(1), at)


@pytest.mark.parametrize("kind", [Later, Hold])
def test_after_the_dot_only_a_reply_or_an_uncertain_end_may_follow(kind: type) -> None:
    """As a letter's: or a copy that may lie there would be sent again without being counted."""
    event: Any = EVENTS[kind]
    for without in (None, report(reply=None, words="cut")):
        with pytest.raises(Stale):
            step(at_dot(), replace(event, report=without), AT)
    for told in (report(reply=SORRY), report(Stage.BODY, None, "stopped before the dot")):
        assert step(at_dot(), replace(event, report=told), AT).dot_begun_at is None


def test_three_uncertain_ends_are_the_last() -> None:
    """Cut attempts count nothing; nobody is sent a fourth copy of a copy."""
    assert step(delivery(D.SENDING), EVENTS[AttemptEnded], AT).why == "cut"  # type: ignore[arg-type]
    states = [step(at_dot(uncertain=n), EVENTS[AttemptEnded], AT).state for n in range(UNCERTAIN_LIMIT)]  # type: ignore[arg-type]
    assert states == [D.WAITING, D.WAITING, D.ENDED]


def test_parts_follow_one_another() -> None:
    """Only the missing part's proof counts, and the next mail is made anew."""
    before = delivery(D.SENDING, copy=replace(COPY, parts=TWO_PARTS), composed=SEALED)
    with pytest.raises(Stale):
        step(before, PartConfirmed(confirmation(part=2), LATER), AT)
    second = step(before, PartConfirmed(confirmation(), LATER), AT)
    assert (second.part, second.composed, second.due_at) == (2, None, LATER)
    whole = step(second, Confirmed(confirmation(part=2), "t", LATER), AT)
    assert (whole.state, len(whole.proofs)) == (D.DELIVERED, 2)


@given(st.lists(st.sampled_from(sorted(LEGAL, key=lambda kind: kind.__name__)), max_size=30))
def test_delivered_is_never_left(kinds: list[type]) -> None:
    """Whatever comes in whatever order: who has the copy is sent no other."""
    now = delivery(D.WAITING)
    for kind in kinds:
        event: Any = EVENTS[kind]
        if hasattr(event, "fence"):
            event = replace(event, fence=now.fence)
        try:
            after = step(now, event, AT)
        except Stale:
            continue
        assert now.state is not D.DELIVERED
        now = after
