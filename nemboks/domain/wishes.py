"""A wish for another route that others must agree to first: what is asked, and whose word it needs.

Promises: an address outside the company's own domains gets nothing before whoever reads it has typed its code back; a
wish nobody answers ends by itself. Pure; codes and their checks stand in codes.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from nemboks.domain.mailbox import Address, Holiday, Recipient, Route, Rule

EXPIRES: Final = timedelta(days=7)
MOST: Final = 5  # wishes of one mailbox that wait at a time
ROUNDS: Final = 3  # of codes for one wish
HOLIDAY_MOST: Final = timedelta(days=60)

# Where everybody can have an address: to share such a domain with the company proves nothing.
PUBLIC: Final = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "outlook.dk", "hotmail.com", "hotmail.dk", "live.com", "live.dk",
    "msn.com", "yahoo.com", "yahoo.dk", "icloud.com", "me.com", "mac.com", "aol.com", "gmx.com", "gmx.net", "gmx.de",
    "mail.com", "proton.me", "protonmail.com", "pm.me", "tutanota.com", "tuta.io", "zoho.com", "yandex.com",
    "mail.dk", "email.dk", "post.tele.dk", "tdcadsl.dk", "stofanet.dk", "youmail.dk", "fibermail.dk", "jubii.dk",
    "ofir.dk", "sol.dk", "webspeed.dk", "c.dk", "privat.dk", "os.dk", "city.dk", "image.dk", "mail.tele.dk",
    "galnet.dk", "bbsyd.dk", "dlgmail.dk", "energimail.dk", "hafnet.dk", "nrdn.dk", "profibermail.dk", "pc.dk",
    "kabelmail.dk", "dbmail.dk", "wanadoo.dk", "tiscali.dk", "get2net.dk", "worldonline.dk", "cybercity.dk",
})  # fmt: skip


class WishKind(StrEnum):
    EDIT = "edit"  # takes effect when all its addresses have agreed; expires at `until`
    RETURN = "return"  # the holiday ends at `until`, and people are told


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be added to a route; with `base`, what takes the place of all that this version said."""

    rules: tuple[Rule, ...] = ()
    place: int = 0  # of the first of them, from 1; 0: behind the others
    others: tuple[Recipient, ...] = ()
    holiday: Holiday | None = None
    base: int = 0
    unrouted: str = ""  # with `base`


@dataclass(frozen=True, slots=True)
class Wish:
    """One wish. Open until `done_at`; `ended` says how it ended."""

    id: int  # 0: not written yet
    mailbox: int
    kind: WishKind
    wanted: Edit
    asked_by: str
    asked_at: datetime
    until: datetime
    done_at: datetime | None = None
    ended: str = ""  # "done", "expired", "overtaken"


def edited(route: Route, edit: Edit) -> Route:
    """The route with the edit in it; its address, server and version stay. ValueError if another version came."""
    if edit.base:
        if edit.base != route.version:
            raise ValueError(f"the route is at version {route.version}, and the wish was about {edit.base}")
        return replace(route, rules=edit.rules, others=edit.others, unrouted=edit.unrouted)
    at = edit.place - 1 if edit.place else len(route.rules)
    rules = (*route.rules[:at], *edit.rules, *route.rules[at:])
    others = (*route.others, *(one for one in edit.others if one not in route.others))
    return replace(route, rules=rules, others=others, holiday=edit.holiday or route.holiday)


def addresses(route: Route) -> tuple[Address, ...]:
    """Every address that the route can lead to, each once."""
    named = [*_decide(route.rules, route.holiday), *(one.address for one in route.others)]
    return tuple(dict.fromkeys([route.address, *named]))


def to_agree(edit: Edit, route: Route, own: Iterable[Address]) -> tuple[Address, ...]:
    """The addresses of the edit that must agree: neither in the route already nor at a domain of `own`."""
    wanted = [*_decide(edit.rules, edit.holiday), *(one.address for one in edit.others)]
    return _outside(wanted, addresses(route), route, own)


def on_probation(edit: Edit, route: Route, own: Iterable[Address]) -> tuple[Address, ...]:
    """The addresses outside that letters would go to in place of the usual one, and did not before (I14)."""
    known = (route.address, *_decide(route.rules, route.holiday))
    return _outside(_decide(edit.rules, edit.holiday), known, route, own)


def _outside(
    wanted: Iterable[Address], known: Iterable[Address], route: Route, own: Iterable[Address]
) -> tuple[Address, ...]:
    """Those, each once, that are not known and not at one of the company's domains."""
    names = {one.lower() for one in known}
    domains = {one.domain for one in (route.address, *own)} - PUBLIC
    return tuple(one for one in dict.fromkeys(wanted) if one.lower() not in names and one.domain not in domains)


def _decide(rules: Iterable[Rule], holiday: Holiday | None) -> list[Address]:
    """The addresses that letters go to in place of the default."""
    return [*(one.address for one in rules), *([holiday.address] if holiday else [])]
