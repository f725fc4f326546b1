"""A whole RFC 5322 message in, its headline out: for letters from an IMAP inbox.

Promises: nothing is decoded but Subject, From and Date; only the header block is held, and no more than 256 kB of it;
the same result however the bytes are cut. Judges one thing: whether the message may go on the wire as it is, or must
be wrapped as a file (D11). Never looks into the body's structure.
"""

import binascii
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header
from email.utils import parsedate_to_datetime
from functools import lru_cache

from nemboks.content.errors import Unreadable
from nemboks.content.headers import HARD_LINE, Field, split_fields
from nemboks.content.texts import clean
from nemboks.domain.headline import Authority, Headline, Kind

HEADER_LIMIT = 256 * 1024  # octets; Postfix takes 100 kB, Exchange 256 kB
_VALUE = 8192  # octets looked at of one field that is shown
_SHOWN = 2048  # characters
_SHOWN_FIELDS = ("from", "subject", "date")
_AUTHOR = re.compile(r'\s*("(?:[^"\\]|\\.)*"\s*|[^<"]*)<([^<>]*)>')
# What is kept must be what it claims to be; a Date is tried by parsing it.
_ID = re.compile(rb"<[^<>\s]+>")
_END = re.compile(rb"\n\r?\n")


class HeaderBlock:
    """Pieces in; keeps the octets up to and including the first blank line, what IMAP calls BODY[HEADER]."""

    def __init__(self) -> None:
        self.kept = bytearray()
        self.size = 0
        self.whole = False
        self._digest = hashlib.sha256()
        self._tail = b"\n"  # as if a line ended before the first octet: a message may begin with the blank line

    @property
    def sha256(self) -> str:
        """Of all its octets, those beyond the limit too."""
        return self._digest.hexdigest()

    def feed(self, piece: bytes) -> bytes:
        """What of the piece lies behind the block."""
        if self.whole:
            return piece
        found = _END.search(self._tail + piece)
        used = found.end() - len(self._tail) if found else len(piece)
        self.whole = found is not None
        self.kept += piece[: min(used, max(0, HEADER_LIMIT - self.size))]
        self.size += used
        self._digest.update(piece[:used])
        self._tail = (self._tail + piece[-2:])[-2:]
        return piece[used:]


