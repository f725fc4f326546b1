"""B88 and B89 of SECURITY 8: secrets in arguments, and settings that must not start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SECRET = "hemmelig-4711"
MINIMAL = """
state_dir = "{folder}/state"
master_key_file = "{folder}/master.key"
[servers.own]
host = "mail.firma.example"
username = "nemboks"
password_file = "{folder}/password"
"""


def nemboks(*words: str) -> subprocess.CompletedProcess[str]:
    """The command as a user types it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEMBOKS_")}
    command = [sys.executable, "-m", "nemboks.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=clean)


@pytest.mark.parametrize(
    "words",
    [
        ("cvr", "add", "13748136", "--token", SECRET),
        ("cvr", "add", "13748136", f"--api-token={SECRET}"),
        ("cvr", "add", "13748136", "--password", SECRET),
        ("cvr", "add", "13748136", f"--secret={SECRET}", "--json"),
    ],
)
def test_b88_a_secret_in_an_argument_is_refused(words: tuple[str, ...]) -> None:
    """Wrong use, told to take a file or stdin, and the secret is not said again."""
    done = nemboks(*words)
    assert done.returncode == 2
    assert "stdin" in done.stderr and "--token-file" in done.stderr
    assert SECRET not in done.stdout + done.stderr


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings file that can be used, and its secret file."""
    file = tmp_path / "nemboks.toml"
    file.write_text(MINIMAL.format(folder=tmp_path))
    (tmp_path / "password").write_text("kaninhul-88\n")
    (tmp_path / "password").chmod(0o600)
    assert nemboks("init", "--config", str(file)).returncode == 0
    return file


def started(file: Path) -> subprocess.CompletedProcess[str]:
    """What a daemon that is to make one pass says to these settings."""
    return nemboks("drain", "--config", str(file))


def test_b89_good_settings_start(settings: Path) -> None:
    """The control: nothing else keeps it from starting."""
    assert started(settings).returncode == 0


def test_b89_an_unknown_key_stops_the_start(settings: Path) -> None:
    """A misspelt setting is named, and the exit code says configuration."""
    settings.write_text(settings.read_text() + 'usrename = "x"\n')
    done = started(settings)
    assert done.returncode == 78
    assert "usrename" in done.stderr


def test_b89_a_secret_that_everybody_can_read_stops_the_start(settings: Path) -> None:
    """The file is named, with the command that mends it; what it holds is not told."""
    (settings.parent / "password").chmod(0o644)
    done = started(settings)
    assert done.returncode == 78
    assert "chmod 600" in done.stderr and "kaninhul" not in done.stderr


def test_b89_a_master_key_that_others_can_read_stops_the_start(settings: Path) -> None:
    """Likewise the key of everything."""
    assert started(settings).returncode == 0
    (settings.parent / "master.key").chmod(0o644)
    done = started(settings)
    assert done.returncode == 78
    assert "chmod 600" in done.stderr


@pytest.mark.parametrize("example", ["changeme", "secret", "Password"])
def test_b89_a_secret_of_an_example_stops_the_start(settings: Path, example: str) -> None:
    """What stands in every example is known to everybody."""
    (settings.parent / "password").write_text(example)
    done = started(settings)
    assert done.returncode == 78
    assert "example" in done.stderr
