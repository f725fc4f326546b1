"""When people are told again of a trouble that lasts. Pure."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from nemboks.domain.doors import louder
from nemboks.domain.incidents import Cause, Sick
from nemboks.domain.pace import Pace

_DAY: Final = 86_400
_DENMARK: Final = ZoneInfo("Europe/Copenhagen")


def reminder_at(told_at: datetime, pace: Pace) -> datetime:
    """When people are reminded: a daily reminder comes at eight in the morning, Danish time (UX 7)."""
    at = told_at + timedelta(seconds=pace.still_seconds)
    if pace.still_seconds < _DAY:
        return at
    return at.astimezone(_DENMARK).replace(hour=8, minute=0, second=0, microsecond=0)


def is_due(one: Sick, told_at: datetime, now: datetime, pace: Pace) -> bool:
    """Whether people are to be reminded now; of our certificate's end by steps until it has come (RELIABILITY H23)."""
    if one.cause is Cause.OUR_CERTIFICATE and one.deadline and told_at < one.deadline:
        return louder(one.deadline, told_at, now)
    return now >= reminder_at(told_at, pace)
