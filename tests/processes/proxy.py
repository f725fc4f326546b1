"""A TCP proxy that goes wrong on command: one link to one server, seen by the daemon as that server.

It knows nothing of TLS or mail, it only moves octets: late, in drips, not at all, or not any more. Nothing that it
passed on is ever altered, so whatever the daemon makes of it is the daemon's doing.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

LINGER = struct.pack("ii", 1, 0)  # closing then sends a reset instead of a tidy end


class Kind(StrEnum):
    """How a link can be."""

    OPEN = "open"
    SLOW = "latency"  # every chunk is late
    CUT = "cut"  # a tidy end after so many octets of a connection
    RESET = "reset"  # the same, with a reset
    HOLE = "black-hole"  # connections are taken, and nothing moves until it heals
    HALF = "half-open"  # what the server says does not come back until it heals
    DRIP = "drip"  # a few octets at a time
    SHUT = "refused"  # connections are reset at once


@dataclass(frozen=True)
class Fault:
    """A kind with its number: seconds for SLOW, octets for CUT, RESET and DRIP."""

    kind: Kind = Kind.OPEN
    number: float = 0


@dataclass(eq=False)
class _Connection:
    inner: asyncio.StreamWriter
    outer: asyncio.StreamWriter
    passed: int = 0

    def end(self, reset: bool) -> None:
        for writer in (self.inner, self.outer):
            if reset and (sock := writer.get_extra_info("socket")) is not None:
                with suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
            writer.transport.abort()


class Link:
    """One listening port and the port behind it. Its methods may be called from any thread."""

    def __init__(self, name: str, target: int, loop: asyncio.AbstractEventLoop) -> None:
        self.name, self.target, self.port = name, target, 0
        self.fault = Fault()
        self.connections = 0  # ever
        self._loop = loop
        self._changed = asyncio.Event()
        self._open: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    def be(self, fault: Fault) -> None:
        """From now on the link has the fault; what an earlier one kept back goes on its way."""
        self._call(self._be, fault)

    def lead(self, target: int) -> None:
        """New connections go to this port; the open ones end, as they do when a server is replaced."""
        self.target = target
        self.drop()

    def drop(self) -> None:
        """Every open connection is reset now."""
        self._call(self._drop)

    def _call(self, what: Callable[..., None], *arguments: object) -> None:
        self._loop.call_soon_threadsafe(what, *arguments)

    def _be(self, fault: Fault) -> None:
        self.fault = fault
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _drop(self) -> None:
        for connection in tuple(self._open):
            connection.end(reset=True)

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._taken, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.fault.kind is Kind.SHUT:
                raise ConnectionResetError
            there, outer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        connection = _Connection(writer, outer)
        self._open.add(connection)
        try:
            await asyncio.gather(
                self._pump(reader, outer, connection, False), self._pump(there, writer, connection, True)
            )
        except OSError:
            connection.end(reset=True)
        finally:
            self._open.discard(connection)
            connection.end(reset=False)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: _Connection, back: bool
    ) -> None:
        while data := await reader.read(65_536):
            await self._pass(data, writer, connection, back)
        if writer.can_write_eof():
            writer.write_eof()

    async def _pass(self, data: bytes, writer: asyncio.StreamWriter, connection: _Connection, back: bool) -> None:
        while (kind := self.fault.kind) is Kind.HOLE or (kind is Kind.HALF and back):
            await self._changed.wait()
        number = self.fault.number
        match kind:
            case Kind.SLOW:
                await asyncio.sleep(number)
            case Kind.CUT | Kind.RESET if connection.passed + len(data) > number:
                writer.write(data[: max(0, int(number) - connection.passed)])
                connection.end(reset=kind is Kind.RESET)
                raise ConnectionResetError
            case Kind.DRIP:
                await self._drip(data, writer, max(1, int(number)))
                data = b""
            case _:
                pass
        connection.passed += len(data)
        writer.write(data)
        await writer.drain()

    async def _drip(self, data: bytes, writer: asyncio.StreamWriter, step: int) -> None:
        for start in range(0, len(data), step):
            writer.write(data[start : start + step])
            await writer.drain()
            if self.fault.kind is Kind.DRIP:
                await asyncio.sleep(0.02)


class Proxy:
    """All links, in a thread of their own from `with` on."""

    def __init__(self) -> None:
        self.links: dict[str, Link] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def link(self, name: str, target: int) -> Link:
        """A new link, listening."""
        link = Link(name, target, self._loop)
        asyncio.run_coroutine_threadsafe(link.listen(), self._loop).result(10)
        self.links[name] = link
        return link

    def heal(self) -> None:
        """Every link is as if nothing had been."""
        for link in self.links.values():
            link.be(Fault())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        for link in self.links.values():
            if link._server is not None:
                link._server.close()
            link._drop()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        for _ in range(3):  # an aborted transport closes its socket a turn later
            await asyncio.sleep(0)
