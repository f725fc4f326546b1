"""What is wrong -> incidents and notices: the only place that decides when people are told.

The rules of this file:
1. One incident for one cause, one place and one circle of people; what another company's post suffers is not in it.
2. Told once when it begins, reminded of each day, told once when it is over. Letters that join are only counted,
   but for one whose deadline is near.
3. Over means quiet for a while: a trouble that flaps is one incident and makes no flood.
4. No path leads through the trouble itself. Without a path an incident stays untold until it has one.
Pure; a call too many changes nothing. Source: UX 7, RELIABILITY 7.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from nemboks.domain.circles import Circle, Failing, circles, domain_of, failing
from nemboks.domain.doors import hearing, opened, still_shut
from nemboks.domain.incidents import Cause, Incident, Notice, NoticeKind, Sick
from nemboks.domain.mailbox import DIRECT, Address, Mailbox
from nemboks.domain.pace import Pace
from nemboks.domain.reminders import is_due

# The place of a trouble is a server for these and nothing for those; else a domain: its addresses are mended together.
_OF_SERVER: Final = frozenset({Cause.POLICY, Cause.LOGIN, Cause.TLS, Cause.LATE, Cause.SILENT})
_NOWHERE: Final = frozenset({Cause.HELD, Cause.VANISHED, Cause.REFUSED, Cause.UNUSABLE})
# Time, or a split into parts, may cure these: they are told when they are late.
_PATIENT: Final = frozenset({Cause.LATE, Cause.COPY, Cause.TOO_LARGE})
# Nothing ends these: told once for each letter, never as "still" or "solved".
_FACTS: Final = frozenset({Cause.VANISHED, Cause.BOUNCED})
_NOT_OVER_BY_DELIVERY: Final = _FACTS | {Cause.COPY}
_NEAR: Final = timedelta(days=7)  # an undelivered letter with so little time left is told at once (UX 7)

_Change = tuple[Incident, Notice | None]  # the notice is made out to each path later


def assess(
    sick: Sequence[Sick],
    open: Sequence[Incident],
    mailboxes: Sequence[Mailbox],
    now: datetime,
    pace: Pace,
    operator: Address | None,
    through: str = DIRECT,
    waiting: Collection[int] = (),
) -> tuple[list[Incident], list[Notice]]:
    """The incidents that are new or changed, and the notices that are owed now.

    `through`: what sends notices by mail, a server's name or "direct". `waiting`: a letter that is not
    delivered yet of each incident that `closing` names.
    """
    before = {incident.key: incident for incident in open}
    blocked = failing(sick)
    groups = {group.key: group for group in _groups(sick, mailboxes, operator, blocked, through, now)}
    incidents, notices = [], []
    for key in sorted(before.keys() | groups.keys()):
        change = _change(before.get(key), groups.get(key), sick, mailboxes, waiting, now, pace)
        if change is None:
            continue
        incident, owed = change
        if incident != before.get(key):
            incidents.append(incident)
        if owed is not None:
            ways = [blocked[box] for box in owed.mailboxes if box in blocked]
            usable = [path for path in incident.paths if not any(way.blocks(path, through) for way in ways)]
            notices += [replace(owed, path=path) for path in usable]
    return incidents, notices


@dataclass(frozen=True, slots=True)
class _Group:
    """All that one circle is to hear of one cause at one place."""

    cause: Cause
    place: str
    circle: Circle
    sick: tuple[Sick, ...]  # the nearest deadline first, then the oldest

    @property
    def key(self) -> str:
        return f"{self.cause}|{self.place}|{self.circle.who}"

    @property
    def letters(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(one.letter for one in self.sick if one.letter is not None))

    @property
    def address(self) -> str:
        """The address; "@domain" for several of one domain, "" for several of several."""
        addresses = sorted({one.address for one in self.sick})
        domains = {domain_of(address) for address in addresses}
        return addresses[0] if len(addresses) == 1 else f"@{min(domains)}" if len(domains) == 1 else ""

    def of(self, letters: Iterable[int]) -> "_Group":
        """The part that is about these letters."""
        wanted = set(letters)
        return replace(self, sick=tuple(one for one in self.sick if one.letter in wanted))


def _groups(
    sick: Sequence[Sick],
    mailboxes: Sequence[Mailbox],
    operator: Address | None,
    blocked: Mapping[int, Failing],
    through: str,
    now: datetime,
) -> Iterator[_Group]:
    boxes = {mailbox.id: mailbox for mailbox in mailboxes}
    ways = {id_: circles(boxes.get(id_), operator, way, through) for id_, way in blocked.items()}
    found: dict[tuple[Cause, str, str], list[tuple[Sick, Circle]]] = defaultdict(list)
    for one in _one_cause_each(sick):
        for circle in hearing(one, ways[one.mailbox], operator, now):
            found[one.cause, _place(one), circle.who].append((one, circle))
    for (cause, place, who), members in found.items():
        # A path that one of these mailboxes' troubles blocks is left out for all of them: it is one message.
        paths = [path for path in members[0][1].paths if all(path in circle.paths for _, circle in members)]
        yield _Group(cause, place, Circle(who, tuple(paths)), tuple(sorted((one for one, _ in members), key=_urgency)))


def _one_cause_each(sick: Sequence[Sick]) -> list[Sick]:
    """Without the lateness of letters whose own trouble, or whose mailbox's, has a name."""
    named = {one.letter for one in sick if one.cause not in (Cause.LATE, Cause.COPY)}
    shut = {one.mailbox for one in sick if one.cause is Cause.REFUSED}

    def nameless(one: Sick) -> bool:
        return one.letter not in named and (bool(one.destination) or one.mailbox not in shut)

    return [one for one in sick if one.cause is not Cause.LATE or nameless(one)]


