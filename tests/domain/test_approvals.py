"""The list that is ticked before a kurator's case is approved, and whose approvals count (estates.py)."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.custody import Life
from nemboks.domain.estates import (
    APPROVERS,
    DOCUMENT_BYTES,
    DOCUMENTS,
    EXPIRES,
    LIVE,
    LOOKED_UP,
    OUTCOMES,
    PENDING,
    REGISTERED,
    Approval,
    Checked,
    Estate,
    EstateDocument,
    EstateKind,
    EstateState,
    Item,
    by_register,
    closing_digest,
    counted,
    digest_of,
    ticked,
    why_not,
)  # fmt: skip
from nemboks.domain.mailbox import Address, Mailbox
from tests.domain.samples import AT, MAILBOX, SEALED

MOMENT = timedelta(microseconds=1)
ESTATE = Estate(
    3, 1, EstateKind.KONKURS, EstateState.OPEN, "Retten", "K 1-26", "2026-11-20", "Kirsten Holm", "Holm",
    Address("k@holm.example"), "direct", AT, AT, "sune",
)  # fmt: skip
ASKED = replace(MAILBOX, looked_up_at=AT, curator=True, life=Life.BANKRUPT)


def approval(person: int = 1, **changes: object) -> Approval:
    return replace(Approval(person, 3, person, f"name{person}", "d", AT), **changes)  # type: ignore[arg-type]


def test_what_two_people_decide() -> None:
    """Two approvers; a week; twenty files of ten megabytes; which states are open, and how a case in effect ends."""
    assert (APPROVERS, EXPIRES, DOCUMENTS, DOCUMENT_BYTES) == (2, timedelta(days=7), 20, 10 * 1024 * 1024)
    assert set(PENDING) == {EstateState.OPEN, EstateState.APPROVED}
    assert set(LIVE) == {EstateState.OPEN, EstateState.APPROVED, EstateState.IN_EFFECT}
    assert set(OUTCOMES) == {EstateState.CLOSED, EstateState.REVERSED}
    assert REGISTERED == {
        EstateKind.KONKURS: Life.BANKRUPT,
        EstateKind.REKONSTRUKTION: Life.RECONSTRUCTION,
    }


def test_one_approval_a_person_counts() -> None:
    """The last that counts, of each of several people."""
    first, again, other = approval(), approval(id=9, at=AT + MOMENT), approval(2)
    gone = approval(4, at=AT - EXPIRES)
    rows = [first, again, other, approval(3, name="sune"), gone, approval(5, digest="old")]
    assert counted(rows, ESTATE, "d", AT) == [again, other]
    assert [why_not(one, ESTATE, "d", AT) for one in rows] == ["", "", "", "opener", "expired", "changed"]


ANSWERED = [Item.CURATOR_ACCESS, Item.REGISTER]


@pytest.mark.parametrize("item", Item)
@pytest.mark.parametrize("kind", EstateKind)
def test_what_no_person_can_tick(item: Item, kind: EstateKind) -> None:
    """The access, whatever the case; the company's status where the register has one for such cases."""
    estate = replace(ESTATE, kind=kind)
    known = kind in (EstateKind.KONKURS, EstateKind.REKONSTRUKTION)
    answered = item is Item.CURATOR_ACCESS or (item is Item.REGISTER and known)
    assert by_register(item, estate, ASKED) is answered
    assert not by_register(item, estate, MAILBOX)

    row = Checked(1, 3, item, AT, "sune", "set")
    blind = replace(ASKED, curator=False, life=Life.ACTIVE)
    assert ticked(estate, blind, [row], AT) == ({} if answered else {item: row})
    assert ticked(estate, MAILBOX, [row], AT) == {item: row}


@pytest.mark.parametrize(
    ("mailbox", "done"),
    [
        (ASKED, ANSWERED),
        (replace(ASKED, curator=False), [Item.REGISTER]),
        (replace(ASKED, life=Life.ACTIVE), [Item.CURATOR_ACCESS]),
        (replace(ASKED, looked_up_at=AT - EXPIRES + MOMENT), ANSWERED),
        (replace(ASKED, looked_up_at=AT - EXPIRES), []),
        (MAILBOX, []),
    ],
)
def test_what_the_register_has_ticked(mailbox: Mailbox, done: list[Item]) -> None:
    """With when it was asked and what it said; not a week later."""
    asked = mailbox.looked_up_at
    assert ticked(ESTATE, mailbox, [], AT) == {
        item: Checked(0, 3, item, asked, LOOKED_UP, mailbox.life.value) for item in done if asked
    }


def test_a_line_that_was_done_twice() -> None:
    """The last one stands."""
    rows = [Checked(n, 3, Item.GAZETTE, AT, by, "") for n, by in ((1, "sune"), (2, "ida"))]
    assert ticked(ESTATE, MAILBOX, rows, AT) == {Item.GAZETTE: rows[1]}


def test_no_register_knows_other_cases() -> None:
    """Of a liquidation a status of the company proves nothing, whatever it is."""
    other = replace(ESTATE, kind=EstateKind.LIKVIDATION)
    assert set(ticked(other, ASKED, [], AT)) == {Item.CURATOR_ACCESS}


def test_the_recipe_of_a_digest() -> None:
    """What approvers of an open case approved before an upgrade is what they approved after it."""
    file = EstateDocument(1, 3, "b.pdf", "application/pdf", 9, "ab" * 32, SEALED, AT, "sune")
    same, first = replace(file, id=2, name="a.pdf"), replace(file, id=3, sha256="00" * 32, name="z.pdf")
    facts = ["nemboks estate", "3", "1", "konkurs", "Retten", "K 1-26", "2026-11-20", "Kirsten Holm", "Holm", "7",
             "k@holm.example", "direct", AT.isoformat(), "False"]  # fmt: skip
    files = [f"{'00' * 32} z.pdf", f"{'ab' * 32} a.pdf", f"{'ab' * 32} b.pdf"]
    wanted = hashlib.sha256("\0".join([*facts, *files]).encode()).hexdigest()
    for order in ([file, same, first], [first, file, same], [same, first, file]):
        assert digest_of(replace(ESTATE, person=7), order) == wanted
    ends = hashlib.sha256(b"nemboks estate close\x003\x00closed\x00slut").hexdigest()
    assert closing_digest(ESTATE, EstateState.CLOSED, "slut") == ends
