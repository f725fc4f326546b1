"""What each event writes into the row of a further recipient, column by column (delivery.py)."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from nemboks.domain import events as e
from nemboks.domain.delivery import Delivery, DeliveryEvent, DeliveryState, step
from nemboks.domain.letter import Stale
from nemboks.domain.mailbox import Address, Role
from tests.domain.samples import AT, COPY, DEADLINE, LATER, SEALED, SORRY, TWO_PARTS, confirmation, report

D = DeliveryState
OLD = AT - timedelta(days=1)
MADE, WRAPPED, SIGNED = e.Sealed("m" * 32, "key4"), replace(COPY, wrap=True), replace(COPY, signatures=("x",))
CLOSED = {"deadline_at": None, "dot_begun_at": None}
FIRST, SECOND = confirmation(), confirmation(part=2)
ENDED = e.AttemptEnded(2, "silence", LATER)
REFUSED = e.Later(2, "full", "452", LATER, report(reply=SORRY))


def full(state: DeliveryState = D.SENDING, **other: Any) -> Delivery:
    """A row with a past: troubles, an attempt, a mail made."""
    past: dict[str, Any] = {
        "due_at": OLD, "why": "temporary", "words": "451", "failures": 3, "fence": 2, "uncertain": 1,
        "deadline_at": DEADLINE, "copy": COPY, "composed": MADE,
    }  # fmt: skip
    bare = Delivery(1, 1, 1, Role.COPY, Address("bo@revisor.example"), "revisor", state, OLD)
    return replace(bare, **{**past, **other})


TWO = {"copy": replace(COPY, parts=TWO_PARTS)}
ROWS: list[tuple[str, Delivery, DeliveryEvent, dict[str, Any]]] = [
    ("claimed", full(D.WAITING, deadline_at=None, dot_begun_at=OLD), e.Claimed(DEADLINE, LATER, 1, "x", "own"),
     {"state": D.SENDING, "fence": 3, "deadline_at": DEADLINE, "due_at": LATER, "dot_begun_at": None}),
    ("the dot begins", full(), e.DotBegun(2), {"dot_begun_at": AT}),
    ("made with another form", full(), e.Recomposed(2, WRAPPED), {"copy": WRAPPED, "composed": None}),
    ("made with other signatures", full(), e.Recomposed(2, SIGNED), {"copy": SIGNED}),
    ("made and kept", full(), e.Recomposed(2, WRAPPED, SEALED), {"copy": WRAPPED, "composed": SEALED}),
    ("made the first time", full(copy=None), e.Recomposed(2, COPY), {"copy": COPY, "composed": None}),
    ("delivered", full(dot_begun_at=AT, proofs=(FIRST,), **TWO), e.Confirmed(SECOND, "t", LATER),
     {"state": D.DELIVERED, "proofs": (FIRST, SECOND), "due_at": None, "why": "", "words": "", **CLOSED}),
    ("delivered after all", full(D.ENDED), e.Confirmed(FIRST, "t", LATER),
     {"state": D.DELIVERED, "proofs": (FIRST,), "due_at": None, "why": "", "words": "", **CLOSED}),
    ("a part", full(dot_begun_at=AT, **TWO), e.PartConfirmed(FIRST, LATER),
     {"state": D.WAITING, "proofs": (FIRST,), "due_at": LATER, "composed": None, **CLOSED}),
    ("a part in the middle", full(proofs=(FIRST,), copy=replace(COPY, parts=((0,), (1,), (2,)))),
     e.PartConfirmed(SECOND, LATER),
     {"state": D.WAITING, "proofs": (FIRST, SECOND), "due_at": LATER, "composed": None, **CLOSED}),
    ("later, another trouble", full(), REFUSED,
     {"state": D.WAITING, "why": "full", "words": "452", "due_at": LATER, "failures": 1, **CLOSED}),
    ("later, the same trouble", full(dot_begun_at=AT), replace(REFUSED, why="temporary"),
     {"state": D.WAITING, "words": "452", "due_at": LATER, "failures": 4, **CLOSED}),
    ("later, in another form", full(), replace(REFUSED, copy=WRAPPED),
     {"state": D.WAITING, "why": "full", "words": "452", "due_at": LATER, "failures": 1, "copy": WRAPPED,
      "composed": None, **CLOSED}),
    ("later, before its dot, without a report", full(), replace(REFUSED, report=None),
     {"state": D.WAITING, "why": "full", "words": "452", "due_at": LATER, "failures": 1, **CLOSED}),
    ("too large", full(), e.Hold(e.Reason.TOO_LARGE, "552", 2),
     {"state": D.ENDED, "why": "too_large", "words": "552", "due_at": None, **CLOSED}),
    ("given up while it waits", full(D.WAITING), e.Hold(e.Reason.COPY_LATE),
     {"state": D.ENDED, "why": "copy_late", "words": "", "due_at": None, **CLOSED}),
    ("cut", full(), ENDED, {"state": D.WAITING, "why": "cut", "words": "silence", "due_at": LATER, **CLOSED}),
    ("uncertain", full(dot_begun_at=AT), ENDED,
     {"state": D.WAITING, "why": "uncertain", "words": "silence", "due_at": LATER, "uncertain": 2, **CLOSED}),
    ("uncertain the third time", full(dot_begun_at=AT, uncertain=2), ENDED,
     {"state": D.ENDED, "why": "uncertain", "words": "silence", "due_at": None, "uncertain": 3, **CLOSED}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "before", "event", "written"), ROWS, ids=[row[0] for row in ROWS])
def test_an_event_writes_just_this(name: str, before: Delivery, event: DeliveryEvent, written: dict[str, Any]) -> None:
    """The named columns have these values afterwards, and every other one is as it was."""
    after = step(before, event, AT)
    told = {one.name: getattr(after, one.name) for one in fields(Delivery)}
    assert told == {one.name: getattr(before, one.name) for one in fields(Delivery)} | written


def test_a_dot_needs_a_deadline_that_is_not_over() -> None:
    """Its last moment still is in time."""
    last = DEADLINE - timedelta(microseconds=1)
    assert step(full(), e.DotBegun(2), last).dot_begun_at == last
    for before, at in ((full(deadline_at=None), AT), (full(), DEADLINE), (full(dot_begun_at=AT), AT)):
        with pytest.raises(Stale):
            step(before, e.DotBegun(2), at)


@pytest.mark.parametrize("event", [e.Confirmed(SECOND, "t", LATER), e.PartConfirmed(SECOND, LATER)])
def test_only_the_missing_part_counts(event: DeliveryEvent) -> None:
    """Of the second nobody asked yet; and one that is delivered misses none."""
    for before in (full(**TWO), full(D.DELIVERED, proofs=(FIRST,))):
        with pytest.raises(Stale):
            step(before, event, AT)


def test_since_when_it_is_tried() -> None:
    """What the waits go by, as for a letter the time it was found."""
    assert full().found_at == OLD
    assert (full().part, full(proofs=(FIRST,)).part) == (1, 2)
