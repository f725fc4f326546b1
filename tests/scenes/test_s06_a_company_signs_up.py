"""Scene 6: Anna's bakery signs up and gets its first letter."""

import pytest

from tests.scenes.promises import kept
from tests.scenes.town import Town

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

BAKERY = "Bageriet Solsikken ApS"
POST, ANNA, PRIVATE = "post@solsikken.example", "anna@solsikken.example", "anna@privat.example"


def test_a_company_signs_up_and_gets_its_first_letter(town: Town) -> None:
    """Account, second contact, CVR, consent, first letter, code, receipt; at every step Anna can see how it stands."""
    cvr = town.company(BAKERY, consent="awaited")["cvr"]
    before = town.letter(cvr)

    # The operator makes the account; from then on its people decide. Somebody else must be there to be told.
    made = town.nemboks("account", "add", BAKERY, "--email", ANNA, "--owner", "anna")
    assert (made["item"]["owners"], made["item"]["second_contact"]) == (["anna"], None)
    town.nemboks("account", "contact", BAKERY, PRIVATE, person="anna")

    # Her company as a table of one line: she needs no login from Digital Post.
    table = f"cvr;navn;email\n{cvr};{BAKERY};{POST}\n"
    town.nemboks("cvr", "import", "-", "--account", BAKERY, "--server", "implicit", person="anna", typed=table)
    assert causes(town, cvr)[:2] == ["consent_awaited", "unproven"]

    with town.running():
        # She is asked to let us in, and nothing is looked at before she does.
        town.until(lambda: town.mails(POST))
        (asked,) = town.mails(POST)
        assert asked["Subject"].startswith("Nemboks: Giv os adgang")
        assert town.calls(cvr)["list"] == town.calls(cvr)["fetch"] == 0
        assert light(town) == ("yellow", ["consent_awaited", "unproven"])

        # She lets us in on virk.dk. Nobody tells us: we see it.
        town.change(cvr, consent="given")
        town.until(lambda: town.mails(POST, letters=True))
        (mail,) = town.mails(POST, letters=True)
        assert mail["Nemboks-Letter"].lower() == before["message_uuid"].lower()
        assert BAKERY in mail.get_body(("plain",)).get_content()

        # The letter has arrived, and lies in Digital Post too: nobody has said yet that the address is hers.
        assert town.state(cvr) == ["FORWARDED"]
        assert not town.upstream(cvr)[0]["receipts"]
        assert light(town) == ("yellow", ["unproven"])

        # She gets a code, mistypes it, and types it right.
        town.nemboks("address", "prove", cvr, "--send", person="anna")
        code = town.code(POST)
        wrong = str((int(code.replace(" ", "")) + 1) % 10**8).zfill(8)
        town.nemboks("address", "prove", cvr, "--code-file", "-", person="anna", typed=wrong, ends=4)
        town.nemboks("address", "prove", cvr, "--code-file", "-", person="anna", typed=code)
        town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED"])

        # All is well, and says so: of the company, of the letter by the reference in its mail, and on the board.
        assert causes(town, cvr)[0] == "delivered"
        reference = mail.get_body(("plain",)).get_content().split()[-1]
        of_letter = town.nemboks("explain", reference, person="anna")["item"]
        assert [one["id"] for one in of_letter["causes"]] == ["letter_delivered", "look_in_junk"]
        assert of_letter["headline"].startswith("Brevet er ikke i Digital Post mere")
        assert light(town) == ("green", [])

        # The next one goes by itself.
        town.letter(cvr, 1)
        town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED"] * 2)

    # Egon has no rights: for him there is no such company.
    town.nemboks("account", "add", "Egon", "--email", "egon@egon.example", "--owner", "egon")
    town.nemboks("explain", cvr, person="egon", ends=3)
    kept(town, {cvr: [POST]})


def causes(town: Town, what: str) -> list[str]:
    """What `nemboks explain` tells Anna, the worst first."""
    return [one["id"] for one in town.nemboks("explain", what, person="anna")["item"]["causes"]]


def light(town: Town) -> tuple[str, list[str]]:
    """The bakery's light on Anna's board, and why."""
    (row,) = town.nemboks("cvr", "board", person="anna")["items"]
    return row["light"], row["reasons"]
