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


@pytest.mark.parametrize("path", [path for path in _paths() if path], ids=" ".join)
def test_what_a_command_is_for_is_never_cut(path) -> None:
    """A group lists its commands with whole sentences."""
    assert "..." not in CliRunner().invoke(program, [*path, "--help"]).output.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("typed", "da", "en"),
    [
        (["address", "set", "1374", "a@b.dk"], "'1374' er ikke et CVR-nummer", "'1374' is not a CVR number"),
        (["address", "set", "13748136", "foo"], "'foo' er ikke en mailadresse", "'foo' is not an address"),
        (["address", "set", "13748136", "søren@b.dk"], "andre tegn end a-z", "signs other than a-z"),
        (["grant", "add", "bo", "--role", "chef"], "'chef' er ingen rolle; der er: ejer, ", "'chef' is no role"),
        (["grant", "add", "bo", "--role", "ejer", "--until", "31-02-2027"], "28 dage", "28 days"),
        (["letter", "list", "--since", "i går"], "'i går' er ikke et tidspunkt", "'i går' is no moment"),
    ],
)
def test_what_was_typed_wrong_is_told_in_the_language_asked_for(typed, da, en) -> None:
    """Danish, and English with --lang en, wherever that stands."""
    assert da in CliRunner().invoke(program, typed).stderr
    for english in ([*typed, "--lang", "en"], [*typed[:2], "--lang", "en", *typed[2:]]):
        assert en in CliRunner().invoke(program, english).stderr


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
