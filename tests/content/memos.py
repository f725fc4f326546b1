"""Invented letters: a small builder of MeMos, and what a mail of one needs besides."""

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from nemboks.content.compose import MailWriter, Preread, Seen, compose, message_id_for, reference_for
from nemboks.content.memo import MemoReader
from nemboks.domain.headline import Copy, Headline
from nemboks.domain.mailbox import Address, Cvr

UUID = "8C2EA15D-61FB-4BA9-9366-42F8B194C114"
CVR = Cvr("12345678")
ID = UUID.lower()


@dataclass
class File:
    """One file of a letter."""

    data: bytes = b"%PDF-1.7 invented"
    name: str = "Årsopgørelse 2026.pdf"
    media_type: str = "application/pdf"
    language: str = "da"
    content: str | None = None  # instead of the data's base64
    role: str = "MainDocument"
    actions: str = ""

    def xml(self) -> str:
        content = base64.b64encode(self.data).decode() if self.content is None else self.content
        return (
            f"<memo:{self.role}><memo:File><memo:encodingFormat>{escape(self.media_type)}</memo:encodingFormat>"
            f"<memo:filename>{escape(self.name)}</memo:filename><memo:language>{self.language}</memo:language>"
            f"<memo:content>{content}</memo:content></memo:File>{self.actions}</memo:{self.role}>"
        )


@dataclass
class Memo:
    """A letter with a sensible value for everything; tests change what they are about."""

    title: str = "Årsopgørelse 2026"
    authority: str = "Skattestyrelsen"
    sender_id: str = "87654321"
    recipient_id: str = str(CVR)
    recipient_type: str = "CVR"
    kind: str = "DIGITALPOST"
    uuid: str = UUID
    version: str = "1.1"
    attributes: str = ' memoSchVersion="1.1.0"'
    extra: str = ""  # between label and mandatory, where reply and replyByDateTime stand
    tail: str = ""  # after the recipient: ContentData, ForwardData, ReplyData
    legal: str = "false"
    mandatory: str = "false"
    created: str = "2026-11-21T13:05:00Z"
    files: list[File] = field(default_factory=lambda: [File()])
    head: str = '<?xml version="1.0" encoding="UTF-8"?>'
    inside: str = ""

    def text(self) -> str:
        body = "".join(file.xml() for file in self.files)
        if body or self.created:
            created = f"<memo:createdDateTime>{self.created}</memo:createdDateTime>" if self.created else ""
            body = f"<memo:MessageBody>{created}{body}</memo:MessageBody>"
        return (
            f'{self.head}<memo:Message xmlns:memo="https://DigitalPost.dk/MeMo-1" memoVersion={quoteattr(self.version)}'
            f"{self.attributes}><memo:MessageHeader><memo:messageType>{self.kind}</memo:messageType>"
            f"<memo:messageUUID>{self.uuid}</memo:messageUUID><memo:label>{escape(self.title)}</memo:label>"
            f"{self.extra}<memo:mandatory>{self.mandatory}</memo:mandatory>"
            f"<memo:legalNotification>{self.legal}</memo:legalNotification>"
            f"<memo:Sender><memo:senderID>{self.sender_id}</memo:senderID><memo:idType>CVR</memo:idType>"
            f"<memo:label>{escape(self.authority)}</memo:label></memo:Sender>"
            f"<memo:Recipient><memo:recipientID>{self.recipient_id}</memo:recipientID>"
            f"<memo:idType>{self.recipient_type}</memo:idType></memo:Recipient>"
            f"{self.tail}</memo:MessageHeader>{self.inside}{body}</memo:Message>"
        )

    def xml(self) -> bytes:
        return self.text().encode()


def action(label: str = "Betal", code: str = "BETALING", inside: str = "") -> str:
    """An Action element."""
    return (
        f"<memo:Action><memo:label>{escape(label)}</memo:label>"
        f"<memo:actionCode>{code}</memo:actionCode>{inside}</memo:Action>"
    )


def reservation(location: str = "Rådhuset, lokale 3", uuid: str = UUID, start: str = "2026-12-01T09:00:00Z") -> str:
    """A Reservation element: an hour's meeting."""
    return (
        f"<memo:Reservation><memo:description>Samtale om regnskabet</memo:description>"
        f"<memo:reservationUUID>{uuid}</memo:reservationUUID><memo:abstract>Tag bilag med</memo:abstract>"
        f"<memo:location>{escape(location)}</memo:location><memo:startDateTime>{start}</memo:startDateTime>"
        f"<memo:endDateTime>2026-12-01T10:00:00Z</memo:endDateTime></memo:Reservation>"
    )


def case(number: str) -> str:
    """A ContentData element that names a case."""
    return (
        f"<memo:ContentData><memo:CaseID><memo:caseID>{escape(number)}</memo:caseID>"
        f"<memo:caseSystem>ESDH</memo:caseSystem></memo:CaseID></memo:ContentData>"
    )


def entry(url: str) -> str:
    """An EntryPoint element."""
    return f"<memo:EntryPoint><memo:url>{escape(url)}</memo:url></memo:EntryPoint>"


def read(raw: bytes) -> Headline:
    """The headline of a MeMo fed in one piece."""
    reader = MemoReader()
    reader.feed(raw)
    return reader.close()


COPY = Copy(
    message_id=message_id_for(CVR, ID, "nemboks.example"),
    date=datetime(2026, 11, 21, 13, 5, 12, tzinfo=UTC),
    seed="0123456789abcdef0123456789abcdef",
    upstream_id=ID,
    company="Eksempel ApS",
    sender="post@nemboks.example",
)


GIVEN: dict[str, Any] = {
    "reference": reference_for(CVR, ID),
    "cvr": CVR,
    "company": "Eksempel ApS",
    "address": Address("post@eksempel.example"),
    "sender": Address("post@nemboks.example"),
    "available_at": datetime(2026, 11, 21, 13, 5, tzinfo=UTC),
    "upstream_id": ID,
}


def writer(headline: Headline, copy: Copy = COPY, **changes: Any) -> MailWriter:
    """The writer of a letter's mail to an invented company."""
    return compose(headline, copy, **(GIVEN | changes))


def seen_of(raw: bytes, headline: Headline, copy: Copy = COPY, step: int = 1 << 18) -> Seen:
    """What is read ahead of the letter."""
    ahead = Preread(headline, copy)
    for at in range(0, len(raw), step):
        if ahead.wanted and not ahead.done:
            ahead.feed(raw[at : at + step])
    return ahead.seen()


def mail_of(raw: bytes, mail: MailWriter, step: int = 1 << 18) -> bytes:
    """The whole mail, the stored letter fed in pieces of `step`, as often as the writer wants."""
    pieces = [mail.head()]
    for number in range(mail.passes):
        pieces += [mail.turn()] if number else []
        pieces += [mail.feed(raw[at : at + step]) for at in range(0, len(raw), step)]
    return b"".join([*pieces, mail.close()])


def sha256(data: bytes) -> str:
    """Hex."""
    return hashlib.sha256(data).hexdigest()
