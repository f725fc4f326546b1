"""Who may do what: roles, dated grants, an estate's people of before (people.py)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from nemboks.domain.mailbox import Address, Mailbox
from nemboks.domain.people import (
    RIGHTS,
    Account,
    Action,
    Actor,
    Grant,
    GrantRole,
    Person,
    givers,
    may,
    may_for,
    may_give,
    new_letters_hidden,
    unowned_at,
)  # fmt: skip
from tests.domain.samples import AT, MAILBOX

A, R = Action, GrantRole
DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
NOW = AT
ACCOUNT, OTHERS = (Account(id, name, Address(f"{name}@bageri.example"), AT) for id, name in ((1, "anna"), (2, "bo")))
BOX, THEIRS, NOBODYS = replace(MAILBOX, account=1), replace(MAILBOX, id=2, account=2), replace(MAILBOX, id=3)
FROZEN = replace(BOX, frozen_at=AT)
OPERATOR = Actor("root", operator=True)

# Written out a second time, from UX 2 and SECURITY 4: the letters of each role stand for the actions above them.
TABLE = """
                owner administrator reader accountant kurator support operations operator
see_status        x        x          x        x         x       x        x         x
see_letters       x        x          x        x         x       x        -         x
see_titles        x        x          x        x         x       -        -         -
see_contents      x        x          -        -         -       -        -         -
retry             x        x          -        x         x       -        -         -
hold              x        x          -        -         x       -        -         -
pause             x        x          -        x         x       -        -         -
route             x        x          -        -         x       -        -         -
address           x        x          -        -         x       -        -         -
grant             x        x          -        -         -       -        -         -
custody           x        x          -        x         x       -        -         -
login             x        x          -        x         x       -        -         -
legal_hold        x        x          -        -         x       -        -         -
add               x        x          -        x         -       -        -         -
account           -        -          -        -         -       -        x         x
plan              x        -          -        -         -       -        -         -
plan_set          -        -          -        -         -       -        x         x
estate_open       -        -          -        -         -       x        x         x
estate_approve    -        -          -        -         -       -        x         -
estate_see        -        -          -        -         x       -        x         x
fuse              -        -          -        -         -       -        x         x
domains           -        -          -        -         -       -        x         x
audit             x        -          -        -         -       -        x         x
"""
_HEAD, *_LINES = [line.split() for line in TABLE.strip().splitlines()]
ALLOWED = {name: {A(line[0]) for line in _LINES if line[i] == "x"} for i, name in enumerate(_HEAD, 1)}


def person(**changes: Any) -> Person:
    return replace(Person(1, "anna", AT), **changes)


def grant(role: GrantRole, mailbox: int | None = None, account: int | None = None, **changes: Any) -> Grant:
    return replace(Grant(1, 1, role, AT - DAY, "bo", mailbox, account), **changes)


def actor(*grants: Grant, **changes: Any) -> Actor:
    return Actor("anna", person(**changes), grants)


def allowed(who: Actor, box: Mailbox | None = BOX, at: datetime = NOW) -> set[Action]:
    return {action for action in A if may(who, action, box, at)}


@pytest.mark.parametrize("role", R)
def test_what_a_role_may(role: GrantRole) -> None:
    """All that the table names and nothing else, with a grant for the mailbox."""
    assert set(RIGHTS[role]) == ALLOWED[role.name.lower()]
    assert allowed(actor(grant(role, BOX.id))) == ALLOWED[role.name.lower()]


def test_what_the_operator_may() -> None:
    """What running Nemboks takes at a customer's mailbox; at those of nobody all but approving an estate alone."""
    assert allowed(OPERATOR) == ALLOWED["operator"]
    assert allowed(OPERATOR, NOBODYS) == allowed(OPERATOR, None) == set(A) - {A.ESTATE_APPROVE}


