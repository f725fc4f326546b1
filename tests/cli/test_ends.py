"""How commands end: exit codes, closed pipes, interrupts, and what goes to which stream."""

import asyncio
import json
import os
import signal
import subprocess
from datetime import timedelta

import pytest

from nemboks.cli.errors import failure_of
from nemboks.clock import RealClock
from nemboks.desk.words import Lang
from nemboks.domain.letter import Stale
from nemboks.settings import SettingsError
from nemboks.store import errors as store
from tests.cli.conftest import NEMBOKS
from tests.helpers import builders as make


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(("error", "code"), [
    (SettingsError("x"), 78), (store.VaultError("x"), 78), (store.KeyMissing("x"), 78), (store.StoreTooNew("x"), 78),
    (store.StoreBusy("x"), 75), (store.StoreInUse("x"), 75), (store.StoreFull("x"), 75), (store.StoreAway("x"), 75),
    (store.StoreUnknown("x"), 1), (Stale("x"), 75),
    (store.StoreBroken("x"), 1), (store.StoreError("x"), 1), (ValueError("x"), 1), (KeyboardInterrupt(), 130),
    (_caused(store.StoreError("x"), PermissionError(13, "no")), 77), (PermissionError(13, "no"), 77),
])  # fmt: skip
def test_every_error_has_its_exit_code(error, code) -> None:
    """One table from exceptions to codes, for scripts and monitors to rely on."""
    assert failure_of(error, Lang.DA).code == code


def test_an_error_that_is_its_own_cause_ends() -> None:
    """`raise e from e` is legal, and must not hang the one who tells of it."""
    error = ValueError("x")

    assert failure_of(_caused(error, error), Lang.DA).code == 1


def test_an_error_that_we_did_not_expect_comes_with_its_traceback() -> None:
    """Our own bug must be findable from what the person saw."""
    try:
        raise ZeroDivisionError("odd")
    except ZeroDivisionError as error:
        assert "test_ends.py" in failure_of(error, Lang.DA).words


def test_held_letters_ask_for_attention(place) -> None:
    """Status ends with 5, and says so in words and in JSON."""
    told = place.ask("status", code=5)

    assert (told["schema"], told["ok"], told["state"]) == ("nemboks.status/1", False, "attention")
    done = place.run("status")
    assert (done.exit_code, done.stdout.splitlines()[0]) == (5, "Noget kræver opmærksomhed.")


def test_a_daemon_that_does_not_look_is_critical(place) -> None:
    """Status ends with 6 when a look is long overdue."""

    async def forget() -> None:
        opened = place.store()
        box = await opened.mailboxes.find(make.ANNA)
        long_ago = RealClock().now() - timedelta(hours=1)
        await opened.letters.found(box, [], long_ago, long_ago)
        await opened.close()

    asyncio.run(forget())

    assert place.ask("status", code=6)["state"] == "critical"


def test_all_is_well_on_an_empty_ledger(empty) -> None:
    """Status ends with 0 and tells the next step."""
    done = empty.run("status")

    assert done.exit_code == 0 and "nemboks cvr add" in done.stdout


def test_a_closed_pipe_is_no_failure(place) -> None:
    """`nemboks letter list | head` ends quietly."""
    reader, writer = os.pipe()
    os.close(reader)
    process = place.start("letter", "list", stdout=writer)
    os.close(writer)
    _, err = process.communicate(timeout=60)

    assert (process.returncode, err) == (0, "")


def test_ctrl_c_at_a_question_ends_cleanly(tmp_path) -> None:
    """130 as from any program that was interrupted, and nothing was written."""
    command = [*NEMBOKS, "init", "--config", str(tmp_path / "n.toml")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        assert process.stderr is not None and process.stderr.read(5)  # the question has been asked
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert b"Traceback" not in err and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["leter"], ["status", "--config", "/nowhere.toml"], ["letter", "show", "x"]])
def test_with_json_an_error_is_one_object_on_stdout(arguments) -> None:
    """A script parses stdout whatever happens; the words for people are on stderr."""
    done = subprocess.run([*NEMBOKS, *arguments, "--json"], capture_output=True, text=True)

    told = json.loads(done.stdout)
    assert (told["ok"], told["exit_code"]) == (False, done.returncode)
    assert told["error"] and done.stderr


def test_the_version_is_the_projects(empty) -> None:
    """Also from a source tree, without anything being installed."""
    assert empty.ask("version")["version"].startswith("0.1.0")
