"""One letter to one further recipient: a copy (the accountant's) or a fallback. Its way never touches the letter's.

A small life of its own: WAITING, SENDING, then DELIVERED, or ENDED when it cannot be delivered any more. The events
are those of a letter; a relay's 2yz is enough here, for nothing leaves Digital Post on account of a copy.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from nemboks.domain.events import AttemptEnded, Claimed, Confirmed, DotBegun, Hold, Later, PartConfirmed, Recomposed
from nemboks.domain.headline import Copy, Sealed
from nemboks.domain.letter import UNCERTAIN_LIMIT, Stale
from nemboks.domain.mailbox import Address, Role
from nemboks.domain.proof import Confirmation, Report, Stage


class DeliveryState(StrEnum):
    WAITING = "WAITING"
    SENDING = "SENDING"
    DELIVERED = "DELIVERED"
    ENDED = "ENDED"  # five days old, held as too large, or uncertain three times: people are told


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row: a letter and a recipient besides its primary. Times are aware UTC."""

    id: int
    letter: int
    mailbox: int
    role: Role
    address: Address
    server: str
    state: DeliveryState
    since: datetime
    due_at: datetime | None = None
    why: str = ""
    words: str = ""
    failures: int = 0
    fence: int = 0
    uncertain: int = 0
    deadline_at: datetime | None = None
    dot_begun_at: datetime | None = None
    copy: Copy | None = None
    composed: Sealed | None = None  # the encrypted mail, made once
    proofs: tuple[Confirmation, ...] = ()

    @property
    def found_at(self) -> datetime:
        """Since when it is tried; what the waits go by."""
        return self.since

    @property
    def part(self) -> int:
        """The part that is sent next, from 1."""
        return len(self.proofs) + 1


DeliveryEvent = Claimed | DotBegun | Recomposed | Confirmed | PartConfirmed | Later | AttemptEnded | Hold

_CLOSED: Final[dict[str, Any]] = {"deadline_at": None, "dot_begun_at": None}


def step(delivery: Delivery, event: DeliveryEvent, at: datetime) -> Delivery:
    """The delivery after the event. Raises Stale when state, fence or the point of no return forbids it."""
    outside = isinstance(event, Claimed) or (isinstance(event, Hold) and event.fence is None)
    wanted = DeliveryState.WAITING if outside else DeliveryState.SENDING
    late = isinstance(event, Confirmed | PartConfirmed) and delivery.state is not DeliveryState.DELIVERED
    if delivery.state is not wanted and not late:
        raise Stale(f"delivery {delivery.id} is {delivery.state}: no {type(event).__name__}")
    if isinstance(event, Confirmed | PartConfirmed) and event.confirmation.part != delivery.part:
        raise Stale(f"delivery {delivery.id}: part {event.confirmation.part} is not the one that is missing")
    fence = getattr(event, "fence", delivery.fence)
    if not outside and fence != delivery.fence:
        raise Stale(f"delivery {delivery.id}: attempt {fence} is not the open one ({delivery.fence})")
    if isinstance(event, DotBegun) and (
        delivery.dot_begun_at or delivery.deadline_at is None or at >= delivery.deadline_at
    ):
        raise Stale(f"delivery {delivery.id}: the attempt's time is up")
    if isinstance(event, Later | Hold) and delivery.dot_begun_at and not _answered(event.report):
        raise Stale(f"delivery {delivery.id}: after dot_begun only a reply or an uncertain end may follow")
    return replace(delivery, **_changes(delivery, event, at))


def _answered(report: Report | None) -> bool:
    """Whether the report says that no copy was left: the dot was not sent, or got a reply."""
    return report is not None and (report.stage is not Stage.DOT or report.reply is not None)


def _changes(delivery: Delivery, event: DeliveryEvent, at: datetime) -> dict[str, Any]:
    match event:
        case Claimed(deadline_at, due_at):
            return {"state": DeliveryState.SENDING, "fence": delivery.fence + 1, "deadline_at": deadline_at,
                    "due_at": due_at, "dot_begun_at": None}  # fmt: skip
        case DotBegun():
            return {"dot_begun_at": at}
        case Recomposed(_, copy, composed):
            same = delivery.copy is not None and delivery.copy.makes_the_same(copy)
            return {"copy": copy, "composed": composed or (delivery.composed if same else None)}
        case Confirmed(confirmation):
            return {"state": DeliveryState.DELIVERED, "proofs": (*delivery.proofs, confirmation), "due_at": None,
                    "why": "", "words": "", **_CLOSED}  # fmt: skip
        case PartConfirmed(confirmation, due_at):
            return {"state": DeliveryState.WAITING, "proofs": (*delivery.proofs, confirmation), "due_at": due_at,
                    "composed": None, **_CLOSED}  # fmt: skip
        case Later(_, why, words, due_at, _, copy):
            failures = delivery.failures + 1 if why == delivery.why else 1
            return {"state": DeliveryState.WAITING, "why": why, "words": words, "due_at": due_at,
                    "failures": failures, "copy": copy or delivery.copy,
                    "composed": None if copy else delivery.composed, **_CLOSED}  # fmt: skip
        case Hold(reason, words):
            return {"state": DeliveryState.ENDED, "why": reason.value, "words": words, "due_at": None, **_CLOSED}
        case _:  # AttemptEnded
            words, due_at = event.words, event.due_at
            if delivery.dot_begun_at is None:
                return {"state": DeliveryState.WAITING, "why": "cut", "words": words, "due_at": due_at, **_CLOSED}
            uncertain = delivery.uncertain + 1
            ended = uncertain >= UNCERTAIN_LIMIT
            return {"state": DeliveryState.ENDED if ended else DeliveryState.WAITING, "why": "uncertain",
                    "words": words, "due_at": None if ended else due_at, "uncertain": uncertain, **_CLOSED}  # fmt: skip
