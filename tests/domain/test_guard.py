"""When a receipt may go, and when it is worth asking again (guard.py)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from nemboks.domain.custody import Custody
from nemboks.domain.guard import NO_CONFIRMATION, may_go_at, receipt_may_go, until_a_person
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Face, Mailbox
from tests.domain.samples import AT, MAILBOX, confirmation, letter

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = AT + HOUR  # an hour after the mail server took it
SOON, PAST = NOW + HOUR, NOW - timedelta(minutes=1)


def box(custody: Custody | None = None, **changes: Any) -> Mailbox:
    return replace(MAILBOX, custody=custody or Custody(), **changes)


def given(**changes: Any) -> Letter:
    """A letter that the mail server has, and that came over IMAP, so that its time is known."""
    return letter(State.FORWARDED, **changes)


BEFORE, AFTER = given(available_at=AT - DAY), given(available_at=AT + 2 * DAY)
LATE_PROOF = replace(AFTER, confirmation=confirmation(at=AT + 2 * DAY))
PROOF_AT_BORDER = replace(AFTER, confirmation=confirmation(at=AT + DAY))
IN_EFFECT: dict[str, Any] = {"face": Face.IMAP, "frozen_at": AT, "boundary_at": AT + DAY}


@pytest.mark.parametrize("state", [one for one in State if one is not State.FORWARDED])
def test_no_receipt_in_another_state(state: State) -> None:
    """Only FORWARDED owes one, whatever else the row says."""
    assert receipt_may_go(letter(state, confirmation=confirmation()), MAILBOX, NOW) == NO_CONFIRMATION != ""


def test_no_receipt_without_a_confirmation() -> None:
    """The state alone proves nothing."""
    assert receipt_may_go(given(confirmation=None), MAILBOX, NOW) == NO_CONFIRMATION


STOPPED = [
    ("bounced", given(bounced="5.2.1"), box(), NOW),
    ("refused", given(), box(parked_until=SOON), NOW),
    ("estate undecided", given(), box(frozen_at=AT), NOW),
    ("older than the estate", BEFORE, box(**IN_EFFECT), AT + 3 * DAY),
    ("older, though confirmed late", replace(LATE_PROOF, available_at=AT), box(**IN_EFFECT), AT + 3 * DAY),
    ("sent to the people of before", AFTER, box(**IN_EFFECT), AT + 3 * DAY),
    ("fuse", given(), box(Custody(fuse="too_many")), NOW),
    ("legal hold", given(), box(Custody(legal_hold_since=AT)), NOW),
    ("unproven", given(), box(Custody(unproven=True)), NOW),
    ("shadow", given(), box(Custody(shadow_since=AT)), NOW),
    ("shadow past its reminder", given(), box(Custody(shadow_since=AT, shadow_until=PAST)), NOW),
    ("probation", given(), box(Custody(probation_until=SOON)), NOW),
    ("kept", given(), box(Custody(keep_days=1)), AT + DAY - HOUR),
]


@pytest.mark.parametrize(("name", "tried", "mailbox", "now"), STOPPED, ids=lambda one: one if type(one) is str else "")
def test_what_stops_a_receipt(name: str, tried: Letter, mailbox: Mailbox, now: datetime) -> None:
    """Each of these alone says why."""
    assert receipt_may_go(tried, mailbox, now)


FREE = [
    ("nothing", given(), box(), NOW),
    ("refused until now", given(), box(parked_until=NOW), NOW),
    ("after the estate", LATE_PROOF, box(**IN_EFFECT), AT + 3 * DAY),
    ("at the estate's very time", replace(PROOF_AT_BORDER, available_at=AT + DAY), box(**IN_EFFECT), AT + 3 * DAY),
    ("probation until now", given(), box(Custody(probation_until=NOW)), NOW),
    ("kept until now", given(), box(Custody(keep_days=1)), AT + DAY),
    ("paused", given(), box(paused_at=AT), NOW),
    ("plan ended", given(), box(serves_until=AT), NOW),
]


@pytest.mark.parametrize(("name", "tried", "mailbox", "now"), FREE, ids=lambda one: one if type(one) is str else "")
def test_what_lets_a_receipt_go(name: str, tried: Letter, mailbox: Mailbox, now: datetime) -> None:
    """The end of a time is the first moment without it; a pause or a plan's end stops sending, not receipts."""
    assert receipt_may_go(tried, mailbox, now) == ""


@pytest.mark.parametrize(
    ("changes", "custody", "when"),
    [
        ({}, Custody(), NOW + DAY),
        ({"parked_until": SOON}, Custody(), SOON),
        ({"parked_until": PAST}, Custody(), NOW + DAY),
        ({"parked_until": NOW}, Custody(), NOW + DAY),
        ({}, Custody(probation_until=SOON), SOON),
        ({}, Custody(keep_days=1), AT + DAY),
        ({"parked_until": SOON}, Custody(keep_days=2, probation_until=SOON + HOUR), AT + 2 * DAY),
        ({"parked_until": SOON + HOUR}, Custody(probation_until=SOON), SOON + HOUR),
    ],
)
def test_when_it_is_worth_asking_again(changes: dict[str, Any], custody: Custody, when: datetime) -> None:
    """At the end of the last dated obstacle; without one, in a day."""
    assert may_go_at(given(), box(custody, **changes), NOW) == when


def test_without_a_confirmation_nothing_is_kept() -> None:
    """The days count from it; so the question comes again in a day."""
    assert may_go_at(given(confirmation=None), box(Custody(keep_days=5)), NOW) == NOW + DAY


PERSONS = [Custody(fuse="x"), Custody(legal_hold_since=AT), Custody(unproven=True), Custody(shadow_since=AT)]


@pytest.mark.parametrize("custody", PERSONS)
def test_what_only_a_person_ends(custody: Custody) -> None:
    """Then no receipt is due by itself, and none may go."""
    assert until_a_person(box(custody)) is True
    assert receipt_may_go(given(), box(custody), NOW)


@pytest.mark.parametrize(
    ("mailbox", "waits"),
    [
        (box(), False),
        (box(Custody(keep_days=5, probation_until=SOON), parked_until=SOON), False),
        (box(frozen_at=AT), True),
        (box(frozen_at=AT, boundary_at=AT), False),
    ],
)
def test_an_undecided_estate_waits_for_people(mailbox: Mailbox, waits: bool) -> None:
    """What has a date ends by itself."""
    assert until_a_person(mailbox) is waits
