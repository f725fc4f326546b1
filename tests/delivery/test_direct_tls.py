"""Direct delivery to real Postfix and to what a line may hold: verified TLS, or not a byte of MAIL."""

import asyncio
import contextlib
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Iterator

import pytest
import trustme

from nemboks.domain.proof import Level, Stage, Way
from nemboks.domain.verdict import Verdict, verdict
from tests.delivery.direct_world import DOMAIN, HOSTS, ONE, SECURED, direct_world
from tests.delivery.postfix_peer import Postfix, running_postfix
from tests.helpers.smtp_server import HELO, LETTER

pytestmark = pytest.mark.allow_hosts(HOSTS)

NOW, DAY = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
LOCAL = f"{DOMAIN}. MX 10 localhost.\nlocalhost. A 127.0.0.1\n"  # Postfix's certificate is for localhost


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    """A real mail server."""
    with running_postfix() as running:
        yield running


@contextlib.asynccontextmanager
async def stripping_proxy(port: int, injected: bytes = b"") -> AsyncIterator[tuple[int, bytearray]]:
    """Somebody on the line before `port`: takes STARTTLS out of what the server offers, and keeps what we say.

    With `injected` it lets STARTTLS pass, and writes that behind the server's 220.
    """
    heard = bytearray()
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        there, back = await asyncio.open_connection("127.0.0.1", port)

        async def answers() -> None:
            while data := await there.read(65_536):
                if injected and b"Ready to start TLS" in data:
                    data += injected
                writer.write(data if injected else data.replace(b"250-STARTTLS\r\n", b""))

        listening = asyncio.create_task(answers())
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                heard.extend(data)
                back.write(data)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        for one in (back, writer):
            one.transport.abort()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], heard
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.peer
async def test_a_letter_reaches_a_real_exchanger(postfix, tmp_path):
    """Postfix as the domain's MX takes the letter over STARTTLS with a certificate for its name."""
    async with direct_world(tmp_path, LOCAL, port=postfix.ports["starttls"], ca_file=postfix.home / "ca.pem") as world:
        before = len(postfix.letters())
        report = await world.deliver()

    assert verdict(report) is Verdict.ACCEPTED
    assert (report.way, report.tls.level) == (Way.DIRECT, Level.UNSIGNED_MX)
    assert report.limit == 1_000_000
    async with asyncio.timeout(10):
        while len(postfix.letters()) == before:
            await asyncio.to_thread(postfix.home.stat)
    assert any(LETTER.split(b"\r\n")[0] in letter for letter in postfix.letters())


@pytest.mark.peer
async def test_a_real_exchanger_refuses_an_address(postfix, tmp_path):
    """Postfix's 550 at RCPT is the recipient's fault, and told in its words."""
    async with direct_world(tmp_path, LOCAL, port=postfix.ports["starttls"], ca_file=postfix.home / "ca.pem") as world:
        report = await world.deliver(recipient=f"nobody@{DOMAIN}")

    assert (report.stage, report.reply.code, report.reply.enhanced) == (Stage.RCPT, 550, "5.1.1")
    assert verdict(report) is Verdict.ADDRESS


@pytest.mark.peer
async def test_s06_a_stripped_starttls(postfix, tmp_path):
    """Where somebody takes STARTTLS out of the offers, not a byte of MAIL goes by."""
    async with (
        stripping_proxy(postfix.ports["starttls"]) as (port, heard),
        direct_world(tmp_path, LOCAL, port=port, ca_file=postfix.home / "ca.pem") as world,
    ):
        report = await world.deliver()

    assert (report.stage, report.reply) == (Stage.TLS, None)
    assert verdict(report) is Verdict.TLS
    assert bytes(heard) == f"EHLO {HELO}\r\n".encode()


@pytest.mark.peer
async def test_s06_words_injected_behind_the_220(postfix, tmp_path):
    """Clear text behind the answer to STARTTLS ends the attempt; nothing of it is believed."""
    injected = b"250-mx\r\n250 AUTH PLAIN\r\n"
    async with (
        stripping_proxy(postfix.ports["starttls"], injected) as (port, heard),
        direct_world(tmp_path, LOCAL, port=port, ca_file=postfix.home / "ca.pem") as world,
    ):
        report = await world.deliver()

    assert (report.stage, report.reply) == (Stage.TLS, None)
    assert b"MAIL" not in heard


@pytest.mark.peer
async def test_s07_a_real_exchanger_under_another_name(postfix, tmp_path):
    """Postfix's certificate is for localhost: as mx1 of the domain it gets nothing."""
    async with direct_world(tmp_path, ONE, port=postfix.ports["starttls"], ca_file=postfix.home / "ca.pem") as world:
        report = await world.deliver()

    assert report.stage is Stage.TLS
    assert "mx1.bakery.example" in report.words


def bad_context(case: str, authority: trustme.CA) -> ssl.SSLContext:
    """A server's context that must not be accepted for mx1."""
    name = f"mx1.{DOMAIN}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf = authority.issue_cert(name)
    match case:
        case "wrong name":
            leaf = authority.issue_cert(DOMAIN, f"mx2.{DOMAIN}", f"*.mx1.{DOMAIN}")
        case "expired":
            leaf = authority.issue_cert(name, not_before=NOW - 9 * DAY, not_after=NOW - DAY)
        case "unknown authority":
            leaf = trustme.CA().issue_cert(name)
        case "only a common name":
            leaf = authority.issue_cert("elsewhere.example", common_name=name)
        case "TLS 1.0":
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        case "TLS 1.1":
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
    leaf.configure_cert(context)
    return context


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    "case", ["wrong name", "expired", "unknown authority", "only a common name", "TLS 1.0", "TLS 1.1", "self-signed"]
)
async def test_s07_certificates_and_versions(case, tmp_path, self_signed):
    """Seven servers that do not prove who they are get EHLO and STARTTLS, and nothing else."""
    async with direct_world(tmp_path) as world:
        context = bad_context(case, world.authority)
        if case == "self-signed":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self_signed)
        server = await world.exchanger("127.0.0.1", SECURED, context=context)
        report = await world.deliver()
        await server.settled()

    assert (report.stage, report.reply, report.tls) == (Stage.TLS, None, None)
    assert verdict(report) is Verdict.TLS
    assert server.heard[0].raw == f"EHLO {HELO}\r\nSTARTTLS\r\n".encode()
    assert server.heard[0].letter is None
