"""One look at what is wrong: which incidents begin, join and are told, to the second (assess.py)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from nemboks.domain.incidents import Cause, Sick
from nemboks.domain.mailbox import Address, Options
from nemboks.domain.pace import Pace
from nemboks.domain.reminders import reminder_at
from tests.domain.looks import (
    ANNA,
    BOX,
    BY_KIM,
    DAY,
    GATHER,
    HOUR,
    KIM,
    KNOWN,
    LATE,
    NEAR,
    NEW,
    NOTICE,
    OPERATOR,
    PACE,
    QUIET,
    SECOND,
    TOLD,
    C,
    K,
    ill,
    look,
)  # fmt: skip
from tests.domain.samples import AT


def test_the_first_look() -> None:
    """An incident with all that is known, and nobody is told yet."""
    assert look([ill()]) == ([NEW], [])
    assert look([]) == ([], [])


@pytest.mark.parametrize("cause", C)
def test_where_a_trouble_is(cause: Cause) -> None:
    """At a server, nowhere, or at a domain whose addresses are mended together; each circle has its own."""
    server = {C.POLICY, C.LOGIN, C.TLS, C.LATE, C.SILENT}
    nowhere = {C.HELD, C.VANISHED, C.REFUSED, C.UNUSABLE}
    place = "bageri" if cause in server else "" if cause in nowhere else "bageri.example"
    found, _ = look([ill(None, cause)])
    assert {one.key.rpartition("|")[0] for one in found} == {f"{cause}|{place}"}


@pytest.mark.parametrize(
    ("cause", "changes", "heard"),
    [
        *((cause, {"definite": False}, cause not in (C.LATE, C.COPY, C.TOO_LARGE)) for cause in C),
        (C.TOO_LARGE, {"definite": True}, True),
        (C.LATE, {"definite": False, "since": AT - LATE + SECOND}, False),
        (C.LATE, {"definite": False, "since": AT - LATE}, True),
        (C.LATE, {"definite": False, "deadline": AT + NEAR}, False),
        (C.LATE, {"definite": False, "deadline": AT + NEAR - SECOND}, True),
        (C.COPY, {"definite": False, "deadline": AT + HOUR}, False),
    ],
)
def test_when_people_are_to_hear_of_it(cause: Cause, changes: dict[str, Any], heard: bool) -> None:
    """At once, unless time may cure it: then when it is late, or when the letter's deadline is near."""
    found, owed = look([ill(None, cause, **changes)])
    assert (bool(found), owed) == (heard, [])


@pytest.mark.parametrize(("after", "told"), [(GATHER - SECOND, False), (GATHER, True)])
def test_troubles_are_gathered(after: timedelta, told: bool) -> None:
    """Then all are one notice; before that, those that come only join."""
    found, owed = look([ill(1), ill(2, words="")], [KNOWN], AT + after)
    both = replace(KNOWN, letters=(1, 2), told_at=AT + GATHER if told else None, notices=int(told))
    assert found == [both]
    assert owed == ([replace(NOTICE, count=2, letters=(1, 2))] if told else [])


def test_one_notice() -> None:
    """With all that people need; a letter that is told for its lateness is told as late."""
    assert look([ill()], [KNOWN], AT + GATHER) == ([replace(KNOWN, told_at=AT + GATHER, notices=1)], [NOTICE])
    late = ill(cause=C.LATE, since=AT - LATE, definite=False)
    first, _ = look([late])
    for sick, kind in ((late, K.LATE), (replace(late, definite=True), K.STOPPED)):
        assert {one.kind for one in look([sick], first, AT + GATHER)[1]} == {kind}
    one_definite = [late, replace(late, letter=2, definite=True)]
    assert {one.kind for one in look(one_definite, first, AT + GATHER)[1]} == {K.STOPPED}


def test_without_a_way_nobody_is_told() -> None:
    """It stays untold; who was told once is to hear the end by the old way."""
    blind = replace(BOX, options=Options())
    lost = replace(KNOWN, key="address|bageri.example|mailbox:1", paths=())
    assert look([ill()], [lost], AT + DAY, [blind]) == ([], [])
    assert look([ill(), ill(2)], [lost], AT + DAY, [blind]) == ([replace(lost, letters=(1, 2))], [])
    away = replace(BOX, options=Options(second_contact=Address("chef@bageri.example")))
    key = "address|bageri.example|mail:da:chef@bageri.example"
    told = replace(TOLD, key=key, paths=("mail:da:chef@bageri.example",))
    found, owed = look([ill(1), ill(2)], [told], AT + HOUR, [away])
    assert owed == [] and found == [replace(told, letters=(1, 2))]


