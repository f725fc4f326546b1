"""An open IMAP connection: commands out, responses in (RFC 3501 2.2).

While a command of ours is out (tag `NB<n>`), everything up to its tagged line is its answer: in order, letters'
literals in pieces, in bounded memory. What the server says unasked is read and let pass. A loss wakes whoever waits.

Promises: after `abort`, or whatever else ends the connection, nothing of it is used again.
Never does: judge what the server says, except that it counts EXISTS, so that a waiting task hears of news.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self, cast

from nemboks.clock import Signal
from nemboks.intake.patience import Patience
from nemboks.intake.words import said
from nemboks.ports import Unavailable

CLOSE_SECONDS: Final = 1.0
PIECE_BYTES: Final = 128 << 10
_LINE_BYTES: Final = 1 << 20  # longer ones exist only for SEARCH and ENVELOPE, which we never ask for
_FULL_BYTES: Final = 512 << 10  # unread beyond this, the server has to wait
_LOW_BYTES: Final = 128 << 10
_UNASKED_BYTES: Final = 64 << 10  # the largest literal that is let pass
_LITERAL = re.compile(rb"\{([0-9]{1,12})\}$")
_COUNT = re.compile(rb"\* ([0-9]{1,10}) (EXISTS|EXPUNGE)$", re.I)


@dataclass(frozen=True, slots=True)
class Text:
    """An untagged line, or the rest of one after a literal. `literal`: octets that follow; None: the response ends."""

    text: bytes
    literal: int | None


@dataclass(frozen=True, slots=True)
class Go:
    """The server's `+`: it waits for us."""


@dataclass(frozen=True, slots=True)
class End:
    """The tagged line: the command is over."""

    status: str  # OK, NO or BAD
    text: bytes


Event = Text | bytes | Go | End


class Exchange:
    """One command of ours, from the moment it is sent to its tagged line. Left before that, at the end of its `with`,
    it takes the connection with it: nobody could tell what still comes."""

    def __init__(self, wire: "ImapWire", tag: bytes, patience: Patience) -> None:
        self.tag, self.ended = tag, False
        self._wire, self._patience = wire, patience
        self._events: deque[Event] = deque()
        self._unread, self._received = 0, 0
        self._stirred = Signal()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.ended:
            self._wire.abort("given up in the middle of an answer")

    def put(self, event: Event) -> None:
        """From the connection. Beyond 512 kB unread the server has to wait."""
        size = len(event) if isinstance(event, bytes) else len(event.text) if isinstance(event, Text) else 0
        self._unread += size
        self._received += size
        self._events.append(event)
        self.ended = self.ended or isinstance(event, End)
        self._stirred.give()
        if self._unread > _FULL_BYTES:
            self._wire.pause(True)

    def stir(self) -> None:
        """From the connection: it is over, look for yourself."""
        self._stirred.give()

    def renew(self, patience: Patience) -> None:
        """Begin the waiting anew: what came so far was wanted to last."""
        self._patience = patience

    async def next(self) -> Event:
        """The next event. Raises Unavailable when the connection is lost first, or time is up."""
        if not self._events:  # a timer for each line of an answer would cost more than the line
            await self._come()
        event = self._events.popleft()
        self._unread -= len(event) if isinstance(event, bytes) else len(event.text) if isinstance(event, Text) else 0
        if self._unread < _LOW_BYTES:
            self._wire.pause(False)
        return event

    async def _come(self) -> None:
        try:
            while not self._events:
                self._wire.check()
                await self._patience.until(self._stirred, self._received)
        except TimeoutError:
            raise Unavailable("the IMAP server did not answer in time") from None


