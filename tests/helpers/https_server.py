"""An HTTPS server that gives the answers a test lays down, and writes down what it was asked."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HttpsServer:
    """Plays `answers` in turn, the last one again and again; None says nothing at all."""

    context: ssl.SSLContext
    answers: list[tuple[int, bytes] | bytes | None]
    asked: list[Asked] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)  # of TLS's server name indication
    port: int = 0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["HttpsServer"]:
        """The server on a free port, until the block ends."""
        self.context.sni_callback = lambda connection, name, context: self.names.append(name)
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.append(task)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *fields = head.rstrip().split("\r\n")
            headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in fields)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.asked.append(Asked(line, headers, body))
            await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # a client that went; asyncio 3.11 would log it
        finally:
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            await reader.read()
        elif isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
        else:
            status, body = answer
            head = f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
