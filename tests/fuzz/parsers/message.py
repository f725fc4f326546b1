"""A letter from an IMAP inbox (RFC 5322), and the mail that is made of it (SECURITY.md 3, threats 16 and 17).

Only a message without an octet is unreadable. What is safe on the wire goes on with its own body, octet for octet,
under a header of ours in which every field stands once; everything else arrives whole, as one file.
"""

import hashlib
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

from nemboks.content.errors import Unreadable
from nemboks.content.message import MessageReader
from nemboks.domain.headline import Headline
from tests.content.mails import NAMES
from tests.content.memos import mail_of, seen_of, writer
from tests.fuzz.parsers.words import is_one_line, names_somebody

OUTCOMES = frozenset({"as it is", "as a file", "unreadable"})
LONGEST = 8_192
WORDS = tuple(
    b"From: |Subject: |Date: |Message-ID: |MIME-Version: 1.0\r\n|Content-Type: |Content-Transfer-Encoding: |Bcc: x@y\r"
    b"|=?utf-8?B?|=?utf-8?Q?|=?unicode_escape?Q?|=?idna?Q?|?=|\r\n\r\n|\r\n.\r\n|\n.\n|\r|\0|<a@b.example>|\xc3\xa5|\xff|"
    b"text/html|multipart/mixed; boundary=|Sat, 21 Nov 2026 14:05:12 +0100|010101-0000|\r\n\t| (".split(b"|")
)
_OURS = frozenset(name.lower() for name in NAMES) | {"nemboks-sender-cvr"}


def check(octets: bytes) -> str:
    """ "as it is", "as a file" or "unreadable"."""
    headline = _read(octets, len(octets) or 1)
    assert headline == _read(octets, 7), "the result depends on how the octets were cut"
    if headline is None:
        assert not octets
        return "unreadable"
    assert (headline.size, headline.sha256) == (len(octets), hashlib.sha256(octets).hexdigest())
    assert is_one_line(headline.title) and is_one_line(headline.authority.name) and is_one_line(headline.authority.id)
    mail = writer(headline, seen=seen_of(octets, headline))
    made = mail_of(octets, mail)
    assert len(made) == mail.size and (made.isascii() or mail.eight_bit)
    assert not any(b"\r" in line or b"\n" in line or len(line) > 998 for line in made.split(b"\r\n"))
    head, _, body = made.partition(b"\r\n\r\n")
    _header(head)
    if headline.wrap:
        message = cast(EmailMessage, message_from_bytes(made, policy=policy.default))
        assert [part.get_payload(decode=True) for part in message.iter_attachments()] == [octets]
        return "as a file"
    assert octets.endswith(body) and octets[: len(octets) - len(body)].endswith((b"\n\r\n", b"\n\n", b"\r\n"))
    return "as it is"


def _read(octets: bytes, step: int) -> Headline | None:
    reader = MessageReader()
    for at in range(0, len(octets), step):
        reader.feed(octets[at : at + step])
    try:
        return reader.close()
    except Unreadable:
        return None


def _header(head: bytes) -> None:
    """Every field once, and none but ours and those that say what the body is."""
    lines = [line for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    names = [line.partition(b":")[0].decode("ascii").lower() for line in lines]
    assert len(names) == len(set(names)), names
    assert {name for name in names if not name.startswith("content-")} <= _OURS, names
    message = message_from_bytes(head + b"\r\n\r\n", policy=policy.default)
    assert not names_somebody(str(message["Subject"])) and not names_somebody(str(message["From"]))
