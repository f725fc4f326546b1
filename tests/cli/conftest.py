"""The command line as a person and a script meet it: a settings file, a real ledger, the real program."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nemboks.cli.main import program
from nemboks.clock import RealClock
from nemboks.domain.letter import Letter, State
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.desk.filled import Filled
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock

NEMBOKS = [sys.executable, "-m", "nemboks.cli.main"]
SETTINGS = """\
state_dir = "{folder}"
master_key_file = "{folder}/master.key"
[upstream]
rest_url = "https://127.0.0.1:1/"
[servers.bageri]
host = "localhost"
port = 1
internal = true
"""


@dataclass(frozen=True)
class Place:
    """A folder that holds settings, key and ledger; `letters` are those of the ledger, by state."""

    folder: Path
    letters: dict[State, Letter]

    @property
    def config(self) -> Path:
        return self.folder / "nemboks.toml"

    def run(self, *arguments: str, input: str | None = None) -> Result:
        """What the command answers, in this process."""
        return CliRunner().invoke(program, [*arguments, "--config", str(self.config)], input=input)

    def ask(self, *arguments: str, code: int = 0) -> dict:
        """The one JSON object that the command answers."""
        done = self.run(*arguments, "--json")
        assert done.exit_code == code, done.output
        told: dict = json.loads(done.stdout)
        return told

    def start(self, *arguments: str, **how) -> "subprocess.Popen[str]":
        """The command as a process of its own."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **how}
        return subprocess.Popen([*NEMBOKS, *arguments, "--config", str(self.config)], **pipes)

    def store(self) -> Store:
        return Store.open(self.folder / "nemboks.db", vault(self.folder), RealClock(), threaded=False)


def _settle(folder: Path) -> None:
    (folder / "nemboks.toml").write_text(SETTINGS.format(folder=folder))


async def _fill(folder: Path) -> dict[State, Letter]:
    clock = PretendClock(RealClock().now() - timedelta(seconds=30))
    store = Store.open(folder / "nemboks.db", vault(folder), clock, threaded=False)
    anna = await store.mailboxes.add(make.declared(), "settings")
    filled = Filled(store, clock)
    letters = await filled.every_state()
    letters[State.WAITING] = await filled.later("letter-later")
    await store.letters.found(anna, [], clock.now(), clock.now() + timedelta(days=1))
    await store.close()
    return letters


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("filled")
    return folder, asyncio.run(_fill(folder))


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fresh")
    asyncio.run(Store.open(folder / "nemboks.db", vault(folder), RealClock(), threaded=False).close())
    return folder


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch):
    for name in [name for name in os.environ if name.startswith("NEMBOKS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def place(filled, tmp_path):
    """A ledger with a letter of Anna's in every state; the waiting one met a full mailbox."""
    shutil.copytree(filled[0], tmp_path, dirs_exist_ok=True)
    _settle(tmp_path)
    return Place(tmp_path, filled[1])


@pytest.fixture
def empty(fresh, tmp_path):
    """A ledger without mailboxes."""
    shutil.copytree(fresh, tmp_path, dirs_exist_ok=True)
    _settle(tmp_path)
    return Place(tmp_path, {})
