"""Scene 9: a thief wants the bakery's letters. One mailbox is not enough, and what he gets is not gone."""

import pytest

from tests.scenes.promises import kept
from tests.scenes.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

BAKERY = "Bageriet Solsikken ApS"
POST, ANNA, PRIVATE = "post@solsikken.example", "anna@solsikken.example", "anna@privat.example"
THIEF = "solsikken@tyv.example"


@pytest.fixture
def bakery(town: Town) -> str:
    """Its letters go to POST. Anna owns it and can be asked at her private address."""
    company = town.company(BAKERY)
    town.nemboks("account", "add", BAKERY, "--email", ANNA, "--owner", "anna", "--second-contact", PRIVATE)
    town.add(company, "--address", POST, "--account", BAKERY)
    return str(company["cvr"])


def test_one_mailbox_is_not_enough(town: Town, bakery: str) -> None:
    """Egon has a mailbox of his own, then he reads the bakery's, then he sits at Anna's machine."""
    town.settle(pace="change_seconds = 600")
    rights = ["--role", "læser", "--account", BAKERY, "--email", "egon@solsikken.example"]
    with town.running():
        # With nothing but an address he is nobody; with a right to read he still moves nothing.
        town.nemboks("address", "set", bakery, THIEF, person="egon", ends=3)
        town.nemboks("grant", "add", "egon", *rights, person="anna")
        town.nemboks("address", "set", bakery, THIEF, person="egon", ends=77)

        # At Anna's machine he asks as Anna, and types the code that came to his own address.
        change = asked(town, bakery)
        assert typed(town, change, town.code(THIEF)) == "waiting"
        town.letter(bakery)
        town.until(lambda: town.state(bakery) == ["ACKNOWLEDGED"])

        # He reads the bakery's mailbox too. It is still not done: somebody else was asked, and has three days.
        assert typed(town, change, town.code(POST)) == "waiting"
        wrong = str((int(town.code(PRIVATE).replace(" ", "")) + 1) % 10**8).zfill(8)
        town.nemboks("address", "confirm", change, "--code-file", "-", typed=wrong, ends=3)

        # Anna reads "Det var ikke mig" at home and types what stands there. No login, no right: the code is enough.
        (mail,) = town.mails(PRIVATE, letters=False)
        assert f"`nemboks address cancel {change} --code-file -`" in mail.get_content()
        stopped = town.nemboks("address", "cancel", change, "--code-file", "-", typed=town.code(PRIVATE))["item"]
        assert (stopped["state"], stopped["cancelled_by"]) == ("cancelled", "code:contact")

        # For a week nobody can ask again, whoever sits at her machine. All codes of the thief's are dead.
        town.nemboks("address", "set", bakery, THIEF, person="anna", ends=4)
        town.nemboks("address", "confirm", change, "--code-file", "-", typed=town.code(THIEF), ends=3)
        town.letter(bakery, 1)
        town.until(lambda: town.state(bakery) == ["ACKNOWLEDGED"] * 2)
        assert not town.mails(THIEF, letters=True)
    kept(town, {bakery: [POST]})


def test_the_bakerys_mailbox_alone_changes_nothing(town: Town, bakery: str) -> None:
    """Whoever reads the old mailbox only can say no to a change, which Anna sees; nothing else."""
    town.settle(pace="change_seconds = 600")
    new = "kontor@solsikken.example"
    with town.running():
        change = str(town.nemboks("address", "set", bakery, new, person="anna")["item"]["change"])
        of_old = town.code(POST)
        assert typed(town, change, of_old) == "asked"
        town.nemboks("address", "cancel", change, "--code-file", "-", typed=of_old)
        town.nemboks("address", "set", bakery, new, person="anna", ends=4)
        (told,) = town.nemboks("address", "list", "--cvr", bakery, "--all", person="anna")["items"]
        assert told["cancelled_by"] == "code:old"
        town.letter(bakery)
        town.until(lambda: town.state(bakery) == ["ACKNOWLEDGED"])
    kept(town, {bakery: [POST]})


def test_nobody_noticed_in_time(town: Town, bakery: str) -> None:
    """The thief's change takes effect. Anna takes it back: all that he got is still in Digital Post, and she has it."""
    town.settle(pace="change_seconds = 2\nprobation_seconds = 600")
    with town.running():
        change = asked(town, bakery)
        assert typed(town, change, town.code(THIEF)) == "waiting"
        town.until(lambda: len(town.mails(PRIVATE)) == 2)  # "er ændret"
        for index in range(2):
            town.letter(bakery, index)
        town.until(lambda: len(town.mails(THIEF, letters=True)) == 2)
        assert town.state(bakery) == ["FORWARDED"] * 2

        # Anna comes home. The code of the first mail still is good; the second one says so.
        of_contact = town.code(PRIVATE)
        assert f"`nemboks address rollback {change}`" in town.mails(PRIVATE)[1].get_content()
        back = town.nemboks("address", "rollback", change, "--code-file", "-", typed=of_contact)["item"]
        assert (back["state"], back["letters"]) == ("rolled_back", 2)

        # She gets both letters at the right address, and the next one goes nowhere else.
        town.until(lambda: len(town.mails(POST, letters=True)) == 2)
        town.letter(bakery, 2)
        town.until(lambda: len(town.mails(POST, letters=True)) == 3)
        town.until(lambda: town.state(bakery)[2] == "ACKNOWLEDGED")
        assert len(town.mails(THIEF, letters=True)) == 2

        # What the thief got stays in Digital Post until she says that she has it.
        stolen, other, _ = town.upstream(bakery)
        assert stolen["listed"] and other["listed"]
        assert not stolen["receipts"] and not other["receipts"]
        for number in ("1", "2"):
            town.nemboks("letter", "release", number, person="anna")
        town.until(lambda: town.state(bakery) == ["ACKNOWLEDGED"] * 3)
    kept(town, {bakery: [POST, THIEF]})


def asked(town: Town, cvr: str) -> str:
    """The number of the change that the thief asks for, with Anna's session."""
    return str(town.nemboks("address", "set", cvr, THIEF, person="anna")["item"]["change"])


def typed(town: Town, change: str, code: str) -> str:
    """How the change stands after the code was typed."""
    state: str = town.nemboks("address", "confirm", change, "--code-file", "-", typed=code)["item"]["state"]
    return state
