"""What must be true of every mail and every receipt, worked out from history and from what really lay in Digital Post.

Written without the program's own rules for routes: rules, holiday and default are read from the rows of history, the
letter's facts and its time from the one who posted it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from nemboks.domain.estates import EstateState
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address
from tests.model.desk_town import MOVED, OUTSIDE, Dot, Posted, Town

UNDECIDED = (EstateState.OPEN, EstateState.APPROVED)
FIRMS = ("holm.example", "lund.example")


def breaches(town: Town) -> Iterator[str]:
    """What is wrong with what happened since it was asked last, in words; nothing if all is well."""
    while town.dots:
        dot = town.dots.pop(0)
        posted = town.posted[dot.upstream_id]
        for wrong in (*_by_route(dot, posted), *_by_estate(dot, posted), *_by_people(dot)):
            yield f"{dot.upstream_id[-2:]} to {dot.recipient} at {dot.at:%d %H:%M:%S}: {wrong}"
    yield from _receipts(town)
    kept = {_upstream(one.letter) for one in town.courier.sent if one.kept}
    for id_ in town.posted.keys() - town.inbox.letters.keys() - kept:
        yield f"{id_[-2:]} is neither in Digital Post nor with a mail server"


def _by_route(dot: Dot, posted: Posted) -> Iterator[str]:
    """The route that was committed when the dot was begun names this address for this letter at that time."""
    route, got = dot.route, Address(dot.recipient).masked
    if dot.primary:
        wanted = _goes(route, posted, dot.at)
        if got != wanted:
            yield f"version {route['version']} says {wanted}"
        return
    others = {one["address"] for one in route.get("others", ())}
    # A holiday may leave a copy with the usual address, which also gets what was taken back from another.
    if got not in others | {route["address"]}:
        yield f"version {route['version']} names no such copy"


def _goes(route: dict[str, Any], posted: Posted, at: datetime) -> str | None:
    away = route.get("holiday")
    if away and _time(away["since"]) <= at < _time(away["until"]):
        return str(away["address"])
    authority = posted.says.get("authority", "Skattestyrelsen")
    kind = "legal" if "legal" in posted.says else "mandatory" if "mandatory" in posted.says else "ordinary"
    for rule in route.get("rules", ()):
        said = kind if rule["field"] == "class" else authority
        stem = rule["value"].rstrip("*")
        if said == stem or (stem != rule["value"] and said.startswith(stem)):
            return str(rule["address"])
    return None if route.get("unrouted") else str(route["address"])


def _by_estate(dot: Dot, posted: Posted) -> Iterator[str]:
    """Nobody gets anything before a case is decided; then only later post goes, and only to the kurator of its time."""
    due = [one for one in dot.estates if one.state is EstateState.IN_EFFECT or _takes_effect(one, dot.at)]
    if not due:
        if any(one.state in UNDECIDED for one in dot.estates):
            yield "a case is registered and not decided"
        return
    case = max(due, key=lambda one: one.effective_at)
    if posted.at < min(one.effective_at for one in due):
        yield "it came before the estate took effect"
    if posted.at >= case.effective_at and Address(dot.recipient).domain != case.address.domain:
        yield "it came after the estate took effect, and this is not its kurator"
    if Address(dot.recipient).domain not in FIRMS:
        yield "the people of before got it"


def _takes_effect(one: Any, at: datetime) -> bool:
    return one.state is EstateState.APPROVED and one.effective_at <= at


def _by_people(dot: Dot) -> Iterator[str]:
    """Nothing while paused or after the plan's end; nothing to an address that has not typed its code."""
    if dot.box.paused_at is not None:
        yield "the mailbox is paused"
    if dot.box.serves_until is not None and dot.at >= dot.box.serves_until:
        yield "the plan has ended"
    if dot.recipient == OUTSIDE and not any(one.address == OUTSIDE and one.used_at for one in dot.agreed):
        yield "it has never agreed"
    if dot.recipient == MOVED and not any(_in_force(one, dot.at) for one in dot.changes):
        yield "the change is not in force"


def _in_force(change: Any, at: datetime) -> bool:
    ready = change.proven_at and (change.agreed or change.proven_at + timedelta(hours=72) <= at)
    return change.new == MOVED and bool(ready)


def _receipts(town: Town) -> Iterator[str]:
    """Each rests on a committed confirmation, and the confirming address really has the mail."""
    there = {(_upstream(one.letter), one.mail.recipient) for one in town.courier.sent if one.kept}
    while town.receipts_for:
        letter = town.receipts_for.pop()
        proof = letter.confirmation
        if letter.state is not State.FORWARDED or proof is None or (letter.upstream_id, proof.address) not in there:
            yield f"{letter.upstream_id[-2:]}: a receipt without a confirmation"


def _upstream(mail: bytes) -> str:
    line = next(one for one in mail.split(b"\r\n") if one.startswith(b"Nemboks-Letter: "))
    return line.removeprefix(b"Nemboks-Letter: ").decode()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
