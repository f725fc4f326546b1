"""The TLS rules of a connection to Digital Post: who we are (OCES function certificate) and whom we trust.

Never does: ask for a passphrase. A daemon has nobody to ask, so a key behind one is told as unusable.
"""

import ssl
from pathlib import Path
from typing import Final

_ENCRYPTED: Final = b"ENCRYPTED"  # in the label or the header of a PEM key (RFC 7468 11; RFC 1421 4.6.1.1)


class CertificateUnusable(Exception):
    """A certificate or key file cannot be used; the message names it and says what to do."""


def trusted_context(ca_file: Path | None) -> ssl.SSLContext:
    """At least TLS 1.2 and the given authorities, or the system's. Raises CertificateUnusable."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError as error:
        raise CertificateUnusable(f"{ca_file} holds no certificate (PEM)") from error
    except OSError as error:
        raise CertificateUnusable(f"{ca_file} cannot be read ({error.strerror})") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def identified_context(ca_file: Path | None, certificate: Path, key: Path) -> ssl.SSLContext:
    """As above, and with what proves who we are. Raises CertificateUnusable."""
    context = trusted_context(ca_file)
    _certificate_of(certificate)
    secret = _read(key)
    try:
        context.load_cert_chain(certificate, key, password="")  # "": OpenSSL would ask the terminal
    except ssl.SSLError as error:
        raise CertificateUnusable(_why(error, certificate, key, secret)) from error
    return context


def _certificate_of(file: Path) -> None:
    _read(file)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except ssl.SSLError as error:
        raise CertificateUnusable(f"{file} holds no certificate (PEM)") from error


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CertificateUnusable(f"{file} cannot be read ({error.strerror})") from error


def _why(error: ssl.SSLError, certificate: Path, key: Path, secret: bytes) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"{key} is not the key of the certificate in {certificate}"
    if _ENCRYPTED in secret:
        return f"{key} is protected by a passphrase, and nobody is there to type it: write it without one"
    return f"{key} holds no private key that can be used with {certificate} (PEM)"
