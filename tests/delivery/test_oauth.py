"""Access tokens instead of a password: fetched, kept, refused, and never shown."""

import asyncio
import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from nemboks.clock import RealClock
from nemboks.delivery.courier import ServerAccess, ServerCourier
from nemboks.delivery.oauth import TokenAccess, Tokens, TokenTrouble
from nemboks.domain.proof import Report, Stage
from nemboks.domain.verdict import Verdict, verdict
from tests.helpers.https_server import HttpsServer
from tests.helpers.smtp_server import HELO, QUICK, Certificates, ScriptedServer, make_mail

SECRETS = ("the-secret", "the-refresh-token", "token-1", "token-2")
HELLO = "@hello PIPELINING AUTH=PLAIN=XOAUTH2"
KEPT = ["@envelope", "B", "S 250 kept"]
NO = "S 535 5.7.3 Authentication unsuccessful"


class MovedClock(RealClock):
    """Real time, which a test may put forward."""

    ahead = 0.0

    def monotonic(self) -> float:
        """The real clock's, and what the test added."""
        return super().monotonic() + self.ahead


@pytest.fixture
def own(tmp_path: Path) -> Certificates:
    """Certificates of its own: the server changes their context."""
    return Certificates.make(tmp_path)


def granted(number: int = 1, **changes: Any) -> tuple[int, bytes]:
    """An endpoint's yes (RFC 6749 5.1); a change to None leaves the field out."""
    fields = {"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": 3600, **changes}
    return 200, json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def refused(code: str, status: int = 400) -> tuple[int, bytes]:
    """An endpoint's no (RFC 6749 5.2)."""
    said = "for the-refresh-token of anna@bakery.example"
    return status, json.dumps({"error": code, "error_description": said}).encode()


def access_to(endpoint: HttpsServer, own: Certificates, **changes: Any) -> TokenAccess:
    """How the endpoint is asked."""
    url = f"https://localhost:{endpoint.port}/token"
    access = TokenAccess(url, "our-id", "the-secret", "the-refresh-token", "mail.send", own.ca_file, internal=True)
    return replace(access, **changes)


async def test_a_refresh_token_is_used(own: Certificates) -> None:
    """The form is RFC 6749's; the token is kept until a minute before its end, and then fetched anew."""
    clock = MovedClock()
    async with HttpsServer(own.context, [granted(1), granted(2, expires_in="3599")]).running() as endpoint:
        tokens = Tokens(access_to(endpoint, own), clock)
        first = await asyncio.gather(*(tokens.get() for _ in range(5)))
        clock.ahead = 3600 - 61
        again = await tokens.get()
        clock.ahead = 3600 - 59
        second = await tokens.get()

    assert [token.text for token in (*first, again, second)] == ["token-1"] * 6 + ["token-2"]
    assert [token.fresh for token in (*first, again, second)] == [True, False, False, False, False, False, True]
    assert parse_qs(endpoint.asked[0].body.decode()) == {
        "grant_type": ["refresh_token"], "refresh_token": ["the-refresh-token"], "client_id": ["our-id"],
        "client_secret": ["the-secret"], "scope": ["mail.send"],
    }  # fmt: skip
    assert len(endpoint.asked) == 2


async def test_the_client_itself_logs_in(own: Certificates) -> None:
    """Without a refresh token it is the client's own login; what is not set is not sent."""
    async with HttpsServer(own.context, [granted()]).running() as endpoint:
        access = access_to(endpoint, own, refresh_token="", scope="")
        await Tokens(access, RealClock()).get()

    form = {"grant_type": ["client_credentials"], "client_id": ["our-id"], "client_secret": ["the-secret"]}
    assert parse_qs(endpoint.asked[0].body.decode()) == form


