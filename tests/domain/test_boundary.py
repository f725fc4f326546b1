"""On which side of an estate's effective time a letter came, and why only a person may let one go (routing.py)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nemboks.domain.events import Reason
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Address, Face, Field, Holiday, Mailbox, Recipient, Role, Rule
from nemboks.domain.routing import Aim, Which, aim, came, facts, first, fits, followed, name_of, obstacle
from tests.domain.samples import AT, HEADLINE, MAILBOX, ROUTE, letter

MOMENT, DAY = timedelta(microseconds=1), timedelta(days=1)
BOUNDARY = AT
BEFORE, AFTER = BOUNDARY - MOMENT, BOUNDARY + DAY
B = Address("b@udenfor.example")
LEGAL = Rule(Field.CLASS, "legal", B, "other")


def arrived(available: Any = AFTER, not_before: Any = None, **other: Any) -> Letter:
    return letter(State.WAITING, available_at=available, not_before=not_before, **other)


@pytest.mark.parametrize(
    ("tried", "face", "side"),
    [
        (arrived(BEFORE), Face.IMAP, Which.BEFORE),
        (arrived(BOUNDARY), Face.IMAP, Which.AFTER),
        (arrived(BEFORE, BEFORE - DAY), Face.REST, Which.BEFORE),
        (arrived(BOUNDARY), Face.REST, Which.AROUND),
        (arrived(AFTER, BEFORE), Face.REST, Which.AROUND),
        (arrived(AFTER, BOUNDARY), Face.REST, Which.AFTER),
        (arrived(AFTER, BOUNDARY + MOMENT), Face.REST, Which.AFTER),
    ],
)
def test_on_which_side_a_letter_came(tried: Letter, face: Face, side: Which) -> None:
    """IMAP says when; over REST it came between two listings, and the boundary may lie between them too (D14)."""
    assert came(tried, BOUNDARY, face) is side


def box(**changes: Any) -> Mailbox:
    return replace(MAILBOX, **changes)


TAKEN: dict[str, Any] = {"frozen_at": AT - DAY, "boundary_at": BOUNDARY}
AROUND = arrived(AFTER, BEFORE)
TRAY = replace(ROUTE, unrouted="anna")


@pytest.mark.parametrize(
    ("tried", "mailbox", "reason"),
    [
        (arrived(), box(), None),
        (arrived(), box(frozen_at=AT - DAY), Reason.FROZEN),
        (arrived(), box(frozen_at=AT - DAY, boundary_at=AT + MOMENT), Reason.FROZEN),
        (arrived(BEFORE), box(frozen_at=AT - DAY, boundary_at=AT + MOMENT), Reason.FROZEN),
        (arrived(AFTER, AFTER), box(**TAKEN), None),
        (arrived(BEFORE), box(**TAKEN), Reason.OLDER),
        (AROUND, box(**TAKEN), Reason.BOUNDARY),
        (AROUND, box(boundary_at=BOUNDARY), Reason.BOUNDARY),
        (replace(AROUND, released_at=BEFORE), box(**TAKEN), Reason.BOUNDARY),
        (replace(AROUND, released_at=BOUNDARY), box(**TAKEN), None),
        (arrived(BEFORE, released_at=AFTER), box(**TAKEN), Reason.OLDER),
        (arrived(BOUNDARY), box(**TAKEN, face=Face.IMAP), None),
        (arrived(), box(route=TRAY), Reason.UNROUTED),
        (arrived(headline=None), box(route=TRAY), None),
        (arrived(), box(route=replace(TRAY, rules=(Rule(Field.CLASS, "ordinary", B, "own"),))), None),
    ],
)
def test_why_only_a_person_may_let_it_go(tried: Letter, mailbox: Mailbox, reason: Reason | None) -> None:
    """An undecided estate, its boundary, a tray; none for almost all."""
    assert obstacle(tried, mailbox, AT) is reason


# --- where it goes ---


def test_an_aim_says_all_that_is_needed() -> None:
    """Address, server and rule, of the holiday, the rule or the route; and what takes its mails."""
    away = Holiday(AT, AT + DAY, B, "direct")
    legal = letter(State.WAITING, headline=replace(HEADLINE, legal=True))
    assert aim(replace(ROUTE, holiday=away), legal, AT) == Aim(B, "direct", "holiday")
    assert aim(replace(ROUTE, rules=(LEGAL,)), legal, AT) == Aim(B, "other", "class:legal")
    assert aim(ROUTE, legal, AT) == Aim(ROUTE.address, "own", "default")
    assert [Aim(B, server, "").destination for server in ("other", "direct")] == ["other", "direct:udenfor.example"]
    assert name_of(LEGAL) == "class:legal"


@pytest.mark.parametrize("copy", [True, False])
def test_a_route_as_one_letter_follows_it(copy: bool) -> None:
    """The aim in the place of the usual address, which gets a copy only of what a holiday sends elsewhere."""
    bo = Recipient(Role.FALLBACK, Address("bo@revisor.example"), "own")
    route = replace(ROUTE, holiday=Holiday(AT, AT + DAY, B, "direct", copy), others=(bo,))
    usual = Recipient(Role.COPY, ROUTE.address, "own")
    away = followed(route, Aim(B, "direct", "holiday"))
    assert away == replace(route, address=B, server="direct", others=(bo, usual) if copy else (bo,))
    assert followed(route, Aim(B, "other", "class:legal")) == replace(route, address=B, server="other")


def test_a_letter_without_a_fitting_rule() -> None:
    """No rule is found; that one fits does not depend on its place."""
    assert first((LEGAL,), letter(State.WAITING)) is None
    assert first((), letter(State.WAITING)) is None


def test_what_a_letter_says_of_itself() -> None:
    """Each head its own fact, and of the authority its name and its number."""
    says = {"p_number": "1003388394", "se_number": "12345674", "kle": "27.12.00", "case_id": "2026-1"}
    told = letter(State.WAITING, headline=replace(HEADLINE, **says))
    assert {field: facts(field, told) for field in Field} == {
        Field.AUTHORITY: ("Skattestyrelsen", "19552101"), Field.P_NUMBER: ("1003388394",),
        Field.SE_NUMBER: ("12345674",), Field.KLE: ("27.12.00",), Field.CASE: ("2026-1",), Field.CLASS: ("ordinary",),
    }  # fmt: skip
    assert all(facts(field, letter(State.FOUND)) == () for field in Field)


@pytest.mark.parametrize(
    ("value", "fit"),
    [("Skatte styrelsen", False), ("Skattestyrelsen", True), ("Skattestyrelse", False), ("Skattestyrelse*", True),
     ("*styrelsen", False), ("Skattestyrelsen*", True), ("Skattestyrelsen i*", False)],
)  # fmt: skip
def test_a_star_counts_at_the_end_only(value: str, fit: bool) -> None:
    """And a blank is a sign like others."""
    assert fits(Rule(Field.AUTHORITY, value, B, "own"), letter(State.WAITING)) is fit
