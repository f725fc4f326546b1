"""The command as a user starts it: files, help, a clean end."""

import json
import os
import signal
import smtplib
import socket
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator.conftest import LIMIT_SECONDS, wait_for

COMMAND = [sys.executable, "-W", "error", "-m", "nemboks.simulator.app"]


def serve(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    ready = folder / "ready.json"
    process = subprocess.Popen(
        [*COMMAND, "serve", "--state", str(folder / "state"), "--ready-file", str(ready), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=Path(__file__).parents[2],
    )
    wait_for(lambda: ready.exists() or process.poll() is not None)
    return process


def end(process, number=signal.SIGTERM):
    process.send_signal(number)
    output = process.communicate(timeout=LIMIT_SECONDS)[0]
    return process.returncode, output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_with_clients_in_the_middle_of_things(tmp_path, number):
    """Exit code 0 and not a word, although a mail is half sent and a request half made."""
    process = serve(tmp_path, "--cvrs", "1", "--inbox", "imap")
    ready = json.loads((tmp_path / "ready.json").read_text())
    tls = ssl.create_default_context(cafile=ready["mail"]["ca"])
    port = int(ready["control"]["base_url"].split(":")[2].split("/")[0])
    with (
        smtplib.SMTP_SSL("localhost", ready["mail"]["implicit_tls_port"], context=tls) as mail,
        socket.create_connection(("127.0.0.1", port)) as half,
        tls.wrap_socket(
            socket.create_connection(("127.0.0.1", ready["imap"]["port"])), server_hostname="localhost"
        ) as imap,
    ):
        mail.ehlo()
        half.sendall(b"POST /control/letters HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
        imap.recv(10)
        code, output = end(process, number)
        mail.close()

    assert (code, output) == (0, b"")


def test_files_are_written_as_promised(tmp_path):
    """Ready file and settings appear whole, secrets are private, and an earlier run's files are replaced."""
    (tmp_path / "state" / "accepted").mkdir(parents=True)
    old, other = tmp_path / "state" / "accepted" / "0001.eml", tmp_path / "state" / "ledger.db"
    old.touch(), other.touch()
    process = serve(tmp_path, "--write-config", str(tmp_path / "c.toml"), "--cvrs", "2", "--removal", "on-delete")
    ready = json.loads((tmp_path / "ready.json").read_text())
    end(process)

    assert len(ready["rest"]["systems"]) == 2
    assert len(ready["imap"]["users"]) == 1  # one company more, so that this face has somebody too
    assert "delete_after_receipt = true" in (tmp_path / "c.toml").read_text()
    for private in (ready["rest"]["client_key"], tmp_path / "c.toml", tmp_path / "ready.json"):
        assert stat.S_IMODE(os.stat(private).st_mode) == 0o600
    assert (old.exists(), other.exists()) == (False, True)


@pytest.mark.parametrize("words", [["--help"], ["serve", "--help"], ["company", "--help"], ["letter", "--help"]])
def test_help_has_examples(words):
    """Whoever asks is shown what to type."""
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=True, timeout=LIMIT_SECONDS)

    assert "Examples:" in done.stdout
    assert "--ready-file" in done.stdout


@pytest.mark.parametrize("entry", ["nemboks.simulator.start", "nemboks.cli.demo"])
def test_without_its_packages_it_says_what_to_install(entry):
    """Whoever installed Nemboks alone and tries the simulator or the demo gets a sentence, not a traceback."""
    begin = f"import sys; sys.modules['pymap'] = None; from {entry} import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", begin, "--once"], capture_output=True, text=True, timeout=LIMIT_SECONDS
    )

    assert done.returncode == 78
    assert (
        "pymap.backend" not in done.stderr
        and "pymap" in done.stderr
        and "pip install 'nemboks[sim]'" in done.stderr
        and "Traceback" not in done.stderr
    )


def test_a_fault_of_its_own_is_no_missing_package():
    """A module of ours that is not there is a traceback: an installation of more packages would not help."""
    missing = "import sys; sys.modules['nemboks.simulator.companies'] = None"
    begin = f"{missing}; from nemboks.simulator.start import main; main()"
    done = subprocess.run([sys.executable, "-c", begin], capture_output=True, text=True, timeout=LIMIT_SECONDS)

    assert done.returncode == 1 and "Traceback" in done.stderr and "pip install" not in done.stderr
