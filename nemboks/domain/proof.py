"""What happened in an attempt, and what it proves.

The chain of types is the promise: a Receipt can only be made from Confirmations, and a Confirmation only from an
attempt that went over verified TLS and whose letter the company's own side answered for (D8). There is no other way
to make either.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

SAFE_TLS = ("TLSv1.2", "TLSv1.3")


class Way(StrEnum):
    """By whose hands a letter goes (D8); it decides what the 2yz at the dot means."""

    OWN_SERVER = "own-server"  # the named server is the recipient's own: its 2yz confirms
    DIRECT = "direct"  # the recipient domain's own MX, likewise
    RELAY = "relay"  # a smart host: its 2yz is a hand-over


class Evidence(StrEnum):
    """What a confirmation rests on, from strong to weak."""

    FINAL = "final"  # the company's own server, or its domain's MX, said 2yz at the dot
    DSN = "dsn"  # a delivery status notification with `Action: delivered` (RFC 3464 2.3.3)
    LANDING = "landing"  # the mail was seen in the mailbox
    RELAY = "relay"  # a relay's 2yz, because the owner lowered the rung knowingly


class Level(IntEnum):
    """How a server's name was vouched for before its certificate was checked; never falls for a domain once seen."""

    UNSIGNED_MX = 1  # PKIX for a name that came from unsigned DNS
    MTA_STS = 2  # … and that the domain's MTA-STS policy names (RFC 8461)
    DANE = 3  # a TLSA record from a validating resolver (RFC 7672)
    CONFIGURED = 4  # PKIX for a name that a person wrote into the settings


class Stage(IntEnum):
    """How far an attempt came; a Report names the stage in which it ended."""

    LOOKUP = 0  # where the domain's mail goes
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
    level: Level = Level.CONFIGURED


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
    way: Way = Way.OWN_SERVER
    trusted: bool = False  # a relay whose 2yz the owner takes for a confirmation, knowingly
    limit: int = 0  # bytes of the largest mail the server takes, as it announced; 0: it said nothing


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The company's side has one part of a letter (D8, RFC 5321 4.1.1.4). ValueError for anything less.

    `reply` is the 2yz at the dot; of a delivery status notification its status, and of a landing our own finding.
    """

    letter: int
    attempt: int  # 0: of a fallback's, which the owner lets decide
    address: str
    server: str
    reply: Reply
    tls: TlsFacts  # of the attempt that sent it
    at: datetime
    part: int = 1
    evidence: Evidence = Evidence.FINAL

    def __post_init__(self) -> None:
        if not 200 <= self.reply.code <= 299:
            raise ValueError(f"{self.reply.code} is no confirmation")
        if self.tls.version not in SAFE_TLS or not self.tls.verified_name:
            raise ValueError("a confirmation needs verified TLS 1.2 or newer")


def at_address(proofs: tuple[Confirmation, ...], address: str) -> tuple[Confirmation, ...]:
    """The parts' confirmations if all parts went to this address, else none: nobody is left with half a letter."""
    return proofs if all(proof.address == address for proof in proofs) else ()


def among(proofs: Iterable[Confirmation], part: int, attempt: int) -> bool:
    """Whether one of them is of this part, sent by this attempt."""
    return any((proof.part, proof.attempt) == (part, attempt) for proof in proofs)


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