def _place(one: Sick) -> str:
    if one.cause in _NOWHERE:
        return ""
    return one.destination if one.cause in _OF_SERVER else domain_of(one.address)


def _urgency(one: Sick) -> tuple[bool, datetime, datetime, int]:
    return one.deadline is None, one.deadline or one.since, one.since, one.letter or 0


def _ripe(one: Sick, now: datetime, pace: Pace) -> bool:
    """Whether people are to hear of it by now."""
    late = now - one.since >= timedelta(seconds=pace.late_seconds)
    return one.definite or one.cause not in _PATIENT or late or _near(one, now)


def _known(one: Sick, sick: Sequence[Sick]) -> bool:
    """Whether a letter met what the daily check found: people hear of it by that letter."""
    return one.cause is Cause.PREFLIGHT and any(
        other.letter is not None and (other.mailbox, other.address) == (one.mailbox, one.address)
        for other in sick
        if other.cause not in (Cause.LATE, Cause.BOUNCED)
    )


def _near(one: Sick, now: datetime) -> bool:
    """Whether the time that the letter gives is nearly over; a further recipient's copy is nobody's deadline."""
    return one.deadline is not None and one.deadline - now < _NEAR and one.cause is not Cause.COPY


# --- one incident: what it is after this look, and what is owed ---


def _change(
    was: Incident | None,
    group: _Group | None,
    sick: Sequence[Sick],
    mailboxes: Sequence[Mailbox],
    waiting: Collection[int],
    now: datetime,
    pace: Pace,
) -> _Change | None:
    if group is None:
        return _quiet(was, sick, mailboxes, waiting, now, pace) if was else None
    if was is None:
        ripe = any(_ripe(one, now, pace) and not _known(one, sick) for one in group.sick)
        return (_joined(_new(group, now), group), None) if ripe else None
    if was.told_at is None:
        gathered = now >= was.opened_at + timedelta(seconds=pace.gather_seconds)
        return _told(was, group, _first_kind(group), now) if gathered else (_joined(was, group), None)
    return _again(was, was.told_at, group, now, pace)


def _again(was: Incident, told_at: datetime, group: _Group, now: datetime, pace: Pace) -> _Change:
    """An incident that people know of: letters join it unheard, unless they must be told of as well."""
    unheard = set(group.letters) - set(was.letters)
    if group.cause not in _FACTS:
        unheard = {
            one.letter
            for one in group.sick
            if one.letter and one.deadline and _near(one, now)
            and (one.letter in unheard or told_at < one.deadline - _NEAR)
        }  # fmt: skip
    rested = now >= told_at + timedelta(seconds=pace.quiet_seconds)
    if unheard and rested:
        about = group.of(unheard) if group.cause in _FACTS else group
        return _told(was, about, _first_kind(group), now)
    if is_due(group.sick[0], told_at, now, pace) and group.cause not in _FACTS:
        return _told(was, group, NoticeKind.STILL, now)
    # Those that wait for their turn to be told join then: that is how it is known that they were not.
    waiting = set(group.letters) - unheard
    return _joined(was, group.of(waiting) if unheard else group), None


