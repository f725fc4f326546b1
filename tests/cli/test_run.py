"""`nemboks run` and `nemboks drain` as processes."""

import json
import signal
import subprocess

import pytest

LIMIT = 60  # seconds until a process that should have ended has failed


def _ready(process: "subprocess.Popen[str]") -> None:
    for line in process.stderr:
        if json.loads(line)["event"] == "daemon_ready":
            return
    raise AssertionError("the daemon ended before it was ready")


@pytest.fixture
def daemon(empty):
    """A daemon that is ready."""
    process = empty.start("run")
    try:
        _ready(process)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_no_failure(daemon, number) -> None:
    """SIGTERM and Ctrl-C end the daemon with 0; every line it wrote is JSON, and stdout stays empty."""
    daemon.send_signal(number)
    out, err = daemon.communicate(timeout=LIMIT)

    assert (daemon.returncode, out) == (0, "")
    assert [json.loads(line)["event"] for line in err.splitlines()][-1] == "daemon_stopped"


@pytest.mark.parametrize("command", ["run", "drain"])
def test_a_second_daemon_is_kept_out(daemon, empty, command) -> None:
    """Exit code 75 and words that name the lock; the CLI's reads and acts go on beside the daemon."""
    second = empty.start(command, "--json")
    out, err = second.communicate(timeout=LIMIT)

    assert second.returncode == 75
    assert "another Nemboks daemon" in err
    assert json.loads(out)["kind"] == "later"
    assert empty.ask("cvr", "list")["items"] == []


def test_wrong_settings_keep_the_daemon_from_starting(empty) -> None:
    """Exit code 78, and the message names the setting."""
    empty.config.write_text("sttae_dir = 1\n")
    process = empty.start("run")
    _, err = process.communicate(timeout=LIMIT)

    assert process.returncode == 78
    assert "sttae_dir" in err


def test_drain_ends_by_itself(empty) -> None:
    """One pass over no mailboxes: nothing to do, exit code 0, and the state as one object."""
    told = json.loads(_output(empty.start("drain", "--json")))

    assert (told["schema"], told["ok"], told["items"]) == ("nemboks.drain/1", True, [])


def _output(process: "subprocess.Popen[str]") -> str:
    out, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, err
    return out
