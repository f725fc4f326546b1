"""What a server says of a login reaches rows, logs and notices without the login."""

import base64
from pathlib import Path

import pytest

from nemboks.clock import RealClock
from nemboks.delivery.courier import ServerCourier
from nemboks.delivery.logins import unsaid
from nemboks.domain.proof import Report, Stage
from nemboks.domain.verdict import Verdict, verdict
from tests.helpers.smtp_server import HELO, QUICK, Certificates, ScriptedServer, make_mail

USER, PASSWORD = "bakery", "rug-bread-1987"


def encoded(text: str) -> str:
    """As AUTH carries it."""
    return base64.b64encode(text.encode()).decode()


BOTH = encoded(f"\0{USER}\0{PASSWORD}")


async def refused(steps: list[str], folder: Path, login: str = f"{USER}:{PASSWORD}") -> Report:
    """The report of a mail whose login the server refuses."""
    certificates = Certificates.make(folder)
    server = ScriptedServer([steps], certificates.context)

    async def yes() -> bool:
        return True

    async with server.running():
        courier = ServerCourier({"own": server.access(certificates, login)}, QUICK, RealClock(), HELO)
        report = await courier.deliver(make_mail(), 10, yes)
        await courier.close()
        await server.settled()
    assert server.faults == []
    return report


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"500 5.5.1 unknown command: AUTH PLAIN {BOTH}", "unknown command: AUTH PLAIN ***"),
        (f"500 5.5.1 unknown command: AUTH PLAIN {BOTH[:20]}", "unknown command: AUTH PLAIN ***"),
        (f"535 5.7.8 {USER} may not log in with {PASSWORD}", f"{USER} may not log in with ***"),
    ],
)
async def test_a_server_that_repeats_the_login(said: str, shown: str, tmp_path: Path) -> None:
    """Nobody who reads the refusal learns the password."""
    report = await refused(["@hello AUTH=PLAIN", "C AUTH PLAIN", f"S {said}"], tmp_path)

    assert (report.stage, verdict(report)) == (Stage.LOGIN, Verdict.LOGIN)
    assert report.reply
    assert report.reply.text == shown


async def test_a_server_that_repeats_both_lines_of_a_login(tmp_path: Path) -> None:
    """AUTH LOGIN sends user and password by themselves."""
    steps = ["@hello AUTH=LOGIN", "C AUTH LOGIN", "S 334 UGFzc3dvcmQ6", f"C {encoded(PASSWORD)}"]
    report = await refused([*steps, f"S 535 5.7.8 {encoded(USER)} {encoded(PASSWORD)} no"], tmp_path)

    assert report.reply
    assert report.reply.text == "*** *** no"


def test_tokens_and_words_that_are_nobodys_login() -> None:
    """An access token is not repeated either, and other words stay."""
    token = "ya29.a0AfH6SMBx-token"
    line = encoded(f"user={USER}\x01auth=Bearer {token}\x01\x01")
    assert unsaid(f"5.7.8 {line} or {line[:40]} or {token}", USER, token) == "5.7.8 *** or *** or ***"
    assert unsaid("5.7.8 no such user", USER, "") == "5.7.8 no such user"
    assert unsaid("5.7.3 Authentication unsuccessful", USER, PASSWORD) == "5.7.3 Authentication unsuccessful"
