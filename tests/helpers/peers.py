"""Real neighbours that a test needs: skipped with a reason where they are absent, required in CI."""

import os
import shutil
from typing import NoReturn

import pytest

# The system's own programs may lie outside of an ordinary user's PATH.
PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
REQUIRED = "NEMBOKS_REQUIRE_PEERS"


def require_peer(name: str) -> str:
    """The path of the neighbour's program. Skips the test without it; fails it where peers are required."""
    found = shutil.which(name, path=PATH)
    if found is None:
        do_without(f"{name} is not installed on this machine; .ci/run installs it")
    return found


def do_without(words: str) -> NoReturn:
    """Skips the test with the reason; fails it where peers are required."""
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{words} ({REQUIRED}=1 requires it)", pytrace=False)
    pytest.skip(words)
