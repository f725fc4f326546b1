"""Relays: what is asked of them, and what a report says of by whose hands a letter went."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from nemboks.clock import RealClock
from nemboks.delivery.commands import envelope_commands, xtext
from nemboks.delivery.courier import Couriers, ServerCourier
from nemboks.domain.letter import State
from nemboks.domain.proof import Level, Stage, Way
from nemboks.domain.returns import Token
from tests.delivery.ending import ending
from tests.delivery.postfix_peer import Postfix, running_postfix
from tests.helpers.fake_courier import FakeCourier, refused
from tests.helpers.smtp_server import HELO, LETTER, QUICK, SENDER, Certificates, ScriptedServer, make_mail

TOKEN = Token(17, 1, 1)
KEY = b"k" * 32
ENVID = TOKEN.text(KEY)
HELLO = "@hello PIPELINING DSN SIZE=100000"


async def yes() -> bool:
    """The fence holds."""
    return True


def commands(way: Way, offers: str = "dsn", **changes: object) -> list[bytes]:
    """What is said in the envelope."""
    offered = dict.fromkeys(offers.split(), "")
    return [line for _, line in envelope_commands(make_mail(**{"envid": ENVID, **changes}), offered, way)]


def test_a_relay_is_asked_to_tell() -> None:
    """A relay that offers DSN is asked for success, failure and delay, under the return path's token (RFC 3461)."""
    mail, rcpt, _ = commands(Way.RELAY, recipient="a+b=c@bakery.example")

    assert mail == f"MAIL FROM:<{SENDER}> RET=HDRS ENVID={ENVID}\r\n".encode()
    asked = b"NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bb+3Dc@bakery.example"
    assert rcpt == b"RCPT TO:<a+b=c@bakery.example> " + asked + b"\r\n"


@pytest.mark.parametrize(
    ("way", "offers", "envid"),
    [(Way.RELAY, "size", ENVID), (Way.RELAY, "dsn", ""), (Way.OWN_SERVER, "dsn", ENVID), (Way.DIRECT, "dsn", ENVID)],
)
def test_nobody_else_is_asked(way: Way, offers: str, envid: str) -> None:
    """Where it is not offered or not wanted, and of a company's own server, nothing is asked."""
    mail, rcpt, _ = commands(way, offers, envid=envid)

    assert b"ENVID" not in mail
    assert rcpt == b"RCPT TO:<post@bakery.example>\r\n"


@pytest.mark.parametrize("text", ["a b", "a\r\nRCPT TO:<x@y.example>", "æ", "", "\x7f"])
def test_a_parameter_that_is_more(text: str) -> None:
    """What would be more than one parameter never goes out."""
    with pytest.raises(ValueError, match="parameter"):
        xtext(text)


@pytest.mark.parametrize(("trusted", "state"), [(False, State.HANDED_OVER), (True, State.FORWARDED)])
async def test_a_relays_250_is_a_hand_over(trusted: bool, state: State, certificates: Certificates) -> None:
    """The report says that a relay took it; only where the owner lowered the rung is that a confirmation."""
    server = ScriptedServer([[HELLO, "@envelope", "B", "S 250 2.0.0 queued"]], certificates.context)
    async with server.running():
        access = replace(server.access(certificates), way=Way.RELAY, trusted=trusted)
        courier = ServerCourier({"own": access}, QUICK, RealClock(), HELO)
        report = await courier.deliver(make_mail(envid=ENVID), 10, yes)
        await courier.close()
        await server.settled()

    assert (report.stage, report.way, report.trusted, report.limit) == (Stage.DOT, Way.RELAY, trusted, 100_000)
    assert report.tls
    assert report.tls.level is Level.CONFIGURED
    assert ending(report).state is state
    assert f"ENVID={ENVID}".encode() in server.heard[0].raw


