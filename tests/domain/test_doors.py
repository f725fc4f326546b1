"""Who hears of a door of Digital Post that stays shut, when, and when it is open again (RELIABILITY H23, H25)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from nemboks.domain.custody import Consent, Life
from nemboks.domain.doors import UNLISTED_FOR, days_left, louder, opened, our_certificate, still_shut
from nemboks.domain.incidents import Cause, Incident, Notice, NoticeKind, Sick
from nemboks.domain.mailbox import Address, Mailbox
from tests.domain.looks import BOX, BY_ANNA, BY_KIM, DAY, GATHER, HOUR, OPERATOR, QUIET, SECOND, look
from tests.domain.samples import AT

TO_OPERATOR = f"mail:da:{OPERATOR}"
SHUT = replace(BOX, trouble="503")
STOPPED, STILL, SOLVED = NoticeKind.STOPPED, NoticeKind.STILL, NoticeKind.SOLVED


def unlisted(mailbox: int = 1, since: datetime = AT) -> Sick:
    return Sick(Cause.UNLISTED, mailbox, None, since, "13748136", "503", "", "", True)


class Watch:
    """Looks one after another, each at what the one before left."""

    def __init__(self, operator: Address | None = OPERATOR) -> None:
        self.open: dict[str, Incident] = {}
        self.operator = operator

    def look(self, now: datetime, *sick: Sick, boxes: Sequence[Mailbox] = (SHUT,)) -> list[Notice]:
        changed, owed = look(sick, list(self.open.values()), now, boxes, operator=self.operator)
        self.open |= {one.key: replace(one, id=one.id or 1) for one in changed}
        self.open = {key: one for key, one in self.open.items() if one.closed_at is None}
        return owed

    def told(self, now: datetime, *sick: Sick, boxes: Sequence[Mailbox] = (SHUT,)) -> list[tuple[str, NoticeKind]]:
        """What is owed once it was gathered."""
        owed = [*self.look(now, *sick, boxes=boxes), *self.look(now + GATHER, *sick, boxes=boxes)]
        return [(one.path, one.kind) for one in owed]


def test_the_operator_first_and_the_company_after_three_days() -> None:
    """To the second, and once each; what the operator was told already is a reminder meanwhile."""
    watch = Watch()
    assert watch.told(AT + DAY, unlisted()) == [(TO_OPERATOR, STOPPED)]
    before = watch.told(AT + 3 * DAY - GATHER - SECOND, unlisted())
    assert before == [(TO_OPERATOR, STILL)]
    assert watch.told(AT + 3 * DAY, unlisted()) == [(BY_ANNA, STOPPED), (BY_KIM, STOPPED)]


def test_without_an_operator_the_company_is_told_first() -> None:
    """Somebody hears of it after a day, whoever there is."""
    assert Watch(None).told(AT + DAY, unlisted()) == [(BY_ANNA, STOPPED), (BY_KIM, STOPPED)]


def test_an_outage_of_many_is_one_notice() -> None:
    """With all the mailboxes; those that join are in the next reminder."""
    watch, boxes = Watch(), [replace(SHUT, id=number) for number in range(1, 301)]
    sick = [unlisted(box.id) for box in boxes]
    watch.look(AT + DAY, *sick[:200], boxes=boxes)
    (notice,) = watch.look(AT + DAY + GATHER, *sick[:200], boxes=boxes)
    assert len(notice.mailboxes) == 200
    assert watch.look(AT + DAY + HOUR, *sick, boxes=boxes) == []
    (notice,) = watch.look(AT + 2 * DAY, *sick, boxes=boxes)
    assert (notice.kind, len(notice.mailboxes)) == (STILL, 300)


def test_solved_once_it_was_looked_into() -> None:
    """After the half hour of quiet, to whoever was told."""
    watch = Watch()
    watch.told(AT + DAY, unlisted())
    end = AT + DAY + HOUR
    assert watch.look(end, boxes=[BOX]) == []
    assert [(one.path, one.kind) for one in watch.look(end + QUIET, boxes=[BOX])] == [(TO_OPERATOR, SOLVED)]
    assert watch.open == {}


def test_refused_instead_is_not_solved() -> None:
    """Digital Post that answers with a no is open to nobody: the end is told when it is."""
    watch = Watch()
    watch.told(AT + DAY, unlisted())
    for hours in range(2, 20):
        assert watch.look(AT + DAY + hours * HOUR) == []
    assert [one.kind for one in watch.look(AT + 2 * DAY, boxes=[BOX])] == [SOLVED]


def test_of_several_only_those_that_are_open_are_solved() -> None:
    """One that is refused now, or was paused meanwhile, is not among them."""
    watch = Watch()
    boxes = [replace(SHUT, id=number) for number in (1, 2, 3)]
    watch.told(AT + DAY, *(unlisted(box.id) for box in boxes), boxes=boxes)
    after = [boxes[0], replace(BOX, id=2), replace(BOX, id=3, paused_at=AT)]
    watch.look(AT + DAY + HOUR, boxes=after)
    (notice,) = watch.look(AT + DAY + 2 * HOUR, boxes=after)
    assert (notice.kind, notice.mailboxes) == (SOLVED, (2,))


@pytest.mark.parametrize(
    "change",
    [{"paused_at": AT}, {"consent": Consent.DECLINED}, {"life": Life.CEASED}, {"serves_until": AT}],
)
def test_what_nobody_wants_looked_into_ends_in_silence(change: dict[str, Any]) -> None:
    """It is not solved, and it does not stay open for ever."""
    watch = Watch()
    watch.told(AT + DAY, unlisted())
    gone = replace(SHUT, **change)
    assert watch.look(AT + DAY + HOUR, boxes=[gone]) == watch.look(AT + DAY + 2 * HOUR, boxes=[gone]) == []
    assert watch.open == {}


def test_what_was_never_told_ends_in_silence() -> None:
    """Though the door is still shut: nobody waits to hear of its end."""
    watch = Watch()
    watch.look(AT + DAY, unlisted())
    watch.look(AT + DAY + SECOND)
    assert watch.look(AT + DAY + HOUR) == []
    assert watch.open == {}


def test_a_letters_own_deadline_makes_no_steps() -> None:
    """Of a letter that names one people are reminded each day, as of any other."""
    watch = Watch()
    letter = Sick(Cause.HELD, 1, 7, AT, "7", "", "", "", True, AT + 40 * DAY)
    assert {kind for _, kind in watch.told(AT, letter)} == {STOPPED}
    assert {kind for _, kind in watch.told(AT + DAY, letter)} == {STILL}


def test_digital_post_has_a_day_before_anybody_is_told() -> None:
    """Long enough for any night's work on their side; six days before they shut us out."""
    assert UNLISTED_FOR == DAY


