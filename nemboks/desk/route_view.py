"""A route, and what its rules would have done, as people see them. Pure; nothing here asks or changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nemboks.desk.words import Item
from nemboks.domain.mailbox import Address, Recipient, Role, Route, Rule
from nemboks.domain.tryout import Trial


def route_item(route: Route, at: datetime) -> Item:
    """One version: the usual address, rules in order, further recipients, the holiday, and who has the tray."""
    away = route.holiday
    return {
        "version": route.version,
        "since": route.since,
        "vouched_by": route.vouched_by,
        "address": route.address,
        "server": route.server,
        "rules": [{"number": number, **_rule(one)} for number, one in enumerate(route.rules, 1)],
        "copies": [_recipient(one) for one in route.others if one.role is Role.COPY],
        "fallbacks": [_recipient(one) for one in route.others if one.role is Role.FALLBACK],
        "holiday": {
            "since": away.since, "until": away.until, "address": away.address, "server": away.server,
            "copy": away.copy, "in_force": away.since <= at < away.until,
        } if away else None,
        "default": "hold" if route.unrouted else "forward",
        "owner": route.unrouted or None,
    }  # fmt: skip


def masked(value: Any) -> Any:
    """The item with every address masked, however deep it stands: for who runs Nemboks for customers."""
    match value:
        case Address():
            return value.masked
        case Mapping():
            return {key: masked(one) for key, one in value.items()}
        case list():
            return [masked(one) for one in value]
    return value


def trial_item(trial: Trial) -> Item:
    """What each rule would have got; `note` is "nothing", "swallows" or None."""
    return {
        "letters": trial.number,
        "unread": trial.unread,
        "tried": [
            {
                "number": number,
                **_rule(one.rule),
                "letters": list(one.letters),
                "silent": one.silent,
                "note": "swallows" if one.swallows else "nothing" if one.nothing else None,
            }
            for number, one in enumerate(trial.rules, 1)
        ],
        "rest": list(trial.rest),
        "rest_held": trial.held,
        "tray_swallows": trial.tray_swallows,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {"field": rule.field, "value": rule.value, "address": rule.address, "server": rule.server}


def _recipient(one: Recipient) -> dict[str, Any]:
    return {"address": one.address, "server": one.server, "language": one.language}
