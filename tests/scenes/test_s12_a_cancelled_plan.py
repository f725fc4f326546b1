"""Scene 12: Anna cancels her plan, changes her mind, cancels again; what happens on both sides of its end."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.scenes.promises import kept
from tests.scenes.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

BAKERY = "Bageriet Solsikken ApS"
POST, ANNA, PRIVATE = "post@solsikken.example", "anna@solsikken.example", "anna@privat.example"


def test_a_cancelled_plan_on_both_sides_of_its_end(town: Town) -> None:
    """Till the end all is as ever, and she can undo it. Then new post stays in Digital Post; owed receipts go."""
    town.settle(plans__Basis="cvrs = 1")
    company = town.company(BAKERY)
    cvr = company["cvr"]
    account = ["--email", ANNA, "--owner", "anna", "--second-contact", PRIVATE]
    town.nemboks("account", "add", BAKERY, *account, "--plan", "Basis", "--paid-until", "01-01-2199")
    town.add(company, "--address", POST, "--account", BAKERY, person="anna")

    with town.running():
        # Cancelled: it is paid for a while yet, and till then nothing changes. Egon can do nothing of the kind.
        town.nemboks("account", "add", "Egon", "--email", "egon@egon.example", "--owner", "egon")
        town.nemboks("plan", "cancel", BAKERY, person="egon", ends=3)
        cancelled = town.nemboks("plan", "cancel", BAKERY, person="anna")["item"]
        assert cancelled["ends_at"].startswith("2198-12-31T23:00")
        town.letter(cvr, 1)
        town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED"])
        assert told(town, ANNA) == told(town, PRIVATE) == ["opsagt"]

        # She changes her mind; then she cancels again, paid until a few seconds from now.
        town.nemboks("plan", "undo", BAKERY, person="anna")
        end = datetime.now(UTC) + timedelta(seconds=18)
        town.nemboks("plan", "set", BAKERY, "Basis", "--paid-until", f"{end:%Y-%m-%dT%H:%M:%SZ}")
        town.nemboks("plan", "cancel", BAKERY, person="anna")

        # The last letter before the end is delivered. Digital Post takes no receipts at the moment: one is owed.
        town.fault("rest-receipt-503")
        town.letter(cvr, 2)
        town.until(lambda: len(town.mails(POST, letters=True)) == 2)
        town.until(lambda: "stoppede" in told(town, ANNA))
        assert datetime.now(UTC) >= end.replace(microsecond=0)
        assert told(town, ANNA) == told(town, PRIVATE) == ["opsagt", "opsagt", "stoppede"]

        # After the end: a new letter stays where it is. What was delivered is finished: its receipt goes.
        late = town.letter(cvr, 3)
        looked = town.calls(cvr)
        assert town.state(cvr) == ["ACKNOWLEDGED", "FORWARDED"]
        town.heal()
        town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED"] * 2)
        assert [town.calls(cvr)[kind] for kind in ("list", "fetch")] == [looked[kind] for kind in ("list", "fetch")]
        (_, _, there) = town.upstream(cvr)
        assert (there["id"], there["listed"], len(there["acts"])) == (late["id"], True, 1)

        # She asks why she gets no mail, and is told; the board says it too. It is too late to undo.
        explained = town.nemboks("explain", cvr, person="anna")["item"]
        assert (explained["at_risk"], explained["causes"][0]["id"]) == (True, "plan_ended")
        (line,) = town.nemboks("cvr", "board", person="anna")["items"]
        assert line["reasons"][0] == "plan_ended"
        town.nemboks("plan", "undo", BAKERY, person="anna", ends=4)

        # A new plan: the letter that waited in Digital Post comes.
        town.nemboks("plan", "set", BAKERY, "Basis", "--paid-until", "01-01-2199")
        town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED"] * 3)

    kept(town, {cvr: [POST]})


def told(town: Town, address: str) -> list[str]:
    """The words that matter in the subjects of what came to the address, the oldest first."""
    subjects = [mail["Subject"] for mail in town.mails(address, letters=False)]
    return [word for subject in subjects for word in ("opsagt", "stoppede") if word in subject]
