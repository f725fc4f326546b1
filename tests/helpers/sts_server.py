"""An HTTPS server that has one answer to everything: where a domain's MTA-STS policy lies."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx.bakery.example\r\nmax_age: 604800\r\n"


@dataclass
class StsServer:
    """Answers with `text`, whoever asks for whatever."""

    context: ssl.SSLContext
    text: str = POLICY
    status: str = "200 OK"
    content_type: str = "text/plain; charset=utf-8"
    headers: str = ""
    requests: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)  # that clients asked for (SNI)
    port: int = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["StsServer"]:
        """The server on a free port, until the block ends."""
        self.context.sni_callback = lambda _, name, __: self.names.append(name)
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            body = self.text.encode()
            head = f"HTTP/1.1 {self.status}\r\nContent-Type: {self.content_type}\r\n{self.headers}"
            writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