@pytest.mark.parametrize(
    ("addresses", "shown"),
    [((ANNA,), ANNA), ((ANNA, ANNA), ANNA), ((ANNA, "ole@bageri.example"), "@bageri.example"), ((ANNA, KIM), "")],
)
def test_which_address_an_incident_shows(addresses: tuple[str, ...], shown: str) -> None:
    """The one, the domain of several, nothing for several domains; here of one server's refusals."""
    (first, *_), _ = look([ill(n, C.LOGIN, address=one) for n, one in enumerate(addresses)], operator=OPERATOR)
    assert first.address == shown


def test_the_nearest_deadline_stands_first() -> None:
    """Then the oldest, then the lowest number; what it says is what people read, and since the oldest it counts."""
    soon, later, old, young, last = (
        ill(9, deadline=AT + 9 * DAY, words="soon"), ill(8, deadline=AT + 20 * DAY), ill(7, since=AT - HOUR),
        ill(5), ill(6),
    )  # fmt: skip
    mixed = [last, young, later, old, soon]
    _, (notice,) = look(mixed, [KNOWN], AT + GATHER)
    assert (notice.letters, notice.since, notice.words) == ((9, 8, 7, 5, 6), AT - HOUR, "soon")
    same = [ill(1, deadline=AT + 9 * DAY, words="young"), ill(2, since=AT - HOUR, deadline=AT + 9 * DAY, words="old")]
    assert look(same, [KNOWN], AT + GATHER)[1][0].words == "old"
    assert look([ill(1), ill(None, words="box")], [KNOWN], AT + GATHER)[1][0].words == "box"
    _, (silent,) = look([ill(1, words="")], [replace(KNOWN, words="before")], AT + GATHER)
    assert silent.words == "before"
    _, (mailbox,) = look([ill(2), ill(None)], [KNOWN], AT + GATHER)
    assert (mailbox.letters, mailbox.count) == ((2,), 1)


def test_what_an_incident_gathers() -> None:
    """The server of the most urgent, every address and mailbox that it held up, though it holds up others now."""
    (new,), _ = look([ill(1, destination="b"), ill(2, since=AT - HOUR, destination="a")])
    assert new.destination == "a"
    now = [ill(2, mailbox=2), ill(3, mailbox=2, address="ole@bageri.example")]
    (found,), _ = look(now, [KNOWN], boxes=[BOX, replace(BOX, id=2)])
    assert found == replace(KNOWN, address="@bageri.example", mailboxes=(1, 2), letters=(1, 2, 3))


def test_one_that_is_late_is_enough() -> None:
    """Those that are not yet join it."""
    found, _ = look([ill(1, C.LATE, definite=False), ill(2, C.LATE, definite=False, since=AT - LATE)])
    assert {one.letters for one in found} == {(1, 2)}


def test_what_time_does_not_cure_is_never_told_as_late() -> None:
    """Whether or not the refusal was definite."""
    assert look([ill(definite=False)], [KNOWN], AT + GATHER)[1][0].kind is K.STOPPED


def test_a_mailboxs_trouble_has_no_deadline() -> None:
    """A deadline is a letter's: without one nobody is told again."""
    assert look([ill(), ill(None, deadline=AT + NEAR + HOUR / 2)], [TOLD], AT + HOUR)[1] == []


# --- one cause for each letter ---


@pytest.mark.parametrize(
    ("other", "late", "told_late"),
    [
        (ill(1, C.ADDRESS), {}, False),
        (ill(2, C.ADDRESS), {}, True),
        (ill(1, C.COPY), {}, True),
        (ill(None, C.REFUSED), {}, True),
        (ill(None, C.REFUSED), {"destination": ""}, False),
        (ill(None, C.REFUSED, mailbox=2), {"destination": ""}, True),
        (ill(None, C.HELD), {"destination": ""}, True),
    ],
)
def test_lateness_with_a_name_is_not_told_as_lateness(other: Sick, late: dict[str, Any], told_late: bool) -> None:
    """The letter's own trouble is told, or that its mailbox is shut upstream."""
    waits = ill(1, C.LATE, since=AT - LATE, definite=False, **late)
    found, _ = look([other, waits], boxes=[BOX, replace(BOX, id=2)])
    assert (C.LATE in {one.cause for one in found}) is told_late


