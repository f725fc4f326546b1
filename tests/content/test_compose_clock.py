"""The legal clock of a mail: when the letter arrived, and deadlines that it gives as data (UX.md 9, FEATURES B5)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nemboks.domain.headline import Style
from tests.content.mails import html_of, mailed, text_of, words_of
from tests.content.memos import COPY, File, Memo, action, reservation

SEEN = COPY.date  # 21-11-2026, a Saturday, 14.05.12 in Denmark


def due(at):
    """A letter with that reply-by time."""
    return Memo(extra=f"<memo:replyByDateTime>{at}</memo:replyByDateTime>")


def told(memo, **changes):
    """The deadline's line, the Subject and the importance."""
    _, message = mailed(memo, **changes)
    assert text_of(message).split() == words_of(html_of(message))
    lines = [line for line in text_of(message).splitlines() if line.startswith("Frist")]
    return lines[0][15:] if lines else "", message["Subject"], message["Importance"]


@pytest.mark.parametrize(
    ("at", "line", "subject", "importance"),
    [
        (
            "2026-11-25T11:00:00Z",
            "25-11-2026 kl. 12.00  (oplyst af afsenderen; 3 bankdage fra 21-11-2026)",
            "Frist 25-11-2026 - Skattestyrelsen: Årsopgørelse 2026",
            "high",
        ),
        (
            "2026-11-23T22:59:00Z",
            "23-11-2026  (oplyst af afsenderen; 1 bankdag fra 21-11-2026)",
            "Frist 23-11-2026 - Skattestyrelsen: Årsopgørelse 2026",
            "high",
        ),
        (
            "2026-12-05T22:59:59Z",  # a Saturday
            "05-12-2026  (oplyst af afsenderen; 10 bankdage fra 21-11-2026; ikke en bankdag, den næste er 07-12-2026)",
            "Frist 05-12-2026 - Skattestyrelsen: Årsopgørelse 2026",
            None,
        ),
        (
            "2026-12-25T09:00:00Z",  # more than 30 days away, and Christmas: the weekend follows
            "25-12-2026 kl. 10.00  (oplyst af afsenderen; 23 bankdage fra 21-11-2026; "
            "ikke en bankdag, den næste er 28-12-2026)",
            "Skattestyrelsen: Årsopgørelse 2026",
            None,
        ),
        (
            "2026-11-21T10:00:00Z",  # the same day, earlier
            "21-11-2026 kl. 11.00  (oplyst af afsenderen; overskredet, da brevet blev hentet)",
            "Skattestyrelsen: Årsopgørelse 2026",
            None,
        ),
        (
            "2029-01-02T09:00:00Z",
            "02-01-2029 kl. 10.00  (oplyst af afsenderen)",
            "Skattestyrelsen: Årsopgørelse 2026",
            None,
        ),
    ],
)
def test_a_deadline_is_counted_in_bank_days(at, line, subject, importance):
    """The days left, the next bank day if it is none, the subject within 30 days, importance within 7."""
    assert told(due(at)) == (line, subject, importance)


def test_thirty_days_and_seven_are_counted_in_danish_days():
    """The last minute of the thirtieth day is still named, the first of the next is not."""
    near, far = told(due("2026-12-21T22:59:00Z")), told(due("2026-12-21T23:00:00Z"))
    urgent, less = told(due("2026-11-28T22:59:00Z")), told(due("2026-11-28T23:00:00Z"))

    assert (near[1][:19], far[1][:15]) == ("Frist 21-12-2026 - ", "Skattestyrelsen")
    assert (urgent[2], less[2]) == ("high", None)


def test_no_deadline_is_invented():
    """A letter that gives none as data has no such line, whatever its title says."""
    assert told(Memo(title="Frist 01-12-2026: betal")) == ("", "Skattestyrelsen: Frist 01-12-2026: betal", None)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("BETALING", True), ("UNDERSKRIV", True), ("INFORMATION", False), ("AFTALE", False), ("aftale", False)],
)
def test_the_end_of_an_action_that_asks_is_a_deadline(code, expected):
    """What is to be done by a time has a deadline; a notice's or an appointment's end is none."""
    ends = "<memo:endDateTime>2026-12-01T11:00:00Z</memo:endDateTime>"
    line, subject, _ = told(Memo(files=[File(actions=action("Gør det", code, ends))]))

    assert line.startswith("01-12-2026 kl. 12.00") is expected
    assert subject.startswith("Frist 01-12-2026 - ") is expected
    assert not told(Memo(files=[File(actions=action("Møde", "BETALING", reservation()))]))[0]


def test_of_several_deadlines_the_first_that_is_still_ahead_counts():
    """One that has passed hides none that is coming."""
    ends = "<memo:endDateTime>{}</memo:endDateTime>"
    actions = action(inside=ends.format("2026-12-01T11:00:00Z")) + action(inside=ends.format("2026-11-01T11:00:00Z"))
    memo = due("2026-12-03T11:00:00Z")
    memo.files = [File(actions=actions)]

    assert told(memo)[0].startswith("01-12-2026 kl. 12.00")


def test_the_reception_time_has_its_bounds():
    """What is not known exactly is said to be between two times, on one day or two."""
    arrived = datetime(2026, 11, 21, 13, 5, tzinfo=UTC)
    close, far = (mailed(Memo(), not_before=arrived - timedelta(minutes=minutes))[1] for minutes in (5, 900))

    assert "21-11-2026 kl. 14.05   (kommet frem, § 10 i lov om Digital Post; tidligst kl. 14.00, senest dette" in (
        text_of(close)
    )
    assert "tidligst 20-11-2026 kl. 23.05, senest dette tidspunkt)" in text_of(far)


def test_english_says_the_same():
    """The clock in English, with Danish dates."""
    copy = replace(COPY, style=Style(language="en"))
    _, message = mailed(due("2026-11-29T11:00:00Z"), copy)
    text = text_of(message)

    assert "Digital Post:  21-11-2026 at 14:05   (deemed received, section 10 of the Danish Digital Post Act; " in text
    assert (
        "Deadline:      29-11-2026 at 12:00  (as given by the sender; 5 bank days from 21-11-2026; "
        "not a bank day, the next is 30-11-2026)"
    ) in text
    assert message["Subject"] == "Deadline 29-11-2026 - Skattestyrelsen: Årsopgørelse 2026"
