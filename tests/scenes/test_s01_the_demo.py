"""Scene 1: the command a newcomer types, in its two forms, and the programs it is made of."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = [sys.executable, "-m", "nemboks.cli.demo", "--once", "--json"]
KEYS = (
    "schema ok posted accepted acknowledged held lost misdelivered premature_receipts copies uncertain unsettled kills "
    "seconds letters"
).split()
ROW = (
    "source message_uuid uuid_replaced recipient_replaced cvr inbox expect state reason attempts available_at "
    "forwarded_at acknowledged_at mail"
).split()


def _demo(*arguments: str) -> tuple[int, dict]:
    done = subprocess.run([*DEMO, *arguments], capture_output=True, text=True, timeout=110)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


def test_letters_travel_and_are_acknowledged(tmp_path) -> None:
    """Every letter is delivered whole, once, and leaves Digital Post; what was taken lies in the state folder."""
    code, result = _demo("--count", "12", "--inbox", "both", "--cvrs", "4", "--state", str(tmp_path))

    assert 0 == code
    assert KEYS == list(result)
    assert ROW == list(result["letters"][0])
    assert (True, 12, 12, 12) == tuple(result[k] for k in ("ok", "posted", "accepted", "acknowledged"))
    assert {0} == {result[k] for k in ("held", "lost", "misdelivered", "premature_receipts", "copies", "unsettled")}
    assert {"ACKNOWLEDGED"} == {row["state"] for row in result["letters"]}
    assert all(row["mail"]["attachments"] or row["inbox"] == "imap" for row in result["letters"])
    assert {None} == {row["message_uuid"] for row in result["letters"] if row["inbox"] == "imap"}
    assert 12 == len(list((tmp_path / "accepted").glob("*.eml")))
    assert (tmp_path / "nemboks.db").exists() and (tmp_path / "nemboks.toml").exists()
    assert not list((tmp_path / "spool").glob("*"))


@pytest.mark.parametrize("removal", ["on-receipt", "on-delete", "on-fetch", "eventual"])
def test_nothing_is_lost_when_it_is_killed(removal: str) -> None:
    """Three kills while letters flow: none lost, none receipted too early, a copy only for an uncertain end."""
    code, result = _demo("--count", "24", "--cvrs", "4", "--inbox", "both", "--kill", "3", "--removal", removal)

    assert 0 == code, {k: v for k, v in result.items() if k != "letters"}
    assert 3 == result["kills"]
    assert result["copies"] <= result["uncertain"]


def test_a_fault_that_never_heals_leaves_letters_waiting_with_a_reason() -> None:
    """A mail server that always refuses: nothing is receipted, and every row says why."""
    code, result = _demo("--count", "4", "--fault", "smtp-rcpt-550:forever")

    assert (0, True, 0) == (code, result["ok"], result["acknowledged"])
    assert {("held", "WAITING", "address")} == {(r["expect"], r["state"], r["reason"]) for r in result["letters"]}


@pytest.mark.parametrize(("fault", "held"), [("rest-list-401", 4), ("smtp-starttls-missing", 1), ("imap-login-no", 0)])
def test_a_fault_counts_only_where_it_can_show(fault: str, held: int) -> None:
    """Letters that never meet the fault are delivered; those that do wait with a reason, listed or not."""
    code, result = _demo("--count", "4", "--fault", f"{fault}:forever", "--timeout", "60")

    assert (0, True, held) == (code, result["ok"], result["held"])
    stuck = [row for row in result["letters"] if row["expect"] == "held"]
    assert held == len(stuck) and all(row["state"] == "WAITING" and row["reason"] for row in stuck)


def test_a_delete_that_was_not_heard_is_said_again() -> None:
    """404 to the DELETE proves nothing while the letter is still listed."""
    code, result = _demo("--count", "6", "--removal", "on-delete", "--fault", "rest-delete-404", "--timeout", "60")

    assert (0, True, 6) == (code, result["ok"], result["acknowledged"])


def test_a_state_folder_is_used_again(tmp_path: Path) -> None:
    """What the run before knew is forgotten; a ledger that is no demo's is left alone."""
    for _ in range(2):
        code, result = _demo("--count", "3", "--state", str(tmp_path), "--timeout", "60")
        assert (0, True, 3) == (code, result["ok"], result["acknowledged"])

    (tmp_path / "nemboks.toml").write_text("")
    done = subprocess.run([*DEMO, "--state", str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert (2, True) == (done.returncode, (tmp_path / "nemboks.db").exists())


MEMO = """<?xml version="1.0" encoding="UTF-8"?>
<memo:Message xmlns:memo="https://DigitalPost.dk/MeMo-1" memoVersion="1.1" memoSchVersion="1.1.0">
<memo:MessageHeader><memo:messageType>{type}</memo:messageType><memo:messageUUID>{uuid}</memo:messageUUID>
<memo:label>Prøve</memo:label><memo:notification>Kort besked</memo:notification><memo:mandatory>false</memo:mandatory>
<memo:legalNotification>false</memo:legalNotification>
<memo:Sender><memo:senderID>13748136</memo:senderID><memo:idType>CVR</memo:idType><memo:label>Prøvestyrelsen</memo:label></memo:Sender>
<memo:Recipient><memo:recipientID>{to}</memo:recipientID><memo:idType>{kind}</memo:idType></memo:Recipient></memo:MessageHeader>
{body}</memo:Message>"""
BODY = """<memo:MessageBody><memo:createdDateTime>2026-11-01T10:00:00Z</memo:createdDateTime><memo:MainDocument>
<memo:File><memo:encodingFormat>text/plain</memo:encodingFormat><memo:filename>a.txt</memo:filename><memo:language>da</memo:language>
<memo:content>SGVq</memo:content></memo:File></memo:MainDocument></memo:MessageBody>"""
ONE = "0f8fad5b-d9cb-469f-a165-70867728950e"
TWO = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def test_letters_from_a_folder_are_posted_as_a_sender_would(tmp_path: Path) -> None:
    """An unknown company is registered, a person's letter goes to a company, a repeated UUID is replaced, bad XML is
    rejected upstream, and a NemSMS is held without a receipt."""
    folder = tmp_path / "letters"
    folder.mkdir()
    deliver = {"type": "DIGITALPOST", "body": BODY}
    letters = {
        "1-company.xml": MEMO.format(uuid=ONE, to="24256790", kind="CVR", **deliver),
        "2-person.xml": MEMO.format(uuid=TWO, to="0101010000", kind="CPR", **deliver),
        "3-again.xml": MEMO.format(uuid=ONE, to="24256790", kind="CVR", **deliver),
        "4-broken.xml": MEMO.format(uuid=TWO, to="24256790", kind="CVR", **deliver)[:-30],
        "5-nemsms.xml": MEMO.format(uuid=TWO.replace("7c", "8d"), to="24256790", kind="CVR", type="NEMSMS", body=""),
    }
    for name, text in letters.items():
        (folder / name).write_text(text)

    code, result = _demo("--letters", str(folder))

    rows = {r["source"]: r for r in result["letters"]}
    assert (0, True) == (code, result["ok"]), result
    assert ["delivered", "delivered", "delivered", "rejected", "held"] == [rows[n]["expect"] for n in letters]
    states = [rows[n]["state"] for n in letters]
    assert ["ACKNOWLEDGED"] * 3 + ["REJECTED_UPSTREAM", "HELD"] == states
    assert rows["2-person.xml"]["recipient_replaced"] and rows["3-again.xml"]["uuid_replaced"]
    assert "nemsms" == rows["5-nemsms.xml"]["reason"] and rows["5-nemsms.xml"]["mail"] is None
