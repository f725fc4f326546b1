"""A new company runs in shadow mode for a while; a lawyer has its letters kept; somebody asks whether all is there."""

from pathlib import Path

import pytest

from tests.scenes.town import Town

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("face", ["rest", "imap"])
def test_before_going_live_nothing_leaves_digital_post(tmp_path: Path, face: str) -> None:
    """Letters are forwarded, and the simulator has seen no receipt and no removal; after going live it has."""
    with Town(tmp_path) as town:
        company = town.company(face=face)
        cvr = company["cvr"]
        _add(town, company, face)
        town.nemboks("mailbox", "shadow", cvr)
        for index in range(2):
            town.letter(cvr, index)
        with town.running():
            town.until(lambda: town.state(cvr) == ["FORWARDED"] * 2)
            report = town.nemboks("mailbox", "golive", cvr, "--dry-run")["item"]
            before = town.calls(cvr)

            assert (report["letters"], report["forwarded"], report["undelivered"]) == (2, 2, 0)
            assert (0, 0) == (before["receipt"], before["delete"])
            assert 2 == len(town.mails(company["address"], letters=True))

            town.nemboks("mailbox", "golive", cvr)
            town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED"] * 2)
            town.until(
                lambda: [mail for mail in town.mails(company["address"], letters=False) if "2 breve" in _text(mail)]
            )
        after = town.calls(cvr)
        assert 2 == after["receipt"] + after["delete"]


def test_a_legal_hold_keeps_the_letters_in_digital_post(tmp_path: Path) -> None:
    """While it is on the company gets its letters and upstream keeps them; when it ends the receipts go."""
    with Town(tmp_path) as town:
        company = town.company()
        cvr = company["cvr"]
        town.add(company)
        town.nemboks("mailbox", "legal-hold", cvr, "on", "--reason", "sag 17/2026")
        town.letter(cvr)
        with town.running():
            town.until(lambda: town.state(cvr) == ["FORWARDED"])
            assert 0 == town.calls(cvr)["receipt"]
            assert [] == town.nemboks("mailbox", "reconcile", cvr)["item"]["differences"]

            town.nemboks("mailbox", "legal-hold", cvr, "off", "--reason", "sagen er slut")
            town.until(lambda: town.state(cvr) == ["ACKNOWLEDGED"])
        (shown,) = town.nemboks("fuse", "show")["items"]
        assert (None, 1) == (shown["fuse"], shown["let_through"])


def _add(town: Town, company: dict, face: str) -> None:
    if face == "rest":
        town.add(company)
        return
    words = ["cvr", "add", company["cvr"], "--name", company["name"], "--inbox", "imap", "--user", company["user"]]
    where = ["--address", company["address"], "--server", "implicit"]
    town.nemboks(*words, "--password-file", "-", *where, typed=company["password"])


def _text(mail) -> str:
    return mail.get_content()
