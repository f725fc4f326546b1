"""A mail encrypted to its recipient's certificate (S/MIME 4.0, RFC 8551): never silently plain.

Promises: whoever cannot read the certificate's key sees the outer fields, whose subject the caller makes neutral, and
nothing of the letter; the true fields lie inside, where readers that know header protection find them (RFC 9788).
CBC without a MAC is what every mail reader in use can open; the outer DKIM signature covers the octets. No two
encryptions are alike, so a mail is encrypted once and kept (D13). Raises CertificateUnusable rather than send to a
certificate that may not be used; never looks for certificates, never asks whether one was revoked.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, PublicKeyAlgorithmOID

from nemboks.content.coding import encode
from nemboks.content.errors import ContentError, UnsafeHeader
from nemboks.content.headers import Field, check_block, split_fields

LIMIT: Final = 60 << 20  # octets of a plain mail; while it is encrypted it lies in memory several times over
MIN_BITS: Final = 2048
_EMAIL_USES: Final = {ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
_MIME: Final = (
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: application/pkcs7-mime; smime-type=enveloped-data;\r\n name="smime.p7m"\r\n'
    b"Content-Transfer-Encoding: base64\r\n"
    b'Content-Disposition: attachment; filename="smime.p7m"\r\n'
)


class CertificateUnusable(ContentError):
    """Nothing may be encrypted to this certificate; the message tells its owner why, and what to bring instead."""


class TooLargeToEncrypt(ContentError, ValueError):
    """The mail is over LIMIT."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a usable certificate says."""

    addresses: tuple[str, ...]  # e-mail addresses it was made for, in lower case; () if it names none
    days_left: int  # whole days


def check(certificate_pem: str, at: datetime) -> Certificate:
    """What the certificate says. Raises CertificateUnusable unless mail may be encrypted to it at this time.

    Rules: RFC 8550 4.4 (uses and key usage), 4.3 (key lengths); RSA only, for that is what the encryption knows.
    """
    certificate, key = _read(certificate_pem)
    if why := _fault(certificate, key, at):
        raise CertificateUnusable(why)
    return Certificate(_addresses(certificate), (certificate.not_valid_after_utc - at).days)


def encrypt(mail: bytes, subject: bytes, certificate_pem: str, at: datetime) -> bytes:
    """The encrypted mail: the plain one's fields outside, but with this Subject field; the whole of it inside.

    Raises CertificateUnusable, TooLargeToEncrypt, and UnsafeHeader for a mail whose header block is not one.
    """
    block, blank, body = mail.partition(b"\r\n\r\n")
    fields, tidy = split_fields(block + b"\r\n")
    if not blank or not tidy:
        raise UnsafeHeader("a mail to be encrypted has a header block that ends with a blank line")
    outer = [Field("subject", subject) if one.name == "subject" else one for one in fields if not _is_mime(one)]
    inner = b"".join([*(b"HP-Outer: " + one.raw for one in outer), *map(_protected, fields)])
    return wrap(b"".join(one.raw for one in outer), inner + b"\r\n" + body, certificate_pem, at)


def wrap(outer_fields: bytes, inner: bytes, certificate_pem: str, at: datetime) -> bytes:
    """A mail with these fields outside, CRLF after each, and the MIME entity `inner` enveloped (RFC 8551 3.3).

    Raises CertificateUnusable, TooLargeToEncrypt, and UnsafeHeader for fields that are not safe or speak of MIME.
    """
    check(certificate_pem, at)
    if len(inner) > LIMIT:
        raise TooLargeToEncrypt(f"a mail of {len(inner)} octets is too large to be encrypted ({LIMIT})")
    fields, _ = split_fields(outer_fields)
    names = [one.name for one in fields]
    if any(map(_is_mime, fields)):
        raise UnsafeHeader("the outer fields of an encrypted mail say nothing of MIME: that is the encryption's part")
    block = outer_fields + _MIME + b"\r\n"
    check_block(block, [*names, "mime-version", "content-type", "content-transfer-encoding", "content-disposition"])
    return block + encode(_enveloped(inner, certificate_pem))


def _enveloped(inner: bytes, certificate_pem: str) -> bytes:
    builder = PKCS7EnvelopeBuilder().set_data(inner).add_recipient(_read(certificate_pem)[0])
    builder = builder.set_content_encryption_algorithm(AES256)  # the default is AES-128
    return builder.encrypt(Encoding.DER, [PKCS7Options.Binary])  # Binary: the octets as they are


def _protected(one: Field) -> bytes:
    """The field as it stands inside; `hp` tells readers that the fields beside it are the true ones."""
    if one.name != "content-type":
        return one.raw
    return one.raw.removesuffix(b"\r\n") + b';\r\n hp="cipher"\r\n'


def _is_mime(one: Field) -> bool:
    return one.name == "mime-version" or one.name.startswith("content-")


def _read(certificate_pem: str) -> tuple[x509.Certificate, RSAPublicKey]:
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateUnusable("this is no certificate in PEM form that can be read") from None
    if isinstance(key, EllipticCurvePublicKey):
        raise CertificateUnusable(
            "the certificate's key is an elliptic curve's: mail can only be encrypted to an RSA certificate"
        )
    # A key made for PSS signatures only looks like RSA.
    if not isinstance(key, RSAPublicKey) or (
        certificate.public_key_algorithm_oid != PublicKeyAlgorithmOID.RSAES_PKCS1_v1_5
    ):
        raise CertificateUnusable("the certificate's key is not RSA: mail can only be encrypted to an RSA certificate")
    return certificate, key


def _fault(certificate: x509.Certificate, key: RSAPublicKey, at: datetime) -> str:
    """Why no mail may be encrypted to it; "" if it may."""
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at >= last:
        return f"the certificate expired on {last:%Y-%m-%d}: bring its successor"
    if at < first:
        return f"the certificate is not valid before {first:%Y-%m-%d}"
    if key.key_size < MIN_BITS:
        return f"the certificate's key has {key.key_size} bits; at least {MIN_BITS} are needed"
    try:
        return _fault_of_use(certificate.extensions)
    except (ValueError, x509.DuplicateExtension, UnsupportedAlgorithm):
        return "the certificate's extensions cannot be read"


def _fault_of_use(extensions: x509.Extensions) -> str:
    """A certificate without these extensions may be used for anything."""
    values = [one.value for one in extensions]
    for value in values:
        match value:
            case x509.BasicConstraints(ca=True):
                return "this is the certificate of a certificate authority: bring the recipient's own"
            case x509.KeyUsage(key_encipherment=False):
                return "the certificate may not be used to encrypt (key usage): bring the one for encryption"
            case x509.ExtendedKeyUsage() if not _EMAIL_USES & set(value):
                return "the certificate is not meant for e-mail (extended key usage)"
    return ""


def _addresses(certificate: x509.Certificate) -> tuple[str, ...]:
    names = list(map(str, _values(certificate.subject, NameOID.EMAIL_ADDRESS)))
    for one in certificate.extensions:
        if isinstance(one.value, x509.SubjectAlternativeName):
            names += one.value.get_values_for_type(x509.RFC822Name)
    return tuple(dict.fromkeys(name.lower() for name in names))


def _values(name: x509.Name, oid: x509.ObjectIdentifier) -> list[str | bytes]:
    return [one.value for one in name.get_attributes_for_oid(oid)]
