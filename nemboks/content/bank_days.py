"""Which days Danish banks are open, for the deadlines of letters.

Promises: the calendar is the `holidays` library's, with the two differences between public holidays and the days on
which Danish banks are closed; no date, however far away, raises or takes long. Never says what a deadline means in law.
"""

from datetime import date, timedelta
from functools import lru_cache

from holidays import country_holidays

_WEEKEND = (5, 6)
_HORIZON = timedelta(days=3660)  # a letter may name the year 9999; nobody counts days that far ahead


def is_bank_day(day: date) -> bool:
    """Whether banks are open: no weekend, no public holiday, nor one of the banks' own four days."""
    day = date(day.year, day.month, day.day)
    return day.weekday() not in _WEEKEND and day not in _closed(day.year)


def business_days(start: date, end: date) -> int:
    """How many bank days are left: those after `start`, up to and including `end`; 0 when the end has passed.

    At most those of the next ten years are counted.
    """
    days = min(end - start, _HORIZON).days
    return sum(is_bank_day(start + timedelta(days=n)) for n in range(1, days + 1))


def next_bank_day(day: date) -> date:
    """The first bank day on or after `day`; `day` itself at the very end of the calendar."""
    following = day
    while not is_bank_day(following):
        if following == date.max:
            return day
        following += timedelta(days=1)
    return following


@lru_cache(maxsize=32)
def _closed(year: int) -> frozenset[date]:
    """The days of one year on which banks are closed besides weekends.

    Their own four are 5 June, 24 and 31 December and the day after Ascension, which the library lacks; it counts
    1 May as optional, when offices close and banks do not.
    """
    found = country_holidays("DK", years=year, categories=("public", "optional"), language="en_US")
    closed = {day for day in found if (day.month, day.day) != (5, 1) or found[day] != "Workers' Day"}
    return frozenset(closed | {day + timedelta(days=1) for day in found.get_named("Ascension Day")})
