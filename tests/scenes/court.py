"""Those who take part in a kurator's case. Sune (support) registers it, Ida and Jens (drift) decide it.

Clara is the kurator: she reads her mail, and answers when Sune calls her at the number that he found himself.
"""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.scenes.town import Town

DENMARK = ZoneInfo("Europe/Copenhagen")
CLARA = "clara@holm-advokater.example"
FIRM = "Holm Advokater"
NOTES = {
    "gazette": "Statstidende, S20112026-17",
    "bar_listing": "står på Advokatnøglen",
    "call_back": "ringet til firmaets hovednummer",
    "curator_access": "set på virk.dk",
    "register": "set på virk.dk: under konkurs",
}


class Court:
    """The people of one company's case."""

    def __init__(self, town: Town, cvr: str) -> None:
        self.town = town
        self.cvr = cvr
        for person, role in (("sune", "support"), ("ida", "drift"), ("jens", "drift")):
            town.nemboks("grant", "add", person, "--role", role, "--email", f"{person}@drift.example")

    def opened(self, effective: str = "", address: str = CLARA, ends: int = 0, **more: str) -> str:
        """The number of the case that Sune registers with the decree before him; from a year hence unless he says."""
        day = datetime.now(DENMARK)
        facts = {
            "kind": "konkurs", "court": "Sø- og Handelsretten", "case-number": "K 1234/26-B",
            "decree-date": f"{day:%d-%m-%Y}", "kurator": "Clara Holm", "firm": FIRM, "address": address,
            "server": "implicit", "person": address.partition("@")[0],
            "effective": effective or written(day + timedelta(days=365)), **more,
        }  # fmt: skip
        options = [word for name, fact in facts.items() for word in (f"--{name}", fact)]
        answer = self.town.nemboks("estate", "open", self.cvr, *options, person="sune", ends=ends)
        return str(answer["item"]["id"]) if ends == 0 else ""

    def prepared(self, number: str, document: str = "dekret.pdf") -> None:
        """The kurator's code is typed, the decree is there, and every line of the list is ticked."""
        self.call_back(number)
        self.town.nemboks("estate", "document", number, str(self.pdf(document)), person="sune")
        for line in self.show(number)["checklist"]:
            if line["by_register"]:
                self.town.until(lambda line=line: self.ticked(number, line["item"]))
            else:
                self.town.nemboks("estate", "check", number, line["item"], "--note", NOTES[line["item"]], person="sune")

    def call_back(self, number: str) -> None:
        """Sune calls the kurator at a number that he found himself, and types the code that she reads to him."""
        code = self.town.code(self.show(number)["address"])
        self.town.nemboks("estate", "confirm", number, "--code-file", "-", person="sune", typed=code)

    def approved(self, number: str) -> datetime:
        """When the case takes effect: soon, and both have looked at it and said yes before."""
        began = time.monotonic()
        self.show(number)
        soon = 3 + 10 * (time.monotonic() - began)  # six commands, on a machine of whatever speed
        at = (datetime.now(UTC) + timedelta(seconds=soon)).replace(microsecond=0)
        self.town.nemboks("estate", "effective", number, written(at), person="sune")
        for person in ("ida", "jens"):
            self.approve(number, person)
        return at

    def approve(self, number: str, person: str, digest: str = "", ends: int = 0) -> None:
        """One looks at the case, and approves what stands there; or something that they saw earlier."""
        seen = digest or self.show(number, person)["digest"]
        self.town.nemboks("estate", "approve", number, "--digest", seen, person=person, ends=ends)

    def close(self, number: str, outcome: str, reason: str) -> None:
        """Two end the case."""
        for person in ("ida", "jens"):
            words = ["estate", "close", number, "--outcome", outcome, "--reason", reason]
            self.town.nemboks(*words, person=person)

    def show(self, number: str, person: str = "sune") -> dict[str, Any]:
        """The case as somebody sees it."""
        item: dict[str, Any] = self.town.nemboks("estate", "show", number, person=person)["item"]
        return item

    def state(self, number: str) -> str:
        """One word for how the case stands."""
        return str(self.show(number)["state"])

    def ticked(self, number: str, item: str) -> bool:
        """Whether a line of the list is done."""
        return any(one["item"] == item and one["done"] for one in self.show(number)["checklist"])

    def pdf(self, name: str, text: str = "dekret") -> Path:
        """A file that looks like a PDF."""
        file = self.town.folder / name
        file.write_bytes(b"%PDF-1.7\n" + text.encode())
        return file

    def passed(self, at: datetime) -> None:
        """It is that time."""
        self.town.until(lambda: datetime.now(UTC) >= at)


def written(at: datetime) -> str:
    """The moment as people in Denmark write it."""
    return f"{at.astimezone(DENMARK):%d-%m-%Y kl. %H.%M.%S}"
