"""Bad inputs B57 to B63: what mail servers say and show."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from nemboks.delivery.replies import MOST_BYTES, TEXT_LENGTH, ReplyReader, make_reply
from nemboks.delivery.tls import make_context
from nemboks.domain.letter import State
from nemboks.domain.proof import Stage
from tests.badinput.remote import delivered
from tests.delivery.ending import Ending, ending
from tests.helpers.smtp_server import HASTY, HELO, LETTER, Certificates, ScriptedServer

HELLO = "@hello PIPELINING"
NOW, DAY = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
AGAIN = Ending(State.WAITING, "temporary", 60)
UNCERTAIN = Ending(State.WAITING, "uncertain", 900)
TLS = Ending(State.WAITING, "tls", 3600)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority that the courier trusts, and its certificate for localhost."""
    return Certificates.make(Path(tmp_path_factory.mktemp("certificates")))


@pytest.fixture(autouse=True)
async def no_leftovers() -> AsyncIterator[None]:
    """After each test no task is left but the test's own."""
    yield
    assert not asyncio.all_tasks() - {asyncio.current_task()}


REPLIES = {
    "no end": "250 ok",
    "a mebibyte": "250-" + "a" * 2**20,
    "for ever": r"250-ok\r\n" * 20_000,
    "letter O": r"25O ok\r\n",
    "a blank first": r" 250 ok\r\n",
    "plus": r"+25 ok\r\n",
    "underscore": r"2_5 ok\r\n",
    "mixed codes": r"250-ok\r\n251 ok\r\n",
}


@pytest.mark.parametrize("name", REPLIES)
@pytest.mark.parametrize("stage", [Stage.GREETING, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.BODY, Stage.DOT])
async def test_b57_replies_that_are_none(stage: Stage, name: str, certificates: Certificates) -> None:
    """At every stage what is no reply is no success: the letter waits, and only at the dot nobody knows."""
    said = "R " + REPLIES[name]
    hello = "@hello 8BITMIME"
    steps = {
        Stage.GREETING: [said],
        Stage.MAIL: [hello, "C MAIL", said],
        Stage.RCPT: [hello, "C MAIL", "S 250 ok", "C RCPT", said],
        Stage.DATA: [hello, "C MAIL", "S 250 ok", "C RCPT", "S 250 ok", "C DATA", said],
        Stage.BODY: [HELLO, "@envelope", said],
        Stage.DOT: [HELLO, "@envelope", "B", said],
    }[stage]
    # A letter of which a part is still to come when the answer does: a server that speaks in the body
    letter = LETTER * (100_000 if stage is Stage.BODY else 1)
    report = await delivered(ScriptedServer([steps], certificates.context), certificates, letter, HASTY)

    assert (report.stage, report.reply) == (stage, None), report
    assert report.words
    assert ending(report) == (UNCERTAIN if stage is Stage.DOT else AGAIN)


def test_b57_no_more_is_held_than_a_reply_may_have() -> None:
    """The reader stops at 64 KiB, whether or not lines end."""
    for endless in (b"250-" + b"a" * 2**20, b"250-ok\r\n" * 2**17):
        reader = ReplyReader()
        for at in range(0, len(endless), 4096):
            assert reader.feed(endless[at : at + 4096]) == []
            if reader.broken:
                break
        assert reader.broken == "a reply without an end"
        assert at <= MOST_BYTES + 4096


def test_b57_without_cr() -> None:
    """Bare LF ends a reply's line as it does for other clients; a bare CR never does."""
    assert [reply.code for reply in ReplyReader().feed(b"250 ok\n")] == [250]
    reader = ReplyReader()
    assert reader.feed(b"250 ok\r354 go\r\n") == []
    assert reader.broken


@pytest.mark.parametrize("behind", ["S 250 fake", "R 250-half", "S 250-fake", "R \\r\\n", "R a"])
async def test_b58_clear_text_behind_starttls(behind: str, certificates: Certificates) -> None:
    """Anything behind the 220 ends the connection before TLS begins."""
    server = ScriptedServer([["@hello STARTTLS", "C STARTTLS", "S 220 go", behind]], certificates.context, False)
    report = await delivered(server, certificates)

    assert (report.stage, report.reply, report.tls) == (Stage.TLS, None, None)
    assert "somebody may sit on the line" in report.words
    assert ending(report) == TLS
    assert server.heard[0].raw == f"EHLO {HELO}\r\nSTARTTLS\r\n".encode()


@pytest.mark.parametrize("size", ["abc", "-1", "1", "0", "", "１２", "9" * 400])
async def test_b59_announced_sizes(size: str, certificates: Certificates) -> None:
    """A size that is no number is no limit; a limit of one byte is one, and nothing is sent to it."""
    taken = ["@envelope", "B", "S 250 kept"]
    steps = [f"@hello PIPELINING SIZE{'=' if size else ''}{size}", *([] if size == "1" else taken)]
    report = await delivered(ScriptedServer([steps], certificates.context), certificates)

    if size == "1":
        assert (report.stage, report.limit) == (Stage.MAIL, 1)
        assert ending(report) == Ending(State.WAITING, "too_large", 600)
    else:
        assert (report.stage, report.limit) == (Stage.DOT, 0)
        assert ending(report).state is State.FORWARDED