class ImapWire(asyncio.Protocol):
    """The protocol of one connection; `greeting` comes before the first command."""

    def __init__(self, patience: Patience, notify: Callable[[], None]) -> None:
        """`notify` is called when a letter arrives, a command ends or the connection is over."""
        self._notify = notify
        self._transport: asyncio.Transport | None = None
        self._buffer, self._scanned = bytearray(), 0
        self._literal = 0  # octets still to come of the literal being read
        self._greeted = False
        self._out: Exchange | None = Exchange(self, b"", patience)  # for the greeting, which answers no tag
        self._into_ours = False  # whether the response being read is ours
        self.count: int | None = None  # letters in the selected mailbox, as the server told last
        self._paused, self._tags = False, 0
        self._why = self._goodbye = ""
        self.secrets: tuple[str, ...] = ()  # that the server may have been told, and must not repeat to anybody
        self.arrived = False  # more letters than when this was last set to False
        self.closed = asyncio.Event()

    async def greeting(self) -> End:
        """What the server says first, its status in the place of a command's. Raises Unavailable as Exchange.next."""
        if self._out is None:  # it went before anybody asked
            self.check()
        assert self._out is not None and not self._tags
        event = await self._out.next()
        assert isinstance(event, End)
        return event

    @property
    def lost(self) -> bool:
        return bool(self._why)

    def check(self) -> None:
        """Raises Unavailable when the connection is over."""
        if self.lost:
            raise Unavailable(f"the connection to the IMAP server ended: {self._why}")

    def send(self, command: str, patience: Patience) -> Exchange:
        """The exchange of a command that is out now. Only one may be."""
        self.check()
        if self._out is not None and not self._out.ended:
            raise AssertionError("a command is still out")
        self._tags += 1
        tag = f"NB{self._tags}".encode()
        self._out = Exchange(self, tag, patience)
        self.write(f"{tag.decode()} {command}")
        return self._out

    def write(self, line: str) -> None:
        if self._transport is not None:
            self._transport.write(f"{line}\r\n".encode())

    def pause(self, wanted: bool) -> None:
        """Stop or go on reading from the server."""
        if wanted != self._paused and not self.lost and self._transport is not None:
            self._paused = wanted
            (self._transport.pause_reading if wanted else self._transport.resume_reading)()

    def abort(self, why: str) -> None:
        """End the connection at once; the first reason given stands."""
        self._why = self._why or why
        if self._transport is not None:
            self._transport.abort()
        self._stir()

    async def end(self, why: str) -> None:
        """`abort`, and leaves no socket behind."""
        self.abort(why)
        if self._transport is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.closed.wait()

    # --- from asyncio -------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self.lost:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.lost:
            return
        if not self._buffer and len(data) <= self._literal:  # the bulk of a letter: no copying to and fro
            self._literal_data(data)
            return
        self._buffer += data
        while not self.lost and self._step():
            pass
        if self._goodbye:  # only now: what it says in the same breath may be the answer to what is out
            self.abort(self._goodbye)

    def eof_received(self) -> None:
        """Nothing to add: connection_lost follows."""

    def connection_lost(self, error: Exception | None) -> None:
        words = (said(str(error)) or type(error).__name__) if error else "closed by the server"
        self._why = self._why or words
        self.closed.set()
        self._stir()
        # Whoever still waits has the exchange: buffers of TLS must not wait for the collector of circles.
        self._out = self._transport = None

    def _stir(self) -> None:
        if self._out is not None:
            self._out.stir()
        self._notify()

    # --- lines and literals -------------------------------------------------------------------------------------------

    def _step(self) -> bool:
        """Takes one line, or a part of a literal, off the buffer; False when there is none."""
        if self._literal:
            part = bytes(self._buffer[: self._literal])
            del self._buffer[: len(part)]
            self._literal_data(part)
            return bool(self._buffer)
        end = self._buffer.find(b"\r\n", self._scanned)
        if end < 0:
            self._scanned = max(len(self._buffer) - 1, 0)
            if self._scanned > _LINE_BYTES:
                self.abort("it sent a line without an end")
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._scanned = 0
        self._line(line)
        return bool(self._buffer)

    def _literal_data(self, data: bytes) -> None:
        self._literal -= len(data)
        if not self._into_ours or self._out is None:
            return
        for start in range(0, len(data), PIECE_BYTES):
            self._out.put(data[start : start + PIECE_BYTES])

    def _line(self, line: bytes) -> None:
        """One whole line: the beginning of a response, or what follows a literal in one."""
        found = _LITERAL.search(line)
        out = self._out if self._out is not None and not self._out.ended else None
        if not self._greeted:
            self._greeted = True
            self._note(line)
            self._tagged(line, b"*")
        elif self._into_ours and out is not None:  # the rest of a response of ours
            self._ours(out, line, found)
        elif out is not None and line.startswith(out.tag + b" "):
            self._tagged(line, out.tag)
        elif out is not None and line.startswith(b"* "):
            self._note(line)
            self._ours(out, line, found)
        elif out is not None and line.startswith(b"+"):
            out.put(Go())
        else:
            self._note(line)
            self._unasked(found)

    def _tagged(self, line: bytes, tag: bytes) -> None:
        """The end of what is out; a line with another tag has no status."""
        assert self._out is not None
        first, _, rest = line.partition(b" ")
        status, _, text = rest.partition(b" ")
        self._out.put(End(status.decode("ascii", "replace").upper() if first == tag else "", text))
        self._notify()

    def _ours(self, out: Exchange, line: bytes, found: re.Match[bytes] | None) -> None:
        self._literal = int(found[1]) if found else 0
        out.put(Text(line, self._literal if found else None))
        self._into_ours = found is not None

    def _unasked(self, found: re.Match[bytes] | None) -> None:
        self._literal = int(found[1]) if found else 0
        if self._literal > _UNASKED_BYTES:
            self.abort("it sent what nobody asked for")

    def _note(self, line: bytes) -> None:
        """Counts letters, and keeps a goodbye as the reason of what follows."""
        if line[:6].upper() == b"* BYE ":
            self._goodbye = said(line[6:], *self.secrets) or "it said goodbye"
        elif found := _COUNT.match(line):
            number, exists = int(found[1]), found[2].upper() == b"EXISTS"
            self.arrived = self.arrived or (exists and number > (self.count or 0))
            # Some servers tell of the newest letter first and of one that went then: by counting down alone nobody
            # knows that none is left.
            self.count = number if exists else self.count - 1 if self.count and self.count > 1 else None
            if self.arrived:
                self._notify()
