"""Why one letter did not come, or where it went: the causes, and whether it still is in Digital Post. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nemboks.desk.explain_box import BoxFacts, custody, estate, left_at_start, stops, upstream
from nemboks.desk.explain_cause import Cause, cause, counted, of_copy, of_why
from nemboks.desk.explain_letter_words import WHERE
from nemboks.desk.words import Words
from nemboks.domain.delivery import Delivery, DeliveryState
from nemboks.domain.events import Reason
from nemboks.domain.guard import receipt_may_go
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Address, Role
from nemboks.domain.proof import Confirmation, Evidence
from nemboks.domain.routing import DEFAULT, HOLIDAY
from nemboks.domain.states import ON_ITS_WAY

_WAITS: Final = "waits"  # of a receipt: the custody says why
_ENDED: Final[Mapping[State, str]] = {State.VANISHED: "letter_vanished", State.DISMISSED: "letter_dismissed"}
_OPEN: Final[Mapping[State, str]] = {State.FOUND: "letter_found", State.SENDING: "letter_sending"}


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """What is known of a letter when somebody asks; `of_box` is its mailbox's side."""

    letter: Letter
    of_box: BoxFacts
    others: Sequence[Delivery] = ()  # to further recipients


def causes_of(facts: LetterFacts) -> list[Cause]:
    """Everything that explains where the letter is, what puts it at risk first; never empty."""
    found = sorted(_causes(facts), key=lambda one: not one.at_risk)
    return [counted(one, [facts.letter]) for one in found]


def where(letter: Letter) -> Words:
    """Whether it is still in Digital Post, as far as we know."""
    match letter.state:
        case State.ACKNOWLEDGED:
            return WHERE["gone"]
        case State.VANISHED:
            return WHERE["vanished"]
        case State.DISMISSED:
            return WHERE["there_once"]
        case State.FORWARDED if letter.receipt_begun_at is not None:
            return WHERE["leaving"]
    return WHERE["there"]


def _causes(facts: LetterFacts) -> Iterator[Cause]:
    letter, box = facts.letter, facts.of_box.box
    if letter.state in _ENDED:
        if letter.state is State.DISMISSED and left_at_start(letter, box) and box.custody.starts_at is not None:
            yield cause("letter_before_start", since=box.custody.starts_at)
        else:
            yield cause(_ENDED[letter.state])
        return
    if letter.confirmation is not None:
        yield from _delivered(facts, letter.confirmation)
    else:
        yield from _undelivered(facts)
    if letter.uncertain:
        yield cause("letter_uncertain", times=letter.uncertain)
    yield from (of_copy(one) for one in facts.others if one.state is DeliveryState.ENDED and one.role is Role.COPY)


def _undelivered(facts: LetterFacts) -> Iterator[Cause]:
    letter, of_box = facts.letter, facts.of_box
    if letter.state is State.FOUND:
        yield from upstream(of_box.box, of_box.at)
    if letter.state in ON_ITS_WAY:
        yield from stops(of_box)
    hidden = letter.why == Reason.FROZEN and of_box.of_before
    if hidden:
        yield cause("case_pending")
    elif letter.why:
        yield of_why(letter.why, [letter], of_box.at)
    elif letter.state is State.HANDED_OVER:
        yield of_why("handed_over", [letter], of_box.at)
    if letter.state is State.WAITING and letter.due_at is not None:
        yield cause("letter_waiting", due_at=max(letter.due_at, of_box.at))
    elif letter.state in _OPEN:
        yield cause(_OPEN[letter.state])
    if any(one.state is DeliveryState.DELIVERED for one in facts.others):
        yield cause("copy_only", letters=1)


def _delivered(facts: LetterFacts, proof: Confirmation) -> Iterator[Cause]:
    letter, address = facts.letter, Address(proof.address)
    if letter.bounced:
        yield of_why("bounced", [letter], facts.of_box.at)
    if proof.attempt == 0:
        yield cause("letter_by_fallback", address=address, at=proof.at)
    elif proof.evidence is Evidence.LANDING:
        yield cause("letter_landed", address=address, at=proof.at)
    else:
        yield cause("letter_delivered", server=proof.server, address=address, at=proof.at, reply=str(proof.reply))
    yield from _elsewhere(facts, address) if proof.attempt else ()
    if proof.evidence is not Evidence.LANDING:
        yield cause("look_in_junk")
    if letter.state is State.FORWARDED:
        yield from _receipt(facts)


def _elsewhere(facts: LetterFacts, address: Address) -> Iterator[Cause]:
    """Why it went to another address than the one that people think of first."""
    rule = facts.letter.rule
    if address == facts.of_box.box.route.address or facts.of_box.shut_out:
        return
    if rule == HOLIDAY:
        yield cause("letter_on_holiday", address=address)
    elif rule not in ("", DEFAULT):
        yield cause("letter_by_rule", rule=rule, address=address)
    else:
        yield cause("letter_to_other", address=address)


def _receipt(facts: LetterFacts) -> Iterator[Cause]:
    """Why a delivered letter is in Digital Post too."""
    letter, box, at = facts.letter, facts.of_box.box, facts.of_box.at
    if not receipt_may_go(letter, box, at):
        if letter.why not in ("", _WAITS):
            yield of_why(letter.why, [letter], at)
        yield cause("receipt_due")
        return
    yield from upstream(box, at)
    yield from (one for one in custody(box, at) if one.id != "start_from_now")
    if box.frozen_at is not None:
        yield cause("receipt_of_estate") if facts.of_box.decided else estate(facts.of_box, box.frozen_at)
