"""The table of faults is true: each named test exists, and each fault of the wire has one."""

import re
from pathlib import Path

import pytest

from tests.delivery.faults import NOT_ON_POSTFIX, SHOWN

HERE = Path(__file__).parent
OURS = [*range(4, 25), 26, 27, 29]


@pytest.mark.parametrize("number", OURS)
def test_each_fault_is_shown(number: int) -> None:
    """Its tests exist; where none of them is Postfix's, the reason is written down."""
    names = SHOWN[f"S{number:02}"]

    for name in names:
        file, _, test = name.partition("::")
        assert re.search(rf"^(async )?def {test}\(", (HERE / file).read_text("utf-8"), re.MULTILINE), name
    peers = ("test_faults_postfix.py", "test_relay.py")
    assert any(name.startswith(peers) for name in names) is not (f"S{number:02}" in NOT_ON_POSTFIX)
