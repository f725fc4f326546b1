"""The import contracts hold, and each of them catches the breach it is there for."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.reading import ROOT

LINT = Path(sys.executable).parent / "lint-imports"
CONTRACTS = {
    x["id"]: x for x in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}

# contract -> (a file of the program, an import that must not stand there)
BREACHES = {
    "floors": ("domain/verdict.py", "nemboks.ports"),
    "adapters": ("intake/rest.py", "nemboks.journey.world"),
    "simulator-alone": ("simulator/app.py", "nemboks.domain.pace"),
    "program-alone": ("cli/demo.py", "nemboks.simulator.app"),
    "pure": ("content/memo.py", "asyncio"),
    "aiosmtplib": ("delivery/smtp.py", "aiosmtplib"),
    "procrastinate": ("daemon/run.py", "procrastinate"),
    "settings": ("store/store.py", "nemboks.settings"),
    "time": ("journey/forward.py", "time"),
    "rooms": ("daemon/run.py", "sqlalchemy"),
    "circles": ("domain/pace.py", "nemboks.domain.verdict"),
}


@pytest.fixture
def house(tmp_path):
    """A copy of the program that a test may spoil."""
    shutil.copytree(ROOT / "nemboks", tmp_path / "nemboks", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(house, *arguments):
    command = [LINT, "--no-logo", "--no-cache", *arguments]
    return subprocess.run(command, cwd=house, capture_output=True, text=True, timeout=60)


def test_the_contracts_hold(house):
    """The program as it is breaks none of them."""
    result = lint(house)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_breach_is_caught(house, contract):
    """An import that the contract forbids, planted in a copy of the program, breaks it."""
    file, module = BREACHES[contract]
    with (house / "nemboks" / file).open("a") as source:
        source.write(f"\nimport {module}\n")

    result = lint(house, "--contract", contract)

    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{CONTRACTS[contract]['name']} BROKEN" in result.stdout


def test_a_new_room_must_be_given_its_floor(house):
    """A package that no floor names is refused, so that none slips past the contracts."""
    (house / "nemboks" / "attic").mkdir()
    (house / "nemboks" / "attic" / "__init__.py").touch()

    result = lint(house, "--contract", "floors")

    assert "attic" in result.stdout
    assert result.returncode == 1
