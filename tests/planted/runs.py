"""Which demo shows which planted mistake, and by which count of its judge."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NEMSMS = """<?xml version="1.0" encoding="UTF-8"?>
<memo:Message xmlns:memo="https://DigitalPost.dk/MeMo-1" memoVersion="1.1" memoSchVersion="1.1.0">
<memo:MessageHeader><memo:messageType>NEMSMS</memo:messageType>
<memo:messageUUID>8d9e6679-7425-40de-944b-e07fc1f90ae7</memo:messageUUID><memo:label>Tid</memo:label>
<memo:notification>Husk jeres tid i morgen</memo:notification><memo:mandatory>false</memo:mandatory>
<memo:legalNotification>false</memo:legalNotification><memo:Sender><memo:senderID>13748136</memo:senderID>
<memo:idType>CVR</memo:idType><memo:label>Synshallen</memo:label></memo:Sender><memo:Recipient>
<memo:recipientID>24256790</memo:recipientID><memo:idType>CVR</memo:idType></memo:Recipient></memo:MessageHeader>
</memo:Message>"""


@dataclass(frozen=True)
class Sight:
    """A mistake, the demo that must see it, the count that must be above zero; `quick` ones are part of the tests.

    `named`: what the daily reconciliation must call it; `never`: the count that must stay at zero all the same.
    """

    mistake: str
    arguments: str
    count: str
    quick: bool = True
    named: str = ""
    never: str = ""

    @property
    def name(self) -> str:
        return f"{self.mistake} {self.arguments}"


SIGHTS = (
    Sight("receipt-before-250", "--count 6 --cvrs 2 --inbox both", "premature_receipts"),
    Sight("receipt-before-250", "--count 6 --cvrs 2 --removal on-delete", "premature_receipts", quick=False),
    Sight("receipt-before-250", "--count 6 --cvrs 2 --removal eventual", "premature_receipts", quick=False),
    Sight("receipt-before-250", "--count 4 --fault smtp-dot-550:forever", "lost"),
    Sight("receipt-after-a-doubt", "--count 6 --fault smtp-dot-cut-lost", "premature_receipts", quick=False),
    Sight("dot-not-committed", "--count 12 --fault smtp-dot-silence-kept --kill 2", "copies"),
    Sight("dot-not-committed", "--count 6 --inbox imap --fault smtp-dot-cut-kept", "copies", quick=False),
    Sight("route-mixed-up", "--count 9", "misdelivered"),
    Sight("route-mixed-up", "--count 9 --inbox imap", "misdelivered", quick=False),
    Sight("label-mixed-up", "--count 4", "misdelivered", quick=False),
    Sight("document-dropped", "--count 4", "lost"),
    Sight("silence-is-success", "--count 6 --fault smtp-dot-cut-lost", "lost", quick=False),
    Sight("silence-is-success", "--count 6 --fault smtp-dot-silence-lost", "lost"),
    Sight("held-is-receipted", "--letters", "premature_receipts"),
    Sight("sent-twice", "--count 4", "copies", quick=False),
    Sight("receipt-forgotten", "--count 2 --timeout 5", "unsettled"),
    # The fuse stops it at zero: letters are forwarded, nothing leaves upstream, so nothing is settled.
    Sight(
        "unconfirmed-is-receipted",
        "--count 6 --cvrs 2 --inbox both --timeout 12",
        "unsettled",
        named="asked_unconfirmed",
        never="premature_receipts",
    ),
    Sight(
        "fuse-bridged", "--count 4 --cvrs 2 --inbox both --timeout 14", "premature_receipts", named="left_unconfirmed"
    ),
)


def look(sight: Sight, folder: Path) -> tuple[int, dict[str, Any]]:
    """Exit code and result of the demo with the mistake; files go into the folder."""
    arguments = sight.arguments.split()
    if "--letters" in arguments:
        (folder / "letters").mkdir()
        (folder / "letters" / "nemsms.xml").write_text(NEMSMS)
        arguments.append(str(folder / "letters"))
    if "--timeout" not in arguments:
        arguments += ["--timeout", "40"]
    command = [sys.executable, "-m", "tests.planted.demo", sight.mistake, "--once", "--json", *arguments]
    done = subprocess.run(
        [*command, "--state", str(folder / "state")], capture_output=True, text=True, timeout=90, cwd=ROOT
    )
    if not done.stdout:
        raise RuntimeError(done.stderr)
    return done.returncode, json.loads(done.stdout.splitlines()[-1]) | {"reconciled": _reconciled(folder)}


def _reconciled(folder: Path) -> list[str]:
    """What the daily reconciliations of that run found."""
    with closing(sqlite3.connect(folder / "state" / "nemboks.db")) as ledger:
        rows = ledger.execute("SELECT detail FROM events WHERE event = 'reconciled'").fetchall()
    return sorted({kind for (detail,) in rows for kind in json.loads(detail)["kinds"]})


def seen(sight: Sight, code: int, result: dict[str, Any]) -> bool:
    """Whether the judge saw the mistake by the right count, and was asked about the letters at all."""
    told = result[sight.count] > (result["uncertain"] if sight.count == "copies" else 0)
    named = not sight.named or sight.named in result["reconciled"]
    none = not sight.never or result[sight.never] == 0
    return code == 1 and result["ok"] is False and told and named and none and result["accepted"] > 0