class MessageReader:
    """Pieces of one message in, its Headline (kind MESSAGE) out."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._size = 0
        self._block = HeaderBlock()
        self._body = _Body()

    def feed(self, piece: bytes) -> None:
        """Nothing."""
        self._digest.update(piece)
        self._size += len(piece)
        self._body.feed(self._block.feed(piece))

    def close(self) -> Headline:
        """The headline. Raises Unreadable only for a message without a single octet."""
        if not self._size:
            raise Unreadable("the letter is empty")
        block = bytes(self._block.kept)
        fields, tidy = split_fields(block)
        first = {field.name: field for field in reversed(fields)}
        values = {name: first[name].value[:_VALUE] for name in _SHOWN_FIELDS if name in first}
        whole = self._block.whole and self._block.size <= HEADER_LIMIT
        safe = whole and tidy and _may_keep(block, _kept(fields)) and self._body.close()
        return Headline(
            kind=Kind.MESSAGE,
            authority=_authority(values.get("from", b"")),
            title=_words(_text(values.get("subject", b""))),
            size=self._size,
            sha256=self._digest.hexdigest(),
            created_at=_date(values.get("date", b"")),
            header_sha256=self._block.sha256,
            wrap=not safe,
            eight_bit=self._body.eight_bit,
        )


def kept_fields(block: bytes) -> list[Field]:
    """The fields that go on as they are: Message-ID, Date, MIME-Version and all Content-*, in their order."""
    return _kept(split_fields(block)[0])


def _kept(fields: Sequence[Field]) -> list[Field]:
    return [field for field in fields if _is_kept(field.name)]


def _is_kept(name: str) -> bool:
    return name in ("message-id", "date", "mime-version") or name.startswith("content-")


def _may_keep(block: bytes, kept: Sequence[Field]) -> bool:
    """Whether the block of nothing but fields reads in one way only, and what is kept of it is safe on the wire.

    A field given twice or malformed is read differently by different programs, so nobody knows what was meant.
    """
    raw = b"".join(field.raw for field in kept)
    lines = raw.split(b"\r\n")
    return (
        not re.search(rb"[^\t -~]", b"".join(lines))
        and not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", block)
        and max(map(len, lines)) <= HARD_LINE
        and len({field.name for field in kept}) == len(kept)
        and all(_is_well_formed(field) for field in kept)
    )


def _is_well_formed(field: Field) -> bool:
    if field.name == "message-id":
        return bool(_ID.fullmatch(field.value))
    return bool(_date(field.value) if field.name == "date" else field.value)


class _Body:
    """Watches the body for what mail servers refuse or change on the way (RFC 5321 4.5.3.1.6, RFC 5322 2.3)."""

    def __init__(self) -> None:
        self.eight_bit = False
        self._safe = True
        self._open = b""  # the line that has not ended yet

    def feed(self, piece: bytes) -> None:
        self.eight_bit = self.eight_bit or not piece.isascii()
        if not self._safe:
            return
        text = self._open + piece
        ends = text.rfind(b"\r\n") + 2 if b"\r\n" in text else 0
        self._open = text[ends:]
        pending = self._open.removesuffix(b"\r")  # its LF may come with the next piece
        self._safe = (
            (_are_even_lines(text, ends) or _are_lines(text[:ends]))
            and len(pending) <= HARD_LINE
            and not any(sign in pending for sign in (b"\r", b"\n"))
            and b"\0" not in text
        )

    def close(self) -> bool:
        """Whether the body may go as it is; a last line without its CRLF may not: the dot would add one."""
        return self._safe and not self._open


def _are_even_lines(text: bytes, ends: int) -> bool:
    """Whether all before `ends` are lines with CRLF and as long as the first, as base64's are: what `_are_lines` finds
    out, without a look at each of them."""
    width = text.find(b"\n", 0, ends) + 1
    if not 2 <= width <= HARD_LINE + 2 or ends % width:
        return False
    count = ends // width
    if text[width - 2 : ends : width] != b"\r" * count or text[width - 1 : ends : width] != b"\n" * count:
        return False
    rest = bytearray(memoryview(text)[:ends])
    rest[width - 2 :: width] = rest[width - 1 :: width] = b" " * count
    return b"\r" not in rest and b"\n" not in rest  # of one sign that is found, not counted: ten times as quick


def _are_lines(text: bytes) -> bool:
    """Whether the text is nothing but lines with CRLF, none too long."""
    lengths = list(map(len, text.splitlines()))
    # A CR or an LF of its own ends a line too, but is one octet.
    return max(lengths, default=0) <= HARD_LINE and sum(lengths) + 2 * len(lengths) == len(text)


def _authority(value: bytes) -> Authority:
    # Only the first author, and only to be shown; the library's parser recurses once per parenthesis.
    text = _text(value)
    found = _AUTHOR.match(text)
    name, address = (found[1], found[2]) if found else ("", text)
    if name.startswith('"'):
        name = re.sub(r"\\(.)", r"\1", name.strip()[1:-1])
    address = clean(address, 320)
    return Authority(name=_words(name) or address, id=address, id_type="EMAIL")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _words(value: str) -> str:
    """The value with its encoded words decoded (RFC 2047); as it stands where that is not possible."""
    try:
        parts = [_decoded(part, charset) for part, charset in decode_header(value)]
    except (MessageError, ValueError, binascii.Error):
        parts = [value]
    return clean("".join(parts), _SHOWN)


def _decoded(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    try:
        return part.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return part.decode("latin-1")


@lru_cache(maxsize=8)  # asked twice of each letter
def _date(value: bytes) -> datetime | None:
    try:
        at = parsedate_to_datetime(_text(value))
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
