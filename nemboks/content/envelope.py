"""The mail's own header fields, from what the ledger knows (UX.md 9, format contract v1).

Promises: the same inputs give the same octets; every stranger's word goes through headers.py; no CPR shape stands in
a header. Never judges: what is missing in the letter is missing in the mail.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from nemboks.content.deadline import URGENT, days_to, deadline_of
from nemboks.content.headers import author_field, list_field, plain_field, text_field
from nemboks.content.texts import clean, danish, utc_words
from nemboks.content.wording import Wording, wording
from nemboks.domain.headline import Copy, Document, Headline
from nemboks.domain.mailbox import Address, Cvr

_LINE = 500  # characters of a name
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

Fields = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Envelope:
    """Whose letter it is, where its mail goes, and which part of it this mail is, from 1."""

    reference: str
    cvr: Cvr
    company: str
    address: Address
    sender: Address
    available_at: datetime
    upstream_id: str
    not_before: datetime | None = None
    part: int = 1

    @property
    def domain(self) -> str:
        """Ours: the sender's."""
        return self.sender.partition("@")[2]


def message_id_for(cvr: Cvr, upstream_id: str, sender_domain: str, key: bytes = b"") -> str:
    """`<hex32.1@domain>`: the same letter always gets the same Message-ID, so copies fold. 1 is the part.

    `key`: ours, so that who knows the letter's number cannot put a mail into the inbox that looks like its arrival.
    """
    digest = _digest("message-id", cvr, upstream_id)
    if key:
        digest = hmac.new(key, digest, hashlib.sha256).digest()
    return f"<{digest.hex()[:32]}.1@{sender_domain}>"


def message_id_of(copy: Copy, part: int) -> str:
    """The Message-ID of one mail of a letter, from 1; what a landing check looks for.

    A message that came with a Message-ID of its own keeps that instead.
    """
    local, _, domain = copy.message_id.rpartition("@")
    return copy.message_id if part == 1 else f"{local.removesuffix('.1')}.{part}@{domain}"


def reference_for(cvr: Cvr, upstream_id: str) -> str:
    """`7F3K-92QD`: what a person reads out on the telephone (Crockford's base 32: no I, L, O, U)."""
    number = int.from_bytes(_digest("reference", cvr, upstream_id)[:5], "big")
    signs = "".join(_CROCKFORD[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{signs[:4]}-{signs[4:]}"


def route_fields(headline: Headline, copy: Copy, envelope: Envelope, subject: bytes) -> Fields:
    """From, To, Subject, List-Id, thread and the two that keep automatic answers away: ours on every mail."""
    cvr, name = envelope.cvr, authority_words(headline, wording(copy.style.language))
    fields = [
        ("From", author_field("From", name, envelope.sender)),
        ("To", plain_field("To", envelope.address)),
        ("Subject", subject),
        ("List-Id", plain_field("List-Id", f"Digital Post CVR {cvr} <{cvr}.dp.{envelope.domain}>")),
        ("Auto-Submitted", plain_field("Auto-Submitted", "auto-generated")),  # RFC 3834
        ("X-Auto-Response-Suppress", plain_field("X-Auto-Response-Suppress", "OOF, AutoReply, RN, NRN")),
    ]
    if headline.legal or _is_urgent(headline, copy):
        fields.append(("Importance", plain_field("Importance", "high")))
    if headline.thread:
        thread = _thread_id(headline, envelope)
        fields += [(name, plain_field(name, thread)) for name in ("In-Reply-To", "References")]
    return fields


def copy_fields(copy: Copy, part: int) -> Fields:
    """Date, in Danish time, and Message-ID: fixed on the row before the first attempt (D13)."""
    return [
        ("Date", plain_field("Date", format_datetime(danish(copy.date).replace(microsecond=0)))),
        ("Message-ID", plain_field("Message-ID", message_id_of(copy, part))),
    ]


def nemboks_fields(headline: Headline, copy: Copy, envelope: Envelope, documents: Sequence[Document] | None) -> Fields:
    """The Nemboks-* fields, for machines. `documents`: those of the letter that this mail carries, in order.

    None: outside an encrypted mail, where nothing is told of the letter's inside.
    """
    authority = headline.authority
    fields = [("Nemboks-Letter", _id_field(envelope.upstream_id)), _nemboks("Cvr", envelope.cvr)]
    if authority.id_type == "CVR" and re.fullmatch("[0-9]{8}", authority.id):
        fields.append(_nemboks("Sender-Cvr", authority.id))
    fields.append(_nemboks("Available", utc_words(envelope.available_at)))
    if documents is not None:
        fields += _telling_fields(headline, copy, documents)
    if copy.count > 1:
        fields.append(_nemboks("Part", f"{envelope.part}/{copy.count}"))
    return [*fields, _nemboks("Format", str(copy.format))]


def _telling_fields(headline: Headline, copy: Copy, documents: Sequence[Document]) -> Fields:
    """Those that tell of the letter's inside."""
    fields: Fields = []
    if deadline := deadline_of(headline, copy.date):
        fields.append(_nemboks("Deadline", utc_words(deadline)))
    if classes := [name for name, is_so in (("legal", headline.legal), ("mandatory", headline.mandatory)) if is_so]:
        fields.append(_nemboks("Class", ", ".join(classes)))
    if documents:
        digests = [f"sha256={document.sha256}" for document in documents]
        fields.append(("Nemboks-Docs", list_field("Nemboks-Docs", digests)))
    return fields


def authority_words(headline: Headline, words: Wording) -> str:
    """The authority's name, or what we know instead of it; a person's number is never that."""
    authority = headline.authority
    if name := clean(authority.name, _LINE):
        return name
    if authority.id and authority.id_type in ("CVR", "EMAIL"):
        return f"CVR {authority.id}" if authority.id_type == "CVR" else authority.id
    return words.unknown_sender


def appointment_id(headline: Headline, envelope: Envelope, which: str) -> str:
    """The UID of an appointment: the same for every copy, and for a later letter that moves it (RFC 5545 3.8.4.7).

    `which`: the reservation's own id, or else its place in this letter.
    """
    digest = _digest("appointment", envelope.cvr, f"{headline.authority.id}\0{which}")
    return f"{digest.hex()[:32]}@{envelope.domain}"


def _is_urgent(headline: Headline, copy: Copy) -> bool:
    deadline = deadline_of(headline, copy.date)
    return deadline is not None and 0 <= days_to(deadline, copy.date) <= URGENT


def _thread_id(headline: Headline, envelope: Envelope) -> str:
    # A message that never was: readers file all that answer it together, also when the first of them is lost.
    digest = _digest("thread", envelope.cvr, f"{headline.authority.id}\0{headline.thread}")
    return f"<t.{digest.hex()[:32]}@{envelope.domain}>"


def _id_field(upstream_id: str) -> bytes:
    # Not masked: half of a UUID may have a CPR number's shape, and machines look the letter up by it.
    if re.fullmatch(r"[A-Za-z0-9._:-]{1,255}", upstream_id):
        return plain_field("Nemboks-Letter", upstream_id)
    return text_field("Nemboks-Letter", upstream_id, 255)


def _nemboks(name: str, value: str) -> tuple[str, bytes]:
    return f"Nemboks-{name}", plain_field(f"Nemboks-{name}", value)


def _digest(purpose: str, cvr: Cvr, words: str) -> bytes:
    return hashlib.sha256("\0".join(("nemboks", purpose, cvr, words)).encode("utf-8", "replace")).digest()
