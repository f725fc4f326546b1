"""Base64 in pieces: strict when reading a MeMo's files, 76 characters a line when writing a mail.

Promises: the result never depends on how the input was cut. Never holds more than one piece.
"""

import binascii

from nemboks.content.errors import Unreadable

_LINE = 57  # octets that make 76 characters, the longest line RFC 2045 6.8 allows
_SPACE = b" \t\r\n"  # white space is legal inside xs:base64Binary


class Base64Decoder:
    """Text of one file's content in, its octets out. Raises Unreadable for anything but exact base64."""

    def __init__(self) -> None:
        self._rest = b""
        self._ended = False

    def feed(self, text: str) -> bytes:
        """The octets that are complete now."""
        try:
            data = self._rest + text.encode("ascii").translate(None, _SPACE)
        except UnicodeEncodeError:
            raise Unreadable("a file of the letter is not base64") from None
        whole = len(data) - len(data) % 4
        self._rest = data[whole:]
        if not data:
            return b""
        if self._ended:
            raise Unreadable("a file of the letter goes on after its base64 padding")
        return self._decode(data[:whole])

    def close(self) -> None:
        """Nothing; raises Unreadable if the last group of four is not whole."""
        if self._rest:
            raise Unreadable("a file of the letter ends in the middle of its base64")

    def _decode(self, quads: bytes) -> bytes:
        self._ended = quads.endswith(b"=")
        if self._ended and self._rest:
            raise Unreadable("a file of the letter goes on after its base64 padding")
        try:
            return binascii.a2b_base64(quads, strict_mode=True)
        except binascii.Error:
            raise Unreadable("a file of the letter is not base64") from None


class Base64Encoder:
    """Octets in, CRLF-ended base64 lines out (RFC 2045 6.8)."""

    def __init__(self) -> None:
        self._rest = b""
        self._empty = True

    def feed(self, piece: bytes) -> bytes:
        """The lines that are full now."""
        data = self._rest + piece
        whole = len(data) - len(data) % _LINE
        self._rest = data[whole:]
        self._empty = self._empty and not data
        return encode(data[:whole])

    def close(self) -> bytes:
        """The last line; an empty line when there was nothing, so that the part still has a body."""
        rest, self._rest = self._rest, b""
        return b"\r\n" if self._empty else encode(rest)


def encode(data: bytes) -> bytes:
    """The octets as lines of at most 76 characters, each ended by CRLF; nothing for nothing."""
    if not data:
        return b""
    text = binascii.b2a_base64(data, newline=False)
    lines = [text[at : at + 76] for at in range(0, len(text), 76)]
    lines.append(b"")
    return b"\r\n".join(lines)


def encoded_size(size: int) -> int:
    """How many octets Base64Encoder makes of so many."""
    return (size + 2) // 3 * 4 + 2 * max(1, -(-size // _LINE))
