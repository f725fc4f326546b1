"""Invented letters, attempts and events for the tests of the rules. Anna owns a bakery ApS."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

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
    Reason,
    ReceiptBegun,
    Recomposed,
    Released,
    Retried,
    Returned,
    ReturnedElsewhere,
    Vanished,
)  # fmt: skip
from nemboks.domain.headline import Authority, Copy, Headline, Kind, Sealed
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox, Route
from nemboks.domain.proof import Confirmation, Reply, Report, Stage, TlsFacts

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
DEADLINE = AT + timedelta(minutes=20)
SERVER = "mail.bageri.example:465"
TLS = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", "mail.bageri.example", "00" * 32)
OK = Reply(250, "2.0.0", "taken")
SORRY = Reply(451, "4.3.0", "not now")
TWO_PARTS = ((0,), (1,))
COPY = Copy("<1.1@nemboks.example>", AT, "seed", "letter-1", "Eksempel ApS", "post@nemboks.example")
SEALED = Sealed("a" * 32, "key")
HEADLINE = Headline(
    Kind.MEMO, Authority("Skattestyrelsen", "19552101", "CVR"), "Årsopgørelse", 1000, "ab" * 32,
    message_uuid="5f0f1d5e-0000-4000-8000-000000000001", recipient_id="13748136", recipient_type="CVR",
)  # fmt: skip
ROUTE = Route(1, Address("anna@bageri.example"), "own", AT, "anna")
MAILBOX = Mailbox(1, Cvr("13748136"), "Annas Bageri ApS", Face.REST, ROUTE, AT)


def confirmation(attempt: int = 1, **other: Any) -> Confirmation:
    return Confirmation(**{"letter": 1, "attempt": attempt, "address": "anna@bageri.example", "server": SERVER,
                           "reply": OK, "tls": TLS, "at": AT, **other})  # fmt: skip


def report(stage: Stage = Stage.DOT, reply: Reply | None = OK, words: str = "") -> Report:
    return Report(stage, SERVER, reply, TLS if stage >= Stage.MAIL else None, words)


_BARE = Letter(1, 1, "5f0f1d5e-0000-4000-8000-000000000001", State.FOUND, AT, AT, due_at=AT)
_WITH: dict[State, dict[str, Any]] = {
    State.FOUND: {},
    State.WAITING: {"headline": HEADLINE, "contents": SEALED, "copy": COPY},
    State.VANISHED: {"due_at": None},
}
_WITH[State.SENDING] = {**_WITH[State.WAITING], "fence": 1, "deadline_at": DEADLINE, "due_at": LATER}
_WITH[State.HANDED_OVER] = {**_WITH[State.WAITING], "fence": 1, "deadline_at": DEADLINE}
_WITH[State.HELD] = {**_WITH[State.WAITING], "fence": 1, "due_at": None, "why": "too_large"}
_WITH[State.FORWARDED] = {**_WITH[State.WAITING], "fence": 1, "confirmation": confirmation(), "transmission_id": "t1"}
_WITH[State.ACKNOWLEDGED] = {**_WITH[State.FORWARDED], "contents": None, "due_at": None, "acknowledged_at": AT}
_WITH[State.DISMISSED] = {**_WITH[State.HELD]}


def letter(state: State, **other: Any) -> Letter:
    """A letter as it lies in that state; the first attempt is open, or was."""
    return replace(_BARE, state=state, **{**_WITH[state], **other})


def at_dot(**other: Any) -> Letter:
    """A letter whose first attempt is past the point of no return."""
    return letter(State.SENDING, **{"dot_begun_at": AT, **other})


# One of each kind, as the first attempt's holder, a person or upstream would bring it.
EVENTS: Mapping[type[Event], Event] = {
    type(event): event
    for event in (
        FetchBegun(Sealed("c" * 32, "key3")),
        Collected(replace(HEADLINE, title="Ny"), Sealed("b" * 32, "key2"), replace(COPY, seed="other"), LATER),
        Vanished("no such letter"),
        Reappeared(LATER),
        Postponed("unavailable", "503", LATER),
        Claimed(DEADLINE, LATER, 1, "anna@bageri.example", "own"),
        DotBegun(1),
        Confirmed(confirmation(), "t1", LATER),
        Recomposed(1, replace(COPY, wrap=True), Sealed("e" * 32, "key5")),
        PartConfirmed(confirmation(), LATER),
        HandedOver("queued as 4711", LATER, DEADLINE, report()),
        Later(1, "temporary", "451 not now", LATER, report(reply=SORRY)),
        Hold(Reason.TOO_LARGE, "552", 1, report=report(reply=SORRY)),
        AttemptEnded(1, "holder gone", LATER),
        Returned(Reason.RETURNED, "5.1.1"),
        ReturnedElsewhere("bo@bageri.example", 1, "5.1.1"),
        Bounced("5.2.1"),
        Believed("anna", LATER),
        Released("anna", LATER),
        Retried("anna", LATER),
        Dismissed("anna"),
        ContentsLost("file missing", LATER, 1),
        ReceiptBegun(),
        Acknowledged("200"),
        Cleared(),
    )
}
