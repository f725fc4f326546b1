"""A mail of our own to people, as opposed to a letter: plain text and our own header fields.

Promises: nothing in it can be taken for a letter: no List-Id, no attachment. The same values give the same bytes.
Never looks at what the mail says.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from nemboks.content.coding import encode
from nemboks.content.headers import check_block, plain_field, text_field
from nemboks.content.texts import danish
from nemboks.domain.mailbox import Address


@dataclass(frozen=True, slots=True)
class PlainMail:
    """What such a mail is made from. `number` and `thread` are what stands before the @ of its ids."""

    sender: Address
    to: Address
    language: str
    subject: str
    text: str  # lines end in LF
    date: datetime
    number: str  # of the Message-ID
    thread: str  # of References: mails about one thing are one thread
    urgent: bool

    def octets(self) -> bytes:
        """The mail, CRLF-ended and 7-bit."""
        domain = self.sender.domain
        fields = [
            ("From", plain_field("From", f'"Nemboks" <{self.sender}>')),
            ("To", plain_field("To", self.to)),
            ("Subject", text_field("Subject", self.subject)),
            ("Date", plain_field("Date", format_datetime(danish(self.date).replace(microsecond=0)))),
            ("Message-ID", plain_field("Message-ID", f"<{self.number}@{domain}>")),
            ("References", plain_field("References", f"<{self.thread}@{domain}>")),
            ("Auto-Submitted", plain_field("Auto-Submitted", "auto-generated")),  # RFC 3834
            ("X-Auto-Response-Suppress", plain_field("X-Auto-Response-Suppress", "OOF, AutoReply, RN, NRN")),
            ("MIME-Version", plain_field("MIME-Version", "1.0")),
            ("Content-Type", plain_field("Content-Type", "text/plain; charset=utf-8")),
            ("Content-Transfer-Encoding", plain_field("Content-Transfer-Encoding", "base64")),
            ("Content-Language", plain_field("Content-Language", self.language)),
        ]
        if self.urgent:
            fields.append(("Importance", plain_field("Importance", "high")))
        block = b"".join(raw for _, raw in fields) + b"\r\n"
        check_block(block, [name for name, _ in fields])
        return block + encode(self.text.replace("\n", "\r\n").encode())


def digest(*facts: object) -> str:
    """32 hex digits that stand for these facts."""
    return hashlib.sha256("\0".join(map(str, facts)).encode()).hexdigest()[:32]
