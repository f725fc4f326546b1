"""Which address a letter goes to: rules in order, the holiday's minutes, what a letter says; and rules tried out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nemboks.domain.headline import Authority
from nemboks.domain.mailbox import Address, Field, Holiday, Route, Rule
from nemboks.domain.routing import aim, facts, fits
from nemboks.domain.tryout import tried
from nemboks.domain.wishes import Edit, edited, on_probation, to_agree
from tests.helpers import builders as make
from tests.helpers.clock import START

A, B, USUAL = Address("a@bageri.example"), Address("b@udenfor.example"), Address("anna@bageri.example")
SAYS = {"p_number": "1003388394", "se_number": "12345674", "kle": "27.12.00", "case_id": "2026-Ab 1"}
LETTER = make.letter(headline=make.headline(**SAYS))


def rule(field: Field, value: str, address: Address = A) -> Rule:
    return Rule(field, value, address, "own")


def route(*rules: Rule, **other) -> Route:
    return replace(make.route(), rules=rules, **other)


@pytest.mark.parametrize(
    ("field", "value", "fit"),
    [
        (Field.P_NUMBER, "1003388394", True),
        (Field.P_NUMBER, "1003388395", False),
        (Field.P_NUMBER, "10033*", True),
        (Field.SE_NUMBER, "12345674", True),
        (Field.KLE, "27.*", True),
        (Field.KLE, "27", False),
        (Field.KLE, "2*", True),
        (Field.CASE, "2026-aB  1", True),
        (Field.CLASS, "ordinary", True),
        (Field.CLASS, "legal", False),
        (Field.AUTHORITY, "SKATTESTYRELSEN", True),
        (Field.AUTHORITY, "Skat*", True),
        (Field.AUTHORITY, "19552101", True),
        (Field.AUTHORITY, "styrelsen", False),
        (Field.AUTHORITY, "*", True),
    ],
)
def test_a_rule_fits_what_the_letter_says(field, value, fit):
    """Whole values, upper and lower case as one, a star at the end for whatever follows."""
    assert fits(rule(field, value), LETTER) is fit


def test_one_letter_of_the_alphabet_written_in_two_ways_is_one():
    """An Å is an Å, however it was encoded (B10)."""
    headline = make.headline(authority=Authority("Ma\u030astrup  Kommune", "1", "CVR"))
    assert fits(rule(Field.AUTHORITY, "M\u00e5strup Kommune"), make.letter(headline=headline))


@pytest.mark.parametrize("field", [Field.P_NUMBER, Field.SE_NUMBER, Field.KLE, Field.CASE])
def test_what_a_letter_does_not_say_fits_nothing(field):
    """Not even a star; and a letter that was not read yet fits no rule at all."""
    assert not fits(rule(field, "*"), make.letter(headline=make.headline()))
    assert not fits(rule(field, "*"), make.letter())
    assert facts(Field.CLASS, make.letter()) == ()


@pytest.mark.parametrize(
    ("changes", "kind"), [({"legal": True, "mandatory": True}, "legal"), ({"mandatory": True}, "mandatory")]
)
def test_a_letter_has_one_class(changes, kind):
    """Court service counts before mandatory."""
    assert facts(Field.CLASS, make.letter(headline=make.headline(**changes))) == (kind,)


def test_the_first_rule_that_fits_decides():
    """Then the usual address; or nowhere, where the route has a tray."""
    both = route(rule(Field.KLE, "27.*", A), rule(Field.CLASS, "ordinary", B))
    assert aim(both, LETTER, START).address == A
    assert aim(route(*reversed(both.rules)), LETTER, START).rule == "class:ordinary"
    none = route(rule(Field.CLASS, "legal"))
    assert (aim(none, LETTER, START).address, aim(none, LETTER, START).rule) == (USUAL, "default")
    assert aim(replace(none, unrouted="anna"), LETTER, START) is None


@pytest.mark.parametrize(
    "end", [datetime(2026, 12, 31, 23, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
            datetime(2027, 3, 28, 1, 0, tzinfo=UTC)]
)  # fmt: skip
def test_a_holiday_is_exact_to_the_moment(end):
    """[since, until): the first moment of it goes there, the end goes where it went before (B33)."""
    since, moment = end - timedelta(days=7), timedelta(microseconds=1)
    away = route(rule(Field.CLASS, "ordinary"), unrouted="anna", holiday=Holiday(since, end, B, "direct"))
    goes = [aim(away, LETTER, at).rule for at in (since - moment, since, end - moment, end)]
    assert goes == ["class:ordinary", "holiday", "holiday", "class:ordinary"]


# --- tried out ---


def letters(number: int, **says):
    return [make.letter(id=n, headline=make.headline(**says)) for n in range(1, number + 1)]


def test_rules_are_tried_on_past_letters():
    """Each letter goes by the first rule that fits; unread ones are counted apart; silence is counted for each rule."""
    legal, kle, never = rule(Field.CLASS, "legal"), rule(Field.KLE, "27.*"), rule(Field.SE_NUMBER, "1*")
    past = [
        make.letter(id=1, headline=make.headline(legal=True, kle="27.12.00")),
        make.letter(id=2, headline=make.headline(kle="27.12.00")),
        make.letter(id=3, headline=make.headline()),
        make.letter(id=4),
    ]
    trial = tried(route(legal, kle, never), past)
    assert (trial.number, trial.unread, trial.rest, trial.held) == (3, 1, (3,), False)
    assert [(one.letters, one.silent, one.nothing, one.swallows) for one in trial.rules] == [
        ((1,), 0, False, False), ((2,), 1, False, False), ((), 3, True, False),
    ]  # fmt: skip


def test_a_rule_that_takes_every_letter_is_named():
    """By what it took of two letters or more, or by its own words; of a single letter nobody can tell."""
    takes = rule(Field.KLE, "27.*")
    assert tried(route(takes), letters(2, kle="27.01.00")).rules[0].swallows
    assert not tried(route(takes), letters(1, kle="27.01.00")).rules[0].swallows
    assert tried(route(rule(Field.AUTHORITY, "*")), []).rules[0].swallows
    assert tried(route(unrouted="anna"), []).swallows(route())
    assert tried(route(takes, unrouted="anna"), letters(2)).swallows(route())
    assert not tried(route(takes, unrouted="anna"), letters(2)).swallows(route(unrouted="bo"))
    assert not tried(route(takes), letters(2, kle="27.01.00")).swallows(route(takes))


# --- wishes ---


def test_a_wish_is_added_to_whatever_the_route_is_by_then():
    """One that replaces all is about one version, and about no other."""
    first, second, third = (rule(Field.KLE, f"0{n}.*") for n in range(3))
    made = edited(route(first, second), Edit(rules=(third,), place=2))
    assert made.rules == (first, third, second)
    assert edited(route(first), Edit(rules=(third,))).rules == (first, third)
    assert edited(route(first), Edit(rules=(third,), base=1)).rules == (third,)
    with pytest.raises(ValueError, match="version 1"):
        edited(route(first), Edit(base=2))


def test_whom_an_edit_asks_and_what_is_on_probation():
    """Strangers outside; not the route's own addresses, nor the company's domains; case does not make a stranger."""
    edit = Edit(rules=(rule(Field.KLE, "1*", B), rule(Field.KLE, "2*", A)))
    assert to_agree(edit, make.route(), []) == on_probation(edit, make.route(), []) == (B,)
    known = route(rule(Field.KLE, "3*", Address("B@udenfor.example")))
    assert to_agree(edit, known, []) == on_probation(edit, known, []) == ()
    assert to_agree(edit, make.route(), [Address("x@udenfor.example")]) == ()
    gmail = Edit(rules=(rule(Field.KLE, "1*", Address("tyv@gmail.com")),))
    assert to_agree(gmail, make.route(), [Address("os@gmail.com")]) == ("tyv@gmail.com",)