def test_b60_a_reply_for_the_eye() -> None:
    """Escapes for terminals, numbers and addresses of people do not come through; HTML is text like any other."""
    said = "5.7.1 \x1b[2J\x1b]0;x\x07 <script>alert(1)</script> 010101-0000 anna@bakery.example \u202e\x9b31m"
    reply = make_reply(550, [said])

    assert reply.text.isprintable()
    assert "0000" not in reply.text
    assert "[CPR]" in reply.text
    assert "anna@" not in reply.text
    assert "<script>" in reply.text  # a page escapes it, as it does every text


async def test_b61_our_mail_in_the_reply(certificates: Certificates) -> None:
    """A server that echoes the letter: at most 512 signs of a reply are kept."""
    echo = ["R " + r"554-5.7.1 Subject: Letter\r\n" * 50 + "554 5.7.1 " + "x" * 2000 + r"\r\n"]
    server = ScriptedServer([[HELLO, "@envelope", "B", *echo]], certificates.context)
    report = await delivered(server, certificates)

    assert report.reply
    assert (report.stage, report.reply.code, report.reply.enhanced) == (Stage.DOT, 554, "5.7.1")
    assert len(report.reply.text) == TEXT_LENGTH
    assert ending(report).why == "policy"


def context_of(leaf: trustme.LeafCert) -> ssl.SSLContext:
    """A server's context with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    return context


def with_names(authority: trustme.CA, names: Sequence[x509.GeneralName], folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate that trustme would refuse to issue."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    signer = load_pem_private_key(authority.private_key_pem.bytes(), None)
    issuer = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder(issuer.subject, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")]),
                                key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - DAY).not_valid_after(NOW + DAY)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
            issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value), critical=False)
        .sign(signer, hashes.SHA256())  # type: ignore[arg-type]
    )  # fmt: skip
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "odd.pem").write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "odd.pem")
    return context


@pytest.mark.parametrize("case", ["good", "ten thousand names", "NUL", "wildcard", "no names", "expired", "not yet"])
async def test_b62_certificates(case: str, tmp_path: Path) -> None:
    """Absurd, too wide, for another name or another time: refused before MAIL. A good one made so is not."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    name, later = "firma.dk", {"not_before": NOW + DAY, "not_after": NOW + 9 * DAY}
    many = [f"mail{number}.elsewhere.example" for number in range(10_000)]
    context = {
        "good": lambda: with_names(authority, [x509.DNSName(name)], tmp_path),
        "ten thousand names": lambda: context_of(authority.issue_cert(name, *many)),
        "NUL": lambda: with_names(authority, [x509.DNSName(f"{name}\0.elsewhere.example")], tmp_path),
        "wildcard": lambda: with_names(authority, [x509.DNSName("*.dk"), x509.DNSName("*")], tmp_path),
        "no names": lambda: with_names(authority, [x509.RFC822Name(f"x@{name}")], tmp_path),
        "expired": lambda: context_of(authority.issue_cert(name, not_before=NOW - 9 * DAY, not_after=NOW - DAY)),
        "not yet": lambda: context_of(authority.issue_cert(name, **later)),
    }[case]()
    steps = [HELLO, "@envelope", "B", "S 250 kept"] if case == "good" else [HELLO]
    server = ScriptedServer([steps], context)
    trusted = Certificates(tmp_path / "ca.pem", context)
    report = await delivered(server, trusted, host=name, addresses=("127.0.0.1",))

    if case == "good":
        assert ending(report).state is State.FORWARDED
        return
    assert (report.stage, report.reply, report.tls) == (Stage.TLS, None, None), report
    assert ending(report) == TLS
    assert not any(heard.raw for heard in server.heard)


@pytest.mark.parametrize("weakness", ["TLS 1.0", "TLS 1.1", "NULL"])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_b63_weak_encryption(weakness: str, tmp_path: Path) -> None:
    """Old versions and no encryption: refused."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = context_of(authority.issue_cert("localhost"))
    if weakness == "NULL":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("NULL:@SECLEVEL=0")
    else:
        version = ssl.TLSVersion.TLSv1 if weakness == "TLS 1.0" else ssl.TLSVersion.TLSv1_1
        context.minimum_version = context.maximum_version = version
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    report = await delivered(ScriptedServer([[HELLO]], context), Certificates(tmp_path / "ca.pem", context))

    assert (report.stage, report.reply, report.tls) == (Stage.TLS, None, None)
    assert ending(report) == TLS


@pytest.mark.parametrize("dane", [False, True])
def test_b63_no_renegotiation(dane: bool) -> None:
    """A server's wish to renegotiate is refused by the library, whichever way the certificate is judged."""
    assert make_context(None, dane).options & ssl.OP_NO_RENEGOTIATION
