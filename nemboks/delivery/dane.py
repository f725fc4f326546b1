"""Compares a mail server's certificate with what its domain says in the DNS (DANE: RFC 6698, RFC 7671, RFC 7672).

Only DANE-EE (usage 3) is used: the record vouches for the certificate itself, so its name and its dates do not matter
(RFC 7672 3.1.1). DANE-TA (usage 2) needs the whole chain, which Python before 3.13 shows only by private attributes:
such records count as unusable, and then more is demanded than RFC 7672 2.2 asks for, a certificate that verifies.
Never does: believe a record that did not come from a validating resolver; its callers ask only for `secure` ones.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509

DANE_EE = 3
_DIGESTS = {1: ("sha256", 32), 2: ("sha512", 64)}


@dataclass(frozen=True, slots=True, order=True)
class Tlsa:
    """One TLSA record (RFC 6698 2.1)."""

    usage: int
    selector: int  # 0: the whole certificate, 1: its public key
    matching: int  # 0: itself, 1: its SHA-256, 2: its SHA-512
    data: bytes


def usable(records: Iterable[Tlsa]) -> tuple[Tlsa, ...]:
    """Those that can be compared with a certificate: DANE-EE, of known shape."""
    return tuple(
        record for record in records if record.usage == DANE_EE and record.selector in (0, 1) and _fits(record)
    )


def matches(records: Iterable[Tlsa], der: bytes) -> bool:
    """Whether one usable record vouches for the certificate. False for what is no certificate."""
    try:
        parts = (der, public_key_info(der))
    except ValueError:
        return False
    return any(_digest(record.matching, parts[record.selector]) == record.data for record in usable(records))


def public_key_info(der: bytes) -> bytes:
    """The certificate's SubjectPublicKeyInfo as it stands there (RFC 5280 4.1). ValueError if there is none."""
    inner = x509.load_der_x509_certificate(der).tbs_certificate_bytes
    _, at, _ = _element(inner, 0)
    if inner[at] == 0xA0:  # the version, which may be absent
        at = _element(inner, at)[2]
    for _ in range(5):  # serial number, algorithm, issuer, validity, subject
        at = _element(inner, at)[2]
    return inner[at : _element(inner, at)[2]]


def _fits(record: Tlsa) -> bool:
    if record.matching == 0:
        return bool(record.data)
    return record.matching in _DIGESTS and len(record.data) == _DIGESTS[record.matching][1]


def _digest(matching: int, part: bytes) -> bytes:
    return hashlib.new(_DIGESTS[matching][0], part).digest() if matching else part


def _element(data: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start of the contents and end of the DER element at this place."""
    tag, length, start = data[at], data[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(data[start : start + size]), start + size
    return tag, start, start + length