async def test_a_report_of_an_own_server(certificates: Certificates) -> None:
    """Way, limit and level are in the report, also on a connection that was kept and when the size is refused."""
    kept = ["@envelope", "B", "S 250 2.0.0 kept"]
    server = ScriptedServer([[HELLO, *kept, *kept]], certificates.context)
    async with server.running():
        access = replace(server.access(certificates), level=Level.MTA_STS)
        courier = ServerCourier({"own": access}, QUICK, RealClock(), HELO)
        letters = (LETTER, LETTER, LETTER * 10_000)
        reports = [await courier.deliver(make_mail(letter), 10, yes) for letter in letters]
        await courier.close()
        await server.settled()

    assert [report.limit for report in reports] == [100_000] * 3
    assert {report.way for report in reports} == {Way.OWN_SERVER}
    assert [report.tls and report.tls.level for report in reports] == [Level.MTA_STS] * 3
    assert reports[2].reply
    assert reports[2].reply.code == 552


@pytest.mark.parametrize("says", [True, False, None])
async def test_a_certificate_that_the_domain_published(says: bool, certificates: Certificates) -> None:
    """With a DANE verifier its word counts instead of authorities and names: yes and nothing else is a yes."""
    seen: list[bytes] = []

    def verifier(der: bytes) -> bool:
        seen.append(der)
        return says

    server = ScriptedServer([["@hello STARTTLS", "C STARTTLS", "S 220 go", "T", "C EHLO", "S 250 x", "C MAIL"]],
                            certificates.context, implicit=False)  # fmt: skip
    async with server.running():
        unknown = replace(server.access(certificates), ca_file=None, host="mx.bakery.example")
        access = replace(unknown, addresses=("127.0.0.1",), dane=verifier, level=Level.DANE)
        courier = ServerCourier({"own": access}, QUICK, RealClock(), HELO)
        report = await courier.deliver(make_mail(), 0.5, yes)
        await courier.close()

    assert len(seen) == 1
    assert report.stage is (Stage.MAIL if says is True else Stage.TLS)
    if says is True:
        assert report.tls
        assert (report.tls.level, report.tls.verified_name) == (Level.DANE, "mx.bakery.example")
    else:
        assert "not the one that the domain published" in report.words
        assert b"MAIL" not in server.heard[0].raw


async def test_each_mail_to_its_courier() -> None:
    """`direct` goes to the direct courier, every other name to that of the servers; both are closed."""
    servers, direct = FakeCourier(), FakeCourier()
    direct.endings.append(refused(Stage.RCPT, 550, "5.1.1"))
    couriers = Couriers(servers, direct)
    reports = [await couriers.deliver(make_mail(server=name), 5, yes) for name in ("direct", "own", "relay")]
    await couriers.close()

    assert [report.stage for report in reports] == [Stage.RCPT, Stage.DOT, Stage.DOT]
    assert [sent.mail.server for sent in servers.sent] == ["own", "relay"]
    assert servers.closed
    assert direct.closed


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    """A Postfix that offers DSN."""
    with running_postfix() as running:
        yield running


@pytest.mark.peer
@pytest.mark.timeout(120)
async def test_postfix_tells_that_it_delivered(postfix: Postfix) -> None:
    """A real relay takes what we ask, and its notice of delivery carries our token as we wrote it."""
    access = postfix.access("data", way=Way.RELAY)
    courier = ServerCourier({"own": access}, QUICK, RealClock(), HELO)
    report = await courier.deliver(make_mail(sender="post@bakery.example", envid=ENVID), 30, yes)
    await courier.close()

    def notices() -> list[bytes]:
        return [letter for letter in postfix.letters() if b"report-type=delivery-status" in letter]

    async with asyncio.timeout(30):
        while not notices():
            await asyncio.sleep(0.05)
    (notice,) = notices()

    assert report.reply is not None
    assert ending(report).state is State.HANDED_OVER
    assert b"\nAction: delivered\n" in notice
    assert b"\nOriginal-Recipient: rfc822;post@bakery.example\n" in notice
    (line,) = [line for line in notice.splitlines() if line.startswith(b"Original-Envelope-Id: ")]
    assert Token.read(line.decode(), KEY) == TOKEN
    assert Token.read(line.decode(), b"another") is None