def _first_kind(group: _Group) -> NoticeKind:
    waited = group.cause in _PATIENT and not any(one.definite for one in group.sick)
    return NoticeKind.LATE if waited else NoticeKind.STOPPED


def closing(open: Sequence[Incident], now: datetime, pace: Pace) -> list[Incident]:
    """Incidents that would be told as solved now. A letter whose trouble only got another name, such as "try again
    later", is not delivered, so nothing is solved."""
    return [one for one in open if one.told_at and _rested(one, now, pace) and one.cause not in _NOT_OVER_BY_DELIVERY]


def _rested(one: Incident, now: datetime, pace: Pace) -> bool:
    return one.quiet_since is not None and now >= one.quiet_since + timedelta(seconds=pace.quiet_seconds)


def _quiet(
    was: Incident, sick: Sequence[Sick], mailboxes: Sequence[Mailbox], waiting: Collection[int], now: datetime,
    pace: Pace,
) -> _Change:  # fmt: skip
    """An incident without its trouble: closed once it has been so for a while."""
    if was.quiet_since is None:
        return replace(was, quiet_since=now), None
    still = was.told_at and was.cause not in _NOT_OVER_BY_DELIVERY and not set(waiting).isdisjoint(was.letters)
    if still or not _rested(was, now, pace) or (was.told_at and still_shut(was, mailboxes, now)):
        return was, None
    closed = replace(was, closed_at=now)
    if was.told_at is None or was.cause in _FACTS or not was.paths:
        return closed, None
    # What only went over to another trouble, or to another circle, is not solved.
    ill = {one.letter for one in sick if (one.cause is Cause.COPY) is (was.cause is Cause.COPY)}
    cured = tuple(letter for letter in was.letters if letter not in ill)
    moved = any(one.cause is was.cause and one.mailbox in was.mailboxes for one in sick)
    well = opened(was, mailboxes)
    if not cured and (was.letters or moved or not well):
        return closed, None
    closed = replace(closed, told_at=now, notices=was.notices + 1)
    return closed, _notice(closed, NoticeKind.SOLVED, well, cured, was.opened_at, now)


def _new(group: _Group, now: datetime) -> Incident:
    return Incident(0, group.key, group.cause, group.sick[0].destination, group.address, (), now)


def _joined(incident: Incident, group: _Group) -> Incident:
    """The incident with what is wrong now. Who was told once hears the end, even if the path is blocked meanwhile."""
    paths = group.circle.paths or (incident.paths if incident.told_at else ())
    alive = replace(incident, paths=paths, quiet_since=None)
    if not group.sick:
        return alive
    return replace(
        alive,
        address=group.address,
        mailboxes=tuple(sorted({*incident.mailboxes, *(one.mailbox for one in group.sick)})),
        letters=tuple(sorted({*incident.letters, *group.letters})),
        words=group.sick[0].words or incident.words,
    )


def _told(was: Incident, group: _Group, kind: NoticeKind, now: datetime) -> _Change:
    joined = _joined(was, group)
    if not group.circle.paths:
        return joined, None
    told = replace(joined, told_at=now, notices=was.notices + 1)
    boxes = tuple(sorted({one.mailbox for one in group.sick}))
    return told, _notice(told, kind, boxes, group.letters, min(one.since for one in group.sick), now)


def _notice(
    incident: Incident,
    kind: NoticeKind,
    mailboxes: tuple[int, ...],
    letters: tuple[int, ...],
    since: datetime,
    now: datetime,
) -> Notice:
    return Notice(
        0, incident.id, incident.key, kind, incident.cause, "", incident.notices, len(letters), mailboxes, letters,
        since, incident.words, incident.destination, incident.address, now, now,
    )  # fmt: skip
