"""What a digest says: problems first, then deadlines and who got post. Pure; bounded however many companies there are.

Its words stand in content/announcement_digest.py. No titles; nothing of a company that an estate takes over.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from nemboks.content.texts import danish
from nemboks.desk.board_lights import Counts, Standing, counts_of, standing
from nemboks.domain.events import Reason
from nemboks.domain.mailbox import Mailbox
from nemboks.ports import Arrival, Tally

LISTED: Final = 20  # companies and problems that are written out in the facts; of the others there are counts
DEADLINES: Final = 10
# Reasons of the board -> problems of a digest; the others are no news.
_PROBLEMS: Final[Mapping[str, str]] = {
    "stuck": "late", "late": "late", "incident": "incident", "bounced": "incident", "parked": "parked",
    "life_ceased": "parked", "consent_declined": "declined", "consent_withdrawn": "no_consent",
    "consent_awaited": "no_consent", "fuse": "fuse", "plan_ended": "ended", "unproven": "unproven",
}  # fmt: skip
_WORST_FIRST: Final = (
    "held",
    "late",
    "incident",
    "parked",
    "declined",
    "fuse",
    "unrouted",
    "ended",
    "no_consent",
    "unproven",
)


@dataclass(frozen=True, slots=True)
class Morning:
    """All that is known when digests are made: of every mailbox, read once."""

    since: datetime
    until: datetime
    at: datetime
    tallies: Mapping[int, Sequence[Tally]]
    troubles: Mapping[int, int]
    arrivals: Mapping[int, Sequence[Arrival]]


def facts_of(boxes: Sequence[Mailbox], morning: Morning, account: str = "") -> dict[str, Any] | None:
    """The facts of one digest about these mailboxes; None when there is nothing to tell."""
    problems, clients, deadlines = _problems(boxes, morning), [], []
    for box in boxes:
        # Whoever reads this of a company in an estate has business with the letters since its effect only.
        since, counts = box.boundary_at, counts_of(morning.tallies.get(box.id, ()))
        came = [one for one in morning.arrivals.get(box.id, ()) if since is None or one.available_at >= since]
        letters = {"letters": len(came), "delivered": sum(one.delivered for one in came)}
        clients.append({**_named(box), **letters, "waiting": counts.waiting + counts.held})
        deadlines += [(one.deadline, one.authority, box) for one in came if one.deadline and one.deadline > morning.at]
    if not problems and not any(one["letters"] for one in clients):
        return None
    sick = {one["cvr"] for one in problems}
    clients.sort(key=lambda one: (not _post(one), one["cvr"] not in sick, -one["waiting"], -one["letters"], one["cvr"]))
    deadlines.sort(key=lambda one: (one[0], one[2].cvr))
    return {
        "day": danish(morning.until).date().isoformat(),
        **({"account": account} if account else {}),
        "problems": problems[:LISTED],
        "kinds": Counter(one["kind"] for one in problems),
        "sick": len(sick),
        "clients": [one | {"ill": one["cvr"] in sick} for one in clients[:LISTED]],
        "totals": {name: sum(one[name] for one in clients) for name in ("letters", "delivered", "waiting")},
        "others": sum(one["cvr"] not in sick for one in clients[LISTED:]),
        "deadlines": [
            {"date": danish(at).date().isoformat(), "authority": authority, **_named(box)}
            for at, authority, box in deadlines[:DEADLINES]
        ],
        "more_deadlines": max(0, len(deadlines) - DEADLINES),
    }


def morning_of(
    since: datetime, until: datetime, at: datetime, tallies: Sequence[Tally], troubles: Mapping[int, int],
    arrivals: Sequence[Arrival],
) -> Morning:  # fmt: skip
    """What was read, by mailbox."""
    counted: dict[int, list[Tally]] = defaultdict(list)
    came: dict[int, list[Arrival]] = defaultdict(list)
    for tally in tallies:
        counted[tally.mailbox].append(tally)
    for arrival in arrivals:
        came[arrival.mailbox].append(arrival)
    return Morning(since, until, at, counted, troubles, came)


def _post(client: Mapping[str, Any]) -> bool:
    """Whether the company got post or has some waiting: of these the list is, however many others are ill."""
    return bool(client["letters"] or client["waiting"])


def _problems(boxes: Sequence[Mailbox], morning: Morning) -> list[dict[str, Any]]:
    """The worst first; of each company each kind once."""
    found = []
    for box in boxes:
        tallies = morning.tallies.get(box.id, ())
        counts = counts_of(tallies)
        light = standing(box, counts, morning.troubles.get(box.id, 0), morning.at, shut_out=False)
        for kind, number in dict(_kinds(light, counts, tallies)).items():
            oldest = {"held": counts.held_since, "late": counts.waiting_since}.get(kind)
            found.append({**_named(box), "kind": kind, "number": number} | _oldest(oldest))
    found.sort(key=lambda one: (_WORST_FIRST.index(one["kind"]), one.get("oldest_at", "~"), one["cvr"]))
    return found


def _kinds(light: Standing, counts: Counts, tallies: Sequence[Tally]) -> Iterator[tuple[str, int]]:
    unrouted = sum(one.number for one in tallies if one.why == Reason.UNROUTED)
    if unrouted:
        yield "unrouted", unrouted
    if counts.held > unrouted:
        yield "held", counts.held - unrouted
    kinds = [kind for id_, _ in light.reasons if (kind := _PROBLEMS.get(id_))]
    shut = not {"declined", "no_consent"}.isdisjoint(kinds)
    for kind in kinds:
        if not (kind == "unproven" and shut):  # of two steps the first; nothing goes to the address before
            yield kind, counts.waiting if kind == "late" else 0


def _oldest(at: datetime | None) -> dict[str, str]:
    return {"oldest_at": at.isoformat()} if at else {}


def _named(box: Mailbox) -> dict[str, Any]:
    return {"cvr": str(box.cvr), "company": box.name}
