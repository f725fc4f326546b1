"""RELIABILITY 4a for the installed daemon: signals at each step, a loop that stands still."""

import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes.daemon import READY, Daemon
from tests.processes.simulated import Simulated

pytestmark = pytest.mark.timeout(120)
STEPS = (
    "letter_found", "letter_collected", "letter_claimed", "letter_dot_begun", "letter_confirmed", "letter_acknowledged",
)  # fmt: skip
BLOCKED = (  # SIGUSR1 keeps the loop's own thread busy, as a callback that never yields would
    "import signal, sys, time; signal.signal(signal.SIGUSR1, lambda *_: time.sleep(4));"
    "from nemboks.cli.main import program; program.main(sys.argv[1:])"
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    """The simulator, with the daemon's settings written."""
    with Simulated(tmp_path_factory.mktemp("signals")) as running:
        running.settle_in()
        yield running


def ended_at(town: Simulated, step: str, number: signal.Signals) -> int:
    """The exit code of a daemon that got the signal right when it logged the step."""
    told = threading.Event()

    def watch(daemon: Daemon, event: dict[str, Any]) -> None:
        if event.get("event") == step and not told.is_set():
            told.set()
            daemon.signal(number)

    town.put(4)
    # The tests themselves may run under nohup(1), which children inherit.
    daemon = town.begin(watch, ("env", "--default-signal=HUP", sys.executable, "-m", "nemboks.cli.main"))
    try:
        assert told.wait(30), f"{step} never came"
        return daemon.process.wait(30)
    finally:
        daemon.end()


@pytest.mark.parametrize("step", STEPS)
def test_sigterm_at_each_step_ends_well_and_makes_no_doubt(town: Simulated, step: str) -> None:
    """Whatever the daemon is doing: it ends with 0, and no attempt is left whose outcome nobody knows."""
    assert ended_at(town, step, signal.SIGTERM) == 0
    assert (town.books().doubts(), town.books().uncertain()) == (0, 0)
    result = town.judged()
    assert (result["lost"], result["premature_receipts"], result["misdelivered"], result["copies"]) == (0, 0, 0, 0)


@pytest.mark.parametrize("step", [READY, "letter_dot_begun"])
def test_a_closed_terminal_makes_no_doubt(town: Simulated, step: str) -> None:
    """SIGHUP, as it comes when the terminal is closed in which `nemboks run` runs, is a stop like any other."""
    assert ended_at(town, step, signal.SIGHUP) == 0
    assert (town.books().doubts(), town.books().uncertain()) == (0, 0)


def test_nohup_keeps_it_running(town: Simulated) -> None:
    """Who started it by nohup(1) wants it to outlive the terminal."""
    daemon = town.begin(command=("nohup", sys.executable, "-m", "nemboks.cli.main"))
    try:
        assert daemon.until(READY)
        daemon.signal(signal.SIGHUP)
        result = town.settled()
        assert daemon.process.poll() is None
        daemon.stop()
    finally:
        daemon.end()

    assert result["ok"]
    assert (result["copies"], result["uncertain"]) == (0, 0)  # of all that the signals above met


def test_a_loop_that_stands_still_feeds_no_watchdog(town: Simulated, tmp_path: Path) -> None:
    """While the event loop is blocked nothing is said to systemd, which would kill it; when it goes on, so does the
    post."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        daemon = town.begin(
            command=(sys.executable, "-c", BLOCKED),
            env={"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1500000", "PATH": "/usr/bin"},
        )
        try:
            while manager.recv(100) != b"WATCHDOG=1":
                pass
            daemon.signal(signal.SIGUSR1)
            manager.settimeout(2)
            with pytest.raises(TimeoutError):
                while True:  # at most what was on its way when the signal came
                    assert manager.recv(100) == b"WATCHDOG=1"
            town.put(2)
            manager.settimeout(20)
            assert manager.recv(100) == b"WATCHDOG=1"
            assert town.settled()["ok"]
            daemon.stop()
        finally:
            daemon.end()
