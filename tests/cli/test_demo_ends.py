"""How the demo ends: by a signal, by a failure, by the clock, by wrong use; and what it leaves behind each time."""

import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

DEMO = [sys.executable, "-m", "nemboks.cli.demo"]
ONCE = [*DEMO, "--once", "--json"]
LIMIT = 30.0


def _ours(state: Path) -> dict[int, list[str]]:
    """The processes that have the state folder in their command line, with its words, but not the demo itself."""
    found = {}
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = file.read_bytes().decode(errors="replace").split("\0")
            if any(str(state) in x for x in words) and "nemboks.cli.demo" not in words:
                found[int(file.parent.name)] = words
    return found


def _the(state: Path, module: str) -> int:
    return next(pid for pid, words in _ours(state).items() if module in words)


def _until(what: str, ready) -> None:
    end = time.monotonic() + LIMIT
    while not ready():
        assert time.monotonic() < end, f"not within {LIMIT:g} s: {what}"
        select.select([], [], [], 0.05)


@contextlib.contextmanager
def _begun(state: Path, *arguments: str, command: list[str] = ONCE) -> Iterator[subprocess.Popen[str]]:
    demo = subprocess.Popen(
        [*command, "--state", str(state), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with demo:
        yield demo
        if demo.poll() is None:
            demo.terminate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_a_signal_ends_the_demo_and_its_processes(number: signal.Signals, code: int, tmp_path: Path) -> None:
    """Daemon and simulator end with it, also when the signal comes twice."""
    with _begun(tmp_path, "--count", "9", "--fault", "smtp-rcpt-450:forever") as demo:
        _until("two processes", lambda: len(_ours(tmp_path)) == 2)
        demo.send_signal(number)
        demo.send_signal(number)
        demo.communicate(timeout=LIMIT)

        assert code == demo.returncode
        assert {} == _ours(tmp_path)


def test_a_signal_while_the_simulator_starts_leaves_nothing(tmp_path: Path) -> None:
    """The moment before anything is ready is no gap."""
    with _begun(tmp_path) as demo:
        _until("the simulator", lambda: _ours(tmp_path))
        demo.send_signal(signal.SIGTERM)
        demo.communicate(timeout=LIMIT)

        assert (143, {}) == (demo.returncode, _ours(tmp_path))


def test_ctrl_c_ends_the_live_demo_well(tmp_path: Path) -> None:
    """Without a terminal there is a line for each change; a first letter is there soon; Ctrl-C is exit 0."""
    began = time.monotonic()
    with _begun(tmp_path, command=DEMO) as demo:
        assert demo.stdout is not None
        line = next(x for x in demo.stdout if "Afsluttet" in x)
        assert time.monotonic() - began < 30  # a second or two on a machine that has nothing else to do
        assert re.search(r"brev \d +\d{8}  \S", line), line
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=LIMIT)

        assert (0, {}) == (demo.returncode, _ours(tmp_path))


def test_a_terminal_gets_a_table(tmp_path: Path) -> None:
    """The words are those that people read, never the names of states."""
    master, slave = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "140", "LINES": "40"}
    demo = subprocess.Popen([*DEMO, "--state", str(tmp_path)], stdin=slave, stdout=slave, stderr=slave, env=environment)
    os.close(slave)
    seen = b""
    try:
        end = time.monotonic() + LIMIT
        while b"Afsluttet" not in seen and time.monotonic() < end:
            if select.select([master], [], [], 0.2)[0]:
                seen += os.read(master, 65536)
        demo.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # EIO: the other side is closed
            while chunk := os.read(master, 65536):
                seen += chunk
        assert 0 == demo.wait(timeout=LIMIT)
    finally:
        demo.kill()
        demo.wait()
        os.close(master)
    text = seen.decode(errors="replace")  # Ctrl-C may cut a letter in two
    assert all(word in text for word in ("brev", "CVR", "afsender", "tilstand", "Afsluttet", "Ctrl-C"))
    assert not re.search("ACKNOWLEDGED|FORWARDED|WAITING", text)


