"""Why a company got no mail: the causes, worst first. Pure; the words stand in explain_words.py and its neighbours.

Promises: the people of before learn of an undecided estate only that a case is being dealt with, and of one in effect
nothing about new letters or the receiver's address.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from nemboks.content.notice_texts import spaced
from nemboks.content.preflight_texts import told
from nemboks.desk.explain_cause import Cause, cause, counted, numbered, of_why, said
from nemboks.desk.explain_rules import LATE, QUIET, SOON, in_effect
from nemboks.desk.fuses import WHY
from nemboks.desk.status import MISSED_SECONDS, OUTAGE
from nemboks.desk.words import Lang, Words, by_words
from nemboks.domain.changes import Change
from nemboks.domain.custody import Consent, Life
from nemboks.domain.estates import CLOSED_BY
from nemboks.domain.events import Reason
from nemboks.domain.fuse import Trip
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Address, Mailbox
from nemboks.domain.plans import serves
from nemboks.domain.states import UNDELIVERED
from nemboks.ports import Check

LATELY: Final = timedelta(days=30)  # a letter that vanished longer ago is not what somebody asks about


@dataclass(frozen=True, slots=True)
class BoxFacts:
    """What is known of a mailbox when somebody asks. `letters`: all that are not done, as far as the asker may know."""

    box: Mailbox
    at: datetime
    letters: Sequence[Letter] = ()
    last: Letter | None = None  # the last that was delivered
    only_copies: frozenset[int] = frozenset()  # letters that reached a further recipient alone
    check: Check | None = None  # the latest look at the address
    change: Change | None = None  # of the address, asked for and not in effect
    of_before: bool = False  # an estate takes over from the asker

    @property
    def decided(self) -> bool:
        """Whether an estate is in effect."""
        return in_effect(self.box, self.at)

    @property
    def shut_out(self) -> bool:
        """Whether post goes to somebody whom the asker has no business with."""
        return self.of_before and self.decided


def causes(facts: BoxFacts) -> list[Cause]:
    """Everything that explains missing post, what puts post at risk first; never empty."""
    found = [*upstream(facts.box, facts.at), *stops(facts)]
    if not facts.shut_out:
        found += [*_unusable(facts), *_address(facts), *_letters(facts), *custody(facts.box, facts.at), *_ways(facts)]
    found.sort(key=lambda one: not one.at_risk)
    return [*found, *_fine(facts), cause("only_public")]


def upstream(box: Mailbox, at: datetime) -> Iterator[Cause]:
    """What keeps us from seeing new post."""
    if serves(box.serves_until, at) and (at - box.due_at).total_seconds() > MISSED_SECONDS:
        yield cause("not_polled", due_at=box.due_at)
    if box.life is Life.CEASED:
        yield cause("life_ceased")
    elif box.consent is not Consent.GIVEN:
        withdrawn = box.consent is Consent.AWAITED and box.listed_at is not None
        yield cause("consent_withdrawn" if withdrawn else f"consent_{box.consent}")
    elif box.parked_until is not None and at < box.parked_until:
        yield _said_by(cause("parked", cvr=f"CVR {spaced(box.cvr)}", again_at=box.parked_until), box.trouble)
    elif box.trouble:
        yield _down(box)
    if box.life not in QUIET and box.life is not Life.CEASED and not in_effect(box, at):
        yield cause(f"life_{box.life}")


def stops(facts: BoxFacts) -> Iterator[Cause]:
    """What people decided that keeps every letter from being sent, or sends it to others."""
    box, at = facts.box, facts.at
    if box.serves_until is not None:
        if not serves(box.serves_until, at):
            yield cause("plan_ended", ends_at=box.serves_until)
        elif box.serves_until - at <= SOON:
            yield cause("plan_ends", ends_at=box.serves_until)
    if box.paused_at is not None and box.paused_by == CLOSED_BY:
        yield cause("estate_closed", paused_at=box.paused_at)
        return
    if box.frozen_at is not None:
        yield estate(facts, box.frozen_at)
    if box.paused_at is not None:
        yield cause("paused", cvr=f"CVR {spaced(box.cvr)}", paused_at=box.paused_at, paused_by=by_words(box.paused_by))


def _said_by(found: Cause, words: str) -> Cause:
    return Cause(found.id, found.text, found.step, found.at_risk, technical=said(words))


def _down(box: Mailbox) -> Cause:
    """An outage: a hiccup harms nobody, one that lasts may hide post."""
    since = cause("upstream_down", listed_at=box.listed_at or box.due_at)
    return Cause(since.id, since.text, since.step, box.failures >= OUTAGE, technical=said(box.trouble))


def estate(facts: BoxFacts, frozen_at: datetime) -> Cause:
    """What the asker may know of the company's estate."""
    if facts.decided and facts.box.boundary_at is not None:
        return cause("estate_of_others" if facts.of_before else "estate", boundary_at=facts.box.boundary_at)
    return cause("case_pending") if facts.of_before else cause("estate_registered", frozen_at=frozen_at)