async def test_a_renewed_refresh_token(own: Certificates) -> None:
    """A provider's new refresh token replaces the old one (RFC 6749 6); refused, the settings' is used again."""
    answers = [granted(refresh_token="renewed", expires_in=0), refused("invalid_grant"), granted()]
    async with HttpsServer(own.context, answers).running() as endpoint:
        tokens = Tokens(access_to(endpoint, own), RealClock())
        await tokens.get()
        with pytest.raises(TokenTrouble):
            await tokens.get()
        await tokens.get()

    used = [parse_qs(asked.body.decode())["refresh_token"] for asked in endpoint.asked]
    assert used == [["the-refresh-token"], ["renewed"], ["the-refresh-token"]]


@pytest.mark.parametrize(
    ("answer", "definite", "words"),
    [
        (refused("invalid_grant"), True, "give consent anew"),
        (refused("invalid_client", 401), True, "secret is wrong or expired"),
        (refused("the-secret!", 400), True, "no reason given"),
        ((403, b"<html>"), True, "no reason given"),
        ((500, b"x"), False, "answered 500"),
        ((429, b"{}"), False, "answered 429"),
        ((302, b""), False, "answered 302"),
        ((200, b"<html>"), False, "none that we know"),
        ((200, b"[" * 60_000), False, "none that we know"),
        (granted(access_token="token-1\r\nRCPT TO:<x@y.example>"), False, "none that we know"),
        (granted(access_token=None), False, "none that we know"),
        (granted(token_type="mac"), False, "none that we know"),
        (b"no http\r\n\r\n", False, "could not be reached"),
    ],
)
async def test_no_token(answer: Any, definite: bool, words: str, own: Certificates) -> None:
    """A no is told apart from an outage; the words help, and no secret or address is among them."""
    async with HttpsServer(own.context, [answer]).running() as endpoint:
        with pytest.raises(TokenTrouble) as seen:
            await Tokens(access_to(endpoint, own), RealClock()).get()

    assert seen.value.refused is definite
    assert words in str(seen.value)
    shown = str(seen.value) + repr(access_to(endpoint, own))
    assert not any(secret in shown for secret in (*SECRETS, "anna@"))


async def delivered(
    steps: list[list[str]], answers: list[Any], own: Certificates, mails: int = 1, context: Any = None
) -> tuple[list[Report], ScriptedServer, HttpsServer]:
    """The reports of so many mails, what the mail server heard, and what the endpoint was asked."""
    server = ScriptedServer(steps, context or own.context)
    async with HttpsServer(own.context, answers).running() as endpoint, server.running():
        oauth = access_to(endpoint, own)
        access = ServerAccess(
            "localhost", server.port, True, own.ca_file, "anna@bakery.example", None, oauth, internal=True
        )
        courier = ServerCourier({"own": access}, QUICK, RealClock(), HELO)

        async def yes() -> bool:
            return True

        reports = [await courier.deliver(make_mail(), 10, yes) for _ in range(mails)]
        await courier.close()
        await server.settled()
    assert server.faults == []
    assert not any(secret in repr(reports) for secret in SECRETS)
    return reports, server, endpoint


def logins(server: ScriptedServer) -> list[bytes]:
    """What was sent as XOAUTH2, decoded."""
    lines = [line for heard in server.heard for line in heard.raw.split(b"\r\n") if line.startswith(b"AUTH XOAUTH2 ")]
    return [base64.b64decode(line.split()[2]) for line in lines]


async def test_a_letter_goes_by_token(own: Certificates) -> None:
    """The login is one line with user and token, as Microsoft and Google document it; the password methods are not."""
    (report,), server, _ = await delivered([[HELLO, "C AUTH XOAUTH2 ", "S 235 2.7.0 ok", *KEPT]], [granted()], own)

    assert (report.stage, verdict(report)) == (Stage.DOT, Verdict.ACCEPTED)
    assert logins(server) == [b"user=anna@bakery.example\x01auth=Bearer token-1\x01\x01"]


