"""The three shapes of a mail: a MeMo's documents attached, a message as it came, a message wrapped as one file.

Promises: see compose.py. Fatal here: ContentsDiffer, when the bytes going by are not the headline's; UnsafeHeader,
when a header block of ours does not read as it was meant.
"""

import hashlib
from collections.abc import Sequence

from nemboks.content.coding import Base64Encoder
from nemboks.content.envelope import Envelope, copy_fields, nemboks_fields, route_fields
from nemboks.content.errors import ContentsDiffer, Unreadable
from nemboks.content.headers import check_block
from nemboks.content.memo import MemoReader
from nemboks.content.message import HeaderBlock, kept_fields
from nemboks.content.preread import Seen
from nemboks.content.shell import Shell
from nemboks.content.subject import subject_field
from nemboks.domain.headline import Copy, Document, Headline, Role


class MemoMail:
    """Facts and the letter's text, then the documents of this part in the MeMo's order, all of it base64.

    Documents of other parts go by unwritten, and are checked like the rest.
    """

    eight_bit = False

    def __init__(self, headline: Headline, copy: Copy, envelope: Envelope, seen: Seen) -> None:
        self._headline = headline
        self._shell = Shell(headline, copy, envelope, headline.documents, seen.view)
        self.size = self._shell.size
        self.passes = 2 if self._shell.original else 1
        self._reader = MemoReader(self)
        self._original: _Check | None = None
        self._encoder = Base64Encoder()
        self._out: list[bytes] = []
        self._count = 0
        self._room = 0

    def head(self) -> bytes:
        return self._shell.head

    def feed(self, piece: bytes) -> bytes:
        if self._original:
            self._original.feed(piece)
            return self._encoder.feed(piece)
        try:
            self._reader.feed(piece)
        except Unreadable as failure:
            raise ContentsDiffer(f"the stored letter could be read before: {failure}") from failure
        return self._taken()

    def turn(self) -> bytes:
        out = self._end_documents() + self._shell.original
        self._original, self._encoder = _Check(self._headline), Base64Encoder()
        return out

    def close(self) -> bytes:
        if not self._original:
            return self._end_documents() + self._shell.tail
        self._original.close()
        return self._encoder.close() + self._shell.tail

    def _end_documents(self) -> bytes:
        try:
            seen = self._reader.close()
        except Unreadable as failure:
            raise ContentsDiffer(f"the stored letter could be read before: {failure}") from failure
        told = self._headline
        if (seen.sha256, seen.size, seen.documents) != (told.sha256, told.size, told.documents):
            raise ContentsDiffer("the stored letter is not the one its headline was read from")
        return self._taken() + self._shell.ending

    # --- as the reader's DocumentSink. The headline knows the document already: its name was made safe from there.

    def begin(self, *_: object) -> None:
        if self._count >= len(self._headline.documents):
            raise ContentsDiffer("the stored letter has more files than its headline")
        self._room = self._headline.documents[self._count].size
        self._encoder = Base64Encoder()
        self._write(self._shell.fields.get(self._count, b""))

    def data(self, data: bytes) -> None:
        self._room -= len(data)
        if self._room < 0:
            raise ContentsDiffer("a file of the stored letter is longer than its headline says")
        if self._count in self._shell.fields:
            self._write(self._encoder.feed(data))

    def end(self, document: Document) -> None:
        if document != self._headline.documents[self._count]:
            raise ContentsDiffer("a file of the stored letter is not the one its headline names")
        if self._count in self._shell.fields:
            self._write(self._encoder.close())
        self._count += 1

    def _write(self, out: bytes) -> None:
        self._out.append(out)

    def _taken(self) -> bytes:
        out, self._out = b"".join(self._out), []
        return out


class WrappedMail:
    """Facts, then the whole message as one base64 file: what is not safe on the wire still arrives (D11)."""

    eight_bit = False
    passes = 1

    def __init__(self, headline: Headline, copy: Copy, envelope: Envelope) -> None:
        # Not message/rfc822: that type may not be base64 (RFC 2046 5.2.1).
        document = Document(Role.MAIN, "Brev.eml", "application/octet-stream", headline.size, headline.sha256)
        self._shell = Shell(headline, copy, envelope, (document,), None)
        self.size = self._shell.size
        self._check = _Check(headline)
        self._encoder = Base64Encoder()

    def head(self) -> bytes:
        return self._shell.head + self._shell.fields[0]

    def feed(self, piece: bytes) -> bytes:
        self._check.feed(piece)
        return self._encoder.feed(piece)

    def turn(self) -> bytes:
        raise ValueError("the stored message is read once")

    def close(self) -> bytes:
        self._check.close()
        return self._encoder.close() + self._shell.tail


class MessageMail:
    """The message with its own Message-ID, Date, MIME fields and body, octet for octet; the other fields are ours."""

    passes = 1

    def __init__(self, headline: Headline, copy: Copy, envelope: Envelope, seen: Seen) -> None:
        block = HeaderBlock()
        block.feed(seen.beginning)
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

    def turn(self) -> bytes:
        raise ValueError("the stored message is read once")

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


def _message_head(headline: Headline, copy: Copy, envelope: Envelope, block: bytes) -> bytes:
    kept = kept_fields(block)
    names = {field.name for field in kept}
    fields: Sequence[tuple[str, bytes]] = [
        *route_fields(headline, copy, envelope, subject_field(headline, copy, envelope)),
        *(field for field in copy_fields(copy, envelope.part) if field[0].lower() not in names),
        *nemboks_fields(headline, copy, envelope, ()),
        *((field.name, field.raw) for field in kept),
    ]
    head = b"".join(raw for _, raw in fields) + b"\r\n"
    check_block(head, [name for name, _ in fields])
    return head