def _unusable(facts: BoxFacts) -> Iterator[Cause]:
    """Post that upstream lists without an id that it could be asked for by."""
    box, undecided = facts.box, facts.of_before and facts.box.frozen_at is not None  # `case_pending` is all they learn
    if box.unusable_since is not None and not undecided:
        yield cause("unusable", number=box.unusable, since=box.unusable_since)


def _address(facts: BoxFacts) -> Iterator[Cause]:
    """What the latest look at the address found; a server that has mended itself since is looked at daily."""
    for finding in facts.check.findings if facts.check else ():
        if finding.fault:
            da, en = (told(finding.code, finding.facts, finding.line, lang.value) for lang in Lang)
            words, step = Words(da.what, en.what), Words(da.step, en.step)
            yield Cause(f"check_{finding.code}", words, step, at_risk=True, technical=da.technical)


def _letters(facts: BoxFacts) -> Iterator[Cause]:
    """The letters that are not delivered, grouped by what they wait for; and those that never will be."""
    groups: dict[str, list[Letter]] = defaultdict(list)
    for one in facts.letters:
        groups[_why(one, facts)].append(one)
    only = [one for one in facts.letters if one.id in facts.only_copies]
    if only:
        yield counted(cause("copy_only", letters=len(only)), only)
    for why, letters in sorted(groups.items(), key=lambda group: min(one.available_at for one in group[1])):
        if why == "late":
            oldest = min(one.available_at for one in letters)
            yield counted(cause("late", letters=len(letters), oldest_at=oldest), letters)
        elif why == "on_its_way":
            yield counted(cause("on_its_way", letters=len(letters)), letters)
        elif why in ("letter_vanished", "letter_dismissed"):
            yield numbered(cause(why), letters)
        elif why:
            yield numbered(of_why(why, letters, facts.at), letters)


def _why(letter: Letter, facts: BoxFacts) -> str:
    """What the letter waits for, as the id of a cause; "" for one that explains nothing."""
    if letter.state in (State.VANISHED, State.DISMISSED):
        known = letter.state is State.VANISHED or not left_at_start(letter, facts.box)
        return f"letter_{letter.state.value.lower()}" if known and facts.at - letter.found_at <= LATELY else ""
    if letter.state is State.FORWARDED:
        return "bounced" if letter.bounced else ""
    if letter.why == Reason.FROZEN and facts.of_before:
        return ""  # `case_pending` says it, in fewer words
    if letter.why:
        return letter.why
    if letter.state is State.HANDED_OVER:
        return "handed_over"
    return "late" if facts.at - letter.available_at > LATE else "on_its_way"


def custody(box: Mailbox, at: datetime) -> Iterator[Cause]:
    """Why letters are in Digital Post although they were delivered."""
    kept = box.custody
    if kept.fuse:
        yield cause("fuse", why=WHY[Trip(kept.fuse)])
    if kept.unproven:
        yield cause("unproven", address=box.route.address)
    if kept.legal_hold_since is not None:
        yield cause("legal_hold", by=by_words(kept.legal_hold_by or "–"), since=kept.legal_hold_since)
    if kept.shadow_since is not None:
        yield cause("shadow", since=kept.shadow_since)
    if kept.probation_until is not None and at < kept.probation_until:
        yield cause("probation", until=kept.probation_until)
    if kept.keep_days:
        yield cause("keep_days", days=kept.keep_days)
    if kept.starts_at is not None:
        yield cause("start_from_now", since=kept.starts_at)


def left_at_start(letter: Letter, box: Mailbox) -> bool:
    """Whether a letter that was left in Digital Post lay there before we began: nobody ever fetched it."""
    return box.custody.starts_at is not None and letter.headline is None


def _ways(facts: BoxFacts) -> Iterator[Cause]:
    """Where else post may be, or will be."""
    route, change = facts.box.route, facts.change
    if route.holiday is not None and route.holiday.since <= facts.at < route.holiday.until:
        yield cause("holiday", until=route.holiday.until, address=route.holiday.address)
    elsewhere = dict.fromkeys(one.address.masked for one in route.rules if one.address != route.address)
    if elsewhere:
        yield cause("rules", addresses=", ".join(elsewhere))
    if change is not None:
        yield cause("change", who=by_words(change.asked_by), asked_at=change.asked_at, old=change.old, new=change.new)


def _fine(facts: BoxFacts) -> Iterator[Cause]:
    """What can be said when nothing is missing."""
    box, last = facts.box, facts.last
    if any(one.state in UNDELIVERED for one in facts.letters) or facts.shut_out:
        return
    if last is not None and last.confirmation is not None and box.listed_at is not None:
        proof = last.confirmation
        yield counted(
            cause("delivered", came_at=last.available_at, server=proof.server, address=Address(proof.address),
                  taken_at=proof.at, listed_at=box.listed_at),
            [last],
        )  # fmt: skip
        if not box.options.landing:
            yield cause("look_in_junk")
    elif box.listed_at is not None:
        yield cause("no_letters", listed_at=box.listed_at)
    elif box.consent is Consent.GIVEN:
        yield cause("never_looked")
