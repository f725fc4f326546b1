"""The rows of delivery attempts: opened by a claim, marked at the point of no return, closed by what came of them."""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, insert, select, update

from nemboks.domain.letter import (
    AttemptEnded,
    Claimed,
    Confirmed,
    DotBegun,
    Event,
    HandedOver,
    Hold,
    Later,
    Letter,
    State,
)
from nemboks.domain.proof import Confirmation, Report, Stage
from nemboks.store.events import NAMES
from nemboks.store.ready import Ready
from nemboks.store.schema import attempts
from nemboks.store.writer import Tx

_THIS = (attempts.c.letter_id == bindparam("b_letter")) & (attempts.c.number == bindparam("b_number"))
CLAIM: Final = ("letter_id", "number", "route_version", "address", "server", "started_at", "deadline_at", "outcome")
OPEN: Final = Ready(insert(attempts), CLAIM)
MARK: Final = Ready(update(attempts).where(_THIS).values(dot_begun_at=bindparam("at")))
CLOSE: Final = Ready(
    update(attempts)
    .where(_THIS)
    .values(ended_at=bindparam("at"), outcome=bindparam("new_outcome"), report=bindparam("new_report"))
)
ROUTE_VERSION: Final = Ready(select(attempts.c.route_version).where(_THIS))


def record(tx: Tx, before: Letter, after: Letter, event: Event, at: datetime) -> None:
    """Writes into the attempts' rows what a move means for them."""
    match event:
        case Claimed():
            _open(tx, after, event, at)
        case DotBegun():
            MARK.run(tx, {"b_letter": before.id, "b_number": before.fence, "at": at})
        case Confirmed(confirmation):
            # A fact may come late, when recovery has ended its attempt, even while a later attempt is open.
            if before.state is State.SENDING and confirmation.attempt != before.fence:
                _close(tx, before.id, before.fence, "overtaken", None, at)
            _close(tx, before.id, confirmation.attempt, "confirmed", _report_of(confirmation), at)
        case HandedOver():
            _close(tx, before.id, before.fence, "handed_over", None, at)
        case _ if before.state is State.SENDING:
            _close(tx, before.id, before.fence, _outcome(before, event), getattr(event, "report", None), at)


def route_version(tx: Tx, letter: int, number: int) -> int | None:
    """The version of the route that the attempt was opened under."""
    row = ROUTE_VERSION.first(tx, {"b_letter": letter, "b_number": number})
    return None if row is None else row["route_version"]


def _open(tx: Tx, letter: Letter, claim: Claimed, at: datetime) -> None:
    row = {
        "letter_id": letter.id,
        "number": letter.fence,
        "route_version": claim.route_version,
        "address": claim.address,
        "server": claim.server,
        "started_at": at,
        "deadline_at": claim.deadline_at,
        "outcome": "",
    }
    OPEN.run(tx, row)


def _close(tx: Tx, letter: int, number: int, outcome: str, report: Report | None, at: datetime) -> None:
    CLOSE.run(tx, {"b_letter": letter, "b_number": number, "at": at, "new_outcome": outcome, "new_report": report})


def _outcome(before: Letter, event: Event) -> str:
    """One word for how the attempt ended."""
    match event:
        case Later(_, why):
            return why
        case Hold(reason):
            return reason.value
        case AttemptEnded():
            return "uncertain" if before.dot_begun_at else "cut"
        case _:
            return NAMES[type(event)]


def _report_of(confirmation: Confirmation) -> Report:
    return Report(Stage.DOT, confirmation.server, confirmation.reply, confirmation.tls)
