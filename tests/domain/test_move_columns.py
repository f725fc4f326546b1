"""What each event writes, column by column, into a letter whose every column says something already."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from nemboks.domain import events as e
from nemboks.domain.events import Reason
from nemboks.domain.letter import Letter, State, move
from nemboks.domain.proof import Stage
from nemboks.domain.states import Elsewhere
from tests.domain.samples import (
    AT,
    COPY,
    DEADLINE,
    HEADLINE,
    LATER,
    OK,
    SEALED,
    SORRY,
    TWO_PARTS,
    confirmation,
    letter,
    report,
)  # fmt: skip

S = State
OLD = AT - timedelta(days=1)
NEW_SEAL, NEW_COPY = e.Sealed("b" * 32, "key2"), replace(COPY, seed="other")
NEW_HEADLINE, WRAPPED, SIGNED = (
    replace(HEADLINE, title="Ny"),
    replace(COPY, wrap=True),
    replace(COPY, signatures=("x",)),
)
MADE, MADE_ANEW = e.Sealed("m" * 32, "key4"), e.Sealed("n" * 32, "key5")
FIRST, HERE, THERE = confirmation(), "anna@bageri.example", "bo@bageri.example"
CLOSED = {"deadline_at": None, "dot_begun_at": None}
CALM = {"why": "", "words": "", "failures": 0}


def full(state: State, **other: Any) -> Letter:
    """A letter with a past: troubles, an attempt, a mail made, a receipt under way."""
    past: dict[str, Any] = {
        "due_at": OLD, "why": "temporary", "words": "451", "failures": 3, "fence": 2, "uncertain": 1,
        "deadline_at": DEADLINE, "headline": HEADLINE, "contents": SEALED, "copy": COPY, "composed": MADE,
        "transmission_id": "t0", "receipt_begun_at": OLD, "route_version": 4, "rule": "kle:27.*", "released_at": OLD,
    }  # fmt: skip
    return letter(state, **{**past, **other})


def parted(state: State, *proofs: int, **other: Any) -> Letter:
    """One of three mails, of which these are confirmed."""
    copy = replace(COPY, parts=(*TWO_PARTS, (2,)))
    return full(state, **{"copy": copy, "proofs": tuple(confirmation(part=n) for n in proofs), **other})


AT_HERE = replace(COPY, parts=(*TWO_PARTS, (2,)), address=HERE)
CLAIM = e.Claimed(DEADLINE, LATER, 5, HERE, "own", "default")
CLAIMED = {"state": S.SENDING, "fence": 3, "due_at": LATER, "route_version": 5, "rule": "default", "dot_begun_at": None}
LATER_OTHER = e.Later(2, "full", "452", LATER, report(reply=SORRY))
ENDED = e.AttemptEnded(2, "silence", LATER)
HELD = {"state": S.HELD, "due_at": None, **CLOSED}
WAITS = {"state": S.WAITING, "due_at": LATER}

ROWS: list[tuple[str, Letter, e.Event, dict[str, Any]]] = [
    ("a fetch begins", full(S.FOUND), e.FetchBegun(NEW_SEAL), {"contents": NEW_SEAL}),
    ("collected first", full(S.FOUND, copy=None, contents=None, headline=None),
     e.Collected(NEW_HEADLINE, NEW_SEAL, NEW_COPY, LATER),
     {**WAITS, **CALM, "headline": NEW_HEADLINE, "contents": NEW_SEAL, "copy": NEW_COPY}),
    ("collected again", full(S.VANISHED), e.Collected(NEW_HEADLINE, NEW_SEAL, NEW_COPY, LATER),
     {**WAITS, **CALM, "headline": NEW_HEADLINE, "contents": NEW_SEAL}),
    ("vanished", full(S.FOUND), e.Vanished("404"),
     {"state": S.VANISHED, "words": "404", "due_at": None, "contents": None}),
    ("reappeared", full(S.VANISHED), e.Reappeared(LATER), {"state": S.FOUND, **CALM, "due_at": LATER}),
    ("a fetch fails as before", full(S.FOUND), e.Postponed("temporary", "503", LATER),
     {"words": "503", "due_at": LATER, "failures": 4, "receipt_begun_at": None}),
    ("a receipt fails in another way", full(S.FORWARDED), e.Postponed("unavailable", "503", LATER, definite=False),
     {"why": "unavailable", "words": "503", "due_at": LATER, "failures": 1}),
    ("a receipt of a mail that came back", full(S.FORWARDED, bounced="5.2.1"), e.Postponed("refused", "409", LATER),
     {"why": "refused", "words": "409", "due_at": None, "failures": 1, "receipt_begun_at": None}),
    ("claimed", full(S.WAITING, deadline_at=None), CLAIM, {**CLAIMED, "deadline_at": DEADLINE}),
    ("claimed, parts at this address", parted(S.WAITING, 1, dot_begun_at=OLD), CLAIM, CLAIMED),
    ("claimed for another address", parted(S.WAITING, 1), replace(CLAIM, address=THERE),
     {**CLAIMED, "proofs": (), "composed": None}),
    ("claimed for another address, with the form of its mails known", parted(S.WAITING, 1, copy=AT_HERE),
     replace(CLAIM, address=THERE),
     {**CLAIMED, "copy": replace(AT_HERE, address=""), "proofs": (), "composed": None,
      "elsewhere": (Elsewhere(AT_HERE, (FIRST,)),)}),
    ("a part came back from an address that was left", full(S.WAITING, elsewhere=(Elsewhere(AT_HERE, (FIRST,)),)),
     e.ReturnedElsewhere(HERE, 1, "5.1.1"), {"elsewhere": (Elsewhere(AT_HERE, ()),)}),
    ("the dot begins", full(S.SENDING), e.DotBegun(2), {"dot_begun_at": AT}),
    ("confirmed", full(S.SENDING, dot_begun_at=AT), e.Confirmed(FIRST, "t1", LATER),
     {"state": S.FORWARDED, "confirmation": FIRST, "due_at": LATER, "transmission_id": "t1", **CALM, **CLOSED}),
    ("made with another form", full(S.SENDING), e.Recomposed(2, WRAPPED), {"copy": WRAPPED, "composed": None}),
    ("made with other signatures", full(S.SENDING), e.Recomposed(2, SIGNED), {"copy": SIGNED}),
    ("made and kept", full(S.SENDING), e.Recomposed(2, WRAPPED, MADE_ANEW), {"copy": WRAPPED, "composed": MADE_ANEW}),
    ("made the first time", full(S.SENDING, copy=None), e.Recomposed(2, COPY), {"copy": COPY, "composed": None}),
    ("a part confirmed", parted(S.SENDING, 1, dot_begun_at=AT), e.PartConfirmed(confirmation(part=2), LATER),
     {**WAITS, "proofs": (FIRST, confirmation(part=2)), "composed": None, **CALM, **CLOSED}),
    ("handed over", full(S.SENDING, dot_begun_at=AT), e.HandedOver("queued", LATER, DEADLINE + timedelta(hours=4)),
     {"state": S.HANDED_OVER, **CALM, "words": "queued", "due_at": LATER,
      "deadline_at": DEADLINE + timedelta(hours=4), "dot_begun_at": None}),
    ("later, another trouble", full(S.SENDING), LATER_OTHER,
     {**WAITS, "why": "full", "words": "452", "failures": 1, **CLOSED}),
    ("later, the same trouble", full(S.SENDING, dot_begun_at=AT), replace(LATER_OTHER, why="temporary"),
     {**WAITS, "words": "452", "failures": 4, **CLOSED}),
    ("later, in another form", full(S.SENDING), replace(LATER_OTHER, copy=WRAPPED),
     {**WAITS, "why": "full", "words": "452", "failures": 1, "copy": WRAPPED, "composed": None, **CLOSED}),
    ("later, before its dot, without a report", full(S.SENDING), replace(LATER_OTHER, report=None),
     {**WAITS, "why": "full", "words": "452", "failures": 1, **CLOSED}),
    ("later, its body was cut", full(S.SENDING, dot_begun_at=AT), replace(LATER_OTHER, report=report(Stage.BODY, None)),
     {**WAITS, "why": "full", "words": "452", "failures": 1, **CLOSED}),
    ("held by the attempt", full(S.SENDING), e.Hold(Reason.TOO_LARGE, "552", 2),
     {**HELD, "why": "too_large", "words": "552"}),
    ("held with what was read", full(S.FOUND), e.Hold(Reason.NEMSMS, "", None, NEW_HEADLINE, NEW_SEAL),
     {**HELD, "why": "nemsms", "words": "", "headline": NEW_HEADLINE, "contents": NEW_SEAL}),
    ("cut", full(S.SENDING), ENDED, {**WAITS, "why": "cut", "words": "silence", **CLOSED}),
    ("uncertain", full(S.SENDING, dot_begun_at=AT), ENDED,
     {**WAITS, "why": "uncertain", "words": "silence", "uncertain": 2, **CLOSED}),
    ("uncertain the third time", full(S.SENDING, dot_begun_at=AT, uncertain=2), ENDED,
     {**HELD, "why": "three_uncertain", "words": "silence", "uncertain": 3}),
    ("returned", full(S.HANDED_OVER), e.Returned(Reason.RETURNED, "5.1.1"),
     {**HELD, "why": "returned", "words": "5.1.1"}),
    ("silent", full(S.HANDED_OVER), e.Returned(Reason.RELAY_SILENT, "4 h"),
     {**HELD, "why": "relay_silent", "words": "4 h", "uncertain": 2}),
    ("returned while held", full(S.HELD, why="asked", words="by Anna"), e.Returned(Reason.RETURNED, "5.1.1"), HELD),
    ("the second of three returned", parted(S.WAITING, 1, 2), e.Returned(Reason.RETURNED, "5.1.1", 2),
     {**HELD, "why": "returned", "words": "5.1.1", "proofs": (FIRST,), "composed": None}),
    ("the first returned, the second is there", parted(S.WAITING, 1, 2), e.Returned(Reason.RETURNED, "5.1.1", 1),
     {**HELD, "why": "returned", "words": "5.1.1", "proofs": (), "composed": None, "uncertain": 2}),
    ("the first returned, the third handed over", parted(S.HANDED_OVER, 1, 2), e.Returned(Reason.RETURNED, "5.1.1", 1),
     {**HELD, "why": "returned", "words": "5.1.1", "proofs": (), "composed": None, "uncertain": 3}),
    ("the handed-over part returned", parted(S.HANDED_OVER, 1), e.Returned(Reason.RETURNED, "5.1.1", 2),
     {**HELD, "why": "returned", "words": "5.1.1"}),
    ("bounced", full(S.FORWARDED), e.Bounced("5.2.1"), {"bounced": "5.2.1", "due_at": None}),
    ("believed", full(S.FORWARDED, bounced="5.2.1"), e.Believed("anna", LATER), {"bounced": "", "due_at": LATER}),
    ("released", full(S.HELD), e.Released("anna", LATER), {**WAITS, **CALM, "released_at": AT}),
    ("released with other contents", full(S.HELD, why="other_contents", proofs=(FIRST,)), e.Released("anna", LATER),
     {**WAITS, **CALM, "released_at": AT, "headline": None, "copy": None, "composed": None, "proofs": (),
      "elsewhere": (), "uncertain": 0}),
    ("retried", full(S.WAITING), e.Retried("anna", LATER), {"due_at": LATER}),
    ("dismissed", full(S.HELD), e.Dismissed("anna"), {"state": S.DISMISSED, "due_at": None}),
    ("contents lost", full(S.SENDING), e.ContentsLost("gone", LATER, 2),
     {"state": S.FOUND, "contents": None, "why": "contents_lost", "words": "gone", "due_at": LATER, "composed": None,
      **CLOSED}),
    ("contents never believed", full(S.WAITING, copy=None), e.ContentsLost("unread", LATER),
     {"state": S.FOUND, "why": "contents_lost", "words": "unread", "due_at": LATER, "composed": None, **CLOSED}),
    ("a receipt begins", full(S.FORWARDED, receipt_begun_at=None), e.ReceiptBegun(), {"receipt_begun_at": AT}),
    ("a receipt begins again", full(S.FORWARDED), e.ReceiptBegun(), {}),
    ("acknowledged", full(S.FORWARDED), e.Acknowledged("200"),
     {"state": S.ACKNOWLEDGED, "due_at": None, "why": "", "words": "200", "receipt_begun_at": None,
      "acknowledged_at": AT, "contents": None, "composed": None}),
    ("acknowledged, a copy waits", full(S.FORWARDED), e.Acknowledged("200", keep=True),
     {"state": S.ACKNOWLEDGED, "due_at": None, "why": "", "words": "200", "receipt_begun_at": None,
      "acknowledged_at": AT}),
    ("cleared", full(S.ACKNOWLEDGED, contents=SEALED), e.Cleared(), {"contents": None, "composed": None}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "before", "event", "written"), ROWS, ids=[row[0] for row in ROWS])
def test_an_event_writes_just_this(name: str, before: Letter, event: e.Event, written: dict[str, Any]) -> None:
    """The named columns have these values afterwards, and every other one is as it was."""
    after = move(before, event, AT)
    told = {one.name: getattr(after, one.name) for one in fields(Letter)}
    assert told == {one.name: getattr(before, one.name) for one in fields(Letter)} | written


def test_every_event_is_written_about() -> None:
    """No event is left out above."""
    assert {type(event) for _, _, event, _ in ROWS} == set(e.Event.__args__)


def test_a_reply_at_the_dot_lets_a_letter_come_back() -> None:
    """Silence there does not, and a reply before it does as well."""
    begun = full(S.SENDING, dot_begun_at=AT)
    for found in (report(reply=SORRY), report(Stage.BODY, None), report(Stage.BODY, OK)):
        assert move(begun, e.Hold(Reason.TOO_LARGE, "", 2, report=found), AT).state is S.HELD
