"""Bad inputs B57 to B69: what mail servers say and show, and addresses and servers that people write down."""

import asyncio
import datetime as dt
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from nemboks.clock import RealClock
from nemboks.delivery.access import ServerAccess
from nemboks.delivery.courier import ServerCourier
from nemboks.delivery.replies import MOST_BYTES, TEXT_LENGTH, ReplyReader, make_reply
from nemboks.delivery.tls import make_context
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address
from nemboks.domain.proof import Report, Stage
from nemboks.settings import Server
from nemboks.settings.mailbox import DeclaredMailbox
from tests.delivery.ending import Ending, ending
from tests.helpers.smtp_server import HASTY, HELO, LETTER, QUICK, Certificates, ScriptedServer, make_mail

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


async def delivered(
    server: ScriptedServer, certificates: Certificates, letter: bytes = LETTER, pace=QUICK, **changes: object
) -> Report:
    """The report of one mail to the server."""

    async def yes() -> bool:
        return True

    async with server.running():
        access = replace(server.access(certificates), **changes)
        courier = ServerCourier({"own": access}, pace, RealClock(), HELO)
        report = await courier.deliver(make_mail(letter), 10, yes)
        await courier.close()
        await server.settled()
    assert server.faults == []
    return report


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


@pytest.mark.parametrize(
    "text",
    [
        "a@b", "a@[127.0.0.1]", "a@localhost", '"a b"@x.dk', "a..b@x.dk", ".a@x.dk", "a.@x.dk", "a@x.dk, b@y.dk",
        "a@x.dk;b@y.dk", "a@x.dk\nRCPT TO:<b@y.dk>", "a@x.dk\r\n", "a@x.dk\n", "a@x.dk%0d%0a", "a@x..dk", "a@.dk",
        "a@-x.dk", "a@x-.dk", "@x.dk", "a@", "a", "", "a@b@x.dk", "<a@x.dk>", "Anna <a@x.dk>", "a@x.dk (Anna)",
        "a(b)@x.dk", " a@x.dk", "a@x.dk ", "a b@x.dk", "a\0@x.dk", "a@x.dk\0", "a@x.dk>", "a@127.0.0.1", "a@1.2",
        "a@x_y.dk", "a@x.dk/y", "a\u2028@x.dk", "a@x\u3002dk", "a@\uff58.dk", "a@stra\u00dfe.dk", "mailto:a@x.dk",
    ],
)  # fmt: skip
def test_b64_no_addresses(text: str) -> None:
    """What is not exactly one plain address is refused, also where a domain would turn into another."""
    with pytest.raises(ValueError, match="@") as seen:
        Address(text)
    assert str(seen.value).isprintable()


def test_b65_international_addresses() -> None:
    """A domain with other letters is taken in IDNA; letters before the @ are refused with the reason."""
    assert Address("a@æble.dk") == "a@xn--ble-xla.dk"
    assert Address("a@ÆBLE.dk") == Address("a@xn--ble-xla.dk")
    assert Address("a@xn--strae-oqa.de")  # by IDNA 2008 another domain than strasse.de: only if it is written so
    with pytest.raises(ValueError, match="before the @"):
        Address("ø@æble.dk")


@pytest.mark.parametrize(
    ("text", "script"),
    [("a@b\u0430geri.dk", "Cyrillic"), ("a@b\u03b1geri.dk", "Greek"), ("a@bager\u0131.dk", "Latin"),
     ("a@xn--bgeri-4ve.dk", "Cyrillic")],
)  # fmt: skip
def test_b66_look_alikes(text: str, script: str) -> None:
    """A domain with letters that look like others is pointed out, with its true name; it is not refused."""
    address = Address(text)

    assert address.domain.startswith("xn--")
    assert script in address.warning
    assert address.domain in address.warning
    assert address.warning.isprintable()


@pytest.mark.parametrize(
    "text", ["a@bageri.dk", "a@rødgrød-med-fløde.dk", "a@bäckerei.de", "a@xn--zz.dk", "a@xn--a.dk"]
)
def test_b66_ordinary_domains(text: str) -> None:
    """Danish and neighbouring letters are ordinary, and what decodes to nothing readable is shown as it is."""
    assert Address(text).warning == ""


def test_b67_length() -> None:
    """254 signs are an address, 255 are none (RFC 5321 4.5.3.1); of those before the @ 64 are."""
    domain = ".".join(["d" * 63, "d" * 63, "d" * 58, "dk"])
    longest = "a" * 64 + "@" + domain
    assert len(longest) == 254
    assert Address(longest) == longest
    with pytest.raises(ValueError, match="name@company"):
        Address(longest.replace(".dk", ".dkk"))
    with pytest.raises(ValueError, match="name@company"):
        Address("a" * 65 + "@x.dk")


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "[::ffff:10.0.0.1]", "::ffff:10.0.0.1", "2130706433", "0x7f000001", "127.1", "a b.dk",
     "mail.company.dk/x", "x@mail.company.dk", "mail..dk", "", "mail.company.dk:25", "a" * 64 + ".dk"],
)  # fmt: skip
def test_b68_hosts_that_are_numbers(host: str) -> None:
    """The settings take a server's name only, for the certificate is checked against it."""
    with pytest.raises(ValidationError, match="must be the server's name"):
        Server(host=host)


async def test_b68_names_that_lead_inside(certificates: Certificates) -> None:
    """A good name that leads to our own machine is refused when it is connected to, unless the server is internal."""
    server = ScriptedServer([], certificates.context)
    report = await delivered(server, certificates, host="localhost", internal=False)

    assert (report.stage, report.reply) == (Stage.CONNECT, None)
    assert "own network" in report.words
    assert ending(report) == AGAIN
    assert server.heard == []
    assert not ServerAccess("mail.company.dk", 25).internal  # nobody is by accident


@pytest.mark.parametrize("port", [22, 0, 65536, -1, 80, 443, 3306])
def test_b69_ports(port: int) -> None:
    """Only ports where mail is taken, or any of a server that a person called internal."""
    with pytest.raises(ValidationError):
        Server(host="mail.company.dk", port=port)
    if 0 < port < 65536:
        assert Server(host="mail.company.dk", port=port, internal=True).port == port


@pytest.mark.parametrize("port", [25, 465, 587, 2525])
def test_b69_ports_of_mail(port: int) -> None:
    """These are taken."""
    assert Server(host="mail.company.dk", port=port).port == port


def test_b64_the_settings_use_the_same_type() -> None:
    """A mailbox's address in the settings is judged by the same rules."""
    with pytest.raises(ValidationError, match="name@company"):
        DeclaredMailbox(cvr="13748136", address="a@x.dk, b@y.dk", server="direct", system_id="x", api_token="y")