def test_other_troubles_know_no_doors() -> None:
    """Theirs are all of their mailboxes, whatever Digital Post says."""
    full = Incident(1, "k", Cause.FULL, "", "", (), AT, (1, 2))
    assert (opened(full, [SHUT]), still_shut(full, [SHUT], AT)) == ((1, 2), False)
    door = replace(full, cause=Cause.REFUSED)
    assert (opened(door, [SHUT]), still_shut(door, [SHUT], AT)) == ((), True)
    assert (opened(door, [BOX]), still_shut(door, [BOX], AT)) == ((1,), False)
    assert (opened(door, [replace(SHUT, id=3)]), still_shut(door, [replace(SHUT, id=3)], AT)) == ((), False)


# --- our certificate ---


@pytest.mark.parametrize(("days", "ill"), [(61, False), (60.9, True), (60, True), (1, True), (0, True), (-400, True)])
def test_a_certificate_is_told_from_sixty_days_on(days: float, ill: bool) -> None:
    """Of an end that is farther away nobody acts; without a certificate there is none."""
    ends_at = AT + timedelta(days=days)
    expected = Sick(Cause.OUR_CERTIFICATE, 0, None, ends_at, "", "", "", "", True, ends_at)
    assert our_certificate(ends_at, AT) == ([expected] if ill else [])
    assert our_certificate(None, AT) == []


def test_days_left() -> None:
    """Whole ones, and negative from the end on."""
    assert [days_left(AT + after, AT) for after in (DAY, DAY - SECOND, 0 * DAY, -SECOND)] == [1, 0, 0, -1]


@pytest.mark.parametrize(
    ("told", "now", "again"),
    [(60, 31, False), (60, 30, True), (30, 29, False), (30, 15, False), (30, 14, True), (14, 8, False), (14, 7, True),
     (7, 2, False), (7, 1, True), (1, 0, False), (1, -0.1, True), (45, 3, True), (3, 2, False)],
)  # fmt: skip
def test_the_steps_at_which_it_is_told_again(told: float, now: float, again: bool) -> None:
    """At thirty, fourteen, seven days and one, and when it has ended; not because time passed."""
    ends_at = AT + timedelta(days=100)
    assert louder(ends_at, ends_at - timedelta(days=told), ends_at - timedelta(days=now)) is again


def test_the_operator_alone_is_told_of_the_certificate() -> None:
    """At each step once; each day once it has ended; its end when there is another one."""
    ends_at, watch, told = AT + 60 * DAY + HOUR, Watch(), []
    for day in range(63):
        now = AT + day * DAY
        told += [(60 - day, path) for path, _ in watch.told(now, *our_certificate(ends_at, now))]
    assert told == [(left, TO_OPERATOR) for left in (60, 30, 14, 7, 1, -1, -2)]

    watch.look(AT + 63 * DAY)
    assert [one.kind for one in watch.look(AT + 63 * DAY + QUIET)] == [SOLVED]
