"""Mail encrypted to a certificate: opened by openssl, read by the standard library, never silently plain."""

import re
import subprocess
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from nemboks.content import smime
from nemboks.content.errors import UnsafeHeader
from nemboks.content.headers import text_field
from nemboks.content.smime import CertificateUnusable, TooLargeToEncrypt
from tests.helpers.peers import require_peer

AT = datetime(2026, 11, 21, 13, 5, 12, tzinfo=UTC)
KEY = rsa.generate_private_key(65537, 2048)
FIELDS = ["From", "To", "Subject", "Date", "Message-ID", "Nemboks-Cvr"]
NEUTRAL = text_field("Subject", "Nyt brev fra Skattestyrelsen")
USAGES = (
    "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign "
    "encipher_only decipher_only"
)


def usage(*names):
    """A key usage of these names and no other."""
    return x509.KeyUsage(**{name: name in names for name in USAGES.split(" ")})


def certificate(*extensions, key=KEY, first=-10, last=100):
    """A certificate of an invented company, valid from and to so many days after AT."""
    names = [(NameOID.COMMON_NAME, "Eksempel ApS"), (NameOID.EMAIL_ADDRESS, "Post@eksempel.example")]
    name = x509.Name([x509.NameAttribute(*one) for one in names])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), 7, AT + timedelta(days=first), AT + timedelta(days=last)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    return builder.sign(key, algorithm).public_bytes(Encoding.PEM).decode()


def mail_of(title="Konkurs"):
    """A plain mail as the letter's would be: a text and a file."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = '"Skattestyrelsen via Nemboks" <post@nemboks.example>'
    mail["To"] = "post@eksempel.example"
    mail["Subject"] = title
    mail["Date"] = AT
    mail["Message-ID"] = "<abc.1@nemboks.example>"
    mail["Nemboks-Cvr"] = "12345678"
    mail.set_content("Brev fra: Skattestyrelsen, æøå\n", cte="base64")
    mail.add_attachment(b"hemmeligt" * 400, maintype="application", subtype="pdf", filename="Brev.pdf")
    mail.set_boundary("=_0123456789abcdef")
    return bytes(mail)


def opened(mail, folder):
    """The octets that openssl finds in the encrypted mail."""
    openssl = require_peer("openssl")
    (folder / "mail").write_bytes(mail)
    (folder / "key").write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "certificate").write_text(certificate())
    done = subprocess.run(
        [openssl, "cms", "-decrypt", "-in", "mail", "-recip", "certificate", "-inkey", "key", "-out", "plain"],
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return (folder / "plain").read_bytes()


@pytest.mark.peer
def test_openssl_gives_back_the_octets(tmp_path):
    """What was put in comes out, octet for octet, with AES-256 and the key's own recipient."""
    openssl = require_peer("openssl")
    inner = b"Content-Type: text/plain\r\n\r\n" + bytes(range(256)) * 300 + b"\r\n"
    mail = smime.wrap(b"From: a@nemboks.example\r\nSubject: x\r\n", inner, certificate(), AT)

    assert inner == opened(mail, tmp_path)
    shown = subprocess.run(
        [openssl, "cms", "-cmsout", "-print", "-in", tmp_path / "mail"], capture_output=True, check=True
    )
    assert b"algorithm: aes-256-cbc" in shown.stdout
    assert shown.stdout.count(b"d.ktri:") == 1


@pytest.mark.peer
def test_a_letter_after_decryption(tmp_path):
    """Inside lies the whole plain mail with its true subject; outside nothing of the letter but the fields given."""
    mail = mail_of()
    plain = message_from_bytes(mail, policy=default)

    encrypted = smime.encrypt(mail, NEUTRAL, certificate(), AT)
    outer = message_from_bytes(encrypted, policy=default)
    inner = message_from_bytes(opened(encrypted, tmp_path), policy=default)

    assert [*FIELDS, "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition"] == outer.keys()
    assert outer["Subject"] == "Nyt brev fra Skattestyrelsen"
    assert outer["Content-Type"].params["smime-type"] == "enveloped-data"
    assert b"Konkurs" not in encrypted
    assert [str(plain[name]) for name in FIELDS] == [str(inner[name]) for name in FIELDS]
    assert FIELDS == [value.split(":")[0] for value in inner.get_all("HP-Outer")]
    assert "Subject: Nyt brev fra Skattestyrelsen" in inner.get_all("HP-Outer")
    assert inner["Content-Type"].params["hp"] == "cipher"
    assert not [part.defects for part in (outer, *inner.walk()) if part.defects]
    assert mail.partition(b"\r\n\r\n")[2] == (tmp_path / "plain").read_bytes().partition(b"\r\n\r\n")[2]


