"""A change of address in pure rules: its times, its lock, its reminders."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from nemboks.domain.changes import (
    CODES_LAST,
    LAPSE,
    LOCK,
    MOST,
    PROBATION,
    REMINDERS,
    ROUNDS,
    THIRTY,
    UNDO,
    WAIT,
    Change,
    Subject,
    due,
    lapsed,
    locked_until,
    proven,
    reminder,
    timed,
)  # fmt: skip
from nemboks.domain.mailbox import Address
from tests.helpers.clock import START

OLD, NEW, CONTACT = Address("jytte@bageri.example"), Address("kontor@bageri.example"), Address("a@revisor.example")
HOUR = timedelta(hours=1)


def change(**given: object) -> Change:
    return replace(Change(1, Subject.FORWARDING, OLD, NEW, "anna", START, mailbox=1), **given)  # type: ignore[arg-type]


def test_the_wait_runs_from_the_proof():
    """Not from the wish; a second proof does not begin it anew."""
    first = proven(change(), START + HOUR)

    assert START + HOUR + WAIT == first.effect_at
    assert first == proven(first, START + 5 * HOUR)


@pytest.mark.parametrize(
    ("contact", "old", "also", "at_once"),
    [(None, True, False, True), (None, False, False, False), (CONTACT, True, False, False),
     (CONTACT, False, True, False), (CONTACT, True, True, True)],
)  # fmt: skip
def test_who_must_agree(contact: Address | None, old: bool, also: bool, at_once: bool):
    """The old address, and the second contact where there is one; one of two is not enough."""
    asked = change(
        contact=contact,
        old_confirmed_at=START if old else None,
        contact_confirmed_at=START if also else None,
    )

    assert (START + HOUR if at_once else START + HOUR + WAIT) == proven(asked, START + HOUR).effect_at


def test_agreeing_proves_nothing():
    """Without the new address' own code there is no effect, whoever agrees."""
    agreed = timed(change(old_confirmed_at=START), START)

    assert (None, False) == (agreed.effect_at, due(agreed, START + 10 * WAIT))


def test_agreeing_late_does_not_put_it_off():
    """Who agrees after the effect was due leaves it where it was."""
    waits = replace(proven(change(), START), old_confirmed_at=START + 2 * WAIT)

    assert START + WAIT == timed(waits, START + 2 * WAIT).effect_at


def test_due_to_the_second():
    """At its time, not a second before; never once it is over."""
    waits = proven(change(), START)

    assert (False, True) == (due(waits, START + WAIT - timedelta(seconds=1)), due(waits, START + WAIT))
    for over in (replace(waits, done_at=START), replace(waits, cancelled_at=START)):
        assert not due(over, START + WAIT)


def test_a_lapse():
    """What nobody proved within a day; a proven one waits for its effect."""
    assert (False, True) == (lapsed(change(), START + LAPSE - HOUR), lapsed(change(), START + LAPSE))
    assert not lapsed(proven(change(), START), START + 2 * LAPSE)


@pytest.mark.parametrize(("days", "sent", "number"), [(0, 0, 0), (1, 0, 1), (1, 1, 0), (2, 1, 2), (3, 1, 3), (9, 3, 0)])
def test_reminders(days: int, sent: int, number: int):
    """One a day, three at the most; after a rollback none."""
    done = change(done_at=START, reminders=sent)

    assert number == reminder(done, START + timedelta(days=days))
    assert 0 == reminder(replace(done, rolled_back_at=START), START + timedelta(days=days))


@pytest.mark.parametrize(
    ("given", "until"),
    [
        ({"cancelled_at": START, "cancelled_by": "code:old"}, START + LOCK),
        ({"cancelled_at": START, "cancelled_by": "anna"}, None),
        ({"cancelled_at": START, "cancelled_by": "lapsed"}, None),
        ({"rolled_back_at": START + HOUR, "rolled_back_by": "code:contact"}, START + HOUR + LOCK),
        ({"rolled_back_at": START, "rolled_back_by": "carl (via code: x)"}, None),
    ],
)
def test_that_was_not_me_locks(given: dict[str, object], until: datetime | None):
    """For a week after a code stopped a change or took it back; not after an administrator did."""
    assert until == locked_until([change(), change(**given)])


