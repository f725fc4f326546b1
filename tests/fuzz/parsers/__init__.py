"""One harness for each parser: `check(octets)` brings the outcome's name, one of OUTCOMES.

Promises: an outcome that the parser's own words do not allow, and a property that does not hold, is an exception.
Never needs the fuzzer: `./x test` puts every kept file through the same functions.
"""

import importlib
from types import ModuleType
from typing import Final

NAMES: Final = ("memo", "message", "rest", "imap", "smtp", "address", "table", "settings", "dsn")


def parser(name: str) -> ModuleType:
    """The harness: `check`, OUTCOMES (each of which the corpus shows), LONGEST (octets of an input), WORDS."""
    if name not in NAMES:
        raise ValueError(f"there is no parser {name!r}; there are {', '.join(NAMES)}")
    return importlib.import_module(f"{__name__}.{name}")
