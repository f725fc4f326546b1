"""The TLS rules of connections, made from the settings' files: whom we trust, and who we are (OCES certificate).

Promises: a file that cannot be used is named with what is wrong with it, before anything is written to a socket.
Never does: ask for a passphrase, or wait for a file. A daemon has nobody to ask.
"""

import re
import ssl
from pathlib import Path
from typing import Final

MOST: Final = 4 << 20  # octets; a system's whole list of authorities is a quarter of one MB
# RFC 7468 11, and the header of RFC 1421 4.6.1.1 that OpenSSL wrote before.
_PROTECTED: Final = re.compile(rb"-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED", re.MULTILINE)
# The first of the file's certificates is not the one that the key belongs to.
_ANOTHERS: Final = frozenset({"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"})


class TlsFileUnusable(Exception):
    """A file cannot be used; the message names it and says what is wrong. `file`: which."""

    def __init__(self, file: Path, words: str) -> None:
        super().__init__(f"{file} {words}")
        self.file = file


def trusted_context(ca_file: Path | None) -> ssl.SSLContext:
    """At least TLS 1.2 and the given authorities, or the system's. Raises TlsFileUnusable."""
    if ca_file is None:
        context = ssl.create_default_context()
    else:
        read(ca_file)
        try:
            context = ssl.create_default_context(cafile=ca_file)
        except OSError as error:  # ssl.SSLError is one; so is a file that was replaced just now
            raise TlsFileUnusable(ca_file, "holds no certificate (PEM)") from error
        if not context.cert_store_stats()["x509"]:  # only revocation lists
            raise TlsFileUnusable(ca_file, "holds no certificate (PEM)")
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def identified_context(ca_file: Path | None, certificate: Path, key: Path) -> ssl.SSLContext:
    """As above, and with what proves who we are. Raises TlsFileUnusable."""
    context = trusted_context(ca_file)
    trusted_context(certificate)  # whether it holds any
    secret = read(key)
    try:
        context.load_cert_chain(certificate, key, password="")  # "": OpenSSL would ask the terminal
    except OSError as error:
        raise _why(error, certificate, key, secret) from error
    return context


def read(file: Path) -> bytes:
    """What an ordinary file of bearable size holds. Raises TlsFileUnusable."""
    try:
        if not file.is_file() and file.exists():  # a pipe would be waited for
            raise TlsFileUnusable(file, "is no ordinary file")
        if file.stat().st_size > MOST:
            raise TlsFileUnusable(file, f"is larger than {MOST >> 20} MB")
        return file.read_bytes()
    except OSError as error:
        raise TlsFileUnusable(file, f"cannot be read ({error.strerror})") from error


def _why(error: OSError, certificate: Path, key: Path, secret: bytes) -> TlsFileUnusable:
    said = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    if said in _ANOTHERS:
        return TlsFileUnusable(key, f"is not the key of the first certificate in {certificate}")
    if _PROTECTED.search(secret):
        return TlsFileUnusable(key, "is protected by a passphrase, and nobody is there to type it: write it without")
    if said:
        reason = said.replace("_", " ").lower()
        return TlsFileUnusable(certificate, f"and {key} cannot be used together: {reason}")
    return TlsFileUnusable(key, "holds no private key (PEM)")
