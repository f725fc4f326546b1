"""The days that Danish banks are open, against dates that people know."""

import time
from datetime import date

import pytest

from nemboks.content.bank_days import business_days, is_bank_day, next_bank_day

CLOSED_2026 = [(1, 1), (4, 2), (4, 3), (4, 6), (5, 14), (5, 15), (5, 25), (6, 5), (12, 24), (12, 25), (12, 31)]


def test_a_whole_year():
    """Of the weekdays of 2026 exactly eleven are no bank days."""
    weekdays = [date.fromordinal(n) for n in range(date(2026, 1, 1).toordinal(), date(2027, 1, 1).toordinal())]
    closed = [(day.month, day.day) for day in weekdays if day.weekday() < 5 and not is_bank_day(day)]

    assert closed == CLOSED_2026


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 11, 21), False),  # a Saturday
        (date(2026, 11, 22), False),
        (date(2026, 11, 23), True),
        (date(2023, 5, 5), False),  # the last Store bededag
        (date(2024, 4, 26), True),  # would have been the next
        (date(2026, 5, 1), True),  # 1 May: offices close, banks do not
        (date(2008, 5, 1), False),  # 1 May that was Ascension Day
        (date(2008, 5, 2), False),
        (date(2027, 5, 7), False),  # the day after Ascension
    ],
)
def test_days(day, expected):
    """Days where calendars differ."""
    assert is_bank_day(day) is expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2026, 11, 20), date(2026, 11, 20), 0),
        (date(2026, 11, 20), date(2026, 11, 23), 1),  # Friday to Monday
        (date(2026, 11, 21), date(2026, 12, 3), 9),
        (date(2026, 12, 23), date(2027, 1, 4), 4),  # 28, 29, 30 December and 4 January
        (date(2026, 4, 1), date(2026, 4, 6), 0),  # the whole of Easter
        (date(2026, 12, 3), date(2026, 11, 21), 0),
    ],
)
def test_business_days(start, end, expected):
    """The day itself does not count, the last one does; a passed deadline leaves none."""
    assert business_days(start, end) == expected


def test_next_bank_day():
    """A bank day is its own; before Christmas one waits."""
    assert next_bank_day(date(2026, 11, 23)) == date(2026, 11, 23)
    assert next_bank_day(date(2026, 12, 24)) == date(2026, 12, 28)
    assert next_bank_day(date(2026, 12, 31)) == date(2027, 1, 4)


def test_the_ends_of_the_calendar():
    """A senseless date in a letter neither raises nor takes long."""
    started = time.process_time()

    assert business_days(date.min, date.max) > 2000
    assert business_days(date.max, date.min) == 0
    assert next_bank_day(date.max) == date.max
    assert is_bank_day(date(9999, 12, 30))
    assert time.process_time() - started < 2
