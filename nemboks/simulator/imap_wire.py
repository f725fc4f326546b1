"""The writing side of one IMAP connection, between pymap and the socket, where a connection can be cut.

Promises: after a cut or a drop nothing more is written and whoever waits is told.
"""

import asyncio
from typing import Any

SMALL = 64  # a literal's announcement is shorter, the letters worth cutting are longer


class Wire:
    """Looks like the part of a StreamWriter that pymap uses."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.user: str | None = None
        self.last_read: int | None = None
        self._writer = writer
        self._cut_next = False
        self._gone = False

    def write(self, data: bytes) -> None:
        """Nothing; the bytes are on their way, or half of them when a cut is due."""
        if self._gone:
            return
        if self._cut_next and len(data) > SMALL:
            self._writer.write(data[: len(data) // 2])
            self.close()
        else:
            self._writer.write(data)

    async def drain(self) -> None:
        """Nothing. Raises ConnectionResetError when the connection is gone."""
        if self._gone:
            raise ConnectionResetError("cut")
        await self._writer.drain()

    def close(self) -> None:
        """Nothing; what was written still goes out, then the connection ends."""
        self._gone = True
        self._writer.close()

    def drop(self) -> None:
        """Nothing; the connection is gone at once."""
        self._gone = True
        self._writer.transport.abort()

    def drop_soon(self, seconds: float) -> None:
        """Nothing; the connection goes in so many seconds."""
        asyncio.get_running_loop().call_later(seconds, self.drop)

    def cut_next(self) -> None:
        """Nothing; the next long piece is sent by half, and then the connection ends."""
        self._cut_next = True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport knows."""
        return self._writer.get_extra_info(name, default)