def test_a_grant_is_for_its_mailbox_or_account() -> None:
    """One mailbox; every mailbox of the account; support and operations everywhere, and for what is no mailbox's."""
    one, all_ = actor(grant(R.OWNER, BOX.id)), actor(grant(R.OWNER, account=1))
    drift = actor(grant(R.OPERATIONS))
    places = (BOX, replace(BOX, id=7), THEIRS, NOBODYS, None)
    assert [may(one, A.SEE_STATUS, box, NOW) for box in places] == [True, False, False, False, False]
    assert [may(all_, A.SEE_STATUS, box, NOW) for box in places] == [True, True, False, False, True]
    assert [may(drift, A.FUSE, box, NOW) for box in places] == [True] * 5


@pytest.mark.parametrize(("days", "fits"), [(-1, False), (0, True), (1, True), (2, False), (3, False)])
def test_a_grant_has_its_time(days: int, fits: bool) -> None:
    """The first moment is in it, the end is the first moment without it."""
    since = grant(R.READER, BOX.id, since=AT, until=AT + 2 * DAY)
    assert may(actor(since), A.SEE_STATUS, BOX, AT + days * DAY) is fits
    assert since.in_force(AT + days * DAY) is fits


@pytest.mark.parametrize(("ends", "here"), [(None, True), (NOW + MOMENT, True), (NOW, False), (NOW - DAY, False)])
def test_a_person_who_left_may_nothing(ends: datetime | None, here: bool) -> None:
    """Whatever grants they still have; and an actor without a person has none at all."""
    who = actor(grant(R.OWNER, account=1), ended_at=ends)
    assert may(who, A.ROUTE, BOX, NOW) is may_for(who, A.PLAN, ACCOUNT, NOW) is here
    assert may_give(who, R.READER, BOX, ACCOUNT, NOW) is here
    assert not may(replace(who, person=None), A.SEE_STATUS, BOX, NOW)


@pytest.mark.parametrize("role", R)
def test_who_keeps_what_while_an_estate_is_open(role: GrantRole) -> None:
    """The people of before may look at what was, and nothing else; all others keep their rights."""
    whole = allowed(actor(grant(role, BOX.id)))
    before = role in (R.OWNER, R.ADMINISTRATOR, R.READER, R.ACCOUNTANT)
    looks = {A.SEE_STATUS, A.SEE_LETTERS, A.SEE_TITLES}
    assert allowed(actor(grant(role, BOX.id)), FROZEN) == (looks if before else whole)


@pytest.mark.parametrize("role", R)
def test_what_a_role_may_for_an_account(role: GrantRole) -> None:
    """With a grant for the whole account, in force; support's and operations' are for every account."""
    house = role in (R.SUPPORT, R.OPERATIONS)
    whole = actor(grant(role, account=None if house else 1))
    for action in A:
        assert may_for(whole, action, ACCOUNT, NOW) is (action in RIGHTS[role])
        assert may_for(whole, action, OTHERS, NOW) is (house and action in RIGHTS[role])
        assert not may_for(whole, action, ACCOUNT, NOW - 2 * DAY)
        assert house or not may_for(actor(grant(role, BOX.id)), action, ACCOUNT, NOW)


def test_what_the_operator_may_for_an_account() -> None:
    """What running takes, and a new CVR of theirs."""
    assert {action for action in A if may_for(OPERATOR, action, ACCOUNT, NOW)} == ALLOWED["operator"] | {A.ADD}


def test_nobody_gives_more_than_they_have() -> None:
    """Owners all of a company's roles but the house's; administrators none that may more; readers none."""
    gives = {
        role: {other for other in R if may_give(actor(grant(role, account=1)), other, BOX, ACCOUNT, NOW)} for role in R
    }
    mere = {R.ADMINISTRATOR, R.READER, R.ACCOUNTANT}
    assert gives == {role: {R.OWNER: mere | {R.OWNER}, R.ADMINISTRATOR: mere}.get(role, set()) for role in R}


