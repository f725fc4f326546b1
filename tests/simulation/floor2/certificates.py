"""Certificates for the virtual servers: made once a process, of fixed sizes: every run sends equally many bytes.

Ed25519 signatures are 64 bytes; ECDSA's vary by a few, and with them the places where the network cuts.
"""

import ssl
import tempfile
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

FROM, UNTIL, PAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC), datetime(2001, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Papers:
    """Where the files lie, and the servers' contexts by what is wrong with them ("" for nothing)."""

    ca_file: Path
    client_cert: Path
    client_key: Path
    contexts: dict[tuple[str, str], ssl.SSLContext]

    def context(self, host: str, wrong: str = "") -> ssl.SSLContext:
        return self.contexts[host, wrong]


HOSTS = ("mx-1.example", "mx-2.example", "imap.example", "rest.example")
WRONGS = ("", "name", "expired", "stranger", "old")


@cache
def papers() -> Papers:
    """Made at the first call."""
    folder = Path(tempfile.mkdtemp(prefix="nemboks-floor2-"))
    ca, stranger = _Authority(1), _Authority(2)
    (folder / "ca.pem").write_bytes(ca.pem)
    client = _issue(ca, 3, "client.example", UNTIL)
    (folder / "client.pem").write_bytes(client[0])
    (folder / "client.key").write_bytes(client[1])
    contexts = {}
    for number, host in enumerate(HOSTS):
        for at, wrong in enumerate(WRONGS):
            issuer = stranger if wrong == "stranger" else ca
            name = "somebody-else.example" if wrong == "name" else host
            pems = _issue(issuer, 10 + 10 * number + at, name, PAST if wrong == "expired" else UNTIL)
            contexts[host, wrong] = _context(folder, pems, wrong == "old", host == "rest.example")
    return Papers(folder / "ca.pem", folder / "client.pem", folder / "client.key", contexts)


class _Authority:
    def __init__(self, seed: int) -> None:
        self.key = _key(seed)
        self.name = _name(f"authority {seed}")
        made = _builder(self.name, self.name, self.key, seed, UNTIL)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        made = made.add_extension(_usage(signs=True), critical=True)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
        self.pem = made.sign(self.key, None).public_bytes(serialization.Encoding.PEM)


def _issue(ca: _Authority, seed: int, host: str, until: datetime) -> tuple[bytes, bytes]:
    key = _key(seed)
    made = _builder(ca.name, _name(host), key, seed, until)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.key.public_key())
    made = made.add_extension(issuer, critical=False).add_extension(_usage(signs=False), critical=True)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.sign(ca.key, None).public_bytes(serialization.Encoding.PEM), secret


def _context(folder: Path, pems: tuple[bytes, bytes], old: bool, asks: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (folder / "one.pem").write_bytes(pems[0] + pems[1])
    context.load_cert_chain(folder / "one.pem")
    context.num_tickets = 0  # nobody resumes, and a ticket's size is not ours to know
    if old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that is the point of it
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    if asks:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / "ca.pem")
    return context


def _key(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


def _builder(
    issuer: x509.Name, subject: x509.Name, key: Ed25519PrivateKey, serial: int, until: datetime
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().issuer_name(issuer).subject_name(subject).public_key(key.public_key())
    return made.serial_number(serial).not_valid_before(FROM).not_valid_after(until)


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
