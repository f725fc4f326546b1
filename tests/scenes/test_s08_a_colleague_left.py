"""Scene 8: Lone, who read the bakery's letters, has left. Her mailbox was taken over, or it was closed."""

import pytest

from tests.scenes.promises import kept
from tests.scenes.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

BAKERY = "Bageriet Solsikken ApS"
LONE, ANNA, PRIVATE = "lone@solsikken.example", "anna@solsikken.example", "anna@privat.example"
NEW, DORTE = "kontor@solsikken.example", "dorte@solsikken.example"


@pytest.fixture
def bakery(town: Town) -> str:
    """Its letters go to Lone. Anna owns it, and is asked at her private address; Dorte is the other administrator."""
    company = town.company(BAKERY)
    town.nemboks("account", "add", BAKERY, "--email", ANNA, "--owner", "anna", "--second-contact", PRIVATE)
    rights = ["--role", "administrator", "--account", BAKERY, "--email", DORTE]
    town.nemboks("grant", "add", "dorte", *rights, person="anna")
    town.add(company, "--address", LONE, "--account", BAKERY)
    return str(company["cvr"])


def test_her_mailbox_was_taken_over(town: Town, bakery: str) -> None:
    """Somebody reads Lone's mailbox now, and the second contact agrees: the change is made at once."""
    town.settle(pace="change_seconds = 600\nprobation_seconds = 2")
    town.letter(bakery)
    with town.running():
        town.until(lambda: town.state(bakery) == ["ACKNOWLEDGED"])

        # Anna asks. The new address gets a code, Lone's and the private one each another, Dorte hears of it.
        change = str(town.nemboks("address", "set", bakery, NEW, person="anna")["item"]["change"])
        of_new, of_old, of_contact = town.code(NEW), town.code(LONE), town.code(PRIVATE)
        assert len({of_new, of_old, of_contact}) == 3
        town.until(lambda: town.mails(DORTE))
        assert of_old not in town.mails(DORTE)[0].get_content()

        # The new address is hers. That alone changes nothing yet.
        assert confirmed(town, change, of_new) == "waiting"
        town.letter(bakery, 1)
        town.until(lambda: len(town.mails(LONE, letters=True)) == 2)

        # Two who had a say before say yes: it is done, days early.
        assert confirmed(town, change, of_old) == "waiting"
        assert confirmed(town, change, of_contact) == "done"
        town.letter(bakery, 2)
        town.until(lambda: len(town.mails(NEW, letters=True)) == 1)
        town.until(lambda: town.state(bakery) == ["ACKNOWLEDGED"] * 3)
        for told in (LONE, PRIVATE, NEW, DORTE):
            town.until(lambda told=told: "er ændret" in text(town, told))
    kept(town, {bakery: [LONE, NEW]})


def test_her_mailbox_was_closed(town: Town, bakery: str) -> None:
    """Nobody can read it: Dorte asks, and nobody says no for 72 hours (here four seconds). Letters wait meanwhile."""
    town.settle(pace="change_seconds = 4\nprobation_seconds = 10")
    town.close_mailbox(LONE)
    town.letter(bakery)
    with town.running():
        # The letter is not lost and not removed. The second contact hears that it cannot be delivered, and why.
        town.until(lambda: town.state(bakery) == ["WAITING"])
        town.until(lambda: town.mails(PRIVATE))
        assert not town.upstream(bakery)[0]["receipts"]
        assert "address" in causes(town, bakery)

        # Lone's address cannot answer. Dorte's new one is proven; then it takes its time.
        change = str(town.nemboks("address", "set", bakery, NEW, person="dorte")["item"]["change"])
        assert confirmed(town, change, town.code(NEW)) == "waiting"
        assert not town.mails(NEW, letters=True)
        town.until(lambda: "nr. " + change in text(town, ANNA))

        # Its time has come: what waited goes there too, and stays in Digital Post until the trial time is over.
        town.until(lambda: town.mails(NEW, letters=True))
        assert town.state(bakery) == ["FORWARDED"]
        assert "probation" in causes(town, bakery)
        town.until(lambda: town.state(bakery) == ["ACKNOWLEDGED"])
    kept(town, {bakery: [NEW]})


def confirmed(town: Town, change: str, code: str) -> str:
    """How the change stands after the code was typed, by whoever has it: no right is needed."""
    state: str = town.nemboks("address", "confirm", change, "--code-file", "-", typed=code)["item"]["state"]
    return state


def causes(town: Town, what: str) -> list[str]:
    """What `nemboks explain` finds, the worst first."""
    return [one["id"] for one in town.nemboks("explain", what, person="anna")["item"]["causes"]]


def text(town: Town, to: str) -> str:
    """All that the address was told."""
    return "\n".join(mail.get_content() for mail in town.mails(to, letters=False))
