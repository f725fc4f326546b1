"""The table of faults is true: every number is in it once, and each test that it names is there."""

import re
from pathlib import Path

import pytest

from tests.peers.faults import ALONE, CANNOT_BE_SHOWN, SHOWN

TESTS = Path(__file__).parents[1]
POSTFIX = ("peers/test_lookup.py", "peers/test_refused.py", "peers/test_accepted.py", "scenes/")


def test_every_fault_is_in_the_table() -> None:
    """S01 to S29, each with its tests; what they cannot show has its reason."""
    assert sorted(SHOWN) == [f"S{number:02}" for number in range(1, 30)]
    assert {*ALONE, *CANNOT_BE_SHOWN} < set(SHOWN)
    assert all(words.strip() for words in (*ALONE.values(), *CANNOT_BE_SHOWN.values()))


@pytest.mark.parametrize("fault", SHOWN)
def test_its_tests_are_there(fault: str) -> None:
    """Each named test exists; where none of them meets Postfix, the reason is written down."""
    for name in SHOWN[fault]:
        file, _, test = name.partition("::")
        assert re.search(rf"^async def {test}\(", (TESTS / file).read_text("utf-8"), re.MULTILINE), name
    assert any(name.startswith(POSTFIX) for name in SHOWN[fault]) is not (fault in ALONE)
