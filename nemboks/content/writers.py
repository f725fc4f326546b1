"""The three shapes of a mail: a MeMo's documents attached, a message as it came, a message wrapped as one file.

Promises: see compose.py. Fatal here: ContentsDiffer, when the bytes going by are not the headline's; UnsafeHeader,
when a header block of ours does not read as it was meant.
"""

import hashlib
import re
from collections.abc import Sequence

from nemboks.content.coding import Base64Encoder, encode, encoded_size
from nemboks.content.envelope import Envelope, copy_fields, facts, nemboks_fields, route_fields
from nemboks.content.errors import ContentsDiffer, Unreadable, UnsafeHeader
from nemboks.content.headers import check_block, file_fields, plain_field
from nemboks.content.memo import MemoReader
from nemboks.content.message import HeaderBlock, kept_fields
from nemboks.content.names import media_type_of, safe_names
from nemboks.domain.headline import Copy, Document, Headline, Role

_TEXT_NAMES = ("Content-Type", "Content-Transfer-Encoding")


class MemoMail:
    """Facts as text, then every document in the MeMo's order, all of it base64."""

    eight_bit = False

    def __init__(self, headline: Headline, copy: Copy, envelope: Envelope) -> None:
        self._headline = headline
        self._shell = _Shell(headline, copy, envelope, headline.documents)
        self.size = self._shell.size
        self._reader = MemoReader(self)
        self._encoder = Base64Encoder()
        self._out: list[bytes] = []
        self._count = 0
        self._room = 0

    def head(self) -> bytes:
        return self._shell.head

    def feed(self, piece: bytes) -> bytes:
        try:
            self._reader.feed(piece)
        except Unreadable as failure:
            raise ContentsDiffer(f"the stored letter could be read before: {failure}") from failure
        return self._taken()

    def close(self) -> bytes:
        try:
            seen = self._reader.close()
        except Unreadable as failure:
            raise ContentsDiffer(f"the stored letter could be read before: {failure}") from failure
        told = self._headline
        if (seen.sha256, seen.size, seen.documents) != (told.sha256, told.size, told.documents):
            raise ContentsDiffer("the stored letter is not the one its headline was read from")
        return self._taken() + self._shell.tail

    # --- as the reader's DocumentSink. The headline knows the document already: its name was made safe from there.

    def begin(self, *_: object) -> None:
        if self._count >= len(self._headline.documents):
            raise ContentsDiffer("the stored letter has more files than its headline")
        self._room = self._headline.documents[self._count].size
        self._encoder = Base64Encoder()
        self._out.append(self._shell.parts[self._count])

    def data(self, data: bytes) -> None:
        self._room -= len(data)
        if self._room < 0:
            raise ContentsDiffer("a file of the stored letter is longer than its headline says")
        self._out.append(self._encoder.feed(data))

    def end(self, document: Document) -> None:
        if document != self._headline.documents[self._count]:
            raise ContentsDiffer("a file of the stored letter is not the one its headline names")
        self._count += 1
        self._out.append(self._encoder.close())

    def _taken(self) -> bytes:
        out, self._out = b"".join(self._out), []
        return out


class WrappedMail:
    """Facts as text, then the whole message as one base64 file: what is not safe on the wire still arrives (D11)."""

    eight_bit = False

    def __init__(self, headline: Headline, copy: Copy, envelope: Envelope) -> None:
        # Not message/rfc822: that type may not be base64 (RFC 2046 5.2.1).
        document = Document(Role.MAIN, "Brev.eml", "application/octet-stream", headline.size, headline.sha256)
        self._shell = _Shell(headline, copy, envelope, (document,))
        self.size = self._shell.size
        self._check = _Check(headline)
        self._encoder = Base64Encoder()

    def head(self) -> bytes:
        return self._shell.head + self._shell.parts[0]

    def feed(self, piece: bytes) -> bytes:
        self._check.feed(piece)
        return self._encoder.feed(piece)

    def close(self) -> bytes:
        self._check.close()
        return self._encoder.close() + self._shell.tail


