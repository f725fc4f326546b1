"""The body of a mail as it comes after DATA: found, freed of its transparency dots, in pieces.

Promises: not a byte behind the end mark is taken, for the next command may stand there (RFC 2920); only CRLF dot CRLF
ends a body, so no bare line feed can smuggle a second mail in. Source: RFC 5321 4.1.1.4 and 4.5.2.
"""

import asyncio
from collections.abc import AsyncIterator

END = b"\r\n.\r\n"


async def mail_body(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The body in pieces about as large as the reader's limit, without end mark and transparency dots."""
    held = b"\r\n"  # the end of the DATA line, taken off again: a dot right behind it counts as a line's first
    first = True
    async for piece in _raw(reader):
        text = held + piece
        if text.endswith(END):
            ready, held = text[: -len(END)] + b"\r\n", b""
        else:
            kept = _overlap(text)
            ready, held = text[: len(text) - kept], text[len(text) - kept :]
        if ready:
            plain = ready.replace(b"\r\n.", b"\r\n")
            yield plain[2:] if first else plain
            first = False


async def _raw(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    tail = b"\r\n"  # the end of the DATA line counts: an empty mail is just a dot and a line end
    while (overlap := _overlap(tail)) and overlap < len(END):
        piece = await reader.readexactly(len(END) - overlap)
        yield piece
        tail = (tail + piece)[-len(END) :]
    while not tail.endswith(END):
        try:
            tail = await reader.readuntil(END)
        except asyncio.LimitOverrunError as more:
            tail = await reader.readexactly(more.consumed)
        yield tail


def _overlap(tail: bytes) -> int:
    """How many bytes of the end mark the tail already shows."""
    return max(length for length in range(len(END) + 1) if tail.endswith(END[:length]))