@pytest.mark.parametrize(
    ("given", "state"),
    [({}, "asked"), ({"proven_at": START}, "waiting"), ({"done_at": START}, "done"),
     ({"cancelled_at": START}, "cancelled"), ({"done_at": START, "rolled_back_at": START}, "rolled_back")],
)  # fmt: skip
def test_one_word_for_its_state(given: dict[str, object], state: str):
    """As people and scripts read it."""
    assert state == change(**given).state
    assert (START + UNDO if "done_at" in given else None) == change(**given).undo_until()


MOMENT = timedelta(microseconds=1)


def test_the_rules_of_time():
    """SECURITY 4a: 72 hours, 72 hours more of probation, seven days to take it back, a day to prove, a week's lock."""
    days = [one / timedelta(days=1) for one in (WAIT, PROBATION, UNDO, THIRTY, LOCK, LAPSE, CODES_LAST)]
    assert [3, 3, 7, 30, 7, 1, 11] == days
    assert (3, 3, 3) == (MOST, REMINDERS, ROUNDS)


@pytest.mark.parametrize(
    ("given", "pending"), [({}, True), ({"done_at": START}, False), ({"cancelled_at": START}, False)]
)
def test_what_is_pending(given: dict[str, object], pending: bool):
    """It may still take effect; then it is due at its time, and lapses when nobody proves the address."""
    assert pending is change(**given).pending
    assert pending is lapsed(change(**given), START + LAPSE)
    assert pending is due(change(effect_at=START, **given), START)


def test_due_and_lapsed_to_the_moment():
    """Not a moment before."""
    assert (False, True) == tuple(lapsed(change(), START + LAPSE - one) for one in (MOMENT, 0 * MOMENT))
    assert (False, True) == tuple(due(change(effect_at=START), START - one) for one in (MOMENT, 0 * MOMENT))
    assert not due(change(), START)


@pytest.mark.parametrize(
    ("contact", "old", "also", "agreed"),
    [(None, None, None, False), (None, START, None, True), (CONTACT, START, None, False),
     (CONTACT, None, START, False), (CONTACT, START, START, True), (None, None, START, False)],
)  # fmt: skip
def test_who_has_agreed(contact: Address | None, old: datetime | None, also: datetime | None, agreed: bool):
    """Everybody who can be asked."""
    assert agreed is change(contact=contact, old_confirmed_at=old, contact_confirmed_at=also).agreed


def test_another_wait():
    """A demo's is shorter; it counts from the proof as well."""
    short = timedelta(seconds=4)
    assert START + HOUR + short == proven(change(), START + HOUR, short).effect_at
    assert START + HOUR == proven(change(), START + HOUR).proven_at
    again = proven(change(proven_at=START), START + HOUR, short)
    assert (START, START + short) == (again.proven_at, again.effect_at)


def test_agreeing_in_time_brings_it_forward():
    """To now, and never to later than it was."""
    waits = replace(proven(change(), START), old_confirmed_at=START + HOUR)
    assert START + HOUR == timed(waits, START + HOUR).effect_at
    assert START + HOUR == timed(replace(waits, effect_at=None), START + HOUR).effect_at
    assert change(old_confirmed_at=START) == timed(change(old_confirmed_at=START), START)


def test_the_longest_lock_counts():
    """Of several, whether they were stopped or taken back."""
    stopped = change(cancelled_at=START, cancelled_by="code:old")
    undone = change(rolled_back_at=START + HOUR, rolled_back_by="code:old")
    later = change(cancelled_at=START + 2 * HOUR, cancelled_by="code:contact")

    assert START + HOUR + LOCK == locked_until([undone, stopped])
    assert START + 2 * HOUR + LOCK == locked_until([stopped, undone, later])
    assert locked_until([]) is None
    assert locked_until([change(cancelled_by="code:x"), change(rolled_back_by="code:x")]) is None
    both = change(cancelled_at=START, cancelled_by="anna", rolled_back_at=START, rolled_back_by="anna")
    assert locked_until([both]) is None


def test_no_reminder_before_the_effect():
    """Nor for what was stopped before it."""
    assert 0 == reminder(change(), START) == reminder(change(cancelled_at=START), START + 3 * HOUR)
