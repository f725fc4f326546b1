"""`nemboks cvr import|export|fetch|set` as people and scripts meet them; B71 to B73 by the installed command."""

import asyncio
import csv
import io
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from nemboks.cli.main import program
from nemboks.content.csv_cells import SIZE
from tests.desk.importing import HEADING, ONE, ROWS, THREE, TWO
from tests.helpers import builders as make

TABLE = "\r\n".join([HEADING, *ROWS])
MANY = "cvr;email\n" + "".join(f"{30_000_000 + n};a@b.example\n" for n in range(20_001))
WRONG = [
    f"{ONE};Claras Bo;clara@bo.example;;;",
    "2531376;;x@y.example;;;",  # B71: seven digits
    f"{ONE};;z@y.example;;;",  # B72: twice
    f"{TWO};Dorte;dorte@drift;;;måske",
    "25313764;;x@y.example;;;",  # a wrong check digit only warns
]


def file(folder: Path, text: str, charset: str = "utf-8-sig") -> str:
    path = folder / "kunder.csv"
    path.write_bytes(text.encode(charset))
    return str(path)


def cvrs(place) -> set[str]:
    return {item["cvr"] for item in place.ask("cvr", "list")["items"]}


# --- preview ----------------------------------------------------------------------------------------------------------


def test_a_preview_needs_nothing(tmp_path) -> None:
    """No settings, no database: a table on stdin, and what would be done."""
    done = CliRunner().invoke(program, ["cvr", "import", "-", "--dry-run"], input=TABLE.encode())

    assert done.exit_code == 0, done.output
    assert "3 klar, 0 advarsler, 0 fejl\n3 nye, 0 ændres, 0 er som før\n" in done.stdout
    assert "intet er skrevet" in done.stdout
    assert not list(tmp_path.iterdir())


def test_faults_come_first_with_row_and_column(empty, tmp_path) -> None:
    """Then warnings, then the counts; nothing is imported, exit code 1."""
    done = empty.run("cvr", "import", file(tmp_path, "\n".join([HEADING, *WRONG])))

    lines = done.stdout.splitlines()
    assert done.exit_code == 1
    assert lines[0] == "Fejl"
    assert lines[2].split() == ["3", "cvr", "2531376"] and "otte cifre" in lines[3]
    assert lines.index("Fejl") < lines.index("Advarsler") < lines.index("2 klar, 1 advarsel, 4 fejl")
    assert lines[-1] == "Intet er importeret. Ret fejlene, og prøv igen."
    assert cvrs(empty) == set()


def test_faults_as_json_and_as_a_table(empty, tmp_path) -> None:
    """One object with every fault in both languages, and a CSV file that a spreadsheet opens."""
    wrong = file(tmp_path, "\n".join([HEADING, *WRONG]))
    told = empty.ask("cvr", "import", wrong, "--errors", str(tmp_path / "fejl.csv"), code=1)

    raw = (tmp_path / "fejl.csv").read_bytes()
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert (told["schema"], told["ok"], told["imported"], told["ready"]) == ("nemboks.import/1", False, False, 2)
    assert [(one["row"], one["column"]) for one in told["faults"]] == [
        (3, "cvr"), (4, "cvr"), (5, "email"), (5, "neutralt_emne"),
    ]  # fmt: skip
    assert raw.startswith(b"\xef\xbb\xbf") and rows[0] == ["række", "kolonne", "værdi", "fejl"]
    assert [row[:3] for row in rows[1:]] == [[str(f["row"]), f["column"], f["value"]] for f in told["faults"]]
    assert empty.run("cvr", "import", wrong, "--errors", str(tmp_path / "fejl.csv")).exit_code == 4


# --- B71 to B73 at the command ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("written", "code"), [
    ("DK25313763", 0), ("25 31 37 63", 0), (" 25313763 ", 0), ("dk 25 31 37 63", 0), ("253137630", 1), ("2531376", 1),
    ("2531376a", 1), ("２５３１３７６３", 1), ("010101-0000", 1), ("25313763.0", 1), ("2,5313763E7", 1),
])  # fmt: skip
def test_b71_cvr_numbers_as_people_write_them(empty, tmp_path, written: str, code: int) -> None:
    """Normalised, or refused at their row; a CPR number is refused and not repeated."""
    done = empty.run("cvr", "import", file(tmp_path, f'cvr;email\n"{written}";clara@bo.example\n'))

    assert done.exit_code == code, done.output
    assert "010101" not in done.output
    assert cvrs(empty) == (set() if code else {"25313763"})


