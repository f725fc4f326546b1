"""The rows of delivery attempts: opened by a claim, marked at the point of no return, closed by what came of them.

The numbers of a letter's attempts to its primary and those to each further recipient are counted apart.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update

from nemboks.domain.delivery import Delivery, DeliveryState
from nemboks.domain.elsewhere import part_at
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
    PartConfirmed,
    Recomposed,
    State,
)
from nemboks.domain.proof import Confirmation, Evidence, Level, Report, Stage, Way
from nemboks.store.events import NAMES
from nemboks.store.ready import Ready
from nemboks.store.schema import attempts
from nemboks.store.writer import Tx

Tried = Letter | Delivery

_THIS = (
    (attempts.c.letter_id == bindparam("b_letter"))
    & (attempts.c.delivery_id == bindparam("b_delivery"))
    & (attempts.c.number == bindparam("b_number"))
)
CLAIM: Final = (
    "letter_id", "delivery_id", "number", "part", "route_version", "address", "server", "started_at", "deadline_at",
    "outcome",
)  # fmt: skip
OPEN: Final = Ready(insert(attempts), CLAIM)
MARK: Final = Ready(update(attempts).where(_THIS).values(dot_begun_at=bindparam("at")))
_ENDED: Final = update(attempts).where(_THIS).values(ended_at=bindparam("at"), outcome=bindparam("new_outcome"))
END: Final = Ready(_ENDED)
CLOSE: Final = Ready(_ENDED.values(report=bindparam("new_report")))
AIMED_AT: Final = Ready(select(attempts.c.route_version, attempts.c.address, attempts.c.server).where(_THIS))


def record(tx: Tx, before: Tried, event: Event, at: datetime) -> None:
    """Writes into the attempts' rows what a move means for them."""
    match event:
        case Claimed():
            _open(tx, before, event, at)
        case DotBegun():
            MARK.run(tx, {**_key(before, before.fence), "at": at})
        case Recomposed():
            pass  # the attempt goes on
        case Confirmed(confirmation) | PartConfirmed(confirmation):
            _confirmed(tx, before, confirmation, NAMES[type(event)], at)
        case HandedOver():
            _close(tx, before, before.fence, "handed_over", event.report, at)
        case _ if _is_open(before):
            _close(tx, before, before.fence, _outcome(before, event), getattr(event, "report", None), at)


def aimed_at(tx: Tx, letter: Letter, number: int) -> tuple[int, str, str] | None:
    """The version of the route that the attempt was opened under, its address and its server."""
    row = AIMED_AT.first(tx, _key(letter, number))
    return None if row is None else (row["route_version"], row["address"], row["server"])


def _is_open(tried: Tried) -> bool:
    return tried.state in (State.SENDING, DeliveryState.SENDING)


def _key(tried: Tried, number: int) -> dict[str, Any]:
    letter, delivery = (tried.id, 0) if isinstance(tried, Letter) else (tried.letter, tried.id)
    return {"b_letter": letter, "b_delivery": delivery, "b_number": number}


def _open(tx: Tx, tried: Tried, claim: Claimed, at: datetime) -> None:
    key = _key(tried, tried.fence + 1)
    row = {
        "letter_id": key["b_letter"],
        "delivery_id": key["b_delivery"],
        "number": key["b_number"],
        "part": part_at(tried, claim.address) if isinstance(tried, Letter) else tried.part,
        "route_version": claim.route_version,
        "address": claim.address,
        "server": claim.server,
        "started_at": at,
        "deadline_at": claim.deadline_at,
        "outcome": "",
    }
    OPEN.run(tx, row)


def _confirmed(tx: Tx, before: Tried, confirmation: Confirmation, outcome: str, at: datetime) -> None:
    # A fact may come late, when recovery has ended its attempt, even while a later attempt is open.
    if _is_open(before) and confirmation.attempt != before.fence:
        _close(tx, before, before.fence, "overtaken", None, at)
    if confirmation.evidence in (Evidence.DSN, Evidence.LANDING):  # the attempt's report is what the relay said
        END.run(tx, {**_key(before, confirmation.attempt), "at": at, "new_outcome": outcome})
    else:
        _close(tx, before, confirmation.attempt, outcome, report_of(confirmation), at)


def _close(tx: Tx, tried: Tried, number: int, outcome: str, report: Report | None, at: datetime) -> None:
    CLOSE.run(tx, {**_key(tried, number), "at": at, "new_outcome": outcome, "new_report": report})


def _outcome(before: Tried, event: Event) -> str:
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


def report_of(confirmation: Confirmation) -> Report:
    way = Way.OWN_SERVER if confirmation.tls.level is Level.CONFIGURED else Way.DIRECT
    relayed = confirmation.evidence is Evidence.RELAY
    return Report(
        Stage.DOT,
        confirmation.server,
        confirmation.reply,
        confirmation.tls,
        way=Way.RELAY if relayed else way,
        trusted=relayed,
    )
