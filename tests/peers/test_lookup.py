"""RELIABILITY 4e, S01 to S03: a domain's own servers, by a resolver of the test's own, and Postfix as its exchanger."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nemboks.delivery.resolver import Resolver
from nemboks.delivery.targets import DirectAccess
from nemboks.domain.letter import State
from nemboks.domain.mailbox import DIRECT
from nemboks.domain.proof import Level, Way
from tests.delivery.line import Line
from tests.delivery.postfix_peer import Postfix, running_postfix
from tests.helpers.dns_server import DnsServer
from tests.helpers.smtp_server import HELO
from tests.peers.house import NO_ADDRESS, SECOND, TEMPORARY, TLS, House, fate_of, house, path_of

pytestmark = [pytest.mark.peer, pytest.mark.timeout(180), pytest.mark.allow_hosts(["127.0.0.1", "127.0.0.2"])]

DOMAIN = "bakery.example"
ONE = f"{DOMAIN}. MX 10 localhost.\nlocalhost. A 127.0.0.1\n"  # Postfix's certificate is for localhost
DEAD_FIRST = f"{ONE}{DOMAIN}. MX 5 mx0.{DOMAIN}.\nmx0.{DOMAIN}. A 127.0.0.2\n"  # where nobody listens


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    """The domain's exchanger."""
    with running_postfix({"mx": "-o smtpd_tls_security_level=may"}) as running:
        yield running


@asynccontextmanager
async def around(
    folder: Path, postfix: Postfix, zone: str = ONE, port: int = 0
) -> AsyncIterator[tuple[House, DnsServer]]:
    """A house that sends to the domain's own servers, and its resolver."""
    async with DnsServer(zone).running() as dns:
        access = DirectAccess(HELO, port or postfix.ports["mx"], postfix.home / "ca.pem", internal=True)
        resolver = Resolver([dns.address], seconds=1)
        async with house(folder, {}, resolver, access, server=DIRECT) as home:
            yield home, dns


async def test_a_letter_reaches_the_exchanger(postfix: Postfix, tmp_path: Path) -> None:
    """The domain's MX takes it over STARTTLS; how it was vouched for is remembered with the confirmation."""
    async with around(tmp_path, postfix) as (home, _):
        letter = await home.sent()
        attempt = await home.store.letters.attempt(letter.id, 1)
        assert (await home.step()).state is State.ACKNOWLEDGED

    assert letter.confirmation
    assert letter.confirmation.tls.level is Level.UNSIGNED_MX
    assert attempt
    assert attempt.report
    assert attempt.report.way is Way.DIRECT


@pytest.mark.parametrize("how", ["servfail", "drop", "lost"])
async def test_s01_a_dns_that_says_nothing(how: str, postfix: Postfix, tmp_path: Path) -> None:
    """SERVFAIL, silence, and an exchanger without an address say nothing of the recipient: temporary."""
    async with around(tmp_path, postfix, f"{DOMAIN}. MX 10 mx9.{DOMAIN}.\n" if how == "lost" else ONE) as (home, dns):
        dns.servfail, dns.drop = ({DOMAIN} if how == word else set() for word in ("servfail", "drop"))
        await home.sent()
        assert await fate_of(home) == TEMPORARY


@pytest.mark.parametrize("zone", ["other.example. A 127.0.0.1\n", f"{DOMAIN}. MX 0 .\n"], ids=["NXDOMAIN", "null MX"])
async def test_s02_no_such_domain(zone: str, postfix: Postfix, tmp_path: Path) -> None:
    """NXDOMAIN and null MX: told at once, a second look after ten minutes, then every six hours, never given up."""
    async with around(tmp_path, postfix, zone) as (home, dns):
        await home.sent()
        assert await fate_of(home) == NO_ADDRESS
        for failures in (2, 3, 4):
            letter = await home.step()
            assert letter.due_at
            assert (letter.state, letter.failures) == (State.WAITING, failures)
            assert (letter.due_at - home.clock.now()).total_seconds() == 21_600
        dns.zone = ONE  # somebody pays the bill
        assert (await home.step()).state is State.FORWARDED
        await home.tell()
        assert "solved address 1" in (await home.told(home.world.pace.quiet_seconds))[path_of(SECOND)]


async def test_s03_a_dead_first_server(postfix: Postfix, tmp_path: Path) -> None:
    """Nobody listens at the first exchanger: the second one takes the letter, in one and the same attempt."""
    async with around(tmp_path, postfix, DEAD_FIRST) as (home, _):
        letter = await home.sent()
        assert await home.told() == {}

    assert (letter.state, letter.fence, letter.uncertain) == (State.FORWARDED, 1, 0)
    assert letter.confirmation
    assert letter.confirmation.server == f"localhost:{postfix.ports['mx']}"


@pytest.mark.parametrize("how", ["stripped", "another name"])
async def test_s06_s07_an_exchanger_that_proves_nothing(how: str, postfix: Postfix, tmp_path: Path) -> None:
    """STARTTLS taken away, or a certificate of another name: 0 bytes of MAIL to the domain, and people are told."""
    zone = f"{DOMAIN}. MX 10 mx1.{DOMAIN}.\nmx1.{DOMAIN}. A 127.0.0.1\n" if how == "another name" else ONE
    strip = b"STARTTLS" if how == "stripped" else b""
    async with (
        Line(postfix.ports["mx"], strip=strip).running() as line,
        around(tmp_path, postfix, zone, line.port) as (home, _),
    ):
        await home.sent()
        assert await fate_of(home) == TLS

    assert line.sent.startswith(f"EHLO {HELO}\r\n".encode())
    assert b"MAIL" not in line.sent