def test_the_encrypted_mail_is_safe_on_the_wire():
    """Every line ends in CRLF, is ASCII and at most 76 octets in the body."""
    encrypted = smime.encrypt(mail_of(), NEUTRAL, certificate(), AT)
    lines = encrypted.partition(b"\r\n\r\n")[2].split(b"\r\n")

    assert encrypted.endswith(b"\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|[^\r\n -~]", encrypted)
    assert max(map(len, lines)) <= 76


def test_what_a_certificate_says():
    """A usable certificate tells whom it was made for and how long it lasts."""
    names = x509.SubjectAlternativeName(
        [x509.RFC822Name("post@eksempel.example"), x509.RFC822Name("b@eksempel.example")]
    )
    found = smime.check(certificate(names, last=30), AT)

    assert smime.Certificate(("post@eksempel.example", "b@eksempel.example"), 30) == found


@pytest.mark.parametrize(
    "extension",
    [
        usage("key_encipherment"),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.CLIENT_AUTH]),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
        x509.BasicConstraints(ca=False, path_length=None),
    ],
)
def test_a_usable_certificate(extension):
    """Extensions that allow encryption of mail are fine."""
    assert smime.check(certificate(extension), AT).days_left == 100


UNUSABLE = {
    "expired on 2026-11-20": certificate(last=-1),
    "expired on 2026-11-21": certificate(last=0),
    "not valid before 2026-11-22": certificate(first=1),
    "elliptic curve": certificate(key=ec.generate_private_key(ec.SECP256R1())),
    "not RSA": certificate(key=ed25519.Ed25519PrivateKey.generate()),
    "1024 bits": certificate(key=rsa.generate_private_key(65537, 1024)),
    "may not be used to encrypt": certificate(usage("digital_signature")),
    "not meant for e-mail": certificate(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])),
    "of a certificate authority": certificate(x509.BasicConstraints(ca=True, path_length=None)),
    "no certificate": "",
    "no certificate in PEM": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
}


@pytest.mark.parametrize("words", UNUSABLE)
def test_never_silently_plain(words):
    """A certificate that may not be used stops the mail, with the reason in words, at the check and at sending."""
    mail = mail_of()

    for encrypt in (smime.check, lambda pem, at: smime.encrypt(mail, NEUTRAL, pem, at)):
        with pytest.raises(CertificateUnusable, match=words):
            encrypt(UNUSABLE[words], AT)


def test_too_large_to_encrypt(monkeypatch):
    """A mail over the limit is refused before any work is done."""
    monkeypatch.setattr(smime, "LIMIT", 1000)

    with pytest.raises(TooLargeToEncrypt):
        smime.wrap(b"From: a@nemboks.example\r\n", bytes(1001), certificate(), AT)
    assert issubclass(TooLargeToEncrypt, ValueError)


@pytest.mark.parametrize(
    "fields",
    [
        b"From: a\r\n\r\nbody",
        b"From: a\r\nContent-Type: text/plain\r\n",
        b"From: a\n",
        "From: ø\r\n".encode(),
        b"From: a",
    ],
)
def test_outer_fields_must_be_fields(fields):
    """What would end the header block, or say what the body is, does not get outside."""
    with pytest.raises(UnsafeHeader):
        smime.wrap(fields, b"x", certificate(), AT)


@pytest.mark.parametrize("mail", [b"", b"From: a\r\n", b"From: a\r\nstray\r\n\r\nbody"])
def test_a_mail_without_a_header_block(mail):
    """Only a whole mail is encrypted."""
    with pytest.raises(UnsafeHeader):
        smime.encrypt(mail, NEUTRAL, certificate(), AT)
