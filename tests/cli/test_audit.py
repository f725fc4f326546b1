"""`nemboks audit` on a real ledger: verify, head, export."""

import hashlib
import json
import sqlite3
import stat

import pytest

from nemboks.domain.chain import head_from
from nemboks.logs import redact_event

COLUMNS = ("at", "letter_id", "mailbox_id", "event", "from_state", "to_state", "fence", "detail")


def alter(place, statement):
    """What somebody does who opens the file with a database program and takes the triggers off."""
    with sqlite3.connect(place.folder / "nemboks.db") as db:
        for name in ("events_never_changed", "events_never_removed"):
            db.execute(f"DROP TRIGGER {name}")
        db.execute(statement)
    db.close()


def test_head_then_verify(place):
    """The head that was kept vouches for all; in text, and as JSON for a script."""
    kept = place.run("audit", "head")
    head = kept.stdout.strip()

    answer = place.ask("audit", "verify", "--head", head)
    said = place.run("audit", "verify", "--head", head, "--lang", "en")

    assert head_from(head).number == answer["rows"] == answer["proven"] > 20
    assert (answer["schema"], answer["ok"], answer["verdict"]) == ("nemboks.audit/1", True, "whole")
    assert (said.exit_code, "vouches" in said.stdout) == (0, True)


@pytest.mark.parametrize(
    ("statement", "verdict", "row"),
    [
        ("UPDATE events SET event = 'never_was' WHERE id = 7", "altered", 7),
        ("DELETE FROM events WHERE id = 9", "altered", 9),
        ("DELETE FROM events WHERE id > 11", "cut", 12),
    ],
    ids=["altered", "taken out", "cut"],
)
def test_what_is_wrong_ends_with_one(place, statement, verdict, row):
    """Exit 1, with words that name the verdict and the row."""
    head = place.run("audit", "head").stdout.strip()
    alter(place, statement)

    answer = place.ask("audit", "verify", "--head", head, code=1)
    said = place.run("audit", "verify", "--head", head, "--lang", "en")

    assert (answer["ok"], answer["verdict"], answer["row"]) == (False, verdict, row)
    assert said.exit_code == 1
    assert f"ow {row}" in said.stdout


def test_another_history_is_rewritten(place):
    """A head of another chain fits no row of this one."""
    answer = place.ask("audit", "verify", "--head", "5:" + "a" * 64, code=1)

    assert (answer["verdict"], answer["row"]) == ("rewritten", 5)


def test_heads_from_a_file_and_from_stdin(place, tmp_path):
    """The heads that a log has collected go in as they are; one that does not fit is enough."""
    head = place.run("audit", "head").stdout.strip()
    file = tmp_path / "heads.txt"
    file.write_text(f"\n{head}\n\n")

    assert place.ask("audit", "verify", "--heads", str(file))["heads_given"] == 1
    piped = place.run("audit", "verify", "--heads", "-", input=f"{head}\n5:{'a' * 64}\n")
    assert piped.exit_code == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "holds no head"), ("\n \n", "holds no head"), ("5:abc", "line 1"), ("\n0:" + "a" * 64, "line 2")],
    ids=["empty", "blank", "short", "no row"],
)
def test_a_file_without_heads_is_no_proof(place, tmp_path, text, told):
    """Wrong use, not a good verdict against nothing."""
    file = tmp_path / "heads.txt"
    file.write_text(text)

    done = place.run("audit", "verify", "--heads", str(file))

    assert done.exit_code == 2
    assert told in done.stderr


def test_no_file_and_no_head(place, tmp_path):
    """A file that is not there and a head that is none are wrong use."""
    assert place.run("audit", "verify", "--heads", str(tmp_path / "none")).exit_code == 2
    assert place.run("audit", "verify", "--head", "17").exit_code == 2


def test_anybody_can_check_an_export(place, tmp_path):
    """The file is the owner's alone, and its hashes follow from its lines by the recipe in the help."""
    out = tmp_path / "history.jsonl"
    answer = place.ask("audit", "export", "--out", str(out))
    before = "0" * 64
    rows = [json.loads(text) for text in out.read_text("ascii").splitlines()]
    for row in rows:
        text = json.dumps([row["number"], before, *(row[name] for name in COLUMNS)], separators=(",", ":"))
        before = hashlib.sha256(text.encode()).hexdigest()
        assert row["hash"] == before

    assert (answer["schema"], answer["rows"]) == ("nemboks.audit/1", len(rows))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert f"{len(rows)}:{before}" == place.run("audit", "head").stdout.strip()


def test_export_of_one_cvr_and_since(place):
    """Lines go to stdout; a CVR and a time make them fewer."""
    everything = place.run("audit", "export").stdout.splitlines()
    annas = place.run("audit", "export", "--cvr", "13748136").stdout.splitlines()

    assert 0 < len(annas) <= len(everything)
    assert {json.loads(text)["cvr"] for text in annas} == {"13748136"}
    assert place.run("audit", "export", "--since", "2999-01-01").stdout == ""


def test_export_refuses(place, tmp_path):
    """No file is written over, none is left behind by a failure, and JSON is asked for once."""
    there, missing = tmp_path / "there", tmp_path / "new"
    there.write_text("mine")

    assert place.run("audit", "export", "--out", str(there)).exit_code == 4
    assert there.read_text() == "mine"
    assert place.run("audit", "export", "--cvr", "10000009", "--out", str(missing)).exit_code == 3
    assert not missing.exists()
    assert place.run("audit", "export", "--json").exit_code == 2
    assert place.run("audit", "export", "--out", str(tmp_path / "no" / "such")).exit_code == 2


def test_a_head_survives_the_log():
    """Ten digits in a row, as one hash in two hundred has them, are no CPR number there; elsewhere they are masked."""
    digest = "a0101010000b" + "c" * 52
    line = {"event": "audit_head", "head": f"1234:{digest}", "hash": digest, "words": "of 0101010000 and " + digest}

    told = redact_event(None, "info", line)

    assert (told["head"], told["hash"]) == (f"1234:{digest}", digest)
    assert "0101010000" not in told["words"]
