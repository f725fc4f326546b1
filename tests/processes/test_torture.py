"""A small torture of the installed daemon, and the same with a mistake planted in it, which the judge must see."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.peers import require_peer
from tests.processes.torture import RAM, torture

pytestmark = [pytest.mark.peer, pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.enable_socket]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that the servers' own users may walk in, gone afterwards."""
    for program in ("postfix", "dovecot"):
        require_peer(program)
    if RAM.is_dir():
        monkeypatch.setattr(tempfile, "tempdir", str(RAM))
    with tempfile.TemporaryDirectory(prefix="nemboks-torture-") as made:
        yield Path(made)


def test_a_killed_daemon_loses_nothing(folder: Path) -> None:
    """Three kills while thirty letters flow through real servers: all arrive, none early, none astray."""
    result = torture(folder, kills=3, letters=30, seed=5, boxes=(2, 2))

    assert result.ok, result.line()
    assert (result.schedules, result.more["letters"], result.more["audit"]) == (3, 30, True)
    assert sum(number for name, number in result.cells.items() if name.startswith("SIGKILL@")) == 3


def test_a_receipt_before_the_250_is_seen(folder: Path) -> None:
    """A daemon that gives the receipt right before the dot is told from one that waits for the answer."""
    planted = (sys.executable, "-m", "tests.planted.daemon", "receipt-before-250")
    result = torture(folder, kills=1, letters=8, seed=5, boxes=(1, 1), command=planted, drain=40)

    assert not result.ok
    assert result.premature > 0, result.line()
