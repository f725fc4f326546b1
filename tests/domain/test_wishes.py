"""Wishes for another route: what they make of it, and whose word they need (wishes.py); and a plan's ends."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from nemboks.domain.custody import KEEP_DAYS_MOST, Custody, start_of
from nemboks.domain.mailbox import Address, Field, Holiday, Recipient, Role, Route, Rule
from nemboks.domain.plans import FEATURES, USUAL, ends_on, serves
from nemboks.domain.wishes import (
    EXPIRES,
    HOLIDAY_MOST,
    MOST,
    PUBLIC,
    ROUNDS,
    Edit,
    addresses,
    edited,
    on_probation,
    to_agree,
)
from tests.domain.samples import AT, ROUTE

A, B, C, D = (Address(f"{name}@udenfor.example") for name in "abcd")
DAY = timedelta(days=1)


def rule(address: Address, value: str = "27.*") -> Rule:
    return Rule(Field.KLE, value, address, "own")


def copy(address: Address) -> Recipient:
    return Recipient(Role.COPY, address, "own")


AWAY, OTHER_AWAY = Holiday(AT, AT + DAY, C, "own"), Holiday(AT, AT + DAY, D, "own")
FULL = replace(ROUTE, rules=(rule(A),), others=(copy(B),), holiday=AWAY)


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        (FULL, Edit(), FULL),
        (FULL, Edit(rules=(rule(D),)), replace(FULL, rules=(rule(A), rule(D)))),
        (FULL, Edit(rules=(rule(D),), place=1), replace(FULL, rules=(rule(D), rule(A)))),
        (FULL, Edit(others=(copy(B), copy(D))), replace(FULL, others=(copy(B), copy(D)))),
        (FULL, Edit(holiday=OTHER_AWAY), replace(FULL, holiday=OTHER_AWAY)),
        (FULL, Edit(base=1), replace(FULL, rules=(), others=())),
        (FULL, Edit((rule(D),), others=(copy(D),), base=1, unrouted="anna"),
         replace(FULL, rules=(rule(D),), others=(copy(D),), unrouted="anna")),
    ],
)  # fmt: skip
def test_a_route_with_an_edit_in_it(before: Route, edit: Edit, after: Route) -> None:
    """Added to what is there by then; with a base, in the place of its rules and copies, and never of a holiday."""
    assert edited(before, edit) == after


def test_an_edit_of_another_version_is_refused() -> None:
    """What a person wanted to replace is not there any more."""
    for base in (2, 4):
        with pytest.raises(ValueError, match=f"about {base}"):
            edited(replace(FULL, version=3), Edit(base=base))


def test_every_address_of_a_route() -> None:
    """The usual one, those of rules, of the holiday, of copies: each once."""
    assert addresses(FULL) == (ROUTE.address, A, C, B)
    assert addresses(replace(FULL, others=(copy(A),))) == (ROUTE.address, A, C)


@pytest.mark.parametrize(
    ("edit", "asked", "tried"),
    [
        (Edit(rules=(rule(D),)), (D,), (D,)),
        (Edit(holiday=OTHER_AWAY), (D,), (D,)),
        (Edit(others=(copy(D),)), (D,), ()),
        (Edit(rules=(rule(D), rule(D, "1*")), others=(copy(D),)), (D,), (D,)),
        (Edit(rules=(rule(A),), holiday=AWAY), (), ()),
        (Edit(rules=(rule(B),)), (), (B,)),
        (Edit(rules=(rule(ROUTE.address),)), (), ()),
        (Edit(rules=(rule(Address("bo@bageri.example")),)), (), ()),
    ],
)
def test_whose_word_an_edit_needs(edit: Edit, asked: tuple[Address, ...], tried: tuple[Address, ...]) -> None:
    """Strangers of the route; a copy's address that now gets letters in place of the usual one is on probation."""
    assert to_agree(edit, FULL, []) == asked
    assert on_probation(edit, FULL, []) == tried


@pytest.mark.parametrize("domain", ["gmail.com", "outlook.dk", "icloud.com", "mail.dk", "yahoo.com", "proton.me"])
def test_a_public_domain_is_nobodys_own(domain: str) -> None:
    """Sharing it with the company proves nothing, whether the route or another mailbox has an address there."""
    stranger, route = Address(f"tyv@{domain}"), replace(ROUTE, address=Address(f"anna@{domain}"))
    assert domain in PUBLIC
    assert to_agree(Edit(rules=(rule(stranger),)), route, []) == (stranger,)
    assert on_probation(Edit(rules=(rule(stranger),)), ROUTE, [route.address]) == (stranger,)


def test_how_long_and_how_many() -> None:
    """A wish waits for a week, five at a time, with three rounds of codes; a holiday lasts two months at most."""
    assert (EXPIRES, MOST, ROUNDS, HOLIDAY_MOST) == (7 * DAY, 5, 3, 60 * DAY)


def test_the_usual_address_is_no_stranger_to_itself() -> None:
    """Not even where everybody can have an address."""
    route = replace(ROUTE, address=Address("anna@gmail.com"))
    edit = Edit(rules=(rule(route.address),))
    assert to_agree(edit, route, []) == on_probation(edit, route, []) == ()


# --- plans, and dates of custody ---


@pytest.mark.parametrize(
    ("today", "ends"),
    [("2026-11-22", "2026-12-01"), ("2026-12-31", "2027-01-01"), ("2027-01-31", "2027-02-01"),
     ("2027-02-01", "2027-03-01"), ("2028-02-29", "2028-03-01"), ("2026-11-01", "2026-12-01")],
)  # fmt: skip
def test_a_cancelled_plan_runs_till_the_next_month(today: str, ends: str) -> None:
    """Its first day is the first without."""
    assert ends_on(date.fromisoformat(today)) == date.fromisoformat(ends)


def test_what_a_plan_serves() -> None:
    """Until its end, which is the first moment without it; without an end, always."""
    moment = timedelta(microseconds=1)
    assert [serves(end, AT) for end in (None, AT + moment, AT, AT - moment)] == [True, True, False, False]


def test_the_usual_plans() -> None:
    """What each may use, as it is sold."""
    told = {name: (plan.name, plan.cvrs, plan.features) for name, plan in USUAL.items()}
    assert told == {
        "Basis": ("Basis", 1, set()),
        "Pro": ("Pro", 10, {"copies", "holiday", "rules"}),
        "Storkunde": ("Storkunde", 0, {"copies", "rules", "holiday", "digest", "import", "webhooks"}),
    }
    assert USUAL["Storkunde"].features == FEATURES


@pytest.mark.parametrize("days", [0, 1, KEEP_DAYS_MOST])
def test_letters_are_kept_some_days(days: int) -> None:
    """Five at the most: after seven without a receipt Digital Post switches us off."""
    assert KEEP_DAYS_MOST == 5
    assert Custody(keep_days=days).kept == days * DAY


@pytest.mark.parametrize("days", [-1, KEEP_DAYS_MOST + 1])
def test_no_other_number_of_days(days: int) -> None:
    """Refused where the custody is made."""
    with pytest.raises(ValueError, match="0 to 5"):
        Custody(keep_days=days)


def test_from_now_begins_with_its_second() -> None:
    """IMAP's times have no fractions, and no letter may fall between."""
    assert start_of(AT + timedelta(microseconds=999_999)) == start_of(AT) == AT
    assert start_of(AT - timedelta(microseconds=1)) == AT - timedelta(seconds=1)
