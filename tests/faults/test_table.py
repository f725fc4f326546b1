"""The fault table is whole and true: every cell has a row, every row its tests, and each of them is there."""

import ast
from collections import Counter
from pathlib import Path

from tests.faults.child import STEPS as HELD
from tests.faults.page import PAGE, page
from tests.faults.table import MACHINE, MORE, STEPS, alone, cells

TESTS = Path(__file__).parents[1]
NUMBERS = {"D": 20, "H": 29, "M": 11, "S": 29, "T": 8}
MOST = 16  # cells that one test may stand for


def _there() -> set[str]:
    """Every test function, as `folder/file.py::name`."""
    return {
        f"{path.relative_to(TESTS)}::{one.name}"
        for path in TESTS.rglob("test_*.py")
        for one in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name.startswith("test_")
    }


def test_every_cell_has_a_row() -> None:
    """Nine faults at sixteen steps, and the ninety-seven numbers that go by none."""
    numbers = [f"{letter}{number:02}" for letter, last in NUMBERS.items() for number in range(1, last + 1)]
    assert [row.id for row in alone()] == numbers
    assert {*cells()} == {f"{fault}/{step}" for fault in MACHINE for step in STEPS} | {*numbers}
    assert len(cells()) == 241
    assert {*MORE} == {*MACHINE}
    assert "".join(STEPS) == HELD


def test_every_row_has_its_tests_and_they_are_there() -> None:
    """A row without a test, and a test that was renamed, fail here by name."""
    there, named = _there(), {**cells(), **MORE}
    assert [cell for cell, tests in named.items() if not tests] == []
    gone = {name for tests in named.values() for name in tests if name.partition("[")[0] not in there}
    assert gone == set()


def test_no_test_stands_for_too_much() -> None:
    """One that is named for many cells would say little of each; steps that a test is run for count by themselves."""
    counts = Counter(name for tests in cells().values() for name in tests)
    assert {name: number for name, number in counts.items() if number > MOST} == {}


def test_every_row_says_what_must_happen() -> None:
    """In words, and once."""
    rows = [*MACHINE.values(), *alone()]
    assert all(row.fault and row.must.endswith(".") for row in rows)
    assert all(row.limit.endswith(".") for row in rows if row.limit)


def test_the_page_is_written_from_the_table() -> None:
    """docs/faults.md holds exactly what tests/faults/page.py makes of the table and the figures now."""
    assert PAGE.read_text("utf-8") == page()
