"""The deadline that a letter gives as data, and the days left; never one that was guessed from its words.

It is the reply-by time, or the end of an action that asks for something to be done. An appointment's end is none.
"""

from datetime import date, datetime

from nemboks.content.bank_days import business_days, is_bank_day, next_bank_day
from nemboks.content.texts import danish, date_words, day_words
from nemboks.content.wording import Wording
from nemboks.domain.headline import Action, Headline

SOON = 30  # days: the subject names a deadline this near (UX.md 9)
URGENT = 7  # days: the mail is marked important
_NO_DEADLINE = ("AFTALE", "INFORMATION")  # codes of actions whose end is no deadline (DIGITAL-POST.md 1.3)
_COUNTED = 366  # days: farther away nobody counts bank days


def deadline_of(headline: Headline, seen: datetime) -> datetime | None:
    """The first deadline that had not passed when the letter was seen; if all had, the last of them."""
    times = [headline.reply_by, *(action.ends_at for action in headline.actions if _asks(action))]
    known = sorted(at for at in times if at is not None)
    return next((at for at in known if at >= seen), known[-1] if known else None)


def days_to(deadline: datetime, seen: datetime) -> int:
    """Calendar days from the day it was seen to the deadline's, in Denmark; negative when it has passed."""
    days = (_day(deadline) - _day(seen)).days
    return days if deadline >= seen else min(days, -1)


def deadline_words(deadline: datetime, seen: datetime, words: Wording) -> str:
    """`03-12-2026  (told by the sender; 8 bank days from 21-11-2026)`, and the next bank day if it is none itself."""
    local, first = danish(deadline), _day(seen)
    # The last minute of a day is how a whole day is written in data.
    shown = day_words(deadline) if (local.hour, local.minute) == (23, 59) else date_words(deadline, words.language)
    days = (local.date() - first).days
    about = [words.told]
    if deadline < seen:
        about.append(words.passed)
    elif days <= _COUNTED:
        left, (one, several) = business_days(first, local.date()), words.bank_days
        about.append(one.format(day_words(seen)) if left == 1 else several.format(left, day_words(seen)))
    if deadline >= seen and days <= _COUNTED and not is_bank_day(local.date()):
        about.append(words.no_bank_day.format(_next(local.date())))
    return f"{shown}  ({'; '.join(about)})"


def _asks(action: Action) -> bool:
    return action.reservation is None and action.code.upper() not in _NO_DEADLINE


def _day(at: datetime) -> date:
    return danish(at).date()


def _next(day: date) -> str:
    following = next_bank_day(day)
    return f"{following.day:02}-{following.month:02}-{following.year:04}"
