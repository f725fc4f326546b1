"""DANE: a certificate that the domain itself published."""

import hashlib
import ssl
import subprocess

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from nemboks.delivery.dane import Tlsa, matches, public_key_info, usable

SHA256, SHA512 = 32 * b"\x01", 64 * b"\x01"


@pytest.fixture(scope="module", params=[trustme.KeyType.ECDSA, trustme.KeyType.RSA], ids=["ecdsa", "rsa"])
def der(request) -> bytes:
    """A certificate."""
    leaf = trustme.CA(key_type=request.param).issue_cert("mx.bakery.example", key_type=request.param)
    return ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())


def test_the_public_key_is_cut_out_as_it_stands(der):
    """Our own cut is what the library writes, and what openssl shows."""
    key = x509.load_der_x509_certificate(der).public_key()
    shown = subprocess.run(
        "openssl x509 -inform DER -noout -pubkey | openssl pkey -pubin -outform DER",
        shell=True, input=der, capture_output=True, check=True,
    ).stdout  # fmt: skip

    written = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    assert written == public_key_info(der) == shown


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching", [0, 1, 2])
def test_each_kind_of_record(der, selector, matching):
    """Certificate or key, whole or as a digest: the right one matches, a changed one does not."""
    part = der if selector == 0 else public_key_info(der)
    data = {0: part, 1: hashlib.sha256(part).digest(), 2: hashlib.sha512(part).digest()}[matching]

    assert matches([Tlsa(3, selector, matching, data)], der)
    assert matches([Tlsa(3, 1, 1, SHA256), Tlsa(3, selector, matching, data)], der)
    assert not matches([Tlsa(3, selector, matching, bytes([data[0] ^ 1]) + data[1:])], der)
    assert not matches([Tlsa(3, 1 - selector, matching, data)], der)


@pytest.mark.parametrize("usage", [0, 1, 2, 4, 255])
def test_other_usages_never_match(der, usage):
    """Records about authorities (2) cannot be checked here, and 0 and 1 are not for mail (RFC 7672 3.1.3)."""
    record = Tlsa(usage, 0, 1, hashlib.sha256(der).digest())

    assert usable([record]) == ()
    assert not matches([record], der)


@pytest.mark.parametrize(
    "record",
    [Tlsa(3, 2, 1, SHA256), Tlsa(3, 1, 3, SHA256), Tlsa(3, 1, 1, SHA512), Tlsa(3, 1, 2, SHA256), Tlsa(3, 0, 0, b"")],
)
def test_records_of_another_shape_are_unusable(record):
    """Unknown selectors and digests, and digests of the wrong length, count as no record."""
    assert usable([record]) == ()
    assert usable([record, Tlsa(3, 1, 1, SHA256)]) == (Tlsa(3, 1, 1, SHA256),)


@given(st.binary())
def test_no_certificate_never_matches(data):
    """Whatever bytes come in place of a certificate, nothing matches."""
    assert not matches([Tlsa(3, 0, 0, data or b"x"), Tlsa(3, 1, 1, hashlib.sha256(data).digest())], data)
