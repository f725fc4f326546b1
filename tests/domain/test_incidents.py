"""When people are told: once for one cause, again each day, once when it is over, and never a flood."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemboks.domain.incidents import Cause, NoticeKind
from nemboks.domain.mailbox import Address
from nemboks.domain.pace import Pace
from nemboks.domain.reminders import reminder_at
from tests.domain.troubles import (
    BY_MAIL,
    CONTACT,
    DAY,
    HOUR,
    MINUTE,
    OPERATOR,
    PACE,
    TO_ANNA,
    TO_OPERATOR,
    Troubles,
    company,
    ill,
    kinds,
)
from tests.helpers import builders as make
from tests.helpers.clock import START

LATE = NoticeKind.LATE
STOPPED, STILL, SOLVED = NoticeKind.STOPPED, NoticeKind.STILL, NoticeKind.SOLVED


def test_twenty_letters_one_cause():
    """Twenty letters with one cause make one notice with the count 20, and one that says it is solved."""
    troubles = Troubles()
    told = troubles.told(*(ill(number) for number in range(1, 21)))

    assert [(STOPPED, BY_MAIL, 20)] == [(one.kind, one.path, one.count) for one in told]
    assert not troubles.watch(HOUR)
    troubles.sick = []
    solved = troubles.watch(2 * HOUR)
    assert [(SOLVED, BY_MAIL, 20)] == [(one.kind, one.path, one.count) for one in solved]
    assert not troubles.incidents


def test_a_storm_is_gathered_and_told_within_a_minute():
    """Letters that fail one after another are one notice, at the latest half a minute after the first."""
    troubles = Troubles()
    for number in range(1, 5):
        troubles.sick.append(ill(number))
        assert not troubles.look(4)
    told = troubles.look(PACE.gather_seconds - 12)

    assert [4] == [one.count for one in told]
    assert troubles.now - START < timedelta(seconds=60)


def test_lateness_is_told_after_four_hours():
    """A letter that only time may cure is told when it is late, not before."""
    troubles = Troubles()
    troubles.sick = [ill(cause=Cause.COPY, definite=False, address="x@copy.example")]

    assert not troubles.watch(4 * HOUR - 5 * MINUTE)
    told = troubles.watch(10 * MINUTE)
    assert {(LATE, BY_MAIL), (LATE, TO_ANNA)} == {(one.kind, one.path) for one in told}


def test_a_near_deadline_is_told_at_once():
    """A letter with less than seven days to its deadline does not wait four hours."""
    troubles = Troubles()
    soon, far = START + timedelta(days=6), START + timedelta(days=8)

    assert not troubles.told(ill(cause=Cause.LATE, definite=False, deadline=far))
    assert [LATE] == kinds(troubles.told(ill(cause=Cause.LATE, definite=False, deadline=soon)))


def test_a_deadline_that_comes_near_is_told_once_more():
    """A trouble that people know of is told again when a letter's last seven days begin, and only once."""
    troubles = Troubles()
    troubles.told(ill(1), ill(2, deadline=START + timedelta(days=7, hours=2)))

    again = troubles.watch(6 * HOUR)

    assert [(STOPPED, 2, 2)] == [(one.kind, one.number, one.count) for one in again]
    assert 2 == again[0].letters[0]


def test_letters_with_near_deadlines_that_join_make_no_flood():
    """Letters with a near deadline that come one by one are told together, at most every half hour."""
    troubles = Troubles()
    troubles.told(ill(1))
    owed = []
    for number in range(2, 60):
        troubles.sick.append(ill(number, deadline=START + timedelta(days=1)))
        owed += troubles.look(60)

    assert [STOPPED] == kinds(owed)
    assert STOPPED in kinds(troubles.watch(HOUR))
    assert not troubles.watch(HOUR)


def test_still_each_day():
    """What is not solved is told again each day, with the count of that day."""
    troubles = Troubles()
    troubles.told(ill(1))
    troubles.sick.append(ill(2))

    owed = troubles.watch(3 * DAY + HOUR, every=600)

    assert [(STILL, 2), (STILL, 2), (STILL, 2)] == [(one.kind, one.count) for one in owed]


@pytest.mark.parametrize(
    ("told", "reminded"),
    [
        (datetime(2026, 11, 21, 9, 0, tzinfo=UTC), datetime(2026, 11, 22, 7, 0, tzinfo=UTC)),
        (datetime(2026, 11, 21, 3, 0, tzinfo=UTC), datetime(2026, 11, 22, 7, 0, tzinfo=UTC)),
        (datetime(2026, 10, 24, 12, 0, tzinfo=UTC), datetime(2026, 10, 25, 7, 0, tzinfo=UTC)),
        (datetime(2026, 6, 1, 12, 0, tzinfo=UTC), datetime(2026, 6, 2, 6, 0, tzinfo=UTC)),
    ],
)
def test_the_daily_reminder_comes_at_eight_danish_time(told, reminded):
    """Whenever people were told, summer or winter and on the day the clocks change."""
    assert reminder_at(told, Pace()) == reminded
    assert reminder_at(told, Pace.demo()) - told == timedelta(seconds=Pace.demo().still_seconds)


def test_flapping_is_one_incident():
    """A trouble that comes and goes within the quiet half hour is one incident, told once."""
    troubles = Troubles()
    troubles.told(ill())
    for _ in range(30):
        troubles.sick = []
        assert not troubles.watch(20 * MINUTE)
        troubles.sick = [ill()]
        assert not troubles.watch(5 * MINUTE)

    assert 1 == len(troubles.incidents)
    assert not troubles.closed


