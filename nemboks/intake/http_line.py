"""HTTP/1.1 on one connection (RFC 9112): a library reads the answers, the connection is ours, straight on asyncio. Most
looks are one call into an empty mailbox, and nearly all of its cost was steps between layers.

Promises: one call at a time; what a connection says unasked, behind an answer or while it rests, is never taken for the
next call's answer, which may be another company's; of a body that nobody reads little is held here, of a head without
end no more than `_HEAD_BYTES`.
"""

import asyncio
import select
from collections import deque
from typing import Any, Final

import httptools

from nemboks.clock import Signal

_AHEAD: Final = 64 << 10  # bytes; so much may lie here unread before the other side is made to wait
_PIECE: Final = 64 << 10  # bytes
_HEAD_BYTES: Final = 128 << 10  # of a head, or of whatever else is no body; httpcore allows 100 kB


class Broken(Exception):
    """The server left before its answer was whole, or what it said is no HTTP. The words are ours alone."""


class Line(asyncio.Protocol):
    """One connection, and the answer that comes on it."""

    def __init__(self) -> None:
        self.news = Signal()
        self.status, self.headers = 0, dict[str, str]()
        self.begun = False  # the head of the answer is there
        self._asked = self._whole = self._more = self._again = False
        self._pieces: deque[bytes] = deque()
        self._ahead = self._bare = 0  # octets of the body not taken; octets since the last that were of a body
        self._held = False
        self._why: Exception | None = None  # it ended, and so
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._transport: Any = None  # asyncio names no class that has all of a TLS connection's
        self._socket: Any = None

    def ask(self, call: bytes) -> None:
        """The request goes out."""
        self.status, self.headers = 0, {}
        self.begun = self._whole = self._again = False
        self._asked, self._bare = True, 0
        self._transport.write(call)

    async def change(self, silence: float, until: float) -> None:
        """Returns after the next thing that happens. Broken, OSError where nothing more will; TimeoutError."""
        if self._why is not None:
            raise self._gone()
        await self.news.wait(min(asyncio.get_running_loop().time() + silence, until))

    def take(self) -> bytes | None:
        """As `Opened.take`."""
        if self._pieces:
            piece = self._pieces.popleft()
            self._ahead -= len(piece)
            if self._held and self._ahead < _AHEAD and self._why is None:
                self._held = False
                self._transport.resume_reading()
            return piece
        if self._whole:
            return b""
        if self._why is not None:
            raise self._gone()
        return None

    @property
    def reusable(self) -> bool:
        """Whether its answer was read to the end, and nothing stood behind it."""
        return self._whole and self._again and not self._more and not self._pieces and self._why is None

    def rests(self) -> bool:
        """Whether the server has said nothing since, not even that it left: also nothing that the loop had no time to
        read."""
        if self._why is not None or self._socket.fileno() < 0:
            return False
        look = select.poll()
        look.register(self._socket.fileno(), select.POLLIN)
        return not look.poll(0)

    def end(self, why: Exception | None = None) -> None:
        """At once, without a farewell: it has said all, or is given up."""
        self._ended(why)
        if self._transport is not None:
            self._transport.abort()

    def _gone(self) -> Exception:
        """Why no more comes; asked once, for an error that was raised holds all that stood around it."""
        why, self._why = self._why, Broken("the connection is closed")
        assert why is not None
        return why

    def _ended(self, error: Exception | None) -> None:
        if self._why is None:
            if self.begun and error is None and not ("content-length" in self.headers or self._in_chunks):
                self._whole = True  # such an answer ends with its connection (RFC 9112 6.3)
            self._why = error or Broken(self._left())
        self._parser = None  # it holds us
        self.news.give()

    def _left(self) -> str:
        # TLS 1.3 tells a client without a welcome certificate only by closing (LIBRARIES 3.3).
        hint = "without an answer; check the client certificate"
        return f"it closed the connection {'in the midst of its answer' if self.begun else hint}"

    @property
    def _in_chunks(self) -> bool:
        return "chunked" in self.headers.get("transfer-encoding", "").lower()

    def _no_http(self) -> None:
        if self._whole:
            self._more = True  # the answer is sound, what stands behind it is not
        else:
            self._why = self._why or Broken("its answer is no HTTP")
        self.end()

    # --- what asyncio says ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._socket = transport, transport.get_extra_info("socket")

    def data_received(self, data: bytes) -> None:
        if not self._asked or self._whole:
            self._more = True
            self.end()
        elif self._why is None:
            self._read(data)
            self.news.give()

    def _read(self, data: bytes) -> None:
        assert self._parser is not None
        rest = memoryview(data)
        try:
            while rest:
                self._bare += len(rest[:_PIECE])
                self._parser.feed_data(rest[:_PIECE])
                rest = rest[_PIECE:]
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._no_http()
            return
        if self._bare > _HEAD_BYTES and not self._whole:
            self._no_http()
        elif self._ahead >= _AHEAD and not self._held:
            self._held = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        self._ended(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended(exc)

    # --- what the parser reads ---

    def on_message_begin(self) -> None:
        """Of an answer; a second one was not asked for."""
        self._more = self._whole

    def on_header(self, name: bytes, value: bytes) -> None:
        """Of the head, or behind the last chunk, where nothing is of use."""
        if self._more or self.begun:
            return
        key, words = name.decode("latin-1").lower(), value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {words}" if key in self.headers else words

    def on_headers_complete(self) -> None:
        """Of the answer, or of a word before it (RFC 9110 15.2)."""
        assert self._parser is not None
        if self._more:
            return
        status = self._parser.get_status_code()
        if status >= 200:
            self.status, self.begun, self._bare = status, True, 0
        else:
            self.headers.clear()

    def on_body(self, piece: bytes) -> None:
        """At most as long as what was fed."""
        if not self._more:
            self._pieces.append(piece)
            self._ahead += len(piece)
            self._bare = 0

    def on_message_complete(self) -> None:
        """With its last octet, whatever stands behind it."""
        assert self._parser is not None
        if self.begun and not self._more:
            self._whole, self._again = True, self._parser.should_keep_alive()
