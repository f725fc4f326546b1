"""A private certificate authority for one run of the simulator, and the certificates it issues.

Promises: every server certificate is valid for `127.0.0.1` and `localhost`; private keys are readable by the owner
only. It never reuses a key: each start makes new ones, so that nobody comes to trust them.
"""

import datetime as dt
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

YEARS_VALID = 5
HERE: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
ELSEWHERE: list[x509.GeneralName] = [x509.DNSName("mail.elsewhere.example")]


@dataclass(frozen=True)
class Pair:
    """Paths of one certificate (PEM, its authority appended) and of its private key (PEM, mode 0600)."""

    cert: Path
    key: Path


@dataclass(frozen=True)
class Certificates:
    """What one run needs; `wrong` has another name and another authority than `server`."""

    ca: Path
    server: Pair
    client: Pair
    wrong: Pair


def make_certificates(folder: Path) -> Certificates:
    """The certificates of a new private authority, written to the folder (made when missing, mode 0700)."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = _Authority("Nemboks simulator CA")
    stranger = _Authority("A stranger's CA")
    ca = folder / "ca.pem"
    ca.write_bytes(authority.pem)
    return Certificates(
        ca=ca,
        server=authority.issue(folder / "server", "localhost", HERE, ExtendedKeyUsageOID.SERVER_AUTH),
        client=authority.issue(folder / "client", "Recipient system", [], ExtendedKeyUsageOID.CLIENT_AUTH),
        wrong=stranger.issue(folder / "wrong", ELSEWHERE[0].value, ELSEWHERE, ExtendedKeyUsageOID.SERVER_AUTH),
    )


class _Authority:
    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        public = self._key.public_key()
        builder = _builder(self._name, self._name, public).add_extension(x509.BasicConstraints(True, 0), critical=True)
        self._cert = builder.add_extension(_usage(signs_certificates=True), critical=True).sign(
            self._key, hashes.SHA256()
        )
        self.pem = self._cert.public_bytes(serialization.Encoding.PEM)

    def issue(self, stem: Path, name: str, names: list[x509.GeneralName], purpose: x509.ObjectIdentifier) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_name(name), self._name, key.public_key())
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            # RFC 5280 4.2.1.1: verifiers that are strict (Python 3.13's default) want the authority's key id
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        pair = Pair(stem.with_suffix(".pem"), stem.with_suffix(".key"))
        pair.cert.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + self.pem)
        write_private(
            pair.key,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
        return pair


def write_private(path: Path, content: bytes) -> None:
    """Nothing; the file holds the content and only its owner can read it, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))  # clocks of test machines may be a little behind
        .not_valid_after(now + dt.timedelta(days=365 * YEARS_VALID))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
