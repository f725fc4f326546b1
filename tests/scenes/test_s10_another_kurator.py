"""Scene 10, later: the court appoints another kurator, and then a higher court overturns the decree."""

import pytest

from tests.scenes.court import CLARA, Court
from tests.scenes.promises import kept
from tests.scenes.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

POST, PETER = "post@solsikken.example", "peter@lund-advokater.example"


def test_another_kurator_and_then_none(town: Town) -> None:
    """Clara's post goes on until Peter's case is in effect; once the decree is overturned the company has its post."""
    town.settle(pace="standing_seconds = 1")
    company = town.company(life="bankrupt", curator=True)
    cvr = company["cvr"]
    town.add(company, "--address", POST)
    court = Court(town, cvr)
    with town.running():
        first = in_effect(town, court, court.opened())
        town.letter(cvr, 0)
        town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED"])

        # Peter is appointed. Until his case is decided Clara's post goes on: nothing is frozen twice.
        second = court.opened(
            address=PETER, kurator="Peter Lund", firm="Lund Advokater", **{"case-number": "K 1234/26-C"}
        )
        town.letter(cvr, 1)
        town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED"] * 2)
        assert len(town.mails(CLARA, letters=True)) == 2

        # A letter cannot get to Clara while the case is decided: it is neither hers nor Peter's after that.
        court.prepared(second)
        town.fault("smtp-rcpt-450")
        town.letter(cvr, 2)
        town.until(lambda: len(town.state(cvr)) == 3)
        court.approved(second)
        town.until(lambda: court.state(second) == "in_effect")
        town.heal()
        assert court.state(first) == "replaced"
        town.looked_into(cvr)
        town.letter(cvr, 3)
        town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED", "ACKNOWLEDGED", "HELD", "ACKNOWLEDGED"])
        assert len(town.mails(PETER, letters=True)) == 1
        town.until(lambda: "er overtaget af en anden" in text(town, CLARA))
        town.nemboks("letter", "show", "4", person="clara", ends=3)

        # The decree is overturned. What was held is the company's again, and so is all that comes.
        town.change(cvr, life="active", curator=False)
        court.close(second, "reversed", "landsretten har ophævet dekretet")
        town.letter(cvr, 4)
        town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED"] * 5)
        assert len(town.mails(POST, letters=True)) == 2
        town.until(lambda: "er omgjort" in text(town, POST))
        town.until(lambda: "er omgjort" in text(town, PETER))
    kept(town, {cvr: [POST, CLARA, PETER]})
    assert [to_whom(town, number) for number in range(5)] == [CLARA, CLARA, POST, PETER, POST]


def in_effect(town: Town, court: Court, number: str) -> str:
    """The case's number, once it is in effect and a listing has been made since."""
    court.prepared(number)
    court.approved(number)
    town.until(lambda: court.state(number) == "in_effect")
    town.looked_into(court.cvr)
    return number


def to_whom(town: Town, number: int) -> str:
    """Who got the letter: one, and nobody else."""
    uuid = town.all_letters()[number]["message_uuid"].lower()
    (to,) = {one["to"] for one in town.all_mails() if one["headers"].get("Nemboks-Letter", "").lower() == uuid}
    return str(to)


def text(town: Town, to: str) -> str:
    """All that the address was told."""
    return "\n".join(mail.get_content() for mail in town.mails(to, letters=False))
