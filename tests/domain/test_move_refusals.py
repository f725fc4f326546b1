"""What may not happen to a letter now, and the nearest thing that may (letter.py)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nemboks.domain import events as e
from nemboks.domain.events import Reason
from nemboks.domain.letter import UNCERTAIN_LIMIT, Letter, Stale, State, move
from nemboks.domain.proof import Stage
from nemboks.domain.states import Elsewhere
from tests.domain.samples import (
    AT,
    COPY,
    EVENTS,
    LATER,
    OK,
    SORRY,
    TWO_PARTS,
    at_dot,
    confirmation,
    letter,
    report,
)  # fmt: skip

S = State
THREE = replace(COPY, parts=((0,), (1,), (2,)))
FIRST = confirmation()
THERE = confirmation(part=2, address="bo@bageri.example")
WHOLE, PART = EVENTS[e.Confirmed], EVENTS[e.PartConfirmed]


def whole(**facts: Any) -> e.Event:
    return e.Confirmed(confirmation(**facts), "t1", LATER)


def part(**facts: Any) -> e.Event:
    return e.PartConfirmed(confirmation(**facts), LATER)


def late(found: Any) -> e.Event:
    return e.Later(1, "temporary", "", LATER, found)


SILENT, CUT, REPLIED = report(reply=None), report(Stage.BODY, None), report(reply=SORRY)
PAIR = {"copy": replace(COPY, parts=TWO_PARTS)}
AT_ANNA = replace(COPY, address="anna@bageri.example")
LAST = {**PAIR, "proofs": (FIRST,), "fence": 2}

# letter, event, whether it is legal
ROWS: list[tuple[str, Letter, e.Event, bool]] = [
    # a report that no copy was left
    ("silent at the dot", at_dot(), late(SILENT), False),
    ("no report at the dot", at_dot(), late(None), False),
    ("a reply at the dot", at_dot(), late(REPLIED), True),
    ("cut before the dot", at_dot(), late(CUT), True),
    ("a reply before the dot", at_dot(), late(report(Stage.DATA, OK)), True),
    ("silent, but the dot was not begun", letter(S.SENDING), late(SILENT), True),
    ("an uncertain end after the dot", at_dot(), EVENTS[e.AttemptEnded], True),
    # the dot
    ("a dot in time", letter(S.SENDING), e.DotBegun(1), True),
    ("a dot in the last moment", letter(S.SENDING, deadline_at=AT + timedelta(microseconds=1)), e.DotBegun(1), True),
    ("a dot at the deadline", letter(S.SENDING, deadline_at=AT), e.DotBegun(1), False),
    ("a dot without a deadline", letter(S.SENDING, deadline_at=None), e.DotBegun(1), False),
    ("a second dot", at_dot(), e.DotBegun(1), False),
    # contents
    ("lost contents that are here", letter(S.WAITING), e.ContentsLost("", LATER), False),
    ("lost contents that are not here", letter(S.WAITING, contents=None), e.ContentsLost("", LATER), True),
    ("contents that nobody believed", letter(S.WAITING, copy=None), e.ContentsLost("", LATER), True),
    ("lost under an attempt", letter(S.SENDING), e.ContentsLost("", LATER, 1), True),
    ("lost under an attempt past its dot", at_dot(), e.ContentsLost("", LATER, 1), False),
    # whose contents a proof is about
    ("confirmed, its headline unknown", letter(S.WAITING, headline=None), WHOLE, False),
    ("confirmed, held for other contents", letter(S.HELD, why=Reason.OTHER_CONTENTS), WHOLE, False),
    ("handed over, held for other contents", letter(S.HELD, why=Reason.OTHER_CONTENTS), EVENTS[e.HandedOver], False),
    ("a part, held for other contents", letter(S.HELD, why=Reason.OTHER_CONTENTS, **PAIR), PART, False),
    ("confirmed, held for another reason", letter(S.HELD), WHOLE, True),
    ("confirmed, once held for other contents", letter(S.WAITING, why=Reason.OTHER_CONTENTS), WHOLE, True),
    ("handed over, its headline unknown", letter(S.WAITING, headline=None), EVENTS[e.HandedOver], False),
    ("an attempt at the border", letter(S.WAITING, copy=replace(COPY, after=2)), whole(attempt=2), False),
    ("an attempt after the border", letter(S.WAITING, copy=replace(COPY, after=2)), whole(attempt=3), True),
    ("a first attempt at the border", letter(S.WAITING, copy=replace(COPY, after=1)), whole(attempt=1), False),
    ("a fallback's word", letter(S.WAITING, copy=replace(COPY, after=2)), whole(attempt=0), True),
    ("confirmed without a copy", letter(S.WAITING, copy=None), whole(), True),
    # parts
    ("the first of two", letter(S.SENDING, **PAIR), part(), True),
    ("the second of two before the first", letter(S.SENDING, **PAIR), whole(part=2), False),
    ("the first of two as if it were all", letter(S.SENDING, **PAIR), whole(), False),
    ("the second of two", letter(S.SENDING, **LAST), whole(part=2), True),
    ("the second of two as if more came", letter(S.SENDING, **LAST), part(part=2), False),
    ("the first again", letter(S.SENDING, **LAST), part(), False),
    ("all as a part", letter(S.SENDING), part(), False),
    ("the last at another address", letter(S.SENDING, **LAST), e.Confirmed(THERE, "t1", LATER), False),
    ("a middle one at another address", letter(S.SENDING, copy=THREE, proofs=(FIRST,)), e.PartConfirmed(THERE, LATER),
     False),
    ("a first one at an address that was left", letter(S.WAITING, copy=replace(THREE, address="bo@bageri.example")),
     part(), False),
    ("a first one where the letter goes", letter(S.WAITING, copy=replace(THREE, address="anna@bageri.example")),
     part(), True),
    ("a whole one at an address that got nothing", letter(S.WAITING, copy=replace(COPY, address="bo@bageri.example")),
     WHOLE, False),
    ("a whole one at an address that may have it", letter(S.WAITING, copy=replace(COPY, address="bo@bageri.example"),
     elsewhere=(Elsewhere(AT_ANNA, ()),)), WHOLE, True),
    ("a part at an address that had it divided", letter(S.WAITING, copy=replace(COPY, address="bo@bageri.example"),
     elsewhere=(Elsewhere(replace(AT_ANNA, parts=TWO_PARTS), ()),)), WHOLE, False),
    ("all of it, while the letter is divided", letter(S.WAITING, copy=replace(THREE, address="bo@bageri.example"),
     elsewhere=(Elsewhere(AT_ANNA, ()),)), part(), False),
    ("a fallback's last, elsewhere", letter(S.WAITING, **LAST), e.Confirmed(replace(THERE, attempt=0), "t", AT), True),
    # receipts of what came back
    ("a receipt", letter(S.FORWARDED), e.ReceiptBegun(), True),
    ("a receipt of what came back", letter(S.FORWARDED, bounced="5.2.1"), e.ReceiptBegun(), False),
    ("again what came back", letter(S.FORWARDED, bounced="5.2.1"), e.Retried("anna", LATER), False),
    ("again", letter(S.FORWARDED), e.Retried("anna", LATER), True),
    ("acknowledged though it came back", letter(S.FORWARDED, bounced="5.2.1"), EVENTS[e.Acknowledged], True),
    # fences
    ("an old attempt's end", letter(S.SENDING, fence=2), EVENTS[e.AttemptEnded], False),
    ("an old attempt's confirmation", letter(S.SENDING, fence=2), WHOLE, True),
    ("an old attempt's part", letter(S.SENDING, fence=2, **PAIR), PART, True),
    ("an old attempt's hand-over", letter(S.SENDING, fence=2), EVENTS[e.HandedOver], True),
    ("an end when none is open", letter(S.WAITING, fence=1), e.Hold(Reason.TOO_LARGE, "", 1), False),
    ("a person's hold when none is open", letter(S.WAITING, fence=1), e.Hold(Reason.ASKED), True),
    ("a person's hold under an attempt", letter(S.SENDING), e.Hold(Reason.ASKED), False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "before", "event", "legal"), ROWS, ids=[row[0] for row in ROWS])
def test_what_may_happen_now(name: str, before: Letter, event: e.Event, legal: bool) -> None:
    """Stale with words when it may not; what may, happens."""
    if legal:
        move(before, event, AT)
        return
    with pytest.raises(Stale, match=f"letter {before.id}: ."):
        move(before, event, AT)


def test_a_state_that_does_not_fit_is_told() -> None:
    """With the letter's number, its state and the event."""
    with pytest.raises(Stale, match="letter 1 is FOUND: no Claimed"):
        move(letter(S.FOUND), EVENTS[e.Claimed], AT)


def test_the_limit_of_uncertain_ends() -> None:
    """RELIABILITY I3: three resends at the most before a person decides."""
    assert UNCERTAIN_LIMIT == 3
