"""Every bad input of the table has a test by its number, or says why there is nothing to put it into."""

import re
from pathlib import Path
from types import MappingProxyType

import pytest

HERE = Path(__file__).parent
PROGRAM = HERE.parents[1] / "nemboks"
NUMBERS = range(1, 90)  # SECURITY.md 8
_NO_PAGES = "there are no web pages yet: no session, no form, no upload, no search"
# Numbers that wait for their surface. `test_no_surface_came_unnoticed` fails on the day that pages exist.
WAITING = MappingProxyType(dict.fromkeys(range(75, 88), _NO_PAGES))


def _named():
    """The numbers in the names of the tests here."""
    texts = [path.read_text("utf-8") for path in sorted(HERE.glob("test_b*.py"))]
    return {
        int(number) for text in texts for number in re.findall(r"^(?:async )?def test_b(\d\d)_", text, re.MULTILINE)
    }


@pytest.mark.parametrize("number", NUMBERS)
def test_each_has_its_test(number):
    """There is one, named after the number, in the file of its ten or so; or a reason, and then no test."""
    assert (number in _named()) is (number not in WAITING)


def test_no_surface_came_unnoticed():
    """As long as numbers wait for pages, nothing in the program serves any: the simulator alone listens for HTTP."""
    served = re.compile(
        r"^\s*(?:from|import) (?:starlette|uvicorn|jinja2|fastapi|flask|django|aiohttp)\b", re.MULTILINE
    )
    listening = {
        path.relative_to(PROGRAM).parts[0] for path in PROGRAM.rglob("*.py") if served.search(path.read_text("utf-8"))
    }

    assert _NO_PAGES in WAITING.values()
    assert listening == {"simulator"}
