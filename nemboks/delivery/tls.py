"""Verified TLS to a mail server, or none at all.

Promises: at least TLS 1.2, and either a certificate that chains to the given authorities and carries the server's
name (PKIX), or one that the domain itself published by DANE. There is no switch that weakens this.
"""

import hashlib
import ssl
from collections.abc import Callable
from pathlib import Path

from nemboks.domain.proof import SAFE_TLS, Level, TlsFacts


class UnsafeTls(Exception):
    """The connection is not what we asked for; nothing more may be written to it."""


def make_context(ca_file: Path | None, dane: bool = False) -> ssl.SSLContext:
    """The rules for one server: its own authorities, or the system's. OSError if the file cannot be read.

    With `dane` neither authorities nor names count (RFC 7672 3.1.1): `verified_facts` then asks the verifier.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if dane else ssl.create_default_context(cafile=ca_file)
    if dane:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.hostname_checks_common_name = False  # RFC 6125 6.4.4: a name is a subjectAltName
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    return context


def verified_facts(
    connection: ssl.SSLObject | None,
    level: Level = Level.CONFIGURED,
    dane: Callable[[bytes], bool] | None = None,
) -> TlsFacts:
    """What was verified on a connection. Raises UnsafeTls unless everything was.

    The context should make that impossible; this looks at the connection itself, because all else rests on it.
    """
    certificate = connection and connection.getpeercert(binary_form=True)
    cipher = connection and connection.cipher()
    if connection is None or not certificate or not cipher:
        raise UnsafeTls("the connection is not encrypted")
    if connection.version() not in SAFE_TLS:
        raise UnsafeTls(f"{connection.version()} is too old")
    context, name = connection.context, connection.server_hostname
    if dane is not None:
        if not name or dane(certificate) is not True:
            raise UnsafeTls("the certificate is not the one that the domain published (TLSA)")
    elif context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname or not name:
        raise UnsafeTls("the certificate was not checked")
    digest = hashlib.sha256(certificate).hexdigest()
    return TlsFacts(str(connection.version()), cipher[0], str(name), digest, level)


def describe(error: ssl.SSLError) -> str:
    """Why TLS failed, in words for people."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate was not accepted: {error.verify_message}"
    return f"TLS failed: {(error.reason or 'no reason given').replace('_', ' ').lower()}"
