"""The chain over history: what an altered, cut or rewritten chain is called, and at which row."""

import hashlib
from dataclasses import replace

import pytest

from nemboks.domain.chain import FIELDS, GENESIS, Head, Link, Outcome, Verdict, Walk, hash_of, head_from

ROWS = [("2026-11-21T12:00:00", n, 1, "found", None, "FOUND", None, f"row {n}") for n in range(1, 6)]


def chain(rows: list[tuple[object, ...]], start: int = 1, before: str = GENESIS) -> list[Link]:
    links = []
    for number, fields in enumerate(rows, start):
        before = hash_of(number, before, fields)
        links.append(Link(number, before, fields))
    return links


WHOLE = chain(ROWS)
HEADS = [Head(link.number, link.hash) for link in WHOLE]
WRONG = Head(3, "f" * 64)


def walked(links: list[Link], expected: list[Head] = [], kept: list[Head] = []) -> Verdict:  # noqa: B006
    walk = Walk(expected, kept)
    for link in links:
        if not walk.step(link):
            break
    return walk.verdict()


def test_the_recipe_of_a_hash_never_changes() -> None:
    """Rows and heads that are written and kept for years must still fit."""
    assert len(FIELDS) == len(ROWS[0]) and GENESIS == "0" * 64
    text = f'[1,"{"0" * 64}","2026-11-21T12:00:00",1,1,"f\\u00f8r",null,"FOUND",null,"row 1"]'
    row = (*ROWS[0][:3], "før", *ROWS[0][4:])
    assert hash_of(1, GENESIS, row) == hashlib.sha256(text.encode()).hexdigest()


def test_a_whole_chain() -> None:
    """Every row fits; it is proven up to the last head that was kept elsewhere."""
    assert walked([]) == Verdict(Outcome.WHOLE, 0, None, 0, None)
    assert walked(WHOLE) == Verdict(Outcome.WHOLE, 5, None, 0, HEADS[4])
    assert walked(WHOLE, [HEADS[1], HEADS[3]]) == Verdict(Outcome.WHOLE, 5, None, 4, HEADS[4])
    assert walked(WHOLE, kept=[HEADS[3]]).proven == 0
    assert walked(WHOLE, [HEADS[1]], [HEADS[3]]).proven == 2


@pytest.mark.parametrize(
    "links",
    [
        [*WHOLE[:2], *WHOLE[3:]],
        [*WHOLE[:2], replace(WHOLE[2], fields=ROWS[0]), *WHOLE[3:]],
        [*WHOLE[:2], replace(WHOLE[2], hash="f" * 64), *WHOLE[3:]],
        [*WHOLE[:2], replace(WHOLE[2], hash=None), *WHOLE[3:]],
        [*WHOLE[:2], replace(WHOLE[2], number=4), *WHOLE[3:]],
        [*WHOLE[:2], *chain(ROWS[2:], 4, WHOLE[1].hash)],
        [*WHOLE[:2], WHOLE[1], *WHOLE[2:]],
        [*WHOLE[:2], replace(WHOLE[2], fields=(*ROWS[2][:-1], b"row 3")), *WHOLE[3:]],
        [*WHOLE[:2], *chain([(*ROWS[2][:-1], 1.5)], 3, WHOLE[1].hash)],
    ],
    ids=[
        "taken out",
        "altered",
        "other hash",
        "no hash",
        "other number",
        "a number left out",
        "twice",
        "bytes",
        "no plain value",
    ],
)
def test_an_altered_chain_is_told_at_its_row(links: list[Link]) -> None:
    """The first row that does not fit behind the one before it, or is missing."""
    assert walked(links, [HEADS[1], HEADS[4]]) == Verdict(Outcome.ALTERED, 2, 3, 2, HEADS[1])


def test_a_cut_chain() -> None:
    """What is left fits, and ends before a head that was kept, beside the chain or elsewhere."""
    for kept in ({"expected": [HEADS[1], HEADS[4]]}, {"expected": [HEADS[1]], "kept": [HEADS[4]]}):
        assert walked(WHOLE[:3], **kept) == Verdict(Outcome.CUT, 3, 4, 2, HEADS[2])


def test_a_chain_that_was_made_anew() -> None:
    """Every row fits the one before, and a kept head fits none: told at the first such, and nothing later is proven."""
    other = Head(4, "e" * 64)
    for found in (walked(WHOLE, [HEADS[1], WRONG, HEADS[4]]), walked(WHOLE, [HEADS[1], HEADS[4]], [WRONG])):
        assert found == Verdict(Outcome.REWRITTEN, 5, 3, 2, HEADS[4])
    assert walked(WHOLE, [WRONG, other]).row == 3
    assert walked(WHOLE, [WRONG, HEADS[2]]) == Verdict(Outcome.REWRITTEN, 5, 3, 0, HEADS[4])


def test_alterations_count_before_rewriting_and_that_before_a_cut() -> None:
    """One outcome, the most telling."""
    assert walked(WHOLE[:4], [WRONG, HEADS[4]]).outcome is Outcome.REWRITTEN
    assert walked([*WHOLE[:3], WHOLE[4]], [WRONG]).outcome is Outcome.ALTERED


@pytest.mark.parametrize("text", ["17:" + "a" * 64, " 17:" + "A" * 64 + "\n"])
def test_a_head_is_read(text: str) -> None:
    """As it is shown, blanks and upper case aside."""
    assert head_from(text) == Head(17, "a" * 64)
    assert str(head_from(text)) == "17:" + "a" * 64


@pytest.mark.parametrize("text", ["", "17", "0:" + "a" * 64, "17:" + "a" * 63, "17:" + "g" * 64, "x17:" + "a" * 64])
def test_what_is_no_head(text: str) -> None:
    """Said with the text itself, cut short."""
    with pytest.raises(ValueError, match="is no head"):
        head_from(text)
    with pytest.raises(ValueError) as told:
        head_from("x" * 500)
    assert len(str(told.value)) < 200