@pytest.mark.parametrize(
    ("other", "alone"),
    [
        (ill(1), False), (ill(1, address=KIM), True), (ill(1, mailbox=2), True), (ill(None, C.TLS), True),
        (ill(1, C.LATE, definite=False), True), (ill(1, C.BOUNCED), True), (ill(1, C.FULL), False),
    ],
)  # fmt: skip
def test_what_the_daily_check_found_is_told_by_a_letter_that_met_it(other: Sick, alone: bool) -> None:
    """The same mailbox and address, with a trouble of its own."""
    found, _ = look([ill(None, C.PREFLIGHT), other], boxes=[BOX, replace(BOX, id=2)])
    assert (C.PREFLIGHT in {one.cause for one in found}) is alone


# --- what people know of ---


def test_letters_join_unheard() -> None:
    """Counted, and not told before the reminder; nothing changes when nothing does."""
    assert look([ill()], [TOLD], AT + HOUR) == ([], [])
    assert look([ill(1), ill(2)], [TOLD], AT + HOUR) == ([replace(TOLD, letters=(1, 2))], [])
    assert look([ill()], [replace(TOLD, quiet_since=AT)], AT + HOUR) == ([TOLD], [])


@pytest.mark.parametrize(
    ("deadline", "known", "after", "told"),
    [
        (AT + DAY, False, QUIET, True),
        (AT + DAY, False, QUIET - SECOND, False),
        (AT + DAY, True, HOUR, False),
        (AT + NEAR + HOUR / 2, True, HOUR, True),
        (AT + NEAR, True, HOUR, False),
        (AT + NEAR + 2 * HOUR, False, HOUR, False),
        (AT + NEAR + HOUR, False, HOUR, False),
        (None, False, HOUR, False),
    ],
)
def test_a_letter_whose_deadline_is_near_is_told(
    deadline: datetime | None, known: bool, after: timedelta, told: bool
) -> None:
    """New or not told as near before, and at most every half hour; one that must wait for that joins only then."""
    number = 1 if known else 2
    found, owed = look([ill(), ill(number, deadline=deadline)], [TOLD], AT + after)
    assert [one.kind for one in owed] == ([K.STOPPED] if told else [])
    joins = told or known or deadline is None or deadline - (AT + after) >= NEAR
    assert (found[0].letters if found else (1,)) == ((1, 2) if joins and not known else (1,))


@pytest.mark.parametrize("cause", C)
def test_reminders(cause: Cause) -> None:
    """Each day at eight, Danish time; of what nothing ends, none."""
    now = reminder_at(AT, PACE)
    first, _ = look([ill(None, cause)], operator=OPERATOR)
    told = [replace(one, id=7, told_at=AT, notices=1) for one in first]
    early, due = (look([ill(None, cause)], told, at, operator=OPERATOR)[1] for at in (now - SECOND, now))
    fact = cause in (C.VANISHED, C.BOUNCED)
    assert early == []
    assert {(one.kind, one.number) for one in due} == (set() if fact else {(K.STILL, 2)})


def test_facts_are_told_for_each_letter() -> None:
    """Those that nobody heard of yet, alone, at most every half hour; until then they do not join."""
    key = f"vanished||{BY_KIM}"
    told = replace(TOLD, key=key, cause=C.VANISHED)
    both = [ill(1, C.VANISHED), ill(2, C.VANISHED)]
    assert [one for one in look(both, [told], AT + QUIET - SECOND)[0] if one.key == key] == []
    found, owed = look(both, [told], AT + QUIET)
    assert [one.letters for one in owed if one.key == key] == [(2,)]
    assert [one.letters for one in found if one.key == key] == [(1, 2)]


@pytest.mark.parametrize(
    ("still", "told", "at"),
    [
        (86_400, AT, "2026-11-22T07:00"), (86_399, AT, "2026-11-22T11:59:59"), (172_800, AT, "2026-11-23T07:00"),
        (86_400, AT + timedelta(minutes=34, seconds=56, microseconds=789), "2026-11-22T07:00"),
    ],
)  # fmt: skip
def test_when_a_reminder_is_due(still: float, told: datetime, at: str) -> None:
    """A daily one at eight; a quicker one, as in a demo, just so much later."""
    assert reminder_at(told, Pace(still_seconds=still)) == datetime.fromisoformat(at + "+00:00")
