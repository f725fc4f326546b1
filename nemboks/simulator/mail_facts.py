"""What a mail says about itself and which files it carries, read line by line from its file.

Promises: memory stays small whatever the mail's size; nested multiparts are followed; base64 and quoted-printable are
decoded before a part is digested. A broken mail gives fewer facts, never an error: a mail server takes what it gets.
"""

import asyncio
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message
from email.parser import BytesHeaderParser
from email.policy import compat32, default
from pathlib import Path
from typing import Any
from urllib.parse import unquote

LINE = 1 << 16  # longer lines are read in pieces; only their beginning can be a boundary
TURN_BYTES = 1 << 20
MAX_HEADER = 1 << 20
DECODE_AT = 1 << 15
WHITE = b" \t\r\n"


@dataclass(frozen=True)
class Part:
    """One leaf of a mail: its file name if any, digest and size of its decoded bytes."""

    name: str | None
    media_type: str
    attached: bool
    sha256: str
    size: int


@dataclass(frozen=True)
class MailFacts:
    """The facts of one mail; `header` is parsed, values are decoded texts."""

    header: Message
    parts: tuple[Part, ...]

    def text(self, name: str) -> str | None:
        """The decoded value of the header field, or None."""
        try:
            value = self.header[name]
        except Exception:  # the email package's header parser stumbles over some broken fields
            return None
        return None if value is None else str(value)

    def documents(self) -> tuple[Part, ...]:
        """The parts that a mail reader shows as files; of a mail without files, its texts."""
        return tuple(part for part in self.parts if part.attached) or self.parts

    def fields(self, prefix: str) -> dict[str, str]:
        """All header fields whose names begin so (case does not matter), repeated ones joined by a comma."""
        found: dict[str, str] = {}
        for name in self.header:
            if name.lower().startswith(prefix.lower()) and name not in found:
                found[name] = ", ".join(str(value) for value in self.header.get_all(name, []))
        return found


async def read_mail(path: Path) -> MailFacts:
    """The facts of the mail in the file; other tasks get a turn about once a megabyte."""
    scanner = _Scanner()
    waited = 0
    for line in _lines(path):
        scanner.feed(line)
        waited += len(line)
        if waited >= TURN_BYTES:
            waited = 0
            await asyncio.sleep(0)
    return scanner.close()


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while line := file.readline(LINE):
            yield line


class _Scanner:
    """Follows RFC 2046 5.1: a header, then a body, which is a leaf or holds such pairs between boundaries."""

    def __init__(self) -> None:
        self._top: Message | None = None
        self._header: list[bytes] | None = []
        self._header_size = 0
        self._leaf: _Leaf | None = None
        self._delimiters: list[bytes] = []
        self._parts: list[Part] = []
        self._line_begins = True

    def feed(self, line: bytes) -> None:
        begins, self._line_begins = self._line_begins, line.endswith(b"\n")
        if begins and line.startswith(b"--") and self._boundary(line.rstrip(WHITE)):
            return
        if self._leaf is not None:
            self._leaf.feed(line)
        elif self._header is not None:
            self._header_line(line, begins)

    def close(self) -> MailFacts:
        if self._header is not None and self._top is None:
            self._end_header()
        self._end_leaf(at_boundary=False)
        return MailFacts(self._top if self._top is not None else EmailMessage(), tuple(self._parts))

    def _boundary(self, line: bytes) -> bool:
        for depth in reversed(range(len(self._delimiters))):
            delimiter = self._delimiters[depth]
            if line in (delimiter, delimiter + b"--"):
                self._end_leaf(at_boundary=True)
                last = line != delimiter
                del self._delimiters[depth if last else depth + 1 :]
                self._header, self._header_size = (None if last else []), 0
                return True
        return False

    def _header_line(self, line: bytes, begins: bool) -> None:
        assert self._header is not None
        if begins and line in (b"\r\n", b"\n"):
            self._end_header()
        elif self._header_size < MAX_HEADER:
            self._header.append(line)
            self._header_size += len(line)

    def _end_header(self) -> None:
        header = _parse(b"".join(self._header or []))
        self._header = None
        if self._top is None:
            self._top = header
        boundary = header.get_boundary()
        if header.get_content_maintype() == "multipart" and boundary:
            self._delimiters.append(b"--" + boundary.encode("utf-8", "surrogateescape"))
        else:
            self._leaf = _Leaf(header)

    def _end_leaf(self, *, at_boundary: bool) -> None:
        if self._leaf is not None:
            self._parts.append(self._leaf.close(at_boundary=at_boundary))
            self._leaf = None


class _Leaf:
    """A part's body, decoded and digested line by line; one line late, for the line end before a boundary is
    the boundary's (RFC 2046 5.1.1)."""

    def __init__(self, header: Message) -> None:
        encoding = str(header.get("Content-Transfer-Encoding", "")).strip().lower()
        self._take = {"base64": self._base64, "quoted-printable": self._quoted}.get(encoding, self._plain)
        self._name = _file_name(header)
        self._type = header.get_content_type()
        self._attached = self._name is not None or header.get_content_disposition() == "attachment"
        self._digest = hashlib.sha256()
        self._size = 0
        self._late = b""
        self._code: list[bytes] = []
        self._code_size = 0

    def feed(self, line: bytes) -> None:
        self._take(self._late)
        self._late = line

    def close(self, *, at_boundary: bool) -> Part:
        self._take(self._late.removesuffix(b"\n").removesuffix(b"\r") if at_boundary else self._late)
        self._decode(last=True)
        return Part(self._name, self._type, self._attached, self._digest.hexdigest(), self._size)

    def _plain(self, line: bytes) -> None:
        self._digest.update(line)
        self._size += len(line)

    def _quoted(self, line: bytes) -> None:
        self._plain(binascii.a2b_qp(line))

    def _base64(self, line: bytes) -> None:
        self._code.append(line)
        self._code_size += len(line)
        if self._code_size >= DECODE_AT:
            self._decode()

    def _decode(self, *, last: bool = False) -> None:
        code = b"".join(self._code).translate(None, WHITE)
        whole = len(code) if last else len(code) // 4 * 4
        self._code = [code[whole:]]
        self._code_size = len(code) - whole
        try:
            self._plain(binascii.a2b_base64(code[:whole]))
        except binascii.Error:
            self._plain(b"")  # damaged: the digest will differ from every document's, as it should


def _file_name(header: Message) -> str | None:
    """The name that a mail reader shows: of RFC 2231 where there is one, which the email package passes over."""
    for field, value in header.raw_items():
        coded = re.search(r"filename\*=([\w-]+)'[^']*'([^;\s]+)", str(value))
        if field.lower() == "content-disposition" and coded:
            try:
                return unquote(coded[2], coded[1], "strict")
            except (LookupError, ValueError):
                break
    return header.get_filename()


def _parse(block: bytes) -> Any:
    try:
        header = BytesHeaderParser(policy=default).parsebytes(block)
        # These parse lazily; a field they stumble over must not cost us the rest.
        header.get_content_type(), header.get_filename(), header.get_boundary(), header.get_content_disposition()
        _ = header.get("Content-Transfer-Encoding")
    except Exception:
        return BytesHeaderParser(policy=compat32).parsebytes(block)
    return header
