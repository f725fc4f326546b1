"""Somebody who sits on the line between the courier and a mail server: strips, cuts, swallows, and writes down."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass
class Line:
    """Forwards to the port; changed while it runs by setting its fields."""

    target: int
    strip: bytes = b""  # a line with these words is taken out of the server's answers
    deaf: bool = False  # the server's bytes go no further
    mute: bool = False  # the client's bytes go no further
    port: int = 0
    sent: bytes = b""  # by the client
    swallowed: asyncio.Event = field(default_factory=asyncio.Event)  # something did not go further
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Line"]:
        """The line on a free port, until the block ends."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    def cut(self) -> None:
        """Both ends lose the connection at once."""
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.append(task)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        self._writers += [writer, far_writer]
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._forward(reader, far_writer, from_client=True))
                both.create_task(self._forward(far_reader, writer, from_client=False))
        except* OSError:
            pass
        finally:
            writer.transport.abort()
            far_writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, from_client: bool) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # the test is over; asyncio 3.11 would log it
            while data := await reader.read(65_536):
                if from_client:
                    self.sent += data
                if self.mute if from_client else self.deaf:
                    self.swallowed.set()
                    continue
                writer.write(data if from_client else self._stripped(data))
            writer.transport.abort()

    def _stripped(self, data: bytes) -> bytes:
        if not self.strip:
            return data
        return b"".join(line for line in data.splitlines(keepends=True) if self.strip not in line)
