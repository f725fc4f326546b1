"""Verified TLS, or not a byte of MAIL."""

import asyncio
import datetime as dt
import socket
import ssl
import struct
from pathlib import Path

import pytest
import trustme

from nemboks.clock import RealClock
from nemboks.delivery.courier import ServerCourier
from nemboks.delivery.tls import UnsafeTls, make_context, verified_facts
from nemboks.domain.proof import Stage
from tests.helpers.smtp_server import HELO, QUICK, Certificates, ScriptedServer, make_mail

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """A server's context with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def bad_certificate(case: str, authority: trustme.CA) -> trustme.LeafCert:
    """A certificate that must not be accepted for localhost."""
    match case:
        case "unknown":
            return trustme.CA().issue_cert("localhost")
        case "expired":
            return authority.issue_cert("localhost", not_before=NOW - 9 * DAY, not_after=NOW - DAY)
        case "not yet":
            return authority.issue_cert("localhost", not_before=NOW + DAY, not_after=NOW + 9 * DAY)
        case "another name":
            return authority.issue_cert("mail.elsewhere.example")
        case "only a part":
            return authority.issue_cert("*.localhost", "localhost.example", "ocalhost")
        case "common name":
            return authority.issue_cert("mail.elsewhere.example", common_name="localhost")
    raise ValueError(case)


async def attempt(context: ssl.SSLContext, ca_file: Path, implicit: bool) -> tuple[ScriptedServer, str]:
    """The server after one attempt that must end in TLS, and the report's words."""
    steps = ["@hello PIPELINING"] if implicit else ["@hello STARTTLS", "C STARTTLS", "S 220 go", "T", "C never"]
    server = ScriptedServer([steps], context, implicit)
    async with server.running():
        access = server.access(Certificates(ca_file, context))
        report = await ServerCourier({"own": access}, QUICK, RealClock(), HELO).deliver(make_mail(), 10, never)
        await server.settled()

    assert report.stage is Stage.TLS, report
    assert report.reply is None
    assert report.tls is None
    for heard in server.heard:
        assert heard.raw.replace(f"EHLO {HELO}\r\n".encode(), b"").replace(b"STARTTLS\r\n", b"") == b""
    return server, report.words


async def never() -> bool:
    """There is nothing to ask before a dot."""
    raise AssertionError


@pytest.mark.parametrize("implicit", [True, False], ids=["implicit", "starttls"])
@pytest.mark.parametrize("case", ["unknown", "expired", "not yet", "another name", "only a part", "common name"])
async def test_bad_certificates(case: str, implicit: bool, tmp_path: Path) -> None:
    """A certificate that is not this server's, now, by somebody we trust, ends the attempt before MAIL."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    _, words = await attempt(server_context(bad_certificate(case, authority)), tmp_path / "ca.pem", implicit)

    assert words.startswith("the certificate was not accepted: ")


@pytest.mark.parametrize("implicit", [True, False], ids=["implicit", "starttls"])
async def test_a_certificate_signed_by_itself(implicit: bool, tmp_path: Path, self_signed: Path) -> None:
    """A self-signed certificate is not accepted by a courier that trusts others."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed)

    _, words = await attempt(context, tmp_path / "ca.pem", implicit)

    assert "self-signed" in words


@pytest.mark.parametrize("implicit", [True, False], ids=["implicit", "starttls"])
@pytest.mark.parametrize("weakness", ["TLS 1.1", "no encryption"])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_weak_servers(weakness: str, implicit: bool, certificates: Certificates, tmp_path: Path) -> None:
    """A server that can only speak old or unencrypted TLS gets no letter."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = server_context(authority.issue_cert("localhost"))
    if weakness == "TLS 1.1":
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    else:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("NULL:@SECLEVEL=0")

    _, words = await attempt(context, tmp_path / "ca.pem", implicit)

    assert words


async def test_a_certificate_without_an_end(tmp_path: Path) -> None:
    """Ten thousand names, the right one among them, are more than a handshake may carry."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    names = [f"mail{number}.elsewhere.example" for number in range(10_000)]

    _, words = await attempt(server_context(authority.issue_cert("localhost", *names)), tmp_path / "ca.pem", True)

    assert words.startswith("TLS failed: ")


@pytest.mark.parametrize("answer", ["clear text", "end", "hard end"])
async def test_a_port_without_tls(answer: str, certificates: Certificates) -> None:
    """Where TLS is expected from the first byte, a server that answers otherwise gets nothing."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        if answer == "clear text":
            writer.write(b"220 mail.bakery.example ESMTP\r\n")
        if answer == "hard end":
            option = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
        writer.transport.abort() if answer == "hard end" else writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as listener:
        server = ScriptedServer([], certificates.context, port=listener.sockets[0].getsockname()[1])
        courier = ServerCourier({"own": server.access(certificates)}, QUICK, RealClock(), HELO)
        report = await courier.deliver(make_mail(), 10, never)

    assert (report.stage, report.reply, report.tls) == (Stage.TLS, None, None)
    assert len(report.words) > 10


async def test_what_was_verified_is_reported(certificates: Certificates) -> None:
    """A report carries version, cipher, name and the certificate's digest."""
    server = ScriptedServer([["@hello 8BITMIME", "C MAIL", "S 451 later"]], certificates.context)
    async with server.running():
        access = {"own": server.access(certificates)}
        courier = ServerCourier(access, QUICK, RealClock(), HELO)
        report = await courier.deliver(make_mail(), 10, never)
        await courier.close()

    assert report.tls
    assert report.tls.version == "TLSv1.3"
    assert report.tls.cipher.startswith("TLS_")
    assert report.tls.verified_name == "localhost"
    assert len(bytes.fromhex(report.tls.certificate_sha256)) == 32


def handshake(client: ssl.SSLContext, server: ssl.SSLContext, name: str | None) -> ssl.SSLObject:
    """The client's end of a connection in memory."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for end in ends * 3:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return ends[0]


def test_a_connection_is_looked_at(certificates: Certificates) -> None:
    """No TLS, no check of the certificate, no check of the name: each is noticed on the connection itself."""
    any_name = ssl.create_default_context(cafile=certificates.ca_file)
    any_name.check_hostname = False
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    careless = [handshake(context, certificates.context, "localhost") for context in (any_name, anybody)]

    for connection in (None, *careless):
        with pytest.raises(UnsafeTls):
            verified_facts(connection)
    good = handshake(make_context(certificates.ca_file), certificates.context, "localhost")
    assert verified_facts(good).verified_name == "localhost"


def test_the_rules() -> None:
    """The system's authorities count by default; the rules cannot be weakened by a setting."""
    context = make_context(None)

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert not context.hostname_checks_common_name
