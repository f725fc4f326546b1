"""An open connection to a mail server: bytes out with back-pressure, replies in.

Promises: replies come in order, however they were cut; those that arrived before the end are still brought; nothing
unreadable is ever passed on. After `abort` nothing more is read or written.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from nemboks.clock import Signal
from nemboks.delivery.access import Stopped
from nemboks.delivery.replies import ReplyReader
from nemboks.domain.proof import Reply


class Wire(asyncio.Protocol):
    """Bytes out with back-pressure, replies in. After `abort` nothing more is read or written."""

    def __init__(self, transport: asyncio.Transport, offers: dict[str, str]) -> None:
        self.offers = offers  # EHLO keyword in lower case -> its parameters
        self.lost = ""  # why the connection is of no use any more
        self._transport = transport
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._paused = False
        self._changed = Signal()
        self.stirred: Callable[[], None] | None = None  # called while nobody waits here: the server spoke or went
        if transport.is_closing():
            self.lost = "the server closed the connection"
        transport.set_protocol(self)

    @property
    def quiet(self) -> bool:
        """Whether the server has said nothing, not even half a reply, that was not taken yet."""
        return not (self._replies or self._reader.halfway)

    @property
    def clogged(self) -> bool:
        """Whether more waits to be written than may."""
        return self._paused

    def write(self, data: bytes) -> None:
        """Hand over to be sent; quietly nothing once the connection is lost (asyncio would count and log it)."""
        if not self.lost:
            self._transport.write(data)

    def take(self) -> Reply | None:
        """The oldest reply not taken yet, if there is one."""
        return self._replies.popleft() if self._replies else None

    async def change(self, until: float | None = None) -> None:
        """Returns after the next thing that happens: a reply, room to write, the end. TimeoutError at `until`, in the
        loop's time."""
        await self._changed.wait(until)

    async def reply(self, until: float | None = None) -> Reply:
        """The next reply; replies that came before the end are still brought. Raises Stopped; else as `change`."""
        while not self._replies:
            if self.lost:
                raise Stopped(self.lost)
            await self._changed.wait(until)
        return self._replies.popleft()

    async def drain(self, until: float | None = None) -> None:
        """Returns when not a byte waits in our buffers, or the server spoke or went. As `change`."""
        self._transport.set_write_buffer_limits(high=1)  # at 0 an empty buffer of TLS counts as full, for ever
        while self._paused and self.quiet and not self.lost:
            await self._changed.wait(until)
        self._transport.set_write_buffer_limits()

    def abort(self) -> None:
        """Close at once, without a farewell; unsent bytes are dropped."""
        self._end("closed by us")

    def _end(self, why: str) -> None:
        self.lost = self.lost or why
        self._transport.abort()
        self._stir()

    def _stir(self) -> None:
        self._changed.give()
        if self.stirred is not None:
            self.stirred()

    def data_received(self, data: bytes) -> None:
        if self.lost:
            return
        self._replies.extend(self._reader.feed(data))
        if self._reader.broken:
            self._end(f"the server sent {self._reader.broken}")
        self._stir()

    def eof_received(self) -> None:
        self.lost = self.lost or "the server closed the connection"
        self._stir()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(f"the connection broke ({type(exc).__name__})" if exc else "the server closed the connection")

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._changed.give()
