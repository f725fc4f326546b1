"""A mailbox's next route: a route is never changed, only followed by the next version, and history says who vouches.

Also what another login does to the letters that the old one could not get.
"""

from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select

from nemboks.domain.letter import Retried, State
from nemboks.domain.mailbox import Mailbox, Route
from nemboks.store import events, moves
from nemboks.store.mailbox_rows import INSERT_ROUTE, LEADS_TO, one
from nemboks.store.schema import letters
from nemboks.store.writer import Tx

PUT_OFF: Final = select(letters.c.id).where(
    letters.c.mailbox_id == bindparam("mailbox"),
    letters.c.state == State.WAITING,
    letters.c.due_at > bindparam("now"),
)

# What upstream refused to a login, and did not ask of a person.
REFUSED: Final = select(letters.c.id).where(
    letters.c.mailbox_id == bindparam("mailbox"),
    letters.c.state.in_((State.FOUND, State.FORWARDED)),
    letters.c.why == "refused",
    letters.c.bounced == "",
    letters.c.due_at > bindparam("now"),
)


def try_refused(tx: Tx, mailbox: int, by: str, at: datetime) -> None:
    """What upstream refused to the login of before is due now: the mailbox has another."""
    for id_ in tx.execute(REFUSED, {"mailbox": mailbox, "now": at}).scalars().all():
        moves.move(tx, moves.read(tx, id_), Retried(by, at), at)


def reroute(tx: Tx, mailbox: Mailbox, route: Route) -> Mailbox:
    """The mailbox with the next version of its route; attempts under the old one get no dot any more."""
    write_route(tx, mailbox.id, replace(route, version=mailbox.route.version + 1))
    if (route.address, route.server) != (mailbox.route.address, mailbox.route.server):
        values = {"mailbox": mailbox.id, "now": route.since}  # what the old one refused goes to the new one at once
        for id_ in tx.execute(PUT_OFF, values).scalars().all():
            moves.move(tx, moves.read(tx, id_), Retried(route.vouched_by, route.since), route.since)
    return one(tx, mailbox.id)


def write_route(tx: Tx, id_: int, route: Route) -> None:
    """Writes the route, and where the mailbox leads to by default."""
    row = {field.name: getattr(route, field.name) for field in fields(route)}
    INSERT_ROUTE.run(tx, {"mailbox_id": id_, **row})
    LEADS_TO.run(tx, {"b_id": id_, "where": route.destination})
    events.add(tx, events.row(id_, "route_changed", route.since, _told(route)))


def _told(route: Route) -> dict[str, Any]:
    told: dict[str, Any] = {
        "address": route.address.masked, "version": route.version, "server": route.server,
        "vouched_by": route.vouched_by,
    }  # fmt: skip
    if route.others:
        others = [{"role": x.role.value, "address": x.address.masked, "server": x.server} for x in route.others]
        told |= {"others": others, "fallback_decides": route.fallback_decides}
    if route.rules:
        told["rules"] = [
            {"field": x.field.value, "value": x.value, "address": x.address.masked, "server": x.server}
            for x in route.rules
        ]
    if route.holiday:
        away = route.holiday
        told["holiday"] = {"since": away.since, "until": away.until, "address": away.address.masked}
    if route.unrouted:
        told["unrouted"] = route.unrouted
    return told
