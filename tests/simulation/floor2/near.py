"""The program's end of the virtual network: asyncio's transport, and the loop that hands it out."""

import asyncio
import errno
import heapq
import os
import socket
from asyncio import futures, protocols, sslproto, transports
from collections import deque
from collections.abc import Callable
from typing import Any

from tests.simulation.floor2.net import Line, Net
from tests.simulation.loop import VirtualLoop

_QUIET, _ = os.pipe()  # a descriptor that never has anything to read


class _Socket:
    """What libraries ask of a socket. It has something to read when bytes, or the end, wait unread."""

    def __init__(self, end: "NearEnd") -> None:
        self._end = end

    def fileno(self) -> int:
        return -1 if self._end.readable else _QUIET

    def setsockopt(self, *_: Any) -> None:
        pass

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", 1

    getpeername = getsockname
    family = socket.AF_INET


class NearEnd(transports._FlowControlMixin, transports.Transport):  # type: ignore[name-defined,misc]
    """The program's transport."""

    _start_tls_compatible = True

    def __init__(self, loop: "NetLoop", line: Line, protocol: Any, waiter: Any) -> None:
        super().__init__({"peername": ("127.0.0.1", 2)}, loop)
        self._extra["socket"] = _Socket(self)
        self._line, self._protocol = line, protocol
        self._buffer = bytearray()
        self._incoming: list[bytes] = line.early
        self._eof: bool | None = line.early_end  # whether by reset
        self._reading, self._closing, self._finished, self._busy = False, False, False, False
        self.dead = False
        line.near = self
        loop.call_soon(protocol.connection_made, self)
        loop.call_soon(self.resume_reading)
        if waiter is not None:
            loop.call_soon(futures._set_result_unless_cancelled, waiter, None)  # type: ignore[attr-defined]

    # --- from the network ---

    @property
    def readable(self) -> bool:
        return bool(self._incoming) or self._eof is not None or self._closing

    def arrived(self, data: bytes) -> None:
        self._incoming.append(data)
        self._wake()

    def ended(self, reset: bool) -> None:
        if reset:
            self._incoming.clear()
            self._fail(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))
        else:
            self._eof = False
            self._wake()

    def flush(self) -> None:
        """Hands on what the window has room for."""
        room = self._line.window - self._line.up.flying
        if self._buffer and 2 * room >= self._line.window and not self.dead:  # no silly windows (RFC 1122 4.2.3.4)
            self._line.up.send(bytes(self._buffer[:room]))
            del self._buffer[:room]
            self._maybe_resume_protocol()
            if not self._buffer and self._closing:
                self._finish(None)

    def die(self) -> None:
        """The process is gone; nobody is to complain that it did not close."""
        self.dead = True
        if isinstance(self._protocol, sslproto.SSLProtocol):
            self._protocol._app_transport._closed = True  # type: ignore[attr-defined]

    # --- for the protocol ---

    def _wake(self) -> None:
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._read)

    def _read(self) -> None:
        self._busy = False
        if not self._reading or self._closing or self.dead:
            return
        if self._incoming:
            data = b"".join(self._incoming)
            self._incoming.clear()
            if isinstance(self._protocol, protocols.BufferedProtocol):
                protocols._feed_data_to_buffered_proto(self._protocol, data)  # type: ignore[attr-defined]
            else:
                self._protocol.data_received(data)
            if self._eof is not None:
                self._wake()
        elif self._eof is not None and not self._protocol.eof_received():
            self.close()

    def write(self, data: Any) -> None:
        if self.dead or self._closing or not data:
            return
        self._line.net.loop.written()
        self._buffer += data
        self.flush()
        if self._buffer:
            self._maybe_pause_protocol()

    def write_eof(self) -> None:
        self._line.up.end(reset=False)

    def can_write_eof(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return len(self._buffer)

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_protocol(self) -> Any:
        return self._protocol

    def is_closing(self) -> bool:
        return self._closing

    def is_reading(self) -> bool:
        return self._reading and not self._closing

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        if not (self._closing or self._reading):
            self._reading = True
            self._wake()

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            if not self._buffer:
                self._finish(None)

    def abort(self) -> None:
        self._fail(None)

    def _force_close(self, error: Exception | None) -> None:
        """What asyncio's TLS calls when it gives a connection up."""
        self._fail(error)

    def _fail(self, error: Exception | None) -> None:
        if not self._finished:
            self._closing = True
            self._buffer.clear()
            self._finish(error)

    def _finish(self, error: Exception | None) -> None:
        if not self._finished and not self.dead:
            self._finished = True
            self._line.up.end(reset=False)
            self._loop.call_soon(self._lost, error)

    def _lost(self, error: Exception | None) -> None:
        self._line.sock.close()
        self._line.near = None
        self._line.down.hole = True
        if self._line in self._line.net.lines:
            self._line.net.lines.remove(self._line)
        self._protocol.connection_lost(error)


class Killed(BaseException):
    """The program is gone."""


class NetLoop(VirtualLoop):
    """The virtual loop with the network on it. `written` is told of every write of the program."""

    def __init__(self, seed: int, net: Net) -> None:
        super().__init__(seed)
        self.net, net.loop = net, self
        self.written: Callable[[], None] = lambda: None
        self.doomed: Callable[[int], bool] = lambda steps: False  # asked before every step
        self.before_step = self._stepping
        self._turn: deque[asyncio.Handle] = deque()
        self.graveyard: list[Any] = []

    def _in_turns(self) -> list[asyncio.Handle]:
        handles = super()._in_turns()
        self._turn = deque(handles)
        return handles

    def _stepping(self, steps: int) -> None:
        while self._turn[0]._cancelled:
            self._turn.popleft()
        if self.doomed(steps):
            raise Killed
        self._turn.popleft()

    def kill(self) -> None:
        """What the program was about to do is forgotten; the network and its servers go on.

        Its coroutines are kept, not closed: a killed process runs no `finally`.
        """
        self.graveyard += asyncio.all_tasks(self)
        self._ready = deque(x for x in (*self._turn, *self._ready) if _outlives(x))
        self._scheduled = [x for x in self._scheduled if _outlives(x)]
        heapq.heapify(self._scheduled)
        self._timer_cancelled_count = 0
        self._turn.clear()
        self.net.kill()

    async def getaddrinfo(self, host: Any, port: Any, **_: Any) -> list[Any]:  # type: ignore[override]
        return await self.net.resolve(host, port)

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        await self.net.connect(sock, address)

    def _make_socket_transport(self, sock: Any, protocol: Any, waiter: Any = None, **_: Any) -> NearEnd:
        return NearEnd(self, self.net.line_of(sock), protocol, waiter)

    def _make_ssl_transport(
        self, sock: Any, protocol: Any, sslcontext: Any, waiter: Any = None, *, server_hostname: Any = None,
        ssl_handshake_timeout: Any = None, ssl_shutdown_timeout: Any = None, **_: Any,
    ) -> Any:  # fmt: skip
        tls = sslproto.SSLProtocol(
            self, protocol, sslcontext, waiter, False, server_hostname,
            ssl_handshake_timeout=ssl_handshake_timeout, ssl_shutdown_timeout=ssl_shutdown_timeout,
        )  # fmt: skip
        NearEnd(self, self.net.line_of(sock), tls, None)
        return tls._app_transport


def _outlives(handle: asyncio.Handle) -> bool:
    """Whether it is the network's or a server's."""
    callback: Any = handle._callback  # type: ignore[attr-defined]
    if handle._cancelled:  # type: ignore[attr-defined]
        return False
    return bool(getattr(callback, "outlives", False) or getattr(getattr(callback, "__self__", None), "outlives", False))
