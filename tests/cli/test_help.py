"""Help is there at once, has an example, and knows what was meant."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from nemboks.cli.main import COMMANDS, program

HEAVY = ("pydantic", "sqlalchemy", "rich", "alembic", "asyncio", "httpx2", "structlog")


def _paths() -> list[tuple[str, ...]]:
    """Every command and group, as it is typed."""
    paths: list[tuple[str, ...]] = [()]
    for name in COMMANDS:
        command = program.get_command(click.Context(program), name)
        paths.append((name,))
        if isinstance(command, click.Group):
            paths += [(name, inner) for inner in command.commands]
    return paths


@pytest.mark.parametrize("path", _paths(), ids=" ".join)
def test_every_help_has_an_example_and_fits_a_screen(path) -> None:
    """Whoever asks a command for help sees how it is typed, on at most fifty lines."""
    done = CliRunner().invoke(program, [*path, "--help"])

    assert done.exit_code == 0
    assert " ".join(["nemboks", *path]) in done.output.partition("Example")[2]
    assert len(done.output.splitlines()) <= 50


def test_help_waits_for_no_library() -> None:
    """`nemboks --help` imports nothing but click: that is what makes it quick."""
    code = (
        "import sys\nfrom nemboks.cli.main import program\n"
        "try: program.main(['--help'])\nexcept SystemExit: pass\n"
        f"print([x for x in {HEAVY!r} if x in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert done.stderr.strip() == "[]"
    assert "Commands:" in done.stdout


@pytest.mark.parametrize(("typed", "meant"), [
    (["leter"], "'letter'"), (["letter", "shwo"], "'show'"), (["cvr", "paus"], "'pause'"),
    (["status", "--jsn"], "'--json'"),
])  # fmt: skip
def test_a_misspelt_word_gets_a_suggestion(typed, meant) -> None:
    """Wrong use ends with 2 and names what was probably meant."""
    done = CliRunner().invoke(program, typed)

    assert done.exit_code == 2
    assert meant in done.stderr
    assert done.stdout == ""
