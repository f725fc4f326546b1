"""What a file of a letter would do if it were opened, as far as its octets say so without opening it.

Promises: linear, in pieces, the same result however they are cut; no archive is opened, nothing is unpacked or run.
Fatal here (Unreadable): a program, whatever its name and type say; no authority sends one, so a person looks first.
Never says that a file is harmless: no scanner is part of Nemboks, and what a PDF has compressed is not seen.
Rules: SECURITY.md 3 (21), B31-B34; ISO 32000-1 7.3.5 (names) and 12.6.4 (actions).
"""

import re

from nemboks.content.errors import Unreadable

ACTIVE = "active"  # the flag of Document.flags: would run something
_HEAD = 1024  # octets in which readers look for the beginning of a PDF
_OVERLAP = 512  # octets seen twice where pieces meet; the longest sign is shorter
_PROGRAMS = (
    b"\x7fELF",
    b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",  # Mach-O
    b"\xca\xfe\xba\xbe",  # Mach-O for several machines, and Java
    b"\x4c\0\0\0\x01\x14\x02\0",  # a Windows shortcut
)  # fmt: skip
_SCRIPT = re.compile(rb"#! ?/")
_DOS_HEAD = 64  # octets; in a program some are NUL, in a text that begins with MZ none


def _name(word: str) -> bytes:
    """A pattern for a PDF name, each sign of which may be written as # and two hex digits."""
    signs = "".join(f"(?:{sign}|#(?i:{ord(sign):02x}))" for sign in word)
    return b"/" + signs.encode()


_DELIMITER = rb"[\0\s/<>\[\](){}%]"  # consumed, so that a name cut in two is not taken for a shorter one
# Opening at a page is an OpenAction too, and harmless; what runs has one of the first four names beside it.
_PDF = re.compile(
    b"(?:" + b"|".join(_name(word) for word in ("JavaScript", "Launch", "RichMedia", "ImportData")) + b")" + _DELIMITER
    + b"|" + _name("OpenAction") + rb"\s{0,20}<<[^>]{0,200}/S\s{0,20}/(?:URI|SubmitForm|GoToR|GoToE)" + _DELIMITER
)  # fmt: skip
_MACROS = re.compile(rb"vbaProject\.bin")  # a member's name stands in a zip uncompressed


class Watch:
    """Pieces of one file in; at the end what was noticed. One for each file."""

    def __init__(self) -> None:
        self._head = b""
        self._tail = b""
        self._active = False

    def feed(self, data: bytes) -> None:
        """Nothing."""
        if len(self._head) < _HEAD:
            self._head += data[: _HEAD - len(self._head)]
        if self._active:
            return
        window = self._tail + data
        self._active = bool(_PDF.search(window) or _MACROS.search(window))
        self._tail = window[-_OVERLAP:]

    def result(self) -> tuple[str, ...]:
        """The flags of the document. Raises Unreadable for a program."""
        head = self._head
        if head.startswith(_PROGRAMS) or (head.startswith(b"MZ") and b"\0" in head[:_DOS_HEAD]) or _SCRIPT.match(head):
            raise Unreadable("a file of the letter is a program, whatever its name says")
        container = b"%PDF-" in head or head.startswith(b"PK\x03\x04")
        return (ACTIVE,) if self._active and container else ()
