"""When an incident is over, what is told of it then, and what only went elsewhere (assess.py)."""

from dataclasses import replace

import pytest

from nemboks.domain.assess import closing
from nemboks.domain.incidents import Cause, Incident, Sick
from tests.domain.looks import BOX, BY_KIM, HOUR, KIM, NOTICE, PACE, QUIET, SECOND, TOLD, C, K, ill, look
from tests.domain.samples import AT

RESTED = replace(TOLD, quiet_since=AT)
SOLVED = AT + QUIET


def test_quiet_begins_and_ends() -> None:
    """First noted, then closed when it lasted; told once, to those who were told."""
    assert look([], [TOLD], AT + HOUR) == ([replace(TOLD, quiet_since=AT + HOUR)], [])
    assert look([], [RESTED], SOLVED - SECOND) == ([], [])
    closed = replace(RESTED, closed_at=SOLVED, told_at=SOLVED, notices=2)
    (found,), (notice,) = look([], [RESTED], SOLVED)
    assert found == closed
    assert notice == replace(NOTICE, kind=K.SOLVED, number=2, created_at=SOLVED, due_at=SOLVED)


SILENT = [
    replace(RESTED, told_at=None), replace(RESTED, paths=()), replace(RESTED, cause=C.VANISHED),
    replace(RESTED, cause=C.BOUNCED),
]  # fmt: skip


@pytest.mark.parametrize("was", SILENT, ids=["untold", "no way", "vanished", "bounced"])
def test_what_ends_in_silence(was: Incident) -> None:
    """Of what nobody heard nobody hears the end; a fact has none."""
    assert look([], [was], SOLVED) == ([replace(was, closed_at=SOLVED)], [])


@pytest.mark.parametrize(
    ("was", "waiting", "closed"),
    [
        (RESTED, {1}, False), (RESTED, {2}, True), (replace(RESTED, told_at=None), {1}, True),
        (replace(RESTED, cause=C.COPY), {1}, True), (replace(RESTED, cause=C.VANISHED), {1}, True),
    ],
)  # fmt: skip
def test_nothing_is_solved_while_its_letter_waits(was: Incident, waiting: set[int], closed: bool) -> None:
    """A letter whose trouble only has no name now; a copy's trouble and a fact do not wait for the letter."""
    found, _ = look([], [was], SOLVED, waiting=waiting)
    assert [one.closed_at for one in found] == ([SOLVED] if closed else [])


@pytest.mark.parametrize(
    ("letters", "cause", "sick", "solved"),
    [
        ((1, 2), C.ADDRESS, [ill(1, C.POLICY)], (2,)),
        ((1,), C.ADDRESS, [ill(1, C.POLICY)], None),
        ((1,), C.ADDRESS, [ill(1, C.COPY)], (1,)),
        ((1,), C.COPY, [ill(1, C.POLICY)], (1,)),
        ((1,), C.COPY, [ill(1, C.COPY, address=KIM)], None),
        ((), C.ADDRESS, [], ()),
        ((), C.ADDRESS, [ill(None, C.ADDRESS, address="x@third.example")], None),
        ((), C.ADDRESS, [ill(None, C.ADDRESS, address="x@third.example", mailbox=2)], ()),
        ((), C.ADDRESS, [ill(None, C.POLICY)], ()),
    ],
)
def test_what_only_went_elsewhere_is_not_solved(
    letters: tuple[int, ...], cause: Cause, sick: list[Sick], solved: tuple[int, ...] | None
) -> None:
    """To another trouble or another circle; a copy's trouble is not the letter's."""
    was = replace(RESTED, cause=cause, letters=letters, key="x")
    _, owed = look(sick, [was], SOLVED, [BOX, replace(BOX, id=2)])
    assert [one.letters for one in owed] == ([] if solved is None else [solved])


def test_what_would_be_told_as_solved() -> None:
    """Told, quiet for long enough, and neither a fact nor a copy's."""
    cases = [RESTED, TOLD, replace(RESTED, told_at=None), *SILENT[2:], replace(RESTED, cause=C.COPY)]
    assert closing(cases, SOLVED, PACE) == [RESTED]
    assert closing([RESTED], SOLVED - SECOND, PACE) == []


def test_a_notice_avoids_the_trouble_of_each_mailbox_in_it() -> None:
    """One message about two companies' post goes by no way that either's trouble blocks."""
    other = replace(BOX, id=2)
    shut = ill(3, mailbox=2, address=KIM)
    found, _ = look([ill(1, C.HELD), ill(2, C.HELD, mailbox=2), shut], boxes=[BOX, other])
    held = next(one for one in found if one.cause is C.HELD and one.key.endswith(BY_KIM))
    assert held.paths == ()
    for number in (1, 2):  # a colleague's address there: only this company knows that the domain is dead
        dead = ill(3, mailbox=number, address="lis@far.example")
        found, _ = look([ill(1, C.HELD), ill(2, C.HELD, mailbox=2), dead], boxes=[BOX, other])
        assert [one.paths for one in found if one.cause is C.HELD and one.key.endswith(BY_KIM)] == [()]
    _, owed = look([shut], [replace(RESTED, mailboxes=(1, 2))], SOLVED, [BOX, other])
    assert [one for one in owed if one.kind is K.SOLVED] == []
