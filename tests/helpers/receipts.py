"""Receipts as only a confirmation makes them, for tests of the inboxes."""

import hashlib
from datetime import UTC, datetime

from nemboks.domain.proof import Confirmation, Receipt, Reply, TlsFacts

AT = datetime(2026, 11, 21, 12, 30, 15, 123000, tzinfo=UTC)


def header_block(letter: bytes) -> bytes:
    """The letter's header up to and including the blank line."""
    head, blank, _ = letter.partition(b"\r\n\r\n")
    return head + blank


def receipt(
    upstream_id: str, letter: bytes = b"", transmission_id: str = "8d0e5a52-6b6e-4e56-9f0e-2f4b3f3f9a01"
) -> Receipt:
    tls = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", "mail.bageri.example", "00" * 32)
    confirmation = Confirmation(
        1, 1, "anna@bageri.example", "mail.bageri.example:465", Reply(250, "2.0.0", "ok"), tls, AT
    )
    header = hashlib.sha256(header_block(letter)).hexdigest()
    return Receipt(confirmation, upstream_id, transmission_id, AT, len(letter), header)
