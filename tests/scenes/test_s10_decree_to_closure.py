"""Scene 10: the bakery goes bankrupt. From one moment on its post is Clara's, the kurator's; no earlier post is."""

import csv

import pytest

from tests.scenes.court import CLARA, Court
from tests.scenes.promises import kept
from tests.scenes.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

BAKERY = "Bageriet Solsikken ApS"
POST, ANNA, PRIVATE = "post@solsikken.example", "anna@solsikken.example", "anna@privat.example"


def bakery(town: Town, **standing: object) -> str:
    """Anna's bakery, with its letters going to POST."""
    company = town.company(BAKERY, **standing)
    town.nemboks("account", "add", BAKERY, "--email", ANNA, "--owner", "anna", "--second-contact", PRIVATE)
    town.add(company, "--address", POST, "--account", BAKERY)
    return str(company["cvr"])


def test_decree_to_closure(town: Town) -> None:
    """Letters before, at and after the effective time; freeze, two approvals, effect, inventory, close."""
    town.settle(pace="standing_seconds = 1")
    cvr = bakery(town)
    court = Court(town, cvr)
    with town.running():
        town.letter(cvr)
        town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED"])

        # Sune registers the decree. From now on nothing goes to anybody; Anna's wish for another address ends too.
        change = town.nemboks("address", "set", cvr, "mig@anna.example", person="anna")["item"]["change"]
        number = court.opened()
        town.letter(cvr, 1)
        town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED", "HELD"])
        town.nemboks("address", "confirm", str(change), "--code-file", "-", typed=town.code(POST), ends=3)
        town.nemboks("address", "set", cvr, "mig@anna.example", person="anna", ends=77)
        assert town.calls(cvr)["fetch"] == 1

        # The register says who may read the company's post; the rest Sune looks up himself. Two others decide.
        town.change(cvr, life="bankrupt", curator=True)
        court.prepared(number)
        at = court.approved(number)
        assert court.state(number) == "approved"
        town.until(lambda: court.state(number) == "in_effect")
        court.passed(at)

        # What was found before stays; what comes after is Clara's. Anna and Clara are told, each their own part.
        town.until(lambda: "sendes nu til jer" in text(town, CLARA))
        town.until(lambda: "sendes ikke længere til jer" in text(town, POST))
        town.looked_into(cvr)
        town.letter(cvr, 2)
        town.until(lambda: town.mails(CLARA, letters=True))
        town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED", "HELD", "ACKNOWLEDGED"])
        town.nemboks("letter", "release", "2", person="clara", ends=4)
        town.nemboks("letter", "release", "2", person="ida", ends=77)
        hers = town.nemboks("letter", "list", "--cvr", cvr, person="anna")["items"]
        assert [one["id"] for one in hers] == [2, 1]
        town.nemboks("letter", "show", "3", person="anna", ends=3)

        # What was before, without contents: Clara asks for it by name and can prove that the list is ours.
        listed = town.folder / "tidligere.csv"
        town.nemboks("estate", "inventory", number, "--out", str(listed), person="clara")
        rows = list(csv.reader(listed.read_text("utf-8-sig").splitlines(), delimiter=";"))
        assert [row[6:8] for row in rows[1:]] == [
            ["leveret til den tidligere adresse", "p***@solsikken.example"], ["i Digital Post", ""],
        ]  # fmt: skip

        # Two years later the estate is wound up. Nothing is sent any more.
        court.close(number, "closed", "boet er afsluttet")
        town.until(lambda: "er afsluttet" in text(town, CLARA))
        town.letter(cvr, 3)
        town.nemboks("address", "set", cvr, "clara@andet.example", person="clara", ends=3)
    assert len(town.mails(CLARA, letters=True)) == 1
    assert [bool(one["receipts"]) for one in town.upstream(cvr)] == [True, False, True, False]
    kept(town, {cvr: [POST, CLARA]})


def text(town: Town, to: str) -> str:
    """All that the address was told."""
    return "\n".join(mail.get_content() for mail in town.mails(to, letters=False))
