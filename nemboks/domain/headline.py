"""What is known of a letter without its contents: the values a reader of the ledger sees.

Nothing here can bring a document back. Titles and names are personal data: they are shown to the
letter's owner and written into the mail, never into a log.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What sort of thing lies in the mailbox."""

    MEMO = "memo"  # a MeMo message with documents (DIGITAL-POST 1.3)
    NEMSMS = "nemsms"  # a MeMo without a body, meant for a phone: never mailed
    MESSAGE = "message"  # a whole RFC 5322 message from an IMAP inbox


class Role(StrEnum):
    """Which element of the MeMo a file came from; the order of the mail's attachments."""

    MAIN = "main"
    ADDITIONAL = "additional"
    TECHNICAL = "technical"


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a letter as the authority sent it; `name` is unsafe and never a path."""

    role: Role
    name: str
    media_type: str
    size: int  # bytes, decoded
    sha256: str  # of the decoded bytes, hex
    # What was noticed about its inside (content/active.py). No part of its identity: a later version may notice more.
    flags: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Reservation:
    """An appointment that the authority proposes or has booked (MeMo Reservation)."""

    uuid: str  # as sent; the same one in a later letter replaces the appointment
    description: str
    abstract: str = ""
    location: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """Something the authority asks for: pay, sign, book (MeMo Action)."""

    code: str
    label: str
    url: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    reservation: Reservation | None = None


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Where a letter that one authority passed on to us through another came from first (MeMo ForwardData)."""

    sender: str
    at: datetime | None = None  # when it was sent first


@dataclass(frozen=True, slots=True)
class Authority:
    """Who sent the letter, in its own words; the check digit of an incoming CVR is never tested."""

    name: str
    id: str
    id_type: str


@dataclass(frozen=True, slots=True)
class Headline:
    """All that the ledger keeps of a letter's inside."""

    kind: Kind
    authority: Authority
    title: str
    size: int  # bytes of the whole letter as it lies upstream
    sha256: str  # of those bytes, hex
    documents: tuple[Document, ...] = ()
    actions: tuple[Action, ...] = ()
    version: str = ""  # memoVersion
    message_uuid: str | None = None  # lower case; None for a message
    recipient_id: str | None = None  # digits only; None for a message
    recipient_type: str | None = None  # "CVR" or "CPR", upper case
    created_at: datetime | None = None
    reply: bool = False
    reply_by: datetime | None = None
    legal: bool = False  # legalNotification: court service
    mandatory: bool = False
    header_sha256: str = ""  # of a message's header block: its identity before removal
    wrap: bool = False  # a message whose body is not safe on the wire goes as one base64 .eml (D11)
    eight_bit: bool = False  # a message whose body needs 8BITMIME
    thread: str = ""  # digest of the case or conversation it belongs to; "" for none
    forwarded: Forwarded | None = None
    # What routing rules go by (MeMo AttentionData and ContentData); "" when absent, or when the letter gives several.
    p_number: str = ""  # ten digits: the workplace it is meant for
    se_number: str = ""  # eight digits: the unit that pays tax
    kle: str = ""  # subject number of the municipalities' KLE
    case_id: str = ""  # the authority's own; CPR shapes are masked
    sealed: str = ""  # all of it as it came, sealed by the ledger, where words here had CPR shapes; "" where none had


@dataclass(frozen=True, slots=True)
class Sealed:
    """Where a letter's contents lie and the wrapped key that opens them; without the key they are gone."""

    file: str
    key: str


@dataclass(frozen=True, slots=True)
class Style:
    """How the company wants its mails, as it was when the first one was made (D13)."""

    language: str = "da"
    neutral_subject: bool = False
    with_cvr: bool = False  # the address gets the post of several CVRs: the subject says whose it is
    code_phrase: str = ""
    original: bool = False
    certificate: str = ""  # PEM; "" for a plain mail
    role: str = ""  # "copy" or "fallback" for a recipient besides the primary
    removed: bool = True  # whether the letter leaves Digital Post when the mail server has it


@dataclass(frozen=True, slots=True)
class Copy:
    """What would make two copies of one mail differ, fixed before the first attempt (D13)."""

    message_id: str
    date: datetime
    seed: str  # of the MIME boundary
    upstream_id: str  # the id it was collected under; a new UIDVALIDITY changes the letter's, not the mail's
    company: str
    sender: str  # our own address at the time
    format: int = 1
    wrap: bool = False  # the server takes no 8-bit: the whole message goes as one base64 attachment
    parts: tuple[tuple[int, ...], ...] = ()  # the documents (from 0) of each mail of a split letter; (): one mail
    style: Style = Style()
    signatures: tuple[str, ...] = ()  # of each part the value of its DKIM-Signature, made once
    address: str = ""  # of the recipient that all this was made for: to another goes another mail
    after: int = 0  # the letter's attempts up to this one sent other contents, which confirms nothing of these
    before: int = 0  # the letter's uncertain ends before it was made for this address: they left nothing there

    @property
    def count(self) -> int:
        """Of how many mails the letter consists."""
        return max(1, len(self.parts))

    def makes_the_same(self, other: "Copy") -> bool:
        """Whether the mails are the same but for their signatures."""
        return replace(self, signatures=()) == replace(other, signatures=())
