"""The rules of a case: its digest, which approvals count, what the register answers."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from nemboks.domain.custody import Life
from nemboks.domain.estates import (
    EXPIRES,
    LOOKED_UP,
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
)
from nemboks.domain.mailbox import Address
from tests.helpers import builders as make
from tests.helpers.clock import START

ESTATE = Estate(
    1, 1, EstateKind.KONKURS, EstateState.OPEN, "Retten", "K 1-26", "2026-11-20", "Kirsten Holm", "Holm",
    Address("k@holm.example"), "direct", START + timedelta(days=1), START, "sune", person=7,
)  # fmt: skip
FILE = EstateDocument(1, 1, "dekret.pdf", "application/pdf", 9, "ab" * 32, make.sealed(), START, "sune")
OTHER: dict[str, object] = {
    "id": 2, "mailbox": 2, "kind": EstateKind.LIKVIDATION, "court": "x", "reference": "x", "decree_date": "2026-11-19",
    "kurator": "x", "firm": "x", "address": Address("x@holm.example"), "server": "x", "person": 8,
    "effective_at": START, "evidence_at_risk": True,
}  # fmt: skip
COURSE = {"state", "opened_at", "opened_by", "proven_at", "effect_at", "ended_at", "ended_by", "reason", "former"}


@pytest.mark.parametrize("name", [one.name for one in fields(Estate)])
def test_the_digest_is_of_every_fact(name):
    """Another fact makes another digest; how the case goes on does not."""
    if name in COURSE:
        return
    assert digest_of(ESTATE, [FILE]) != digest_of(replace(ESTATE, **{name: OTHER[name]}), [FILE])


def test_the_digest_is_of_the_documents_in_no_order():
    """The same files in any order are the same; another, one more, one less, another name are not."""
    two = replace(FILE, id=2, sha256="cd" * 32)
    digest = digest_of(ESTATE, [FILE, two])

    assert digest == digest_of(ESTATE, [two, FILE]) == digest_of(replace(ESTATE, reason="x"), [FILE, two])
    others = ([FILE], [], [FILE, two, two], [FILE, replace(two, name="andet.pdf")])
    assert digest not in {digest_of(ESTATE, files) for files in others}


def test_an_ends_digest_is_of_outcome_and_reason():
    """Another outcome, reason or case is another digest."""
    first = closing_digest(ESTATE, EstateState.CLOSED, "slut")

    assert 4 == len({
        first, closing_digest(ESTATE, EstateState.REVERSED, "slut"), closing_digest(ESTATE, EstateState.CLOSED, "x"),
        closing_digest(replace(ESTATE, id=2), EstateState.CLOSED, "slut"),
    })  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"name": "sune"}, "opener"),
        ({"digest": "x"}, "changed"),
        ({"at": START - EXPIRES + timedelta(microseconds=1)}, ""),
        ({"at": START - EXPIRES}, "expired"),
    ],
)
def test_which_approval_counts(changes, why):
    """Of this digest, not the opener's, younger than seven days to the microsecond; one a person."""
    one = replace(Approval(1, 1, 1, "ida", "d", START), **changes)

    assert why == why_not(one, ESTATE, "d", START)
    assert ([] if why else [one]) == counted([one, one], ESTATE, "d", START)


@pytest.mark.parametrize(
    ("kind", "life", "done"),
    [
        (EstateKind.KONKURS, Life.BANKRUPT, True),
        (EstateKind.KONKURS, Life.RECONSTRUCTION, False),
        (EstateKind.KONKURS, Life.UNKNOWN, False),
        (EstateKind.REKONSTRUKTION, Life.RECONSTRUCTION, True),
        (EstateKind.LIKVIDATION, Life.ACTIVE, False),
    ],
)
def test_what_the_register_answers(kind, life, done):
    """A bankruptcy and a reconstruction stand in the register; of the other kinds a person looks."""
    estate = replace(ESTATE, kind=kind)
    box = make.mailbox(life=life, looked_up_at=START, curator=True)
    rows = [Checked(1, 1, Item.REGISTER, START, "sune", "set")]
    found = ticked(estate, box, rows, START)

    assert (kind is not EstateKind.LIKVIDATION) == by_register(Item.REGISTER, estate, box)
    assert (done or kind is EstateKind.LIKVIDATION) == (Item.REGISTER in found)
    assert LOOKED_UP == found[Item.CURATOR_ACCESS].by
    assert not by_register(Item.REGISTER, estate, replace(box, looked_up_at=None))
