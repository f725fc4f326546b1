"""The delete fuse's rules: what may leave Digital Post, what may not, and what stops a mailbox."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemboks.domain.custody import Custody
from nemboks.domain.fuse import REPEATS, Answer, Limits, Load, Trip, asked, confirmed
from nemboks.domain.letter import State
from tests.helpers import builders as make
from tests.helpers.clock import START

NOTHING = Load()
LIMITS = Limits(per_cvr=5, in_all=20, least_seconds=24)


def done(**changes):
    whole = make.letter(State.FORWARDED, fence=1)
    return replace(whole, confirmation=make.confirmation(whole), **changes)


def ask(letter, load=NOTHING, now=START, **box):
    return asked(letter, make.mailbox(**box), load, LIMITS, now)


def test_a_confirmed_letter_may_leave():
    """Committed, every part, no ceiling reached."""
    assert Answer() == ask(done())


@pytest.mark.parametrize("state", [x for x in State if x not in (State.FORWARDED, State.ACKNOWLEDGED)])
def test_no_other_state_may(state):
    """Even with a confirmation on the row: it trips at the very first."""
    assert ask(done(state=state)).trip is Trip.UNCONFIRMED


def test_a_letter_that_nobody_knows_trips_it():
    """An id that the ledger does not have."""
    assert ask(None).trip is Trip.UNCONFIRMED


def test_another_letters_confirmation_is_none():
    """A confirmation names its letter."""
    letter = done()
    assert not confirmed(replace(letter, confirmation=replace(letter.confirmation, letter=2)))


@pytest.mark.parametrize(
    ("proofs", "last", "fine"), [((1,), 2, True), ((), 2, False), ((1,), 1, False), ((2,), 2, False)]
)
def test_every_part_must_be_there(proofs, last, fine):
    """A letter of two mails needs both confirmations, in order."""
    letter = done(copy=make.copy(parts=((0,), (1,))))
    told = tuple(replace(letter.confirmation, part=one) for one in proofs)
    letter = replace(letter, proofs=told, confirmation=replace(letter.confirmation, part=last))
    assert fine is confirmed(letter)


def test_what_waits_is_refused_without_a_trip():
    """A legal hold that came between is no fault of the program; nor is a slower step's second receipt."""
    held = ask(done(), custody=Custody(legal_hold_since=START))
    assert (held.why, held.trip) == ("a legal hold is on", None)
    assert ask(done(state=State.ACKNOWLEDGED)).trip is None
    assert ask(done(state=State.ACKNOWLEDGED)).why


@pytest.mark.parametrize(("load", "trip"), [
    (Load(4, 19), None), (Load(5, 5), Trip.TOO_MANY), (Load(0, 20), Trip.TOO_MANY_IN_ALL),
])  # fmt: skip
def test_the_ceilings(load, trip):
    """The last letter under one may go, the next trips it."""
    assert trip is ask(done(), load).trip


def test_an_outage_with_all_its_retries_trips_nothing():
    """A receipt that is tried for days as often as the pace allows is no repeat, and counts towards no ceiling."""
    for hours in (1, 24, 47):
        times = int(hours * 3600 / LIMITS.least_seconds)
        now = START + timedelta(hours=hours)
        assert Answer() == ask(done(), Load(99, 99, times, START), now)


def test_a_receipt_that_spins_trips_it():
    """Far more often than any wait explains."""
    assert ask(done(), Load(1, 1, REPEATS - 1, START)).trip is None
    assert ask(done(), Load(1, 1, REPEATS, START)).trip is Trip.REPEATED


letters = st.builds(
    make.letter, st.sampled_from(State), bounced=st.sampled_from(["", "returned"]), fence=st.just(1),
    confirmation=st.sampled_from([None, make.confirmation(make.letter()), make.confirmation(make.letter(id=9))]),
    copy=st.sampled_from([None, make.copy(), make.copy(parts=((0,), (1,)))]),
    proofs=st.sampled_from([(), (make.confirmation(make.letter()),)]),
)  # fmt: skip


@given(st.none() | letters, st.integers(0, 30), st.integers(0, 30), st.integers(0, 300), st.booleans())
def test_no_unconfirmed_letter_ever_passes(letter, of_mailbox, in_all, times, before):
    """Whatever the row says and whatever passed before: without a confirmation of every part the answer is no."""
    load = Load(of_mailbox, in_all, times, START if before else None)
    answer = ask(letter, load)
    if not answer.why:
        assert letter.state is State.FORWARDED
        assert confirmed(letter)
        assert not letter.bounced
    if letter is None or not confirmed(letter):
        assert answer.trip is Trip.UNCONFIRMED
