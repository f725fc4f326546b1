"""What people write for a date or a time, as the moment they mean; Danish local time unless they write a zone.

Promises: a time that did not exist or came twice, because the clocks changed, is never guessed at; nor is a date that
is in no calendar. Whatever is refused is refused in words that say what to write instead (SECURITY.md 8: B73, B74).
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from nemboks.content.texts import DENMARK, danish, date_words, masked

YEARS: Final = range(2000, 2200)  # Digital Post is younger; what lies outside is a slip of the finger
_DANISH = r"(?P<d>[0-9]{1,2})(?P<sep>[-.])(?P<m>[0-9]{1,2})(?P=sep)(?P<y>[0-9]{4})"
_ISO = r"(?P<Y>[0-9]{4})-(?P<M>[0-9]{2})-(?P<D>[0-9]{2})"
_SECOND = r"(?:[.:](?P<second>[0-9]{2})(?:\.[0-9]{1,9})?)?"
_TIME = rf"(?:\s+(?:kl\.?\s*|at\s+)?|T)(?P<hour>[0-9]{{1,2}})[.:](?P<minute>[0-9]{{2}}){_SECOND}"
_ZONE = r"\s*(?P<zone>Z|(?P<sign>[+-])(?P<zh>[0-9]{2}):?(?P<zm>[0-9]{2}))"
_WRITTEN = re.compile(rf"(?:{_DANISH}|{_ISO})(?:{_TIME}(?:{_ZONE})?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in UTC, and in both languages how it was understood; "" where it stands just so in what was written."""

    at: datetime
    da: str = ""
    en: str = ""


class NoMomentError(ValueError):
    """What was written is no moment; says so in both languages, with what to write instead."""

    def __init__(self, da: str, en: str) -> None:
        super().__init__(en)
        self.da = da
        self.en = en


def local_moment(text: str) -> Moment:
    """The moment that somebody wrote, in UTC. Raises NoMomentError.

    `21-11-2026`, `21-11-2026 14.05` (or 14:05, kl. 14.05, at 14:05), `2026-11-21`, `2026-11-21T14:05`,
    and behind a time its zone: `Z`, `+01:00`. A date alone is its first minute in
    Denmark. A fraction of a second is cut off.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        shown = masked(text, 40)
        raise NoMomentError(
            f"»{shown}« er ikke en dato eller et tidspunkt; skriv for eksempel 21-11-2026 kl. 14.05",
            f"'{shown}' is not a date or a time; write for example 21-11-2026 14:05",
        )
    day = _day(*(int(found[a] or found[b]) for a, b in (("y", "Y"), ("m", "M"), ("d", "D"))))
    if found["hour"] is None:
        return _understood(midnight(day))
    local = datetime.combine(day, _time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0)))
    if not found["zone"]:
        return Moment(_in_denmark(local))
    zone = _zone(found["sign"] or "+", int(found["zh"] or 0), int(found["zm"] or 0))
    at = local.replace(tzinfo=zone).astimezone(UTC)
    return Moment(at) if danish(at).replace(tzinfo=None) == local else _understood(at)


def midnight(day: date) -> datetime:
    """The first moment of a day in Denmark, in UTC. Clocks change at two o'clock, so every day has one."""
    return datetime.combine(day, time(), DENMARK).astimezone(UTC)


def next_at(hour: int, after: datetime) -> datetime:
    """The next time that clocks in Denmark strike this hour (0 to 23), strictly after the given one, in UTC.

    Once a day: of an hour that comes twice the first counts, and for one that is left out the moment it is skipped.
    """
    today = danish(after).date()
    at = datetime.combine(today, time(hour), DENMARK).astimezone(UTC)
    # Not 24 hours later: the days on which clocks change have 23 and 25.
    return at if at > after else datetime.combine(today + timedelta(days=1), time(hour), DENMARK).astimezone(UTC)


def _day(year: int, month: int, day: int) -> date:
    """The date. Raises NoMomentError for one that is in no calendar."""
    if year not in YEARS:
        first, last = YEARS[0], YEARS[-1]
        raise NoMomentError(
            f"Året {year:04} kan ikke passe; skriv et år fra {first} til {last}",
            f"the year {year:04} cannot be right; write one from {first} to {last}",
        )
    if not 1 <= month <= 12:
        raise NoMomentError(
            f"Der er ingen måned {month:02}; skriv dag-måned-år, for eksempel 21-11-2026",
            f"there is no month {month:02}; write day-month-year, for example 21-11-2026",
        )
    days = monthrange(year, month)[1]
    if not 1 <= day <= days:
        raise NoMomentError(
            f"{day:02}-{month:02}-{year} findes ikke; den måned har {days} dage",
            f"{day:02}-{month:02}-{year} does not exist; that month has {days} days",
        )
    return date(year, month, day)


def _time(hour: int, minute: int, second: int) -> time:
    """The time of day. Raises NoMomentError."""
    if hour < 24 and minute < 60 and second < 60:
        return time(hour, minute, second)
    raise NoMomentError(
        f"Der er intet klokkeslæt {hour:02}.{minute:02}; døgnet er fra 00.00 til 23.59; midnat er 00.00 dagen efter",
        f"there is no time {hour:02}:{minute:02}; a day goes from 00:00 to 23:59, and midnight is 00:00 of the next",
    )


def _zone(sign: str, hours: int, minutes: int) -> timezone:
    """The zone. Raises NoMomentError."""
    if hours < 15 and minutes < 60:
        offset = timedelta(hours=hours, minutes=minutes)
        return timezone(-offset if sign == "-" else offset)
    raise NoMomentError(
        f"Der er ingen tidszone {sign}{hours:02}:{minutes:02}; skriv +01:00 (vintertid), +02:00 (sommertid) eller Z",
        f"there is no time zone {sign}{hours:02}:{minutes:02}; write +01:00 (winter), +02:00 (summer) or Z",
    )


def _in_denmark(local: datetime) -> datetime:
    """What clocks in Denmark show, in UTC. Raises NoMomentError for what they never show, or show twice."""
    first, second = (local.replace(tzinfo=DENMARK, fold=fold).astimezone(UTC) for fold in (0, 1))
    day = f"{local:%d-%m-%Y}"
    if first > second:  # in a gap, fold 0 is later than fold 1 (PEP 495)
        before, after = danish(second), danish(first)
        raise NoMomentError(
            f"Klokken {local:%H.%M} findes ikke den {day}, for urene stilles frem; "
            f"skriv kl. {before:%H.%M} eller kl. {after:%H.%M}",
            f"there is no {local:%H:%M} on {day}, because clocks go forward; write {before:%H:%M} or {after:%H:%M}",
        )
    if first < second:
        one, other = (danish(at).isoformat(timespec="minutes") for at in (first, second))
        raise NoMomentError(
            f"Klokken {local:%H.%M} kommer to gange den {day}, for urene stilles tilbage; "
            f"skriv {one} for den første eller {other} for den anden",
            f"{local:%H:%M} comes twice on {day}, because clocks go back; "
            f"write {one} for the first or {other} for the second",
        )
    return first


def _understood(at: datetime) -> Moment:
    return Moment(at, f"Forstået som {date_words(at)} dansk tid", f"understood as {date_words(at, 'en')} Danish time")
