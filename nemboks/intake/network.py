"""The HTTP library, held where it is smallest, and its connections: straight on asyncio, for what takes most of a call
is steps between layers.

Promises: what a connection says unasked, behind an answer or while it rests, is never taken for the next call's answer,
which may be another company's; one that ended is not used again. What the network and TLS raise passes as it is:
OSError and TimeoutError.
"""

import asyncio
import select
import ssl
from collections.abc import AsyncGenerator, Iterable
from typing import Any, Final

import httpcore2

from nemboks.clock import Signal

Client = httpcore2.AsyncConnectionPool  # follows no redirect, keeps no cookie, asks no environment for a proxy

# ruff: noqa: ASYNC109  the library hands its seconds to each call
_EYEBALLS_SECONDS: Final = 0.25  # RFC 8305 5: so long one address may be silent before the next is tried as well
_AHEAD: Final = 64 << 10  # bytes; so much may lie here unread before the other side is made to wait


class Opened:
    """An answer whose body is still to be read; whoever was given it closes it. `headers` by lower-case name."""

    __slots__ = ("_response", "headers", "status")

    def __init__(self, response: httpcore2.Response) -> None:
        self.status, self._response = response.status, response
        self.headers: dict[str, str] = {}
        for raw, value in response.headers:
            name, words = raw.decode("latin-1").lower(), value.decode("latin-1")
            # One that is there twice has both values (RFC 9110 5.3).
            self.headers[name] = f"{self.headers[name]}, {words}" if name in self.headers else words

    @property
    def welcome(self) -> bool:
        """Whether it is a success (RFC 9110 15.3)."""
        return 200 <= self.status <= 299

    def pieces(self) -> AsyncGenerator[bytes]:
        """The body as it comes, at most 64 kB at a time."""
        return self._response.aiter_stream()

    async def close(self) -> None:
        """Its connection may serve the next call; it is closed if the body was not read to its end, or if something
        stood behind it."""
        # No public name leads to what was read and is no part of this answer, and the library would go on with it.
        link: Any = self._response.stream
        if link._stream._connection._h11_state.trailing_data[0]:
            await self._response.extensions["network_stream"].aclose()
        await self._response.aclose()


class Network(httpcore2.AsyncNetworkBackend):
    """The library's way to the network."""

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:  # fmt: skip
        """A connection to the first of the host's addresses that answers. OSError, TimeoutError after so many s."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout):
            try:
                _, stream = await loop.create_connection(_Stream, host, port, happy_eyeballs_delay=_EYEBALLS_SECONDS)
            except UnicodeError as error:  # a label that is empty or too long (RFC 1035 2.3.4)
                raise OSError("its name is none") from error
        return stream


class _Stream(asyncio.Protocol, httpcore2.AsyncNetworkStream):
    """One connection, in the clear until `start_tls`."""

    def __init__(self) -> None:
        self._arrived = bytearray()
        self._changed = Signal()
        self._ended = self._clogged = self._held = False
        self._why: Exception | None = None
        self._transport: Any = None  # asyncio names no class that has all of a TLS connection's

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        """The same connection, encrypted and verified for that name. OSError, TimeoutError; then it is closed."""
        loop = asyncio.get_running_loop()
        try:
            if self._arrived:  # it would be read as if it had come encrypted
                raise ConnectionError("it spoke before the encryption")
            async with asyncio.timeout(timeout):
                self._transport = await loop.start_tls(
                    self._transport, self, ssl_context, server_hostname=server_hostname
                )
        except BaseException:
            self._transport.abort()
            raise
        return self

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come, once something has; b"" at the end. OSError, TimeoutError."""
        while not (self._arrived or self._ended):
            await self._change(timeout)
        piece = bytes(self._arrived[:max_bytes])
        del self._arrived[:max_bytes]
        if self._held and len(self._arrived) < _AHEAD:
            self._held = False
            self._transport.resume_reading()
        if not piece and self._why is not None:
            raise self._why
        return piece

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Handed over to be sent. On a connection that is lost it vanishes: the next `read` tells. TimeoutError."""
        if not self._ended:
            self._transport.write(buffer)
        while self._clogged and not self._ended:
            await self._change(timeout)

    async def _change(self, timeout: float | None) -> None:
        await self._changed.wait(None if timeout is None else asyncio.get_running_loop().time() + timeout)

    async def aclose(self) -> None:
        """At once, without a farewell: the library closes what has said all or what is given up."""
        self._ended = True
        self._transport.abort()

    def get_extra_info(self, info: str) -> Any:
        """`is_readable`: whether something waits to be read, were it the end; else what the transport knows."""
        if info == "is_readable":
            return bool(self._arrived) or self._ended or self._waits()
        return self._transport.get_extra_info(info)

    def _waits(self) -> bool:
        """Whether the system has something that the loop had no time to read; yes for a connection that is closed."""
        socket = self._transport.get_extra_info("socket")
        if socket is None or socket.fileno() < 0:
            return True
        look = select.poll()
        look.register(socket.fileno(), select.POLLIN)
        return bool(look.poll(0))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._arrived += data
        if len(self._arrived) >= _AHEAD and not self._held:
            self._held = True
            self._transport.pause_reading()
        self._changed.give()

    def eof_received(self) -> None:
        self._ended = True
        self._changed.give()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._why = True, exc
        self._changed.give()

    def pause_writing(self) -> None:
        self._clogged = True

    def resume_writing(self) -> None:
        self._clogged = False
        self._changed.give()
