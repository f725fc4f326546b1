"""Scene 11: what does not move a bankrupt company's post. Whoever tries gets a sentence, and nothing has changed."""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.scenes.court import CLARA, Court, written
from tests.scenes.promises import kept, whole
from tests.scenes.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

POST = "post@solsikken.example"
HOUR = timedelta(hours=1)


@pytest.fixture
def court(town: Town) -> Court:
    """Bageriet Solsikken is bankrupt; the daemon is there for its mails."""
    town.settle(pace="standing_seconds = 1")
    company = town.company(life="bankrupt", curator=True)
    town.add(company, "--address", POST)
    return Court(town, company["cvr"])


def test_what_cannot_be_registered(town: Town, court: Court) -> None:
    """A time that has passed, a kurator whom nobody knows, a decree of tomorrow: the mailbox is not even frozen."""
    now = datetime.now(UTC)
    court.opened(effective=written(now - HOUR), ends=4)
    court.opened(effective=f"{now - 24 * HOUR:%d-%m-%Y}", ends=4)
    court.opened(address="clara.holm@gmail.com", ends=4)
    court.opened(address="kurator@solsikken.example", ends=4)  # the company's own domain
    tomorrow = f"{now + 48 * HOUR:%d-%m-%Y}"
    court.opened(ends=4, **{"decree-date": tomorrow})
    refused(town, "estate", "list", person="egon", ends=3)
    assert town.nemboks("estate", "list", person="ida")["items"] == []

    town.letter(court.cvr)
    with town.running():
        town.until(lambda: town.upstream(court.cvr)[0]["receipts"])
    kept(town, {court.cvr: [POST]})


def test_who_and_what_does_not_count(town: Town, court: Court) -> None:
    """No PDF; the opener; one person twice; what was seen before a fact changed; a document that is another by now."""
    with town.running():
        number = court.opened()
        letter = town.folder / "dekret.docx"
        letter.write_bytes(b"PK\x03\x04 and so on")
        refused(town, "estate", "document", number, str(letter), person="sune")
        smuggled = court.pdf("dekret.svg")
        smuggled.write_bytes(b"<svg/>\n" + smuggled.read_bytes())  # something else that is a PDF too
        refused(town, "estate", "document", number, str(smuggled), person="sune")

        # Not all is there yet. Sune opens and does not decide; nor does a colleague of his without that right.
        court.approve(number, "ida", ends=4)
        town.nemboks("grant", "add", "sune", "--role", "drift")
        court.prepared(number)
        court.approve(number, "sune", ends=4)

        # Ida approves, and once more: that is still one. Whoever runs the machine, and names nobody, cannot.
        seen = court.show(number, "ida")["digest"]
        court.approve(number, "ida", seen)
        court.approve(number, "ida", seen, ends=4)
        refused(town, "estate", "approve", number, "--digest", seen, ends=77)
        assert counts(court, number) == [("ida", None)]

        # Sune moves the time, and adds a page, after Ida looked. What she said counts no more, and Jens sees another.
        town.nemboks("estate", "effective", number, written(datetime.now(UTC) + 5000 * HOUR), person="sune")
        court.approve(number, "jens", seen, ends=4)
        moved = court.show(number, "jens")["digest"]
        court.approve(number, "jens", moved)
        assert counts(court, number)[0] == ("ida", "gælder ikke: sagen er ændret siden")
        town.nemboks("estate", "document", number, str(court.pdf("bilag.pdf", "bilag")), person="sune")
        court.approve(number, "ida", moved, ends=4)
        assert {why for _, why in counts(court, number)} == {"gælder ikke: sagen er ændret siden"}

        # Somebody with the machine's disk puts another file in the place of the decree. It cannot be approved or seen.
        seen = court.show(number)["digest"]
        for file in sealed(town):
            file.write_bytes(secrets.token_bytes(file.stat().st_size))
        court.approve(number, "ida", seen, ends=4)
        refused(town, "estate", "view", number, "1", "--out", str(town.folder / "set.pdf"), person="ida")
        assert court.state(number) == "open"

        # A case of yesterday cannot be made: its time cannot be moved to what has passed.
        past = written(datetime.now(UTC) - HOUR)
        refused(town, "estate", "effective", number, past, person="sune")

        # All the while nothing moved. Ida refuses the case; what was held goes to the company.
        town.letter(court.cvr)
        town.until(lambda: town.state(court.cvr) == ["HELD"])
        assert not town.mails(POST, letters=True)
        reason = "dokumenterne er ikke dem, der blev lagt på"
        town.nemboks("estate", "refuse", number, "--reason", reason, person="ida")
        town.until(lambda: town.state(court.cvr) == ["ACKNOWLEDGED"])
        court.approve(number, "jens", seen, ends=4)
    assert not town.mails(CLARA, letters=True)
    kept(town, {court.cvr: [POST]})


def counts(court: Court, number: str) -> list[tuple[str, str | None]]:
    """Who approved, and why it does not count."""
    return [(one["name"], one["why_not"]) for one in court.show(number)["approvals"]]


def sealed(town: Town) -> list[Path]:
    """The case's documents on the disk."""
    return [file for file in (town.folder / "documents").rglob("*") if file.is_file()]


def refused(town: Town, *words: str, person: str = "", ends: int = 4) -> None:
    """It is, and history is whole."""
    town.nemboks(*words, person=person, ends=ends)
    assert whole(town)
