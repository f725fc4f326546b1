"""A server that says given octets, whatever it hears: one segment for each thing our side writes, in pieces.

An input's first octet chooses what our side does, the second how the octets are cut; segments stand between octets 30.
When our side waits and nothing is left to say, the connection ends, so that no input can hold us.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

BETWEEN = b"\x1e"
_TURNS = 12  # of the loop without a word from us: then we wait for more
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Script:
    """What the input asks for."""

    act: bytes
    step: int  # octets of a piece
    segments: list[bytes]

    @classmethod
    def of(cls, octets: bytes) -> "Script":
        """The script that the octets are; every octets are one."""
        step = octets[1] if len(octets) > 1 and octets[1] < 0x30 else 0
        return cls(octets[:1], step or 1 << 16, octets[2:].split(BETWEEN))


class FuzzTransport(asyncio.Transport):
    """The transport of a connection to such a server."""

    def __init__(self, script: Script) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.said = b""  # by the server
        self.said_before: list[int] = []  # octets that it had said when we wrote each
        self._script, self._next = script, 0
        self._protocol: Any = None
        self._over = False

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))
        self.said_before.append(len(self.said))

    def is_closing(self) -> bool:
        return self._over

    def abort(self) -> None:
        if not self._over:
            self._over = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def close(self) -> None:
        self.abort()

    def pause_reading(self) -> None:
        """Nothing: what is said comes all the same, as what a socket's buffer held would."""

    def resume_reading(self) -> None:
        """Nothing either."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing waits here."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    async def play(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """What our side's work brings; meanwhile the server says its segments."""
        task = asyncio.ensure_future(work)
        heard = 0
        while not task.done():
            for _ in range(_TURNS):
                await asyncio.sleep(0)
                if len(self.written) > heard or task.done():
                    break
            heard += len(self.written) > heard
            if not task.done():
                self._say()
        return task.result()

    def _say(self) -> None:
        if self._next >= len(self._script.segments):
            self.abort()
            return
        segment = self._script.segments[self._next]
        self._next += 1
        for at in range(0, len(segment), self._script.step):
            if self._over:
                return
            piece = segment[at : at + self._script.step]
            self.said += piece
            self._protocol.data_received(piece)