def _result(demo: subprocess.Popen[str]) -> tuple[dict, str]:
    out, told = demo.communicate(timeout=LIMIT)
    return json.loads(out.splitlines()[-1]), told


def test_a_daemon_that_ends_by_itself_is_a_failed_run(tmp_path: Path) -> None:
    """The result is there, not ok, and the words say where to look."""
    with _begun(tmp_path, "--fault", "smtp-rcpt-450:forever") as demo:
        _until("the daemon", lambda: (tmp_path / "nemboks.db").exists())
        daemon = next(
            x for x in _ours(tmp_path) if b"nemboks.simulator.app" not in Path(f"/proc/{x}/cmdline").read_bytes()
        )
        os.kill(daemon, signal.SIGTERM)
        result, told = _result(demo)

        assert (1, False, 0) == (demo.returncode, result["ok"], result["kills"])
        assert "daemon.log" in told and {} == _ours(tmp_path)


def test_a_simulator_that_dies_is_a_failed_run(tmp_path: Path) -> None:
    """One JSON object on the last line also when nobody is left to ask; the error is told on standard error."""
    with _begun(tmp_path, "--count", "500", "--fault", "smtp-rcpt-450:forever") as demo:
        _until("the daemon", lambda: (tmp_path / "nemboks.db").exists())
        simulator = next(
            x for x in _ours(tmp_path) if b"nemboks.simulator.app" in Path(f"/proc/{x}/cmdline").read_bytes()
        )
        os.kill(simulator, signal.SIGKILL)
        result, told = _result(demo)

        assert (1, False) == (demo.returncode, result["ok"])
        assert len(result["letters"]) == result["posted"] > 0
        assert "Traceback" in told and {} == _ours(tmp_path)


def test_time_that_runs_out_is_a_failed_run(tmp_path: Path) -> None:
    """What was not settled in time is counted; what was never posted is not ok."""
    with _begun(tmp_path, "--count", "60", "--kill", "20", "--timeout", "5") as demo:
        result, _ = _result(demo)

        assert (1, False) == (demo.returncode, result["ok"])
        assert result["posted"] < 60 and result["kills"] < 20


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second is refused before it touches anything; elsewhere, also by a relative path, it runs."""
    with _begun(tmp_path / "a", "--fault", "smtp-rcpt-450:forever", "--timeout", "100", command=[*DEMO]) as first:
        _until("the daemon", lambda: (tmp_path / "a" / "nemboks.db").exists())
        second = subprocess.run([*ONCE, "--state", str(tmp_path / "a")], capture_output=True, text=True, timeout=60)
        assert 2 == second.returncode and "another demo runs" in second.stderr
        assert {"schema": "nemboks.error/1", "ok": False} == {
            k: v for k, v in json.loads(second.stdout).items() if k in ("schema", "ok")
        }
        other = subprocess.run(
            [*ONCE, "--state", "b", "--count", "2"], capture_output=True, text=True, timeout=60, cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
        assert 0 == other.returncode, other.stderr
        assert first.poll() is None
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=LIMIT)


@pytest.mark.parametrize("name", ["nemboks.toml", "nemboks.db"])
def test_what_is_real_is_never_touched(name: str, tmp_path: Path) -> None:
    """A folder with settings or a ledger that are no demo's is refused."""
    (tmp_path / name).write_text('state_dir = "/var/lib/nemboks"\n')
    done = subprocess.run([*ONCE, "--state", str(tmp_path)], capture_output=True, text=True, timeout=60)

    assert 2 == done.returncode and "is no demo's" in done.stderr
    assert 'state_dir = "/var/lib/nemboks"\n' == (tmp_path / name).read_text()


@pytest.mark.parametrize("wrong", [["--fault", "no-such"], ["--fault", "smtp-rcpt-450:never"], ["--count", "0"]])
def test_wrong_use_is_told(wrong: list[str]) -> None:
    """Exit 2, words on standard error, an object on standard output."""
    done = subprocess.run([*ONCE, *wrong], capture_output=True, text=True, timeout=60)

    assert 2 == done.returncode and done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["ok"] is False