def test_back_after_it_was_solved():
    """A trouble that comes back after it was told as solved is a new incident."""
    troubles = Troubles()
    troubles.told(ill())
    troubles.sick = []
    assert [SOLVED] == kinds(troubles.watch(HOUR))

    assert [STOPPED] == kinds(troubles.told(ill()))


def test_gone_before_it_was_told():
    """What was gone before anybody was told is closed in silence."""
    troubles = Troubles()
    troubles.sick = [ill()]
    troubles.look()
    troubles.sick = []

    assert not troubles.watch(HOUR)
    assert 1 == len(troubles.closed)


def test_not_solved_while_a_letter_waits():
    """A letter whose refusal became "try again later" is not delivered: nothing is solved until it is."""
    troubles = Troubles()
    troubles.told(ill())
    troubles.sick, troubles.waiting = [], {1}
    assert not troubles.watch(3 * HOUR)

    troubles.waiting = set()
    assert [SOLVED] == kinds(troubles.look(60))


def test_not_solved_when_it_only_has_another_name():
    """A letter that went from one trouble to another is told under the new name, and the old is not called solved."""
    troubles = Troubles()
    troubles.told(ill())
    owed = troubles.told(ill(cause=Cause.POLICY))

    assert [(STOPPED, Cause.POLICY)] == [(one.kind, one.cause) for one in owed]
    assert not troubles.watch(2 * HOUR)
    assert 1 == len(troubles.incidents)


def test_a_letter_is_told_under_one_cause():
    """A late letter whose trouble has a name is not told as late as well."""
    troubles = Troubles()
    owed = troubles.told(ill(), ill(cause=Cause.LATE, since=START - timedelta(hours=5)))

    assert [Cause.ADDRESS] == [one.cause for one in owed]


def test_letters_of_a_refused_mailbox_are_not_late_as_well():
    """While Digital Post refuses a mailbox, letters that cannot be fetched are part of that."""
    troubles = Troubles()
    nowhere = {"destination": "", "address": "", "since": START - timedelta(hours=5), "definite": False}
    owed = troubles.told(ill(None, Cause.REFUSED, **nowhere), ill(7, Cause.LATE, **nowhere))

    assert {Cause.REFUSED} == {one.cause for one in owed}
    assert {0} == {one.count for one in owed}


@pytest.mark.parametrize("cause", [Cause.VANISHED, Cause.BOUNCED])
def test_facts_are_told_once(cause):
    """A letter that vanished or came back is told once; later ones get a notice of their own; nothing is solved."""
    troubles = Troubles()
    address = {"address": "x@far.example", "destination": "far"}
    first = troubles.told(ill(1, cause, **address))
    assert {(STOPPED, (1,))} == {(one.kind, one.letters) for one in first}
    assert not troubles.watch(3 * DAY, every=600)
    troubles.sick.append(ill(2, cause, **address))
    assert {(STOPPED, (2,))} == {(one.kind, one.letters) for one in troubles.watch(HOUR)}

    troubles.sick = []
    assert not troubles.watch(HOUR)
    assert not troubles.incidents


def test_one_domain_with_two_dead_addresses():
    """Two addresses of one domain are one notice; two domains behind one relay are two."""
    other, far = "ole@bageri.example", "kim@far.example"
    one = Troubles().told(ill(1), ill(2, address=other))
    two = Troubles().told(ill(1), ill(2, address=far))

    assert [("@bageri.example", 2)] == [(x.address, x.count) for x in one]
    assert {make.ADDRESS, far} == {x.address for x in two}


def test_what_the_operator_hears():
    """The operator is told of everything once, whoever else is told."""
    boxes = [company(1), company(2, Address("cay@other.example"), cvr=make.BO)]
    troubles = Troubles(*boxes, operator=OPERATOR)
    owed = troubles.told(ill(1), ill(2, mailbox=2))

    assert {(TO_OPERATOR, 2), (BY_MAIL, 1), ("mail:da:cay@other.example", 1)} == {(x.path, x.count) for x in owed}


paths = st.sampled_from([None, CONTACT, Address("cay@other.example")])
causes = st.sampled_from(list(Cause))


@settings(max_examples=150, deadline=None)
@given(
    contacts=st.lists(paths, min_size=3, max_size=3),
    days=st.lists(st.lists(st.tuples(st.integers(1, 6), causes), max_size=6), min_size=1, max_size=8),
    gaps=st.lists(st.sampled_from([10, 300, 1_000, 4_000, 90_000]), min_size=8, max_size=8),
)
def test_no_company_hears_of_another(contacts, days, gaps):
    """Whatever goes wrong in whatever order: a path is told only of mailboxes that named it, never through the trouble
    itself, at most once a round, and solved only after it was told."""
    boxes = [company(id_, contact) for id_, contact in enumerate(contacts, 1)]
    named = {box.id: {f"mail:da:{box.options.second_contact}", f"mail:da:{box.route.address}"} for box in boxes}
    troubles = Troubles(*boxes)
    for day, gap in zip(days, gaps, strict=False):
        troubles.sick = [ill(10 * number, cause, mailbox=number % 3 + 1) for number, cause in day]
        for _ in range(3):
            for notice in troubles.look(gap):
                assert all(notice.path in named[box] for box in notice.mailboxes)
                assert not (notice.path == TO_ANNA and notice.cause is Cause.ADDRESS and notice.kind is not SOLVED)
    rounds = [(one.incident, one.key, one.path, one.number) for one in troubles.owed]
    assert len(rounds) == len(set(rounds))
    solved = [one for one in troubles.owed if one.kind is SOLVED]
    assert all(one.number > 1 for one in solved)
