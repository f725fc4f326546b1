"""Invented letters as ordinary mails, for companies whose post comes into an IMAP mailbox.

Promises: the same (seed, index, recipient) gives the same bytes; lines end in CRLF; any six neighbouring indices show
every way to encode a body (quoted-printable, base64, 8bit, 7bit with dots at line starts), with files and without.
"""

import base64
import quopri
import re
from collections.abc import Iterator
from email.header import Header
from urllib.parse import quote

from nemboks.simulator.letter_parts import AUTHORITIES, NAMES, SUBJECTS, File, random_size, text
from nemboks.simulator.letters import Order

SHAPES = ("quoted-printable", "base64", "8bit", "dots", "html", "text-only")


def mail_letter(order: Order) -> Iterator[bytes]:
    """The mail in pieces, header first."""
    return _Mail(order).pieces()


class _Mail:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._rng = order.generator("mail")
        self._shape = SHAPES[order.index % len(SHAPES)]
        self._reference = f"{order.seed}-{order.index}-{order.cvr}"
        self._boundary = f"=_{self._rng.getrandbits(96):024x}"
        self._files = [] if self._shape == "text-only" and order.document_bytes is None else list(self._new_files())

    def pieces(self) -> Iterator[bytes]:
        yield self._header()
        if not self._files:
            yield self._text_part()
            return
        yield _lines(f'Content-Type: multipart/mixed; boundary="{self._boundary}"', "", "En MIME-besked.")
        yield self._mark() + self._text_part()
        for file in self._files:
            yield self._mark() + self._file_header(file)
            # Lines of 76 characters; encodebytes ends them with LF only
            yield from (base64.encodebytes(piece).replace(b"\n", b"\r\n") for piece in file.pieces())
        yield self._mark(b"--")

    def _header(self) -> bytes:
        authority, cvr = AUTHORITIES[self._rng.randrange(len(AUTHORITIES))]
        subject = SUBJECTS[(self._order.index * 5 + self._order.seed) % len(SUBJECTS)]
        date = f"{self._rng.randint(1, 28):02} Oct 2026 {self._rng.randint(7, 17):02}:30:00 +0200"
        return _lines(
            f"From: {_encoded(authority)} <post-{cvr}@myndighed.example>",
            f"To: {_encoded(self._order.name)} <post@{self._order.cvr}.example>",
            f"Subject: {_encoded(f'{subject} (sag {self._order.index})')}",
            f"Date: {date}",
            f"Message-ID: <{self._reference}@myndighed.example>",
            "MIME-Version: 1.0",
        )

    def _text_part(self) -> bytes:
        body = f"Hej {self._order.name}\r\n\r\nReference: {self._reference}\r\n\r\n{text(self._rng, 900)}\r\n"
        kind, encoding, content = "text/plain; charset=utf-8", self._shape, body.encode()
        match self._shape:
            case "base64":
                content = base64.encodebytes(content).replace(b"\n", b"\r\n")
            case "8bit":
                pass
            case "dots":
                encoding, kind = "7bit", "text/plain; charset=us-ascii"
                content = b".\r\n..to prikker\r\n" + body.encode("ascii", "replace") + b".\r\n.slut\r\n"
            case "html":
                encoding, kind = "quoted-printable", "text/html; charset=utf-8"
                content = _quoted(f"<p>{body.replace(chr(13) + chr(10), '<br>' + chr(13) + chr(10))}</p>\r\n")
            case _:
                encoding, content = "quoted-printable", _quoted(body)
        return _lines(f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}", "") + content

    def _new_files(self) -> Iterator[File]:
        names = self._rng.sample(NAMES, k=3)
        big = self._order.document_bytes
        size = random_size(self._rng) if big is None else big
        yield File("application/pdf", f"{names[0]}.pdf", f"{self._reference} 0", size, self._reference, big is not None)
        if self._order.index % 3 == 1:
            yield File("text/plain", f"{names[0]}.pdf", f"{self._reference} 1", 500, self._reference)  # same name twice
        if self._order.index % 3 == 2:
            yield File("text/html", f"{names[1]}.html", f"{self._reference} 2", 2000, self._reference)

    def _file_header(self, file: File) -> bytes:
        name = quote(file.name)  # RFC 2231
        return _lines(
            f"Content-Type: {file.media_type}",
            f"Content-Disposition: attachment; filename*=utf-8''{name}",
            "Content-Transfer-Encoding: base64",
            "",
        )

    def _mark(self, end: bytes = b"") -> bytes:
        return b"\r\n--" + self._boundary.encode() + end + b"\r\n"


def _lines(*lines: str) -> bytes:
    return b"".join(line.encode() + b"\r\n" for line in lines)


def _quoted(body: str) -> bytes:
    return quopri.encodestring(body.replace("\r\n", "\n").encode()).replace(b"\n", b"\r\n")


def _encoded(words: str) -> str:
    if words.isascii() and not re.search(r"=\?|[^\w .,/()-]", words):
        return words
    return Header(words, "utf-8", maxlinelen=70, header_name="Subject").encode(linesep="\r\n")
