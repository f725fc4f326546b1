"""A letter's life: every legal move lives here and nowhere else; states.py names the states, events.py the events.

The rules of this file:
1. A state says what is committed, never what a process happens to be doing.
2. What separates WAITING from HELD: may the machine try again by itself?
3. `move` is the only way from one letter to the next. It is pure; an illegal move raises Stale and changes nothing.
4. A fenced event counts only while its attempt is the open one. A confirmation is a fact and needs no fence.
5. This file knows neither mail nor database; the picture in docs/ is drawn from MOVES.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from nemboks.domain.elsewhere import came_back, towards, went_whole_to
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
from nemboks.domain.proof import Confirmation, Stage, at_address
from nemboks.domain.states import UNCERTAIN_LIMIT, Letter, State

__all__ = [  # events and states are read from here too: this file is where a reader begins
    "Acknowledged", "AttemptEnded", "Believed", "Bounced", "Claimed", "Cleared", "Collected", "Confirmed",
    "ContentsLost", "Dismissed", "DotBegun", "Event", "FetchBegun", "HandedOver", "Hold", "Later", "Letter",
    "MOVES", "Move", "PartConfirmed", "Postponed", "Reappeared", "Reason", "ReceiptBegun", "Recomposed", "Released",
    "Retried", "Returned", "ReturnedElsewhere", "Stale", "State", "UNCERTAIN_LIMIT", "Vanished", "move",
]  # fmt: skip


class Stale(Exception):
    """The move is not legal now: another did it, or the letter went another way. Nothing changed; stop this step."""


@dataclass(frozen=True, slots=True)
class Move:
    """Where an event may happen and where it may lead. No targets: the state stays (a mark)."""

    sources: frozenset[State]
    targets: frozenset[State]


def _from(*sources: State, to: tuple[State, ...] = ()) -> Move:
    return Move(frozenset(sources), frozenset(to))


S = State
MOVES: Final[Mapping[type[Event], Move]] = {
    FetchBegun: _from(S.FOUND),
    Collected: _from(S.FOUND, S.VANISHED, to=(S.WAITING,)),
    Vanished: _from(S.FOUND, to=(S.VANISHED,)),
    Reappeared: _from(S.VANISHED, to=(S.FOUND,)),
    Postponed: _from(S.FOUND, S.FORWARDED, S.HANDED_OVER),
    Claimed: _from(S.WAITING, to=(S.SENDING,)),
    DotBegun: _from(S.SENDING),
    Confirmed: _from(S.SENDING, S.HANDED_OVER, S.WAITING, S.HELD, to=(S.FORWARDED,)),
    Recomposed: _from(S.SENDING),
    PartConfirmed: _from(S.SENDING, S.HANDED_OVER, S.WAITING, S.HELD, to=(S.WAITING,)),
    HandedOver: _from(S.SENDING, S.WAITING, S.HELD, to=(S.HANDED_OVER,)),
    Later: _from(S.SENDING, to=(S.WAITING,)),
    Hold: _from(S.SENDING, S.WAITING, S.FOUND, to=(S.HELD,)),
    AttemptEnded: _from(S.SENDING, to=(S.WAITING, S.HELD)),
    Returned: _from(S.HANDED_OVER, S.FOUND, S.WAITING, S.HELD, to=(S.HELD,)),
    ReturnedElsewhere: _from(S.HANDED_OVER, S.FOUND, S.WAITING, S.HELD),
    Bounced: _from(S.FORWARDED, S.ACKNOWLEDGED),
    Believed: _from(S.FORWARDED),
    Released: _from(S.HELD, to=(S.WAITING,)),
    Retried: _from(S.FOUND, S.WAITING, S.FORWARDED),
    Dismissed: _from(S.HELD, S.WAITING, S.FOUND, to=(S.DISMISSED,)),
    ContentsLost: _from(S.WAITING, S.SENDING, to=(S.FOUND,)),
    ReceiptBegun: _from(S.FORWARDED),
    Acknowledged: _from(S.FORWARDED, to=(S.ACKNOWLEDGED,)),
    Cleared: _from(S.ACKNOWLEDGED),
}


def move(letter: Letter, event: Event, at: datetime) -> Letter:
    """The letter after the event. Raises Stale when the table, the fence or the point of no return forbids it."""
    legal = MOVES[type(event)]
    if letter.state not in legal.sources:
        raise Stale(f"letter {letter.id} is {letter.state}: no {type(event).__name__}")
    if refusal := _fence_refuses(letter, event) or _dot_refuses(letter, event, at) or _contents_refuse(letter, event):
        raise Stale(f"letter {letter.id}: {refusal}")
    after = replace(letter, **_changes(letter, event, at))
    if after.contents is None and after.headline and after.headline.sealed:  # it served composing alone
        return replace(after, headline=replace(after.headline, sealed=""))
    return after


def _fence_refuses(letter: Letter, event: Event) -> str:
    """An attempt that was ended may come back long after, in any state: it is no longer the open one."""
    opened = letter.fence if letter.state is S.SENDING else None
    fence = getattr(event, "fence", None)
    if isinstance(event, Confirmed | PartConfirmed | HandedOver) or fence == opened:
        return ""
    return f"attempt {fence} is not the open one ({opened})"


def _dot_refuses(letter: Letter, event: Event, at: datetime) -> str:
    """The point of no return is passed once, in time, and back only with a report that no copy was left."""
    if isinstance(event, DotBegun):
        if letter.dot_begun_at:
            return "its dot was begun before"
        # Recovery ends attempts by this deadline; a dot begun after it would race with the next attempt.
        return "the attempt's time is up" if letter.deadline_at is None or at >= letter.deadline_at else ""
    if isinstance(event, ContentsLost | Later | Hold) and letter.dot_begun_at:
        report = getattr(event, "report", None)
        if report is None or (report.stage is Stage.DOT and report.reply is None):
            return "after dot_begun only a reply or an uncertain end may follow"
    return ""


def _contents_refuse(letter: Letter, event: Event) -> str:
    """What an old sight of the letter says about its contents is not believed."""
    if isinstance(event, ContentsLost) and event.fence is None and letter.contents and letter.copy:
        return "its contents are here"  # collected again since: on upstream's side they may be gone by now
    if isinstance(event, Confirmed | PartConfirmed | HandedOver) and (refusal := _others_contents(letter)):
        return refusal
    if isinstance(event, Confirmed | PartConfirmed):
        return _proof_refuses(letter, event)
    if isinstance(event, ReceiptBegun | Retried) and letter.bounced:
        return "its mail came back; a person decides"
    return ""


def _others_contents(letter: Letter) -> str:
    """Why what became of a mail says nothing of the letter: other contents took the place of those it carried."""
    if letter.headline is None:
        return "other contents are to be fetched, and nobody confirmed those"
    if letter.state is S.HELD and letter.why == Reason.OTHER_CONTENTS:
        return "it has other contents now, and nobody confirmed those"
    return ""


def _proof_refuses(letter: Letter, event: Confirmed | PartConfirmed) -> str:
    """Every part is confirmed once and in order, and only the last one makes a receipt owed."""
    part = event.confirmation.part
    if letter.copy and 0 < event.confirmation.attempt <= letter.copy.after:
        return f"attempt {event.confirmation.attempt} sent other contents"
    if part != letter.part:
        return f"part {part} is not the one that is missing ({letter.part})"
    if isinstance(event, Confirmed) is not (part == letter.parts):
        return f"part {part} of {letter.parts} is {'not ' if part != letter.parts else ''}the last one"
    # A fallback's word (no attempt of the primary's) is about the whole letter.
    address = event.confirmation.address
    if event.confirmation.attempt and not (_is_at(letter, address) or went_whole_to(letter, address)):
        return "the letter goes to another address, and that one got a part of it at most"
    return ""


def _is_at(letter: Letter, address: str) -> bool:
    """Whether this is the address whose parts are counted."""
    made_for = letter.copy.address if letter.copy else ""
    nobodys = not (made_for or letter.elsewhere)
    return (nobodys or made_for == address) and at_address(letter.proofs, address) == letter.proofs


_CLOSED: Final[Mapping[str, Any]] = {"deadline_at": None, "dot_begun_at": None}
_ANEW: Final[Mapping[str, Any]] = {
    "headline": None, "copy": None, "composed": None, "proofs": (), "elsewhere": (), "uncertain": 0,
}  # fmt: skip
_EMPTIED: Final[Mapping[str, Any]] = {"contents": None, "composed": None}


def _changes(letter: Letter, event: Event, at: datetime) -> Mapping[str, Any]:
    """The columns that an event writes; nothing else may write them."""
    match event:
        case Collected(headline, contents, copy, due_at):
            kept = letter.copy or copy  # a letter fetched again keeps its mail's identity (D13)
            return {"state": S.WAITING, "headline": headline, "contents": contents, "copy": kept, "due_at": due_at,
                    "why": "", "words": "", "failures": 0}  # fmt: skip
        case FetchBegun(contents):
            return {"contents": contents}
        case Vanished(words):
            return {"state": S.VANISHED, "words": words, "due_at": None, "contents": None}
        case Reappeared(due_at):
            return {"state": S.FOUND, "why": "", "words": "", "failures": 0, "due_at": due_at}
        case Postponed(why, words, due_at, definite):
            return {"why": why, "words": words, "due_at": None if letter.bounced else due_at,
                    "failures": letter.failures + 1 if why == letter.why else 1,
                    "receipt_begun_at": None if definite else letter.receipt_begun_at}  # fmt: skip
        case Claimed(deadline_at, due_at, version, address, _, rule):
            return {"state": S.SENDING, "fence": letter.fence + 1, "deadline_at": deadline_at, "due_at": due_at,
                    "dot_begun_at": None, "route_version": version, "rule": rule,
                    **towards(letter, address)}  # fmt: skip
        case DotBegun():
            return {"dot_begun_at": at}
        case Confirmed(confirmation, transmission_id, due_at):
            return {"state": S.FORWARDED, "confirmation": confirmation, "due_at": due_at, "why": "", "words": "",
                    "transmission_id": transmission_id, "failures": 0, **_CLOSED}  # fmt: skip
        case Recomposed(_, copy, composed):
            same = letter.copy is not None and letter.copy.makes_the_same(copy)
            return {"copy": copy, "composed": composed or (letter.composed if same else None)}
        case PartConfirmed(confirmation, due_at):
            return {"state": S.WAITING, "proofs": (*letter.proofs, confirmation), "due_at": due_at, "why": "",
                    "words": "", "failures": 0, "composed": None, **_CLOSED}  # fmt: skip
        case HandedOver(words, due_at, silent_at):
            return {"state": S.HANDED_OVER, "why": "", "words": words, "failures": 0, "due_at": due_at,
                    "deadline_at": silent_at, "dot_begun_at": None}  # fmt: skip
        case Later(_, why, words, due_at, _, copy):
            return {"state": S.WAITING, "why": why, "words": words, "due_at": due_at,
                    "failures": letter.failures + 1 if why == letter.why else 1, "copy": copy or letter.copy,
                    "composed": None if copy else letter.composed, **_CLOSED}  # fmt: skip
        case Hold(reason, words, _, headline, contents):
            return {"state": S.HELD, "why": reason.value, "words": words, "due_at": None, **_CLOSED,
                    "headline": headline or letter.headline, "contents": contents or letter.contents}  # fmt: skip
        case AttemptEnded():
            return _attempt_ended(letter, event)
        case _:
            return _afterwards(letter, event, at)


def _afterwards(letter: Letter, event: Event, at: datetime) -> Mapping[str, Any]:
    """The same for what comes after an attempt: from a relay, from people, from upstream."""
    match event:
        case Returned(reason, words, part):
            # What a silent relay may have delivered, and the parts after one that came back, may be there already:
            # whatever is sent after it must be the same mail, and is counted.
            out = letter.part - (letter.state is not S.HANDED_OVER)  # the last part that was sent for good
            again = reason is Reason.RELAY_SILENT or (max(0, out - part) if part else 0)
            uncertain = letter.uncertain + again
            missing = _still(letter, letter.proofs[: part - 1]) if part else {}
            held = {} if letter.state is S.HELD else {"why": reason.value, "words": words}
            return {"state": S.HELD, "due_at": None, "uncertain": uncertain, **_CLOSED, **held, **missing}
        case ReturnedElsewhere(address, part):
            return came_back(letter, address, part)
        case Bounced(words):
            return {"bounced": words, "due_at": None}
        case Believed(_, due_at):
            return {"bounced": "", "due_at": due_at}
        case Released(_, due_at):
            # Other contents under the same id are another letter: a person has looked and takes the new ones.
            anew = _ANEW if letter.why == Reason.OTHER_CONTENTS else {}
            return {"state": S.WAITING, "why": "", "words": "", "due_at": due_at, "failures": 0,
                    "released_at": at, **anew}  # fmt: skip
        case Retried(_, due_at):
            return {"due_at": due_at}
        case Dismissed():
            return {"state": S.DISMISSED, "due_at": None}
        case ContentsLost(words, due_at):
            unread = None if letter.copy else letter.contents  # sealed but never believed: looked at again
            return {"state": S.FOUND, "contents": unread, "why": "contents_lost", "words": words, "due_at": due_at,
                    "composed": None, **_CLOSED}  # fmt: skip
        case ReceiptBegun():
            return {"receipt_begun_at": letter.receipt_begun_at or at}
        case Acknowledged(words, keep):
            emptied = {} if keep else _EMPTIED
            return {"state": S.ACKNOWLEDGED, "due_at": None, "why": "", "words": words, "receipt_begun_at": None,
                    "acknowledged_at": at, **emptied}  # fmt: skip
        case _:  # Cleared
            return _EMPTIED


def _still(letter: Letter, proofs: tuple[Confirmation, ...]) -> Mapping[str, Any]:
    """The confirmations that still count; an encrypted mail is that of the part that was due next."""
    return {} if proofs == letter.proofs else {"proofs": proofs, "composed": None}


def _attempt_ended(letter: Letter, event: AttemptEnded) -> Mapping[str, Any]:
    if letter.dot_begun_at is None:
        return {"state": S.WAITING, "why": "cut", "words": event.words, "due_at": event.due_at, **_CLOSED}
    uncertain = letter.uncertain + 1
    if uncertain % UNCERTAIN_LIMIT == 0:
        return {"state": S.HELD, "why": Reason.THREE_UNCERTAIN.value, "words": event.words, "due_at": None,
                "uncertain": uncertain, **_CLOSED}  # fmt: skip
    return {"state": S.WAITING, "why": "uncertain", "words": event.words, "due_at": event.due_at,
            "uncertain": uncertain, **_CLOSED}  # fmt: skip
