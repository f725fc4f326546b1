"""A letter from Digital Post, and the mail that is made of it (SECURITY.md 3, threats 16 to 22).

A letter is read or Unreadable. Of one that is read: size, digest and files are those of its octets, its words fit one
line, and its mail is one message of ours whose attachments are the letter's files and whose headers name no CPR number.
An input that begins with an octet 1 is no XML but the fields of a letter, with NULs between them.
"""

import hashlib
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from nemboks.content.errors import Unreadable
from nemboks.content.memo import FIELD, MemoReader
from nemboks.domain.headline import Document, Headline, Kind, Role
from tests.content.mails import NAMES
from tests.content.memos import File, Memo, action, case, entry, mail_of, seen_of, writer
from tests.fuzz.parsers.words import is_one_line, names_somebody

OUTCOMES = frozenset({"letter", "nemsms", "unreadable"})
LONGEST = 16_384
WORDS = tuple(
    b"<memo: </memo: Message MessageHeader MessageBody MainDocument AdditionalDocument TechnicalDocument File content "
    b"filename encodingFormat language label messageType messageUUID DIGITALPOST NEMSMS Sender Recipient senderID "
    b"recipientID idType ContentData CaseID caseID ForwardData ReplyData Action actionCode Reservation EntryPoint url "
    b"<!DOCTYPE <!ENTITY <![CDATA[ ]]> <!-- --> <? ?> &#10; &#x202e; &amp; xmlns:memo= memoVersion= encoding= UTF-16 "
    b"text/html text/plain application/pdf =?UTF-8?Q?=0A?= 010101-0000 JVBERi0x https://".split()
)
_MARKED = b"\x01"
_SOMETIMES = frozenset(
    "In-Reply-To References Importance Nemboks-Class Nemboks-Deadline Nemboks-Sender-Cvr Nemboks-Docs".split()
)
_ALWAYS = frozenset(NAMES) - _SOMETIMES


def check(octets: bytes) -> str:
    """ "letter", "nemsms" or "unreadable"."""
    raw = _made(octets[1:]) if octets.startswith(_MARKED) else octets
    headline, files = _read(raw, len(raw) or 1)
    assert (headline, files) == _read(raw, 777), "the result depends on how the octets were cut"
    if isinstance(headline, str):
        assert headline.isprintable() and len(headline) < 200, headline
        return "unreadable"
    assert (headline.size, headline.sha256) == (len(raw), hashlib.sha256(raw).hexdigest())
    assert [(one.size, one.sha256) for one in headline.documents] == [
        (len(data), hashlib.sha256(data).hexdigest()) for data in files
    ]
    for words in (headline.title, headline.authority.name, headline.authority.id, headline.case_id, headline.kle):
        assert len(words) <= FIELD and is_one_line(words), words
    if headline.kind is Kind.NEMSMS:
        return "nemsms"
    _mail(raw, headline, files)
    return "letter"


def _read(raw: bytes, step: int) -> tuple[Headline | str, list[bytes]]:
    sink = _Sink()
    reader = MemoReader(sink)
    try:
        for at in range(0, len(raw), step):
            reader.feed(raw[at : at + step])
        return reader.close(), sink.files
    except Unreadable as refused:
        return str(refused), []


class _Sink:
    def __init__(self) -> None:
        self.files: list[bytes] = []

    def begin(self, role: Role, name: str, media_type: str, language: str) -> None:
        self.files.append(b"")

    def data(self, data: bytes) -> None:
        self.files[-1] += data

    def end(self, document: Document) -> None:
        assert document.size == len(self.files[-1])


def _mail(raw: bytes, headline: Headline, files: list[bytes]) -> None:
    octets = mail_of(raw, writer(headline, seen=seen_of(raw, headline)))
    assert octets.isascii()
    lines = octets.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line or len(line) > 998 or line.startswith(b".") for line in lines)
    message = cast(EmailMessage, message_from_bytes(octets, policy=policy.default))
    names = message.keys()
    assert _ALWAYS <= set(names) <= _ALWAYS | _SOMETIMES and len(names) == len(set(names)), names
    assert not names_somebody(str(message["Subject"]) + "\n" + str(message["From"]))
    attached = [part for part in message.iter_attachments() if part.get_content_type() != "text/calendar"]
    assert [part.get_payload(decode=True) for part in attached] == files
    for part in attached:
        name: Any = part.get_filename()
        assert name and is_one_line(name) and not set('/\\"<>|:') & set(name), name
        assert len(name) <= 160, name  # 80, and each sign of its ASCII form may be two
        assert not names_somebody(name), name


def _made(fields: bytes) -> bytes:
    """The letter that has these fields."""
    given = [field.decode("utf-8", "replace") for field in fields.split(b"\0")[:10]]
    title, authority, name, media_type, text, label, url, number, version, encoded = [*given, *[""] * (10 - len(given))]
    file = File(text.encode(), name, media_type, content=encoded or None, actions=action(label, inside=entry(url)))
    letter = Memo(title=title, authority=authority, version=version or "1.1", files=[file], tail=case(number))
    return letter.xml()