async def test_a_kept_token_that_was_withdrawn(own: Certificates) -> None:
    """A kept token's refusal is met by a new one, on the same connection and once; the challenge is answered empty."""
    first = [HELLO, "C AUTH XOAUTH2 ", "S 235 2.7.0 ok", *KEPT[:-1], "S 421 4.3.2 closing", "X close"]
    challenge = "S 334 " + base64.b64encode(b'{"status":"400"}').decode()
    second = [HELLO, "C AUTH XOAUTH2 ", challenge, "C \r\n", NO, "C AUTH XOAUTH2 ", "S 235 2.7.0 ok", *KEPT]
    reports, server, endpoint = await delivered([first, second], [granted(1), granted(2)], own, mails=2)

    assert [verdict(report) for report in reports] == [Verdict.TEMPORARY, Verdict.ACCEPTED]
    assert [line.split(b"Bearer ")[1].strip(b"\x01") for line in logins(server)] == [b"token-1", b"token-1", b"token-2"]
    assert len(endpoint.asked) == 2


async def test_a_fresh_token_is_refused(own: Certificates) -> None:
    """A refused fresh token is a refused login: not tried again soon, however many letters wait."""
    no = "S 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant"
    reports, server, endpoint = await delivered([[HELLO, "C AUTH", no]] + [[HELLO]] * 2, [granted()], own, mails=3)

    assert [(report.stage, verdict(report)) for report in reports] == [(Stage.LOGIN, Verdict.LOGIN)] * 3
    assert all(report.reply and report.reply.enhanced == "5.7.139" for report in reports)
    assert "Microsoft 365" in reports[0].words
    assert len(logins(server)) == 1
    assert len(endpoint.asked) == 1


async def test_both_tokens_are_refused(own: Certificates) -> None:
    """A kept token and the new one are refused: two tries and no third; the new one is not kept either."""
    first = [HELLO, "C AUTH", "S 235 2.7.0 ok", *KEPT[:-1], "S 421 4.3.2 closing", "X close"]
    second = [HELLO, "C AUTH", NO, "C AUTH", NO]
    reports, server, endpoint = await delivered([first, second, [HELLO]], [granted(1), granted(2)], own, mails=3)

    assert [verdict(report) for report in reports] == [Verdict.TEMPORARY, Verdict.LOGIN, Verdict.LOGIN]
    assert len(logins(server)) == 3
    assert len(endpoint.asked) == 2


@pytest.mark.parametrize("code", [421, 454])
async def test_a_login_that_is_put_off(code: int, own: Certificates) -> None:
    """A temporary no to a login says nothing of the token: it is kept for the next letter."""
    later = [HELLO, "C AUTH", f"S {code} 4.7.0 later"]
    good = [HELLO, "C AUTH", "S 235 2.7.0 ok", *KEPT]
    reports, _, endpoint = await delivered([later, good], [granted()], own, mails=2)

    assert [verdict(report) for report in reports] == [Verdict.TEMPORARY, Verdict.ACCEPTED]
    assert len(endpoint.asked) == 1


async def test_the_endpoint_refuses(own: Certificates) -> None:
    """A refusal of the endpoint is a refused login: it is not asked again soon."""
    reports, server, endpoint = await delivered([[HELLO]] * 2, [refused("invalid_grant")], own, mails=2)

    assert [(report.stage, verdict(report)) for report in reports] == [(Stage.LOGIN, Verdict.LOGIN)] * 2
    assert reports[0].reply
    assert "give consent anew" in str(reports[0].reply)
    assert logins(server) == []
    assert len(endpoint.asked) == 1


async def test_the_endpoint_is_down(own: Certificates) -> None:
    """An outage of the endpoint is temporary: the next letter asks again."""
    reports, _, endpoint = await delivered([[HELLO]] * 2, [(503, b"")], own, mails=2)

    assert [(report.stage, report.reply, verdict(report)) for report in reports] == [
        (Stage.LOGIN, None, Verdict.TEMPORARY)
    ] * 2
    assert len(endpoint.asked) == 2


async def test_xoauth2_is_not_offered(own: Certificates) -> None:
    """Where the server does not offer it, no token is fetched and nothing is sent."""
    (report,), server, endpoint = await delivered([["@hello AUTH=PLAIN=LOGIN"]], [granted()], own)

    assert (report.stage, report.words) == (Stage.LOGIN, "the server offers no login that we know")
    assert b"AUTH" not in server.heard[0].raw
    assert endpoint.asked == []
