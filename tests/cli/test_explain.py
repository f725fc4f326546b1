"""`nemboks explain`, `nemboks cvr board` and `nemboks digest`, as a person and a script meet them."""

import json

import pytest

from nemboks.domain.letter import State
from tests.helpers import builders as make


def test_a_company_is_explained_by_its_cvr(place):
    """However the number is written; the worst is marked with a sign, and each cause has a next step."""
    for written in (make.ANNA, "DK13748136", "13 74 81 36"):
        item = place.ask("explain", written)["item"]
        assert (make.ANNA, "cvr", True) == (item["cvr"], item["about"], item["at_risk"])

    shown = place.run("explain", make.ANNA, "--lang", "en").stdout
    assert "CVR 13 74 81 36, Annas Bageri ApS" == shown.splitlines()[0]
    assert "Something stands in the way of the post." == shown.splitlines()[1]
    assert "! 1 letter: The letter is too large for the company's mail server." in shown
    assert shown.count("Next step: ") == len(item["causes"])


@pytest.mark.parametrize("state", State)
def test_a_letter_is_explained_by_its_number_and_by_its_reference(place, state):
    """The reference leads to a letter that has it: the builders give several letters one and the same."""
    number = str(place.letters[state].id)

    item = place.ask("explain", number)["item"]

    assert item["state"] == state and item["causes"] and item["headline"]
    assert item["reference"] == place.ask("explain", item["reference"])["item"]["reference"]
    shown = place.run("explain", number).stdout
    assert f"Brev {number} ({item['reference']})" in shown and item["headline"] in shown


@pytest.mark.parametrize(("words", "code"), [
    (["29189846"], 3), (["999"], 3), (["7F3K-92QD"], 3), (["x" * 300], 3), ([], 2), (["13748136", "--as", "nobody"], 3),
], ids=["foreign", "letter", "reference", "nonsense", "nothing", "stranger"])  # fmt: skip
def test_what_is_not_there_ends_with_its_code(place, words, code):
    """Not found is 3, wrong use is 2, and the sentence says what was not found."""
    done = place.run("explain", *words)

    assert done.exit_code == code and done.stderr and "Traceback" not in done.stderr


def test_the_board_has_a_line_per_company(place):
    """Counts in the first line, a word for each light, the reason beneath."""
    whole = place.ask("cvr", "board")

    assert ("nemboks.board/1", {"red": 1, "yellow": 0, "green": 0}, 1) == (
        whole["schema"], whole["counts"], whole["shown"],
    )  # fmt: skip
    (line,) = whole["items"]
    assert ("red", 1, "a***@bageri.example") == (line["light"], line["held"], line["address"])
    shown = place.run("cvr", "board", "--lang", "en").stdout.splitlines()
    assert "!! RED: 1, ! YELLOW: 0, GREEN: 0" == shown[0]
    assert shown[2].startswith("!! RED  13 74 81 36") and "on hold: 1" in shown[3]


def test_the_board_is_cut_by_a_limit_and_by_an_account(place):
    """An account that nobody has is not found; a limit below one is wrong use."""
    assert place.run("cvr", "board", "--account", "Ingen").exit_code == 3
    assert place.run("cvr", "board", "--limit", "0").exit_code == 2
    assert len(place.ask("cvr", "board", "--limit", "1")["items"]) == 1


def test_a_digest_is_previewed_and_one_that_nobody_gets_is_not_sent(place):
    """The preview shows the mail; without a reader sending is refused with what to do."""
    item = place.ask("digest", "preview", "--cvr", make.ANNA)["item"]
    assert None is item["to"] and "Problemer" in item["text"]
    assert "Problems" in place.run("digest", "preview", "--cvr", make.ANNA, "--lang", "en").stdout

    done = place.run("digest", "send", "--cvr", make.ANNA)
    assert done.exit_code == 4 and "nemboks cvr set CVR --digest" in done.stderr
    assert place.run("digest", "preview").exit_code == 4
    assert place.run("digest", "set", "--account", "Ingen", "on").exit_code == 3


def test_a_digest_is_sent_to_whom_the_company_named(place):
    """It is queued for the daemon; the answer masks the address."""
    assert place.run("cvr", "set", make.ANNA, "--digest", "morgen@bageri.example").exit_code == 0

    done = place.run("digest", "send", "--cvr", make.ANNA, "--lang", "en")

    assert (0, "The digest is on its way to m***@bageri.example.\n") == (done.exit_code, done.stdout)


def test_answers_give_no_letter_away(place):
    """No title, no CPR shape, no full address, in text and in JSON."""
    for words in (["explain", make.ANNA], ["cvr", "board"], ["digest", "preview", "--cvr", make.ANNA]):
        for as_json in ([], ["--json"]):
            told = place.run(*words, *as_json).stdout
            assert "Afgørelse" not in told and "010101" not in told and "anna@" not in told
    assert json.loads(told)["ok"]
