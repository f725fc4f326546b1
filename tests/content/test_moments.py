"""Dates and times as people write them, above all where Danish clocks change."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemboks.content.moments import NoMomentError, local_moment, midnight, next_at
from nemboks.content.texts import DENMARK, date_words, utc_words

FIRST, LAST = datetime(2000, 1, 2), datetime(2198, 12, 31)  # noqa: DTZ001 -- hypothesis adds the zone
TIMES = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


def _at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("21-11-2026 14.05", "2026-11-21T13:05"),
        ("21-11-2026 14:05", "2026-11-21T13:05"),
        ("21-11-2026 kl. 14.05", "2026-11-21T13:05"),
        ("21-11-2026 kl 14:05", "2026-11-21T13:05"),
        ("21-11-2026 at 14:05", "2026-11-21T13:05"),
        ("21-11-2026 KL.14.05", "2026-11-21T13:05"),
        ("  21.11.2026   9.05 ", "2026-11-21T08:05"),
        ("1-7-2026 00.00", "2026-06-30T22:00"),
        ("2026-11-21T14:05", "2026-11-21T13:05"),
        ("2026-11-21 14:05", "2026-11-21T13:05"),
        ("2026-07-01T14:05:30", "2026-07-01T12:05:30"),
        ("29-02-2028 00.00", "2028-02-28T23:00"),
        ("2026-11-21T14:05+01:00", "2026-11-21T13:05"),
        ("2026-07-01T14:05+0200", "2026-07-01T12:05"),
    ],
)
def test_danish_times(text, expected):
    """A time is Danish local time, in winter and summer; there is nothing to explain."""
    moment = local_moment(text)

    assert _at(expected) == moment.at
    assert moment.at.tzinfo is UTC
    assert ("", "") == (moment.da, moment.en)


@pytest.mark.parametrize(
    ("text", "expected", "da", "en"),
    [
        ("21-11-2026", "2026-11-20T23:00", "21-11-2026 kl. 00.00", "21-11-2026 at 00:00"),
        ("2026-07-01", "2026-06-30T22:00", "01-07-2026 kl. 00.00", "01-07-2026 at 00:00"),
        ("25-10-2026", "2026-10-24T22:00", "25-10-2026 kl. 00.00", "25-10-2026 at 00:00"),
        ("26-10-2026", "2026-10-25T23:00", "26-10-2026 kl. 00.00", "26-10-2026 at 00:00"),
        ("28-03-2027", "2027-03-27T23:00", "28-03-2027 kl. 00.00", "28-03-2027 at 00:00"),
        ("2026-11-21T14:05Z", "2026-11-21T14:05", "21-11-2026 kl. 15.05", "21-11-2026 at 15:05"),
        ("2026-11-21T13:05:00.123Z", "2026-11-21T13:05", "21-11-2026 kl. 14.05", "21-11-2026 at 14:05"),
        ("2026-07-01T00:30+01:00", "2026-06-30T23:30", "01-07-2026 kl. 01.30", "01-07-2026 at 01:30"),
        ("2026-11-21T14:05-05:00", "2026-11-21T19:05", "21-11-2026 kl. 20.05", "21-11-2026 at 20:05"),
    ],
)
def test_what_is_told_back(text, expected, da, en):
    """A date alone is its first minute, and a foreign zone is turned into ours; both are told back."""
    moment = local_moment(text)

    assert _at(expected) == moment.at
    assert f"Forstået som {da} dansk tid" == moment.da
    assert f"understood as {en} Danish time" == moment.en


@pytest.mark.parametrize(
    ("text", "da", "en"),
    [
        ("31-02-2026", "31-02-2026 findes ikke; den måned har 28 dage", "that month has 28 days"),
        ("29-02-2027", "den måned har 28 dage", "that month has 28 days"),
        ("00-05-2026", "den måned har 31 dage", "that month has 31 days"),
        ("2026-13-01", "ingen måned 13", "no month 13"),
        ("21-00-2026 14.05", "ingen måned 00", "no month 00"),
        ("21-11-0226", "Året 0226", "the year 0226"),
        ("2999-01-01", "skriv et år fra 2000 til 2199", "write one from 2000 to 2199"),
        ("21-11-2026 24.00", "midnat er 00.00 dagen efter", "midnight is 00:00 of the next"),
        ("21-11-2026 14.60", "intet klokkeslæt 14.60", "no time 14:60"),
        ("2026-11-21T14:05:60", "døgnet er", "a day goes"),
        ("2026-11-21T14:05+15:00", "ingen tidszone +15:00", "no time zone +15:00"),
        ("2026-11-21T14:05+01:60", "ingen tidszone", "no time zone"),
    ],
)
def test_what_is_in_no_calendar(text, da, en):
    """Refused with the reason in both languages (B73)."""
    with pytest.raises(NoMomentError) as seen:
        local_moment(text)

    assert da in seen.value.da
    assert en in seen.value.en
    assert str(seen.value) == seen.value.en


@pytest.mark.parametrize(
    "text",
    ["", " ", "i morgen", "21/11/2026", "11-21", "21-11-26", "21-11.2026", "2026-1-1", "20261121", "21-11-2026 14",
     "21-11-2026 kl. 14", "21-11-2026Z", "14.05", "21-11-2026 14.05 CET", "２１-11-2026", "21-11-2026\x00", "+1d",
     "010101-0000", "21-11-2026 " + " " * 50_000 + "x", "9" * 50_000],
)  # fmt: skip
def test_nonsense(text):
    """Shown back short and clean, with an example; a number of a person is not repeated."""
    with pytest.raises(NoMomentError) as seen:
        local_moment(text)

    assert seen.value.da.isprintable()
    assert "21-11-2026 kl. 14.05" in seen.value.da
    assert "21-11-2026 14:05" in seen.value.en
    assert len(seen.value.da) < 150
    assert "010101" not in seen.value.da


@pytest.mark.parametrize("text", ["28-03-2027 02.30", "2027-03-28T02:00", "28-03-2027 kl. 02.59"])
def test_an_hour_that_is_left_out(text):
    """On the night that clocks go forward nothing is between two and three; the times around it are offered (B74)."""
    minute = text[-2:]
    with pytest.raises(NoMomentError) as seen:
        local_moment(text)

    assert f"skriv kl. 01.{minute} eller kl. 03.{minute}" in seen.value.da
    assert f"write 01:{minute} or 03:{minute}" in seen.value.en


@pytest.mark.parametrize(
    ("text", "expected"),
    [("28-03-2027 01.59", "2027-03-28T00:59"), ("28-03-2027 03.00", "2027-03-28T01:00"),
     ("2027-03-28T02:30+01:00", "2027-03-28T01:30"), ("25-10-2026 01.59", "2026-10-24T23:59"),
     ("25-10-2026 03.00", "2026-10-25T02:00")],
)  # fmt: skip
def test_right_beside_the_change(text, expected):
    """The minutes before and after are what they say, and a zone settles what is in between."""
    assert _at(expected) == local_moment(text).at


@pytest.mark.parametrize("text", ["25-10-2026 02.30", "2026-10-25T02:00", "25-10-2026 kl. 02.59"])
def test_an_hour_that_comes_twice(text):
    """On the night that clocks go back the zone must be written, and what is offered is understood (B74)."""
    with pytest.raises(NoMomentError) as seen:
        local_moment(text)

    first, second = (f"2026-10-25T02:{text[-2:]}+0{n}:00" for n in (2, 1))
    for said in (seen.value.da, seen.value.en):
        assert first in said
        assert second in said
    assert local_moment(second).at - local_moment(first).at == timedelta(hours=1)
    assert ("", "") == (local_moment(first).da, local_moment(second).da)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 10, 25), 25), (date(2027, 3, 28), 23), (date(2026, 11, 21), 24)]
)
def test_days(day, hours):
    """A day goes from midnight to midnight, with as many hours as it has."""
    assert timedelta(hours=hours) == midnight(day + timedelta(days=1)) - midnight(day)


@pytest.mark.parametrize(
    ("hour", "after", "expected"),
    [
        (7, "2026-11-21T05:59:59", "2026-11-21T06:00"),
        (7, "2026-11-21T06:00", "2026-11-22T06:00"),
        (7, "2026-10-24T05:00", "2026-10-25T06:00"),  # 25 hours later
        (7, "2026-10-25T06:00", "2026-10-26T06:00"),
        (7, "2027-03-27T06:00", "2027-03-28T05:00"),  # 23 hours later
        (0, "2026-10-24T21:59", "2026-10-24T22:00"),
        (0, "2026-10-24T22:00", "2026-10-25T23:00"),
        (0, "2027-03-27T23:00", "2027-03-28T22:00"),
        (2, "2026-10-24T23:00", "2026-10-25T00:00"),
        (2, "2026-10-25T00:00", "2026-10-26T01:00"),  # not when it comes again an hour later
        (2, "2026-10-25T00:30", "2026-10-26T01:00"),
        (2, "2027-03-27T23:00", "2027-03-28T01:00"),  # left out: when it would have come it is three
        (2, "2027-03-28T01:00", "2027-03-29T00:00"),
    ],
)
def test_next_at(hour, after, expected):
    """The next such hour on Danish clocks, also when the day has 23 or 25."""
    assert _at(expected) == next_at(hour, _at(after))


@given(TIMES, st.integers(0, 23))
def test_next_at_always(after, hour):
    """It is later, at most 25 hours, and on the hour; the one that clocks may skip is the only one that differs."""
    at = next_at(hour, after)

    assert timedelta() < at - after <= timedelta(hours=25)
    local = at.astimezone(DENMARK)
    assert (local.minute, local.second, local.microsecond) == (0, 0, 0)
    assert local.hour == hour or (hour, local.hour) == (2, 3)


@given(TIMES)
def test_what_we_write_we_read(at):
    """The times that our own pages, mails and answers show are read back, except in the hour that comes twice."""
    minute = at.replace(second=0, microsecond=0)
    assert at.replace(microsecond=0) == local_moment(utc_words(at)).at
    for language in ("da", "en"):
        text = date_words(at, language)
        try:
            assert minute == local_moment(text).at
        except NoMomentError as refused:
            assert "to gange" in refused.da


@given(st.text(max_size=40))
def test_any_text(text):
    """Whatever is written is a moment or refused in words; nothing else happens."""
    try:
        assert local_moment(text).at.tzinfo is UTC
    except NoMomentError as refused:
        assert refused.da
        assert refused.en
