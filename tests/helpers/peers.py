"""Real neighbours that a test needs: skipped with a reason where they are absent, required in CI."""

import os
import shutil

import pytest

# The system's own programs may lie outside of an ordinary user's PATH.
PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
REQUIRED = "NEMBOKS_REQUIRE_PEERS"


def require_peer(name: str) -> str:
    """The path of the neighbour's program. Skips the test without it; fails it where peers are required."""
    found = shutil.which(name, path=PATH)
    if found is not None:
        return found
    words = f"{name} is not installed on this machine"
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{words}, and {REQUIRED}=1 requires it", pytrace=False)
    pytest.skip(f"{words}; .ci/run installs it")
