"""Calls to one HTTPS server, for all who ask it, on connections that are kept a while.

Promises: never more connections than `_MOST`; one that said something unasked, or ended, serves nobody any more. What
the network and TLS raise passes as it is: OSError and TimeoutError.
Never does: follow a redirect, keep a cookie, ask a proxy, try again.
"""

import asyncio
import ssl
from types import TracebackType
from typing import Final, Self

from nemboks.intake.http_line import Broken, Line

_MOST: Final = 20  # connections at a time; who comes later waits
_SPARE: Final = 8  # of them kept while nobody needs them
_SPARE_SECONDS: Final = 3.0  # servers close unused connections after 5 (uvicorn) or more; we let go first
_EYEBALLS_SECONDS: Final = 0.25  # RFC 8305 5: so long one address may be silent before the next is tried as well


_STOPPING: Final = "we are stopping"


class Client:
    """Connections to one server, for all who ask it."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext) -> None:
        self._host, self._port, self._context = host, port, context
        self._seats = asyncio.Semaphore(_MOST)
        self._spare: list[tuple[float, Line]] = []  # since when, in the loop's time; the newest last
        self._busy: set[Line] = set()
        self._closed = False

    async def ask(self, call: bytes, silence: float, until: float) -> "Opened":
        """The answer to a whole request, its body still to be read; the caller closes it.

        `silence` are the seconds for connecting and for each silence of the server, `until` is the end of all patience
        in the loop's time. Broken, OSError, TimeoutError.
        """
        async with asyncio.timeout_at(until):
            await self._seats.acquire()
        line = None
        try:
            line = self._kept() or await self._connected(silence, until)
            self._busy.add(line)
            line.ask(call)
            while not line.begun:
                await line.change(silence, until)
        except BaseException:
            self._back(line)
            raise
        return Opened(self, line)

    def _kept(self) -> "Line | None":
        now = asyncio.get_running_loop().time()
        while self._spare:
            since, line = self._spare.pop()
            if now < since + _SPARE_SECONDS and line.rests():
                return line
            line.end()
        return None

    async def _connected(self, silence: float, until: float) -> "Line":
        if self._closed:
            raise OSError(_STOPPING)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(min(loop.time() + silence, until)):
                _, line = await loop.create_connection(
                    Line, self._host, self._port, ssl=self._context, happy_eyeballs_delay=_EYEBALLS_SECONDS
                )
        except UnicodeError as error:  # a label that is empty or too long (RFC 1035 2.3.4)
            raise OSError("its name is none") from error
        return line

    def _back(self, line: "Line | None") -> None:
        """A connection that served one call: kept for the next if nothing speaks against it."""
        self._seats.release()
        if line is None:
            return
        self._busy.discard(line)
        if self._closed or not line.reusable:
            line.end()
            return
        self._spare.append((asyncio.get_running_loop().time(), line))
        while len(self._spare) > _SPARE and not self._seats.locked():  # else one who waited is about to take it
            self._spare.pop(0)[1].end()

    def close(self) -> None:
        """No connection is left; calls under way end, and new ones fail."""
        self._closed = True
        for line in (*self._busy, *(line for _, line in self._spare)):
            line.end(OSError(_STOPPING))
        self._spare.clear()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._busy) + len(self._spare)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Opened:
    """An answer whose body is still to be read; whoever was given it closes it. `headers` by lower-case name; one that
    is there twice has both values (RFC 9110 5.3)."""

    __slots__ = ("_client", "_line", "headers", "news", "status")

    def __init__(self, client: Client, line: "Line") -> None:
        self.status, self.headers, self.news = line.status, line.headers, line.news
        self._client = client
        self._line: Line | None = line  # None once it is closed: the connection may be another call's by then

    @property
    def welcome(self) -> bool:
        """Whether it is a success (RFC 9110 15.3)."""
        return 200 <= self.status <= 299

    def take(self) -> bytes | None:
        """What came next of the body, at most 64 kB; b"" at its end, None if nothing came yet: then `news` tells.
        Broken, OSError."""
        if self._line is None:
            raise Broken("the answer is closed")
        return self._line.take()

    async def read(self, silence: float, until: float) -> bytes:
        """`take`, once there is something, with the patience of `Client.ask`. TimeoutError."""
        while (piece := self.take()) is None:
            assert self._line is not None
            await self._line.change(silence, until)
        return piece

    def close(self) -> None:
        """Its connection may serve the next call; it is closed if the body was not read to its end, or if something
        stood behind it."""
        line, self._line = self._line, None
        if line is not None:
            self._client._back(line)