@pytest.mark.parametrize(("charset", "separator"), [
    ("utf-8", ";"), ("utf-8-sig", ","), ("cp1252", "\t"), ("utf-16", ";"), ("utf-16-le", "\t"), ("utf-16-be", ","),
])  # fmt: skip
def test_b72_charsets_and_separators(empty, tmp_path, charset: str, separator: str) -> None:
    """Æ, ø and å arrive whatever program wrote the table; a quoted line break becomes a blank."""
    text = f'cvr;navn;email\r\n{ONE};"Ærø ""Kok""\nog Ål";clara@bo.example\r\n'.replace(";", separator)
    done = empty.run("cvr", "import", file(tmp_path, text, charset))

    assert done.exit_code == 0, done.output
    assert [item["name"] for item in empty.ask("cvr", "list")["items"]] == ['Ærø "Kok" og Ål']


@pytest.mark.parametrize(("text", "words"), [
    ("", "tom"), (HEADING, "ingen virksomheder"), ("navn;email\nx;a@b.example", "Kolonnen cvr mangler"),
    ("x" * (SIZE + 1), "over 2 MB"), (MANY, "over 20000"),
    (f'cvr;email\n{ONE};"a@b.example\n', "Anførselstegnene"),
])  # fmt: skip
def test_b72_what_is_no_table(empty, tmp_path, text: str, words: str) -> None:
    """Empty, without companies or columns, too large, too many, broken quotes: a sentence, and nothing imported."""
    done = empty.run("cvr", "import", file(tmp_path, text))

    assert done.exit_code == 1 and words in done.stdout
    assert cvrs(empty) == set()


def test_b72_formula_cells_are_defused_on_the_way_out(empty, tmp_path) -> None:
    """A name that a spreadsheet would calculate goes in as it is, and comes out with a quote in front."""
    empty.run("cvr", "import", file(tmp_path, f"cvr;navn;email\n{ONE};=HYPERLINK(1);clara@bo.example\n"))

    done = empty.run("cvr", "export")
    again = tmp_path / "igen.csv"
    again.write_bytes(done.stdout_bytes)

    assert done.stdout_bytes.startswith(b"\xef\xbb\xbfcvr;navn;")
    assert ";'=HYPERLINK(1);" in done.stdout_bytes.decode("utf-8-sig")
    assert empty.ask("cvr", "import", str(again))["same"] == 1


@pytest.mark.parametrize("when", ["31-02-2026", "2026-13-01", "29-02-2027"])
def test_b73_dates_that_are_in_no_calendar(empty, when: str) -> None:
    """Refused as wrong use, wherever a date is typed."""
    assert empty.run("letter", "list", "--since", when).exit_code == 2


# --- import -----------------------------------------------------------------------------------------------------------


def test_threat_7_a_foreign_company_is_waited_for(empty, tmp_path) -> None:
    """SECURITY 3, threat 7: nothing becomes active by a table; the list and the status say what is waited for."""
    done = empty.run("cvr", "import", file(tmp_path, TABLE))

    assert done.exit_code == 0, done.output
    assert "spurgt om fuldmagt" in done.stdout and "[upstream]" in done.stderr
    for command in (("cvr", "list"), ("status",)):
        assert empty.run(*command).stdout.count("Afventer fuldmagt") == 3
    assert {(one["consent"], one["life"]) for one in empty.ask("status")["items"]} == {("awaited", "unknown")}
    again = empty.ask("cvr", "import", file(tmp_path, TABLE))
    assert (again["new"], again["changed"], again["same"], again["imported"]) == (0, 0, 3, True)


def test_changes_are_shown_before_they_are_made(empty, tmp_path) -> None:
    """What is and what will be, per company."""
    empty.run("cvr", "import", file(tmp_path, TABLE))

    other = file(tmp_path, f"{HEADING}\n{ONE};Claras Bo ApS;clara@bo.example;;K-1;nej")
    shown = empty.run("cvr", "import", other, "--dry-run", "--lang", "en").stdout

    assert "25 31 37 63  name: Claras Bo → Claras Bo ApS; neutral subject: yes → no" in shown
    assert "0 new, 1 change, 0 as before" in shown


def test_what_is_imported_with_which_terms(empty, tmp_path) -> None:
    """The server is one of the settings; start-from-now and shadow are kept with each company."""
    table = file(tmp_path, TABLE)
    assert empty.run("cvr", "import", table, "--server", "unknown").exit_code == 2
    assert empty.run("cvr", "import", table, "--account", "Nobody").exit_code == 3

    empty.run("cvr", "import", table, "--server", "bageri", "--start-from-now", "--shadow-days", "14")

    async def first():
        store = empty.store()
        box = await store.mailboxes.find(ONE)
        await store.close()
        return box

    box = asyncio.run(first())
    assert box.route.server == "bageri" and box.custody.unproven
    assert box.custody.starts_at and box.custody.shadow_since


