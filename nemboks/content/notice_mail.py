"""A notice as a mail: plain text, our own header fields, the same bytes however often it is tried.

Promises: nothing in it can be taken for a letter: no List-Id, no attachment. Its Message-ID belongs to the notice, so
a mail server that sees it twice can fold it. Never looks at what the notice says.
"""

import hashlib
from email.utils import format_datetime

from nemboks.content.coding import encode
from nemboks.content.headers import check_block, plain_field, text_field
from nemboks.content.texts import danish
from nemboks.domain.circles import address_of, language_of
from nemboks.domain.incidents import Notice, NoticeKind
from nemboks.domain.mailbox import Address
from nemboks.ports import Message


def compose_notice(message: Message, sender: Address) -> bytes:
    """The mail's octets, CRLF-ended and 7-bit. ValueError for a notice whose path is no address."""
    notice = message.notice
    address = address_of(notice.path)
    if address is None:
        raise ValueError("the notice does not go by mail")
    domain = sender.domain
    fields = [
        ("From", plain_field("From", f'"Nemboks" <{sender}>')),
        ("To", plain_field("To", address)),
        ("Subject", text_field("Subject", message.subject)),
        ("Date", plain_field("Date", format_datetime(danish(notice.created_at).replace(microsecond=0)))),
        ("Message-ID", plain_field("Message-ID", f"<n.{_digest(notice, notice.kind, notice.number)}@{domain}>")),
        ("References", plain_field("References", f"<i.{_digest(notice)}@{domain}>")),  # one incident, one thread
        ("Auto-Submitted", plain_field("Auto-Submitted", "auto-generated")),  # RFC 3834
        ("X-Auto-Response-Suppress", plain_field("X-Auto-Response-Suppress", "OOF, AutoReply, RN, NRN")),
        ("MIME-Version", plain_field("MIME-Version", "1.0")),
        ("Content-Type", plain_field("Content-Type", "text/plain; charset=utf-8")),
        ("Content-Transfer-Encoding", plain_field("Content-Transfer-Encoding", "base64")),
        ("Content-Language", plain_field("Content-Language", language_of(notice.path))),
    ]
    if notice.kind in (NoticeKind.STOPPED, NoticeKind.LATE):
        fields.append(("Importance", plain_field("Importance", "high")))
    block = b"".join(raw for _, raw in fields) + b"\r\n"
    check_block(block, [name for name, _ in fields])
    return block + encode(message.text.replace("\n", "\r\n").encode())


def _digest(notice: Notice, *more: object) -> str:
    facts = (notice.incident, notice.path, *more)
    return hashlib.sha256("\0".join(("nemboks notice", *map(str, facts))).encode()).hexdigest()[:32]
