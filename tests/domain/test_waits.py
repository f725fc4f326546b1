"""How long is waited: within the jitter, never under production's floors, and slower the longer a letter lies."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemboks.domain.pace import FLOORS, Pace
from nemboks.domain.verdict import Verdict, backoff, spread, wait

PRODUCTION, CHANCE = Pace(), st.floats(0, 1, exclude_max=True)
MINUTE, HOUR, DAY = 60, 3600, 86400


@given(st.sampled_from(Verdict), st.integers(0, 500), st.floats(0, 400 * DAY), CHANCE)
def test_every_wait_is_spread_by_a_fifth_and_above_its_floor(
    meaning: Verdict, failures: int, age: float, chance: float
) -> None:
    """The middle of the jitter is the schedule; no wait but the other form's is under four fifths of a minute."""
    seconds = wait(meaning, failures, age, PRODUCTION, chance)
    if meaning is Verdict.LOGIN:
        assert seconds >= HOUR / 2
    else:
        middle = wait(meaning, failures, age, PRODUCTION, 0.5)
        assert 0.8 * middle <= seconds <= 1.2 * middle
    least = 0 if meaning is Verdict.CONVERSION and failures <= 1 else 0.8 * MINUTE
    assert seconds >= least


def test_the_schedule_of_a_server_that_is_away() -> None:
    """1, 5, 15, 30, 60 min, every 30 min to 6 h, hourly to 24 h, every 2 h to 5 d, then every 6 h (RELIABILITY 7)."""
    waits = []
    age, failures = 0.0, 0
    while age < 7 * DAY:
        failures += 1
        waits.append(wait(Verdict.TEMPORARY, failures, age, PRODUCTION, 0.5))
        age += waits[-1]
    assert [w / MINUTE for w in waits[:6]] == pytest.approx([1, 5, 15, 30, 60, 30])
    assert {wait(Verdict.TEMPORARY, 9, hours * HOUR, PRODUCTION, 0.5) / HOUR for hours in (7, 23)} == {1}
    assert {wait(Verdict.TEMPORARY, 9, days * DAY, PRODUCTION, 0.5) / HOUR for days in (1.1, 4.9)} == {2}
    assert {wait(Verdict.TEMPORARY, 9, days * DAY, PRODUCTION, 0.5) / HOUR for days in (5.1, 300)} == {6}


def test_at_most_ninety_attempts_in_the_first_five_days() -> None:
    """RELIABILITY I8, at the schedule's middle."""
    age, attempts = 0.0, 0
    while age < 5 * DAY:
        attempts += 1
        age += wait(Verdict.TEMPORARY, attempts, age, PRODUCTION, 0.5)
    assert attempts <= 90


@pytest.mark.parametrize(
    ("meaning", "first", "then"),
    [
        (Verdict.FULL, 30 * MINUTE, HOUR),
        (Verdict.ADDRESS, 10 * MINUTE, 6 * HOUR),
        (Verdict.POLICY, 10 * MINUTE, 6 * HOUR),
        (Verdict.TOO_LARGE, 10 * MINUTE, 10 * MINUTE),  # the third refusal is held
        (Verdict.TLS, HOUR, HOUR),
        (Verdict.UNCERTAIN, 15 * MINUTE, 15 * MINUTE),
    ],
)
def test_the_other_classes_first_and_fifth_wait(meaning: Verdict, first: float, then: float) -> None:
    """A second look soon where a fault may be a slip, then rarely."""
    assert [wait(meaning, n, HOUR, PRODUCTION, 0.5) for n in (1, 5)] == [first, then]


@given(CHANCE)
def test_at_most_two_logins_an_hour(chance: float) -> None:
    """S09: the jitter lengthens this wait and never shortens it."""
    assert wait(Verdict.LOGIN, 1, 0, PRODUCTION, chance) >= timedelta(minutes=30).total_seconds()


@given(st.integers(1, 10_000), CHANCE)
def test_digital_post_is_asked_between_half_a_minute_and_five(failures: int, chance: float) -> None:
    """H08: doubling from 30 s to 5 min, spread by a fifth."""
    assert 24 <= backoff(failures, PRODUCTION, chance) <= 1080
    assert [backoff(n, PRODUCTION, 0.5) for n in (1, 2, 5, 6, 50)] == [30, 60, 300, 300, 300]


def test_the_spread_is_a_fifth_either_way() -> None:
    """Its ends and its middle."""
    assert [spread(100, chance) for chance in (0, 0.5, 1)] == pytest.approx([80, 100, 120])


def test_production_takes_the_defaults_and_refuses_the_demo() -> None:
    """Every floor that the demo undercuts is named in a sentence."""
    assert PRODUCTION.too_quick() == []
    same = ("connect_seconds", "sweep_seconds", "preflight_seconds")  # the demo has no need to be quicker there
    faults = " ".join(Pace.demo().too_quick())
    assert all(f"pace.{name} " in faults for name in FLOORS if name not in same)


@pytest.mark.parametrize("name", FLOORS)
def test_each_floor_holds_by_itself(name: str) -> None:
    """One wait under its floor is refused, at the floor it is not; the least of several counts."""
    value = getattr(PRODUCTION, name)
    low, at = FLOORS[name] * 0.99, FLOORS[name]
    below, even = ((low, 999_999.0), (at, 999_999.0)) if isinstance(value, tuple) else (low, at)
    assert [f"pace.{name}" in x for x in Pace(**{name: below}).too_quick()] == [True]
    assert Pace(**{name: even}).too_quick() == []


def test_the_later_waits_have_a_floor_too() -> None:
    """`retry_by_age` holds pairs: the second of each is a wait."""
    assert Pace(retry_by_age=((1.0, 5.0),)).too_quick()
    assert not Pace(retry_by_age=((1.0, 60.0),)).too_quick()


def test_a_large_letter_is_given_time() -> None:
    """100 MB at 50 kB/s are 2,000 s more."""
    assert PRODUCTION.allowance(100_000_000) == 2_000
