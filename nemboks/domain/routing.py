"""Where a letter goes: rules, holiday, default, and what an estate's boundary says of it.

Pure and asked twice under the fence, at the claim and right before the dot, with the time of that commit: so a
redirect ends at its minute, and a rule that changed in between gets no dot (RELIABILITY I5, T02).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from nemboks.domain.events import Reason
from nemboks.domain.mailbox import Address, Face, Field, Mailbox, Recipient, Role, Route, Rule, destination
from nemboks.domain.states import Letter


@dataclass(frozen=True, slots=True)
class Aim:
    """The one address that a letter goes to now, what takes its mails, and which rule said so."""

    address: Address
    server: str
    rule: str

    @property
    def destination(self) -> str:
        return destination(self.server, self.address)


DEFAULT: Final = "default"
HOLIDAY: Final = "holiday"


class Which(StrEnum):
    """On which side of an estate's effective time a letter came."""

    BEFORE = "before"
    AFTER = "after"
    AROUND = "around"  # it came somewhere between two listings, and the boundary lies between them (D14)


def aim(route: Route, letter: Letter, at: datetime) -> Aim | None:
    """Where the letter goes now: the holiday, else the first rule that fits, else the default. None: nowhere."""
    holiday = route.holiday
    if holiday is not None and holiday.since <= at < holiday.until:
        return Aim(holiday.address, holiday.server, HOLIDAY)
    rule = first(route.rules, letter)
    if rule is not None:
        return Aim(rule.address, rule.server, name_of(rule))
    return None if route.unrouted else Aim(route.address, route.server, DEFAULT)


def followed(route: Route, target: Aim) -> Route:
    """The route as one letter follows it: its own address in the place of the usual one, which may get a copy."""
    away = route.holiday if target.rule == HOLIDAY else None
    copy = (Recipient(Role.COPY, route.address, route.server),) if away and away.copy else ()
    return replace(route, address=target.address, server=target.server, others=(*route.others, *copy))


def first(rules: Sequence[Rule], letter: Letter) -> Rule | None:
    """The first rule that is about this letter."""
    return next((rule for rule in rules if fits(rule, letter)), None)


def fits(rule: Rule, letter: Letter) -> bool:
    """Whether the rule is about this letter; a trailing * fits whatever follows.

    Upper and lower case are one, so are blanks and the ways to write an å; what the letter does not say fits nothing.
    """
    wanted = _plain(rule.value)
    texts = [text for fact in facts(rule.field, letter) if (text := _plain(fact))]
    return any(text == wanted or (wanted.endswith("*") and text.startswith(wanted[:-1])) for text in texts)


def name_of(rule: Rule) -> str:
    """The rule as a letter's row names it."""
    return f"{rule.field}:{rule.value}"


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def facts(field: Field, letter: Letter) -> tuple[str, ...]:
    """What the letter says of itself under this head; () while it is not read yet."""
    headline = letter.headline
    if headline is None:
        return ()
    match field:
        case Field.AUTHORITY:
            return headline.authority.name, headline.authority.id
        case Field.P_NUMBER:
            return (headline.p_number,)
        case Field.SE_NUMBER:
            return (headline.se_number,)
        case Field.KLE:
            return (headline.kle,)
        case Field.CASE:
            return (headline.case_id,)
        case _:  # Field.CLASS
            return ("legal" if headline.legal else "mandatory" if headline.mandatory else "ordinary",)


def came(letter: Letter, boundary: datetime, face: Face) -> Which:
    """Which side of the boundary the letter came on. Over REST all we know is two listings that it came between."""
    if letter.available_at < boundary:
        return Which.BEFORE
    if face is Face.IMAP:
        return Which.AFTER
    return Which.AFTER if letter.not_before is not None and letter.not_before >= boundary else Which.AROUND


# What the mailbox is in the way of, and not the letter: whatever changes the mailbox lets it go on.
BY_MAILBOX: Final = frozenset({Reason.FROZEN, Reason.OLDER, Reason.BOUNDARY, Reason.UNROUTED})


def obstacle(letter: Letter, mailbox: Mailbox, at: datetime) -> Reason | None:
    """Why only a person may let this letter go on to the present route; None for almost all."""
    if mailbox.frozen_at is not None and (mailbox.boundary_at is None or at < mailbox.boundary_at):
        return Reason.FROZEN
    if mailbox.boundary_at is not None:
        side = came(letter, mailbox.boundary_at, mailbox.face)
        # A person who has looked since at one that came around it has decided; nobody can move an older one.
        decided = letter.released_at is not None and letter.released_at >= mailbox.boundary_at
        if side is Which.BEFORE or (side is Which.AROUND and not decided):
            return Reason.OLDER if side is Which.BEFORE else Reason.BOUNDARY
    if letter.headline is not None and aim(mailbox.route, letter, at) is None:
        return Reason.UNROUTED
    return None