class MessageMail:
    """The message with its own Message-ID, Date, MIME fields and body, octet for octet; the other fields are ours."""

    def __init__(self, headline: Headline, copy: Copy, envelope: Envelope, beginning: bytes) -> None:
        block = HeaderBlock()
        block.feed(beginning)
        if not block.whole or block.sha256 != headline.header_sha256:
            raise ContentsDiffer("the stored message begins otherwise than its headline says")
        self._head = _message_head(headline, copy, envelope, bytes(block.kept))
        self.size = len(self._head) + headline.size - block.size
        self.eight_bit = headline.eight_bit
        self._check = _Check(headline)
        self._skip = block.size

    def head(self) -> bytes:
        return self._head

    def feed(self, piece: bytes) -> bytes:
        self._check.feed(piece)
        skipped = min(self._skip, len(piece))
        self._skip -= skipped
        return piece[skipped:]

    def close(self) -> bytes:
        self._check.close()
        return b""


class _Check:
    """Sees the stored letter go by and knows at the end whether it was the headline's."""

    def __init__(self, headline: Headline) -> None:
        self._headline = headline
        self._digest = hashlib.sha256()
        self._room = headline.size

    def feed(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._room -= len(piece)
        if self._room < 0:
            raise ContentsDiffer("the stored letter is longer than its headline says")

    def close(self) -> None:
        if self._room or self._digest.hexdigest() != self._headline.sha256:
            raise ContentsDiffer("the stored letter is not the one its headline was read from")


class _Shell:
    """What of a mixed mail is ours: the head up to the first file, each file's fields, the end; and the size of all."""

    def __init__(self, headline: Headline, copy: Copy, envelope: Envelope, documents: Sequence[Document]) -> None:
        if not re.fullmatch("[0-9A-Za-z]{1,48}", copy.seed):
            raise UnsafeHeader("the seed of a boundary is letters and digits, at most 48")
        boundary = f"=_nemboks_{copy.seed}"  # "=_" stands in no base64 (RFC 2045 6.7)
        names = safe_names(documents)
        text = facts(headline, envelope, [(name, d.size) for name, d in zip(names, documents, strict=True)], copy)
        line = b"--" + boundary.encode("ascii")
        self.head = _mixed_head(headline, copy, envelope, documents, boundary) + line + b"\r\n" + _text_part(text)
        self.parts = [
            line + b"\r\n" + file_fields(media_type_of(document), name) + b"\r\n"
            for name, document in zip(names, documents, strict=True)
        ]
        self.tail = line + b"--\r\n"
        contents = sum(encoded_size(document.size) for document in documents)
        self.size = len(self.head) + sum(map(len, self.parts)) + contents + len(self.tail)


def _mixed_head(
    headline: Headline, copy: Copy, envelope: Envelope, documents: Sequence[Document], boundary: str
) -> bytes:
    fields = [
        *route_fields(headline, envelope),
        *copy_fields(copy),
        *nemboks_fields(headline, envelope, documents, copy),
        ("Content-Language", plain_field("Content-Language", "da")),
        ("MIME-Version", plain_field("MIME-Version", "1.0")),
        ("Content-Type", plain_field("Content-Type", f'multipart/mixed; boundary="{boundary}"')),
    ]
    return _checked(fields)


def _message_head(headline: Headline, copy: Copy, envelope: Envelope, block: bytes) -> bytes:
    kept = kept_fields(block)
    names = {field.name for field in kept}
    fields = [
        *route_fields(headline, envelope),
        *(field for field in copy_fields(copy) if field[0].lower() not in names),
        *nemboks_fields(headline, envelope, (), copy),
        *((field.name, field.raw) for field in kept),
    ]
    return _checked(fields)


def _checked(fields: Sequence[tuple[str, bytes]]) -> bytes:
    block = b"".join(raw for _, raw in fields) + b"\r\n"
    check_block(block, [name for name, _ in fields])
    return block


def _text_part(text: str) -> bytes:
    fields = plain_field("Content-Type", "text/plain; charset=utf-8")
    fields += plain_field("Content-Transfer-Encoding", "base64")
    check_block(fields + b"\r\n", _TEXT_NAMES)
    return fields + b"\r\n" + encode(text.encode())
