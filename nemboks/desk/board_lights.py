"""How a company's post stands, as a light with reasons: red needs somebody now, yellow is worth a look. Pure.

Promises: a light is a word and never colour alone; the worst reason comes first; whoever an estate shuts out sees that
there is one, and no count.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from nemboks.desk.explain_rules import LATE, QUIET, SOON, in_effect
from nemboks.desk.status import LATE_SECONDS, MISSED_SECONDS, OUTAGE
from nemboks.desk.words import Words
from nemboks.domain.custody import Consent, Life
from nemboks.domain.events import Reason
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.plans import serves
from nemboks.domain.states import ON_ITS_WAY
from nemboks.ports import Tally


class Light(StrEnum):
    """Worst first."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"


SIGNS: Final[Mapping[Light, Words]] = {
    Light.RED: Words("!! RØD", "!! RED"),
    Light.YELLOW: Words("! GUL", "! YELLOW"),
    Light.GREEN: Words("GRØN", "GREEN"),
}
REASONS: Final[Mapping[str, Words]] = {  # worst first
    "not_polled": Words("ingen kigger: kører Nemboks?", "nobody looks: does Nemboks run?"),
    "held": Words("holdt tilbage: {number}", "on hold: {number}"),
    "bounced": Words("kom tilbage efter levering: {number}", "came back after delivery: {number}"),
    "stuck": Words("ikke leveret i over fire timer", "undelivered for more than four hours"),
    "parked": Words("Digital Post giver ikke adgang", "Digital Post gives no access"),
    "life_ceased": Words("virksomheden er ophørt", "the company has ceased"),
    "consent_declined": Words("fuldmagten er afvist", "consent was declined"),
    "consent_withdrawn": Words("fuldmagten er trukket tilbage", "consent was withdrawn"),
    "fuse": Words("sikringen er sprunget", "the delete fuse has tripped"),
    "case": Words("en sag er under behandling", "a case is being dealt with"),
    "estate": Words("boet har virkning", "the estate is in effect"),
    "plan_ended": Words("abonnementet er slut", "the plan has ended"),
    "paused": Words("på pause", "paused"),
    "upstream_down": Words("Digital Post svarer ikke", "Digital Post does not answer"),
    "late": Words("forsinket", "late"),
    "incident": Words("uløste problemer: {number}", "unsolved troubles: {number}"),
    "consent_awaited": Words("afventer fuldmagt", "awaits consent"),
    "unproven": Words("adressen er ikke bekræftet", "the address is not confirmed"),
    "life_bankrupt": Words("under konkurs", "bankrupt"),
    "life_exempt": Words("fritaget for Digital Post", "exempt from Digital Post"),
    "life_waiting_period": Words("i karensperiode", "in its waiting period"),
    "life_reconstruction": Words("under rekonstruktion", "under reconstruction"),
    "shadow": Words("på prøve", "on trial"),
    "plan_ends": Words("abonnementet slutter snart", "the plan ends soon"),
    "probation": Words("ny adresse på prøve", "a new address on probation"),
    "holiday": Words("ferieomstilling", "holiday redirect"),
    "no_contact": Words("ingen anden kontakt", "no second contact"),
}
_ALWAYS_RED: Final = frozenset({"not_polled", "held", "bounced", "stuck", "parked", "fuse"})
# Nobody gets in, and there is post that nobody has got.
_RED_WITH_POST: Final = frozenset({"life_ceased", "consent_declined", "consent_withdrawn"})
_OF_ESTATES: Final = (Reason.FROZEN, Reason.OLDER)  # held for the case, which has a line of its own


@dataclass(frozen=True, slots=True)
class Counts:
    """What lies in a mailbox, counted."""

    waiting: int = 0
    held: int = 0  # without what an estate holds
    owed: int = 0  # receipts
    bounced: int = 0
    waiting_since: datetime | None = None  # the oldest of those
    held_since: datetime | None = None

    @property
    def oldest_at(self) -> datetime | None:
        """Since when the oldest that is not delivered lies in Digital Post."""
        return min((at for at in (self.waiting_since, self.held_since) if at is not None), default=None)

    @property
    def post(self) -> bool:
        """Whether there is post in Digital Post that we know of."""
        return bool(self.waiting or self.held or self.owed)