def test_where_a_right_can_be_given() -> None:
    """For a mailbox by whoever has it there; for the account only by whoever has the whole account; in time."""
    one, all_ = grant(R.OWNER, BOX.id), grant(R.OWNER, account=1)
    who = actor(one, all_, grant(R.READER, account=1), grant(R.OWNER, BOX.id, until=NOW))
    assert givers(who, BOX, None, NOW) == [one, all_]
    assert givers(who, None, ACCOUNT, NOW) == [all_]
    assert givers(who, THEIRS, None, NOW) == givers(who, None, OTHERS, NOW) == givers(who, None, None, NOW) == []
    assert not may_give(actor(one), R.READER, None, ACCOUNT, NOW)


def test_what_several_grants_give_together() -> None:
    """The rights of all of them count, if each lets its holder give."""
    both = actor(grant(R.ADMINISTRATOR, BOX.id), grant(R.OWNER, BOX.id))
    assert may_give(both, R.OWNER, BOX, ACCOUNT, NOW)


def test_where_the_operator_gives_a_right() -> None:
    """At mailboxes that belong to no account: a customer's people are the customer's affair."""
    assert may_give(OPERATOR, R.OWNER, NOBODYS, None, NOW) is True
    assert not may_give(OPERATOR, R.OWNER, BOX, None, NOW)
    assert not may_give(OPERATOR, R.OWNER, None, ACCOUNT, NOW)


def owner(since: int = -1, until: int | None = None, role: GrantRole = R.OWNER) -> Grant:
    return grant(role, account=1, since=AT + since * DAY, until=None if until is None else AT + until * DAY)


@pytest.mark.parametrize(
    ("grants", "when"),
    [
        ([], 0),
        ([owner()], None),
        ([owner(role=R.ADMINISTRATOR)], 0),
        ([owner(until=3)], 3),
        ([owner(until=3), owner(until=5)], 5),
        ([owner(until=3), owner(since=2, until=7)], 7),
        ([owner(until=3), owner(since=3)], None),
        ([owner(until=3), owner(since=4)], 3),
        ([owner(since=1)], 0),
        ([owner(until=3), owner()], None),
    ],
)
def test_when_nobody_owns_it_any_more(grants: list[Grant], when: int | None) -> None:
    """The first moment without an owner in force; none if somebody's right has no end."""
    assert unowned_at(grants, AT) == (None if when is None else AT + when * DAY)


def test_from_when_new_letters_are_hidden() -> None:
    """From the effective time on from the people of before; not from the kurator, support, or who is both."""
    taken = replace(BOX, frozen_at=AT, boundary_at=AT - DAY)
    old, kurator = grant(R.OWNER, BOX.id), grant(R.KURATOR, BOX.id)
    for role in (R.OWNER, R.ADMINISTRATOR, R.READER, R.ACCOUNTANT):
        assert new_letters_hidden(actor(grant(role, BOX.id)), taken, NOW) == AT - DAY
    assert new_letters_hidden(actor(old), taken, NOW) == AT - DAY
    assert new_letters_hidden(actor(), taken, NOW) == AT - DAY
    for seeing in (actor(kurator), actor(old, kurator), actor(grant(R.SUPPORT)), OPERATOR):
        assert new_letters_hidden(seeing, taken, NOW) is None
    for blind in (replace(kurator, until=NOW), replace(kurator, mailbox=9)):
        assert new_letters_hidden(actor(old, blind), taken, NOW) == AT - DAY
    assert new_letters_hidden(actor(old), FROZEN, NOW) is None


def test_one_of_several_grants_is_enough_and_none_is_not() -> None:
    """Each is asked by itself, for the mailbox as for the account."""
    both = actor(grant(R.READER, BOX.id, until=NOW), grant(R.OWNER, account=1))
    assert may(both, A.ROUTE, BOX, NOW) and may_for(both, A.PLAN, ACCOUNT, NOW)
    assert not may(actor(), A.SEE_STATUS, BOX, NOW) and not may_for(actor(), A.PLAN, ACCOUNT, NOW)
