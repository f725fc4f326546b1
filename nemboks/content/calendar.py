"""An appointment from a letter as a calendar file (RFC 5545), for the attachment `aftale.ics`.

Promises: the same inputs give the same octets; METHOD:PUBLISH with no attendee and no alarm, so nobody is answered
and nothing rings; times in UTC; a stranger's words cannot start a property of their own. Never invents a time.
"""

import re
from datetime import UTC, datetime

from nemboks.content.texts import clean

LINE = 75  # octets of a content line without its CRLF (RFC 5545 3.1)
_TEXT = 4000  # characters of one property
_BREAK = re.compile(r"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029]")
# RFC 5545 3.3.11; a colon needs no escape.
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def ics(
    summary: str, description: str, location: str, start: datetime, end: datetime | None, uid: str, stamp: datetime
) -> bytes:
    """The file: one event, CRLF at every line's end.

    An end that is absent, or not after the start, is left out (RFC 5545 3.8.2.2). `uid` is ours and the same for
    every copy of the letter; `stamp` is when the mail was made. Empty texts become no property.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Nemboks//Digital Post//DA",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_escaped(uid)}",
        f"DTSTAMP:{_utc(stamp)}",
        f"DTSTART:{_utc(start)}",
        *([f"DTEND:{_utc(end)}"] if end and end > start else []),
        *_property("SUMMARY", summary),
        *_property("DESCRIPTION", description),
        *_property("LOCATION", location),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line.encode()) for line in lines)


def _property(name: str, text: str) -> list[str]:
    value = _escaped(text)
    return [f"{name}:{value}"] if value else []


def _escaped(text: str) -> str:
    """The text as a TEXT value: each line cleaned, the breaks between them kept."""
    lines = [clean(line, _TEXT) for line in _BREAK.split(text[:_TEXT])]
    return "\n".join(lines).strip().translate(_ESCAPES)


def _utc(at: datetime) -> str:
    """RFC 5545 3.3.5 form 2. Not strftime: it does not pad years before 1000 everywhere."""
    moment = at.astimezone(UTC)
    return f"{moment.year:04}{moment.month:02}{moment.day:02}T{moment.hour:02}{moment.minute:02}{moment.second:02}Z"


def _folded(line: bytes) -> bytes:
    """The line cut into pieces of at most 75 octets, never inside a character (RFC 5545 3.1)."""
    pieces = []
    room = LINE
    while len(line) > room:
        at = room
        while line[at] & 0xC0 == 0x80:  # in the middle of a character
            at -= 1
        pieces.append(line[:at])
        line, room = line[at:], LINE - 1  # the space that begins a folded line is counted
    return b"\r\n ".join([*pieces, line]) + b"\r\n"