@dataclass(frozen=True, slots=True)
class Standing:
    """A mailbox's light, and why: ids of REASONS with the numbers that they need."""

    light: Light
    reasons: tuple[tuple[str, int], ...]

    @property
    def rank(self) -> tuple[int, int]:
        """The smaller the worse."""
        worst = list(REASONS).index(self.reasons[0][0]) if self.reasons else len(REASONS)
        return list(Light).index(self.light), worst


def counts_of(tallies: Sequence[Tally]) -> Counts:
    """The counts of one mailbox."""
    waiting = [one for one in tallies if one.state in ON_ITS_WAY]
    held = [one for one in tallies if one.state is State.HELD and one.why not in _OF_ESTATES]
    return Counts(
        waiting=sum(one.number for one in waiting),
        held=sum(one.number for one in held),
        owed=sum(one.number for one in tallies if one.state is State.FORWARDED),
        bounced=sum(one.number for one in tallies if one.bounced),
        waiting_since=min((one.oldest_at for one in waiting), default=None),
        held_since=min((one.oldest_at for one in held), default=None),
    )


def standing(box: Mailbox, counts: Counts, incidents: int, at: datetime, shut_out: bool) -> Standing:
    """The mailbox's light. `shut_out`: post goes to somebody whom the asker has no business with."""
    if shut_out:
        return Standing(Light.YELLOW, (("estate", 0),))
    found = dict((*_stops(box, at), *_post(counts, incidents, at), *_choices(box, at)))
    reasons = tuple((id_, found[id_]) for id_ in REASONS if id_ in found)
    red = any(id_ in _ALWAYS_RED or (id_ in _RED_WITH_POST and counts.post) for id_ in found)
    return Standing(Light.RED if red else Light.YELLOW if reasons else Light.GREEN, reasons)


def _stops(box: Mailbox, at: datetime) -> Iterator[tuple[str, int]]:
    served = serves(box.serves_until, at)
    if served and (at - box.due_at).total_seconds() > MISSED_SECONDS:
        yield "not_polled", 0
    if box.consent is not Consent.GIVEN and box.life is not Life.CEASED:
        withdrawn = box.consent is Consent.AWAITED and box.listed_at is not None
        yield "consent_withdrawn" if withdrawn else f"consent_{box.consent}", 0
    elif box.parked_until is not None and at < box.parked_until and box.life is not Life.CEASED:
        yield "parked", 0
    elif box.trouble and box.failures >= OUTAGE:
        yield "upstream_down", 0
    if box.life not in QUIET:
        yield f"life_{box.life}", 0
    if box.frozen_at is not None:
        yield "estate" if in_effect(box, at) else "case", 0
    if not served:
        yield "plan_ended", 0
    elif box.serves_until is not None and box.serves_until - at <= SOON:
        yield "plan_ends", 0
    if box.paused_at is not None:
        yield "paused", 0


def _post(counts: Counts, incidents: int, at: datetime) -> Iterator[tuple[str, int]]:
    age = at - counts.waiting_since if counts.waiting_since else timedelta()
    if counts.held:
        yield "held", counts.held
    if counts.bounced:
        yield "bounced", counts.bounced
    if age > LATE:
        yield "stuck", 0
    elif age.total_seconds() > LATE_SECONDS:
        yield "late", 0
    if incidents:
        yield "incident", incidents


def _choices(box: Mailbox, at: datetime) -> Iterator[tuple[str, int]]:
    custody, holiday = box.custody, box.route.holiday
    if custody.fuse:
        yield "fuse", 0
    if custody.unproven:
        yield "unproven", 0
    if custody.shadow_since is not None:
        yield "shadow", 0
    if custody.probation_until is not None and at < custody.probation_until:
        yield "probation", 0
    if holiday is not None and holiday.since <= at < holiday.until:
        yield "holiday", 0
    if box.options.second_contact is None and not box.options.webhooks:
        yield "no_contact", 0
