"""A notice as a mail: plain text, our own header fields, the same bytes however often it is tried.

Promises: nothing in it can be taken for a letter. Its Message-ID belongs to the notice, so a mail server that sees it
twice can fold it. Never looks at what the notice says.
"""

from nemboks.content.plain_mail import PlainMail, digest
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
    return PlainMail(
        sender,
        address,
        language_of(notice.path),
        message.subject,
        message.text,
        notice.created_at,
        number=f"n.{_digest(notice, notice.kind, notice.number)}",
        thread=f"i.{_digest(notice)}",  # one incident, one thread
        urgent=notice.kind in (NoticeKind.STOPPED, NoticeKind.LATE),
    ).octets()


def _digest(notice: Notice, *more: object) -> str:
    return digest("nemboks notice", notice.incident, notice.path, *more)
