"""Appointments as calendar files, read back by a small reader of RFC 5545 of our own."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemboks.content.calendar import LINE, ics

START = datetime(2026, 12, 3, 9, 30, tzinfo=UTC)
WHOLE = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Nemboks//Digital Post//DA\r
CALSCALE:GREGORIAN\r
METHOD:PUBLISH\r
BEGIN:VEVENT\r
UID:7f3k@nemboks.example\r
DTSTAMP:20261121T130512Z\r
DTSTART:20261203T093000Z\r
DTEND:20261203T103000Z\r
SUMMARY:M\xc3\xb8de\\, Aarhus\r
DESCRIPTION:Husk:\\n- pas\\; billede\\n- \\\\papir\r
LOCATION:R\xc3\xa5dhuset\r
END:VEVENT\r
END:VCALENDAR\r
"""


def made(summary="Møde", description="", location="", start=START, end=None):
    """A file with sensible values for the rest."""
    return ics(summary, description, location, start, end, "x@nemboks.example", START)


def properties(raw):
    """The properties of a file, unfolded and unescaped (RFC 5545 3.1, 3.3.11)."""
    assert raw.endswith(b"\r\n")
    lines = raw.replace(b"\r\n ", b"").decode().split("\r\n")[:-1]
    found = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name not in ("BEGIN", "END"):
            assert name not in found
            found[name] = re.sub(r"\\(.)", lambda sign: "\n" if sign[1] in "nN" else sign[1], value)
    return found


def test_a_whole_appointment():
    """The file of an ordinary appointment, octet for octet."""
    raw = ics(
        "Møde, Aarhus",
        "Husk:\r\n- pas; billede\n- \\papir",
        "Rådhuset",
        START,
        START + timedelta(hours=1),
        "7f3k@nemboks.example",
        datetime(2026, 11, 21, 14, 5, 12, 999, tzinfo=timezone(timedelta(hours=1))),
    )

    assert raw == WHOLE


@pytest.mark.parametrize("end", [None, START, START - timedelta(days=1)])
def test_no_end(end):
    """An end that is none, or not after the start, is left out; so are empty texts."""
    assert set(properties(made(end=end))) == {
        "VERSION", "PRODID", "CALSCALE", "METHOD", "UID", "DTSTAMP", "DTSTART", "SUMMARY",
    }  # fmt: skip


def test_nobody_is_answered_and_nothing_rings():
    """Whatever the authority writes, no property or component of its own appears."""
    raw = made(
        "x\r\nATTENDEE:mailto:a@b.example", "y\r\nEND:VEVENT\r\nBEGIN:VALARM", "z\u2028ORGANIZER:mailto:c@d.example"
    )

    assert "ATTENDEE" not in properties(raw)
    assert "ORGANIZER" not in properties(raw)
    assert [line for line in raw.split(b"\r\n") if line.startswith(b"BEGIN")] == [b"BEGIN:VCALENDAR", b"BEGIN:VEVENT"]


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(), max_size=300), st.text(st.characters(), max_size=300))
def test_any_words_stay_inside(summary, description):
    """Any text folds at 75 octets, inside no character, and comes back as one line or several."""
    raw = made(summary, description)
    found = properties(raw)

    assert all(len(line) <= LINE and line.decode() for line in raw.split(b"\r\n")[:-1])
    assert found.keys() <= {
        "VERSION", "PRODID", "CALSCALE", "METHOD", "UID", "DTSTAMP", "DTSTART", "SUMMARY", "DESCRIPTION",
    }  # fmt: skip
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", found.get("SUMMARY", ""))


def test_the_ends_of_the_calendar():
    """A start in year 1 is written with four digits."""
    assert properties(made(start=datetime(1, 1, 1, tzinfo=UTC)))["DTSTART"] == "00010101T000000Z"
