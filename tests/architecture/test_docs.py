"""What the pages say is so: pictures, examples, commands and file names agree with the code."""

import re
import runpy
from pathlib import Path

import pytest

from nemboks.store.events import NAMES
from tests.architecture.reading import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMMANDS = runpy.run_path(str(ROOT / "x"), run_name="x")["COMMANDS"]
ROOMS = "nemboks|tests|docs|config|systemd|domain|journey|store|intake|delivery|content|daemon|desk|cli"
CODE = re.compile(rf"`((?:{ROOMS})/[\w./]*)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def page_id(path):
    return path.relative_to(ROOT).as_posix()


def test_the_picture_of_the_states_is_the_table_of_moves():
    """docs/states.md holds exactly what draw_states.py draws from MOVES now."""
    drawn = runpy.run_path(str(ROOT / "docs" / "draw_states.py"))
    text = drawn["PAGE"].read_text()

    assert drawn["page_with"](text, drawn["drawing"]()) == text


def test_the_picture_uses_the_names_of_the_history():
    """An event is called in the picture what it is called in a letter's history."""
    name_of = runpy.run_path(str(ROOT / "docs" / "draw_states.py"))["name_of"]

    assert {name_of(event) for event in NAMES} == set(NAMES.values())


def test_the_example_settings_are_those_of_the_program():
    """config/nemboks.example.toml is what the program itself would write."""
    from nemboks.cli.example import example

    assert (ROOT / "config" / "nemboks.example.toml").read_text() == example()


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_link_leads_somewhere(page):
    """A link from one page to another file of the project finds it."""
    dead = [x for x in LINK.findall(page.read_text()) if not (page.parent / x).exists()]

    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_named_file_is_there(page):
    """A path in a page, from the root or from the package, exists; NAME in it stands for one's own."""
    named = [x for x in CODE.findall(page.read_text()) if "NAME" not in x]
    gone = [x for x in named if not (ROOT / x).exists() and not (ROOT / "nemboks" / x).exists()]

    assert gone == []


def test_the_readme_names_only_commands_that_there_are():
    """Each `./x NAME` and each `nemboks NAME` of the README is a command."""
    from nemboks.cli.main import COMMANDS as OURS

    text = (ROOT / "README.md").read_text()

    assert {"demo", "test"} <= set(re.findall(r"\./x ([\w-]+)", text)) <= COMMANDS.keys()
    assert set(re.findall(r"(?:^|`)nemboks ([a-z]+)", text, re.MULTILINE)) <= OURS.keys()


def test_the_long_runs_play_every_fault():
    """`./x torture faults` names exactly the faults that the simulator can play."""
    from nemboks.simulator.faults import CATALOGUE
    from tests.torture import demos

    played = [*demos.UPSTREAM, *demos.DELETES, *demos.MAIL, *demos.IMAP]

    assert sorted(CATALOGUE) == sorted(played)


def test_the_readme_is_short():
    """The README can be read in one sitting."""
    assert len((ROOT / "README.md").read_text().splitlines()) <= 120


def test_every_decision_says_what_would_change_it():
    """A decision record has its four parts, and its number is its own."""
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))

    for record in records:
        parts = re.findall(r"^\*\*(.+?)\.\*\*", record.read_text(), re.MULTILINE)
        assert parts == ["Situation", "Choice", "Price", "What would change it"], record.name
    assert len(records) == len({Path(x).name[:4] for x in records})
