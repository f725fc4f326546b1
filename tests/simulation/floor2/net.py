"""A network in memory: names, connections, latency, bytes that arrive cut and glued, and every way of ending.

Promises: bytes arrive in order and unchanged or not at all; what was handed to the "kernel" before a kill still
arrives, what lay in the program's own buffers does not; every choice comes from the seed. No socket is connected:
those that asyncio insists on making are empty, and are closed with their connection.
"""

import asyncio
import errno
import socket
from collections import deque
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from tests.simulation.floor2.near import NearEnd, NetLoop

LAGS = (0.0, 0.001, 0.02, 0.3)  # seconds
WINDOWS = (900, 8_000, 65_536)  # bytes on their way that were not read yet


class Far(Protocol):
    """The other end of a connection."""

    def arrived(self, data: bytes) -> None: ...
    def ended(self, reset: bool) -> None: ...


Listener = Callable[["Line"], Far]


class Net:
    """Who listens where, and every line that is open. `trouble` names what befalls a step of connecting."""

    def __init__(self, seed: int) -> None:
        self.random = Random(f"net {seed}")
        self.loop: NetLoop
        self.names: dict[str, str] = {}
        self.listeners: dict[tuple[str, int], Listener] = {}
        self.lines: list[Line] = []
        self._made = 0
        self.trouble: Callable[[str, str, int], str | None] = lambda step, host, port: None
        self._connected: dict[int, Line] = {}

    def listen(self, host: str, address: str, port: int, listener: Listener) -> None:
        self.names[host] = address
        self.listeners[address, port] = listener

    async def resolve(self, host: str | bytes, port: int) -> list[Any]:
        host = host.decode() if isinstance(host, bytes) else host
        await asyncio.sleep(self.random.choice(LAGS))
        match self.trouble("dns", host, port):
            case "dns_fails":
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            case "dns_silent":
                await self.loop.create_future()
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (self.names[host], port))]

    async def connect(self, sock: socket.socket, address: tuple[str, int]) -> None:
        await asyncio.sleep(self.random.choice(LAGS))
        match self.trouble("connect", *address):
            case "refused":
                raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
            case "unreachable":
                raise OSError(errno.ENETUNREACH, "Network is unreachable")
            case "hole":
                await self.loop.create_future()
        self._made += 1
        line = Line(self, self._made, sock, self.listeners[address])
        self.lines.append(line)
        self._connected[id(sock)] = line

    def line_of(self, sock: socket.socket) -> "Line":
        return self._connected.pop(id(sock))

    def kill(self) -> None:
        """The program is gone: its kernel still sends what it was given, and then says goodbye, or not even that."""
        for line in self.lines:
            line.near_died()
        self.lines.clear()
        self._connected.clear()


class Pipe:
    """One direction. `hold`: the reader reads nothing; `hole`: nothing arrives any more, and nobody is told."""

    outlives: ClassVar = True  # a kill

    def __init__(self, line: "Line", random: Random, deliver: Callable[[bytes], None]) -> None:
        self._line, self._random, self._deliver = line, random, deliver
        self._lag = random.choice(LAGS)
        self._style = random.choice(("whole", "whole", "parts", "parts", "parts", "bytes"))
        self._last = 0.0
        self.hole = self.hold = self.ended = False
        self.flying = 0  # bytes on their way, or arrived and unread
        self._held: list[bytes] = []
        self._queue: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()

    def send(self, data: bytes) -> None:
        """Cut at any byte. So many draws of chance for every call: TLS may be a byte longer in another run."""
        cuts = sorted(self._random.random() for _ in range(2))
        spread = self._random.random() * self._lag
        if self.hole or self.ended:
            return
        self.flying += len(data)
        size = len(data)
        if self._style == "whole":
            places = [0, size]
        elif self._style == "bytes" and size <= 80:
            places = list(range(size + 1))
        else:
            places = sorted({0, *(int(size * cut) for cut in cuts), size})
        for start, end in pairwise(places):
            self._at(spread, self._arrive, data[start:end])

    def end(self, reset: bool) -> None:
        """No more bytes in this direction, said when the others have arrived."""
        if not (self.hole or self.ended):
            self.ended = True
            self._at(0.0, self._end, reset)

    def release(self) -> None:
        """The reader goes on."""
        self.hold = False
        for piece in self._held:
            self._arrive(piece)
        self._held.clear()

    def _at(self, spread: float, callback: Callable[..., None], *args: Any) -> None:
        loop = self._line.net.loop
        self._last = max(self._last, loop.time() + self._lag + spread)
        self._queue.append((callback, args))  # timers of one moment have no order among themselves
        loop.call_at(self._last, self._next)

    def _next(self) -> None:
        callback, args = self._queue.popleft()
        callback(*args)

    def _arrive(self, data: bytes) -> None:
        if self.hole:
            return
        if self.hold:
            self._held.append(data)
            return
        self.flying -= len(data)
        self._deliver(data)
        self._line.room()

    def _end(self, reset: bool) -> None:
        if not self.hole:
            self._line.pipe_ended(self, reset)


class Line:
    """One TCP connection between the program (near) and a server (far)."""

    def __init__(self, net: Net, number: int, sock: socket.socket, listener: Listener) -> None:
        self.net, self.number, self.sock = net, number, sock
        random = Random(net.random.getrandbits(64))
        self.window = random.choice(WINDOWS)
        self.near: NearEnd | None = None
        self.up = Pipe(self, random, self._up)
        self.down = Pipe(self, random, self._down)
        self.early: list[bytes] = []  # for the program, before it made its transport
        self.early_end: bool | None = None
        self.gone = False
        self.far = listener(self)

    def _up(self, data: bytes) -> None:
        self.far.arrived(data)

    def _down(self, data: bytes) -> None:
        if self.near is not None:
            self.near.arrived(data)
        else:
            self.early.append(data)

    def room(self) -> None:
        if self.near is not None:
            self.near.flush()

    def pipe_ended(self, pipe: Pipe, reset: bool) -> None:
        if pipe is self.up:
            self.far.ended(reset)
        elif self.near is not None:
            self.near.ended(reset)
        else:
            self.early_end = reset

    def reset(self) -> None:
        """By the server or somebody between: both ends are told at once, what was on its way is lost."""
        self.up.hole = True
        self.down.end(reset=True)

    def silence(self) -> None:
        """A black hole in both directions (a NAT that forgot, a cable that was pulled)."""
        self.up.hole = self.down.hole = True

    def near_died(self) -> None:
        if self.near is not None:
            self.near.die()
            self.near = None
        self.gone = True
        self.down.hole = True
        self.up.end(reset=False)
        self.sock.close()
