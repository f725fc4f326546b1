"""What happened in an attempt, and what it proves.

The chain of types is the promise: a Receipt can only be made from a Confirmation, and a Confirmation only from
an attempt whose dot was answered with 2yz over verified TLS. There is no other way to make either.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

SAFE_TLS = ("TLSv1.2", "TLSv1.3")


class Stage(IntEnum):
    """How far an attempt came; a Report names the stage in which it ended."""

    CONNECT = 1
    TLS = 2
    GREETING = 3
    LOGIN = 4
    MAIL = 5
    RCPT = 6
    DATA = 7
    BODY = 8
    DOT = 9  # the dot may have been written: without a reply, nobody knows


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail server's well-formed reply (RFC 5321 4.2); `text` is capped and redacted."""

    code: int
    enhanced: str  # RFC 3463, "" when the server gave none
    text: str

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.code), self.enhanced, self.text)))


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What was verified before the first byte of MAIL."""

    version: str
    cipher: str
    verified_name: str  # the name that the certificate was checked against
    certificate_sha256: str  # of the DER, hex


@dataclass(frozen=True, slots=True)
class Report:
    """What happened in one attempt. Never judges: that is verdict.py's work.

    `reply` is None when the stage ended without a readable one; `words` then says what was seen instead.
    """

    stage: Stage
    server: str  # "host:port"
    reply: Reply | None = None
    tls: TlsFacts | None = None
    words: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The company's own mail server said 2yz at the dot (D8, RFC 5321 4.1.1.4). ValueError for anything less."""

    letter: int
    attempt: int
    address: str
    server: str
    reply: Reply
    tls: TlsFacts
    at: datetime

    def __post_init__(self) -> None:
        if not 200 <= self.reply.code <= 299:
            raise ValueError(f"{self.reply.code} is no confirmation")
        if self.tls.version not in SAFE_TLS or not self.tls.verified_name:
            raise ValueError("a confirmation needs verified TLS 1.2 or newer")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What we tell Digital Post: COMPLETED, with one transmissionId per letter. Only a Confirmation makes one."""

    confirmation: Confirmation
    upstream_id: str
    transmission_id: str
    at: datetime
    size: int  # bytes of the letter upstream: with the header's digest its identity before an IMAP removal
    header_sha256: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.confirmation, Confirmation):
            raise TypeError("a receipt is made from a Confirmation")