def test_an_export_to_a_file_that_is_there_is_refused(place, tmp_path) -> None:
    """A slip of the finger costs nobody a table; a new file is its owner's only."""
    out = tmp_path / "ud.csv"
    assert place.ask("cvr", "export", "--out", str(out))["rows"] == 1
    assert out.stat().st_mode & 0o777 == 0o600 and make.ANNA in out.read_text()
    assert place.run("cvr", "export", "--out", str(out)).exit_code == 4
    assert place.run("cvr", "export", "--json").exit_code == 2


KILLED = """
import os, signal, sys
from nemboks.store.{module} import {name} as where
plain, left = where.{call}, [{after}]
def {call}(*args, **how):
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(*args, **how)
where.{call} = {call}
from nemboks.cli.main import program
program.main(sys.argv[1:])
"""


@pytest.mark.parametrize("after", [0, 1, 2])
def test_an_import_that_is_killed_leaves_nothing(empty, tmp_path, after: int) -> None:
    """kill -9 between two companies: at the next look there is none of them, and the same command does it all."""
    table = file(tmp_path, TABLE)
    code = KILLED.format(module="books", name="SqlBooks", call="add_mailbox", after=after)
    done = subprocess.run(
        [sys.executable, "-c", code, "cvr", "import", table, "--config", str(empty.config)], capture_output=True
    )

    assert done.returncode == -signal.SIGKILL, done.stderr
    assert cvrs(empty) == set()
    assert empty.ask("cvr", "import", table)["new"] == 3


def test_an_import_that_is_killed_after_its_commit_is_whole(empty, tmp_path) -> None:
    """kill -9 before the answer is shown: everything is there, and the same command changes nothing."""
    table = file(tmp_path, TABLE)
    code = KILLED.format(module="store", name="Store", call="close", after=0)
    done = subprocess.run(
        [sys.executable, "-c", code, "cvr", "import", table, "--config", str(empty.config)], capture_output=True
    )

    assert done.returncode == -signal.SIGKILL, done.stderr
    assert cvrs(empty) == {ONE, TWO, THREE}
    assert empty.ask("cvr", "import", table)["same"] == 3


# --- fetch, set, add --------------------------------------------------------------------------------------------------


def test_fetch_says_what_is_done(empty, tmp_path) -> None:
    """A look, or a question to the register; an unknown CVR is not found, a paused one refused."""
    empty.run("cvr", "import", file(tmp_path, TABLE))
    assert "om der nu er givet adgang" in empty.run("cvr", "fetch", ONE).stdout
    assert empty.ask("cvr", "fetch", ONE)["item"]["asks_the_register"] is True
    assert empty.run("cvr", "fetch", make.ANNA).exit_code == 3
    empty.run("cvr", "pause", ONE)
    assert empty.run("cvr", "fetch", ONE).exit_code == 4


def test_set_keeps_and_shows(place) -> None:
    """What is said is kept and shown; six days are refused with the reason; nothing said is wrong use."""
    done = place.run("cvr", "set", make.ANNA, "--keep-days", "3", "--reference", "K-7", "--digest", "bo@a.example")

    assert "Reference: K-7" in done.stdout and "Dage i Digital Post: 3" in done.stdout, done.output
    assert "bo@a.example" in done.stdout
    assert place.ask("cvr", "set", make.ANNA, "--digest", "off", "--neutral-subject")["item"]["digest"] is None
    refused = place.run("cvr", "set", make.ANNA, "--keep-days", "6")
    assert refused.exit_code == 4 and "syv dage" in refused.stderr
    for wrong in ((), ("--second-contact", "x"), ("--name", "a\nb"), ("--reference", "x" * 65)):
        assert place.run("cvr", "set", make.ANNA, *wrong).exit_code == 2


def test_add_can_start_from_now_and_in_shadow(empty) -> None:
    """What lies there is left alone, and nothing leaves Digital Post before a person says go."""
    login = ("--system-id", "s", "--token-file", "-", "--address", "clara@bo.example", "--server", "bageri")
    done = empty.run("cvr", "add", ONE, *login, "--start-from-now", "--shadow-days", "14", input="t\n")
    assert done.exit_code == 0, done.output

    async def custody():
        store = empty.store()
        box = await store.mailboxes.find(ONE)
        await store.close()
        return box.custody

    kept = asyncio.run(custody())
    assert kept.starts_at and kept.shadow_since and kept.shadow_until and not kept.unproven
