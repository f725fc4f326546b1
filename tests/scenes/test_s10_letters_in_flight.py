"""Scene 10, the letters: each was at another step of its way when the case was opened, or came while nobody looked."""

import pytest

from tests.scenes.court import CLARA, Court
from tests.scenes.promises import kept
from tests.scenes.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

POST = "post@solsikken.example"
FACES = ["rest", "imap"]
# Where the company's mail server stopped an attempt, the simulator's names. Nothing was tried again before the case.
STOPPED = [
    "smtp-greeting-421", "smtp-mail-451", "smtp-rcpt-450", "smtp-data-451", "smtp-body-cut", "smtp-dot-451",
]  # fmt: skip
UNCERTAIN = ["smtp-dot-cut-lost", "smtp-dot-cut-kept"]  # its reply to the dot never came
NO_HURRY = """\
standing_seconds = 1
retry_seconds = [600, 600]
uncertain_seconds = 600
breaker_seconds = 0.5
dot_seconds = 15
late_seconds = 3600"""


@pytest.mark.parametrize("face", FACES)
def test_in_flight_at_each_step(town: Town, face: str) -> None:
    """What had not begun its dot never goes; what had is listed as uncertain; what was delivered gets no receipt."""
    town.settle(pace=NO_HURRY)
    cvr = bankrupt(town, face)
    court = Court(town, cvr)
    with town.running():
        for number, fault in enumerate([*STOPPED, *UNCERTAIN]):
            town.fault(fault, 1)
            # More than all buffers between us and the server hold: the cut is always seen before the dot.
            town.letter(cvr, number, **({"document_bytes": 16_000_000} if fault == "smtp-body-cut" else {}))
            town.until(lambda fault=fault: town.hits(fault))
        town.until(lambda: town.state(cvr) == ["WAITING"] * 8)

        # One more was delivered and still lies in Digital Post; the last one is whole with the mail server, unanswered.
        town.nemboks("mailbox", "legal-hold", cvr, "on", "--reason", "sag 17/2026")
        town.letter(cvr, 8)
        town.until(lambda: len(town.state(cvr)) == 9 and town.state(cvr)[8] == "FORWARDED")
        town.fault("smtp-dot-silence-kept", 1)
        town.letter(cvr, 9)
        town.until(lambda: town.hits("smtp-dot-silence-kept"))

        number = court.opened()
        town.nemboks("mailbox", "legal-hold", cvr, "off", "--reason", "sagen er slut")
        town.heal()
        town.until(lambda: town.state(cvr) == [*["HELD"] * 8, "FORWARDED", "WAITING"])  # held when its turn comes
        court.prepared(number)
        court.approved(number)
        town.until(lambda: court.state(number) == "in_effect")
        if face == "rest":
            town.looked_into(cvr)
        town.letter(cvr, 10)
        town.until(lambda: len(town.mails(CLARA, letters=True)) == 1)
        town.until(lambda: town.state(cvr)[10] == "ACKNOWLEDGED")

        assert town.state(cvr) == [*["HELD"] * 8, "FORWARDED", "HELD", "ACKNOWLEDGED"]
        rows = town.nemboks("estate", "inventory", number, person="clara")["items"]
    assert [row["where"] for row in rows] == [*["held"] * 6, "uncertain", "uncertain", "previous", "uncertain"]
    assert all(one["listed"] for one in town.upstream(cvr)[:10])
    kept(town, {cvr: [POST, CLARA]})


@pytest.mark.parametrize("face", FACES)
def test_nobody_looked_while_its_time_passed(town: Town, face: str) -> None:
    """One letter came before, one after. Over IMAP its mailbox says so; over REST nobody does, and a person decides."""
    town.settle(pace="standing_seconds = 1")
    cvr = bankrupt(town, face)
    court = Court(town, cvr)
    with town.running():
        number = court.opened()
        court.prepared(number)
    town.letter(cvr, 0)
    at = court.approved(number)
    court.passed(at)
    town.letter(cvr, 1)

    with town.running():
        town.until(lambda: court.state(number) == "in_effect")
        if face == "imap":
            town.until(lambda: town.state(cvr) == ["HELD", "ACKNOWLEDGED"])
            assert reasons(town, cvr) == ["older", None]
        else:
            town.until(lambda: town.state(cvr) == ["HELD", "HELD"])
            assert reasons(town, cvr) == ["boundary", "boundary"]
            town.nemboks("letter", "release", "2", person="clara", ends=77)
            town.nemboks("letter", "release", "2", person="ida")
            town.until(lambda: town.state(cvr) == ["HELD", "ACKNOWLEDGED"])
    kept(town, {cvr: [CLARA]})


def bankrupt(town: Town, face: str) -> str:
    """A company of which the register says so; its letters go to POST."""
    company = town.company(face=face, life="bankrupt", curator=True)
    town.add(company, "--address", POST)
    return str(company["cvr"])


def reasons(town: Town, cvr: str) -> list[str | None]:
    """Why each letter is held, the oldest first."""
    return [one["reason"] for one in reversed(town.nemboks("letter", "list", "--cvr", cvr)["items"])]
