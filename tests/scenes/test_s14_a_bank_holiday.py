"""Scene 14: over a bank holiday Anna's post goes to her stand-in, and comes back to her at the minute."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.scenes.promises import kept
from tests.scenes.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

BAKERY = "Bageriet Solsikken ApS"
POST, STAND_IN, ANNA = "post@solsikken.example", "vikar@solsikken.example", "anna@solsikken.example"
DENMARK = ZoneInfo("Europe/Copenhagen")


def test_a_bank_holiday_redirect_ends_at_the_minute(town: Town) -> None:
    """Letters keep coming while it ends: each goes to whoever it is for at the moment of its dot, and to no other."""
    town.settle(pace="poll_seconds = 0.2")
    company = town.company(BAKERY)
    cvr = company["cvr"]
    town.nemboks("account", "add", BAKERY, "--email", ANNA, "--owner", "anna", "--owner-email", ANNA)
    town.add(company, "--address", POST, "--account", BAKERY, person="anna")

    with town.running():
        town.letter(cvr, 0)
        town.until(lambda: town.mails(POST, letters=True))

        # She types when it ends, as her clock shows it. Meanwhile it is to be seen wherever she looks.
        end = datetime.now(DENMARK).replace(microsecond=0) + timedelta(seconds=16)
        typed = f"{end:%d-%m-%Y kl. %H.%M.%S}"
        route = town.nemboks("route", "holiday", cvr, "--until", typed, "--address", STAND_IN, person="anna")["item"]
        assert datetime.fromisoformat(route["holiday"]["until"]) == end
        town.letter(cvr, 1)
        town.until(lambda: town.mails(STAND_IN, letters=True))
        assert "holiday" in causes(town, cvr)

        # Letters come right before the end, at it, and right after it.
        posted = 2
        while datetime.now(UTC) < end + timedelta(seconds=2):
            town.letter(cvr, posted)
            posted += 1
            town.until(lambda: arrived(town) == posted)  # noqa: B023
        town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED"] * posted)

        # She is told that it is over; nobody had to do anything.
        town.until(lambda: len(town.mails(POST, letters=False)) == 2)
        begun, over = town.mails(POST, letters=False)
        assert f"til {end:%d-%m-%Y kl. %H.%M}: alle breve går til v***@" in begun.get_content()
        assert over["Subject"].startswith("Nemboks: Ferien er slut")
        assert "holiday" not in causes(town, cvr)

    ways = sorted((at, to) for at, to in dots(town, cvr))
    before, after = [way for way in ways[1:] if way[0] < end], [way for way in ways if way[0] >= end]
    assert {to for _, to in before} == {STAND_IN}
    assert {to for _, to in after} == {POST}
    assert before[-1][0] > end - timedelta(seconds=5)
    assert after[0][0] < end + timedelta(seconds=5)
    kept(town, {cvr: [POST, STAND_IN]})


def arrived(town: Town) -> int:
    """How many letters the mail server has taken."""
    return sum("Nemboks-Letter" in mail["headers"] for mail in town.all_mails())


def causes(town: Town, cvr: str) -> list[str]:
    """What `nemboks explain` tells Anna."""
    return [one["id"] for one in town.nemboks("explain", cvr, person="anna")["item"]["causes"]]


def dots(town: Town, cvr: str) -> list[tuple[datetime, str]]:
    """Of each letter when its dot was begun, by the history, and who got it, by the mail server."""
    file = town.folder / "history.jsonl"
    town.nemboks("audit", "export", "--out", str(file))
    history = [json.loads(row) for row in file.read_text().splitlines()]
    begun = {row["letter_id"]: datetime.fromisoformat(row["at"]) for row in history if row["event"] == "dot_begun"}
    ids = {one["upstream_id"]: one["id"] for one in town.nemboks("letter", "list", "--cvr", cvr)["items"]}
    got = [(mail["headers"].get("Nemboks-Letter"), mail["to"]) for mail in town.all_mails()]
    return [(begun[ids[uuid]], to) for uuid, to in got if uuid]
