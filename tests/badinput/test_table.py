"""Every bad input of the table has a test by its number."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# SECURITY.md 8: titles, senders, bodies and files; mail servers, addresses, settings; numbers, tables, dates; secrets.
NUMBERS = [*range(1, 48), *range(57, 70), *range(71, 75), 88, 89]


def _named():
    """The numbers in the names of the tests here."""
    texts = [path.read_text("utf-8") for path in sorted(HERE.glob("test_b*.py"))]
    return {
        int(number) for text in texts for number in re.findall(r"^(?:async )?def test_b(\d\d)_", text, re.MULTILINE)
    }


@pytest.mark.parametrize("number", NUMBERS)
def test_each_has_its_test(number):
    """There is one, named after the number, in the file of its ten or so."""
    assert number in _named()
