"""One way to serve HTTP for both faces that need it: uvicorn inside our loop, on a socket bound to port 0.

Promises: the port is open when `start` returns; `stop` takes well under two seconds whatever clients do; an
application can find the connection under `TRANSPORT` in the scope, to break it as a fault demands.
"""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

TRANSPORT = "simulator.transport"
PIECE = 1 << 18
SMALL_BODY = 1 << 20
SETTLE_SECONDS = 0.05  # long enough on loopback for what was written to reach the client before the reset

FieldErrors = Iterable[tuple[str, str, str, str | None]]


class _Protocol(H11Protocol):
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        inner: Any = self.app

        async def with_transport(scope: Any, receive: Any, send: Any) -> None:
            scope[TRANSPORT] = transport
            await inner(scope, receive, send)

        self.app = with_transport


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals belong to the command line


class HttpServer:
    """A running HTTP server on 127.0.0.1."""

    def __init__(self, app: ASGIApp, **tls: Any) -> None:
        self._config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
            **tls,
        )

    async def start(self) -> int:
        """The port it listens on."""
        # The protocol must be named: asyncio turns Nagle's delay off only where it stands (40 ms an answer otherwise).
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._server = _Server(self._config)
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        await self._server.up.wait()
        return int(self._socket.getsockname()[1])

    async def stop(self) -> None:
        """Nothing; the port is closed and every connection is gone."""
        for listener in self._server.servers:
            listener.close()
        # uvicorn would wait for slow clients, then cancel their requests with a traceback each.
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        self._server.should_exit = True
        await self._task


class Json(JSONResponse):
    """A JSON reply that can carry whatever clients sent; a lone surrogate (no Unicode) becomes a question mark."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def json_error(status: int, message: str, fields: FieldErrors = (), *, retry_after: int | None = None) -> Response:
    """The ErrorMessage reply of Digital Post (DIGITAL-POST.md 2.2); field errors are (field, code, message, value)."""
    body = {
        "code": f"simulator.{status}",
        "message": message,
        "fieldErrors": [
            {"resource": "memo", "field": field, "code": code, "message": text, "rejectedValue": value}
            for field, code, text, value in fields
        ],
    }
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="digitalpost"'
    return Json(body, status, headers)


async def reset_connection(scope: Scope, receive: Receive) -> None:
    """Nothing; the client sees its connection break (TCP reset), after what was written already."""
    await asyncio.sleep(SETTLE_SECONDS)
    transport = scope[TRANSPORT]
    # Closing with a linger time of zero sends RST instead of FIN.
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass  # else the server would miss the end of our reply and complain


class Reset(Response):
    """Instead of a reply the connection breaks."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await reset_connection(scope, receive)


class FileReply(Response):
    """A file's bytes as a reply; `cut` announces and sends only so many, `reset` announces all and breaks half way."""

    def __init__(self, path: Path, size: int, media_type: str, *, cut: int | None = None, reset: bool = False) -> None:
        super().__init__(media_type=media_type)
        self._path = path
        self._announced = size if cut is None else cut
        self._sent = size // 2 if reset else self._announced
        self._reset = reset
        self._complete = cut is None and not reset
        self.headers["Content-Length"] = str(self._announced)

    def handed_over(self) -> None:
        """Nothing; called when every byte went to a connection that still stood, before the client can answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] != "HEAD":
            for piece in file_pieces(self._path, self._sent):
                if scope[TRANSPORT].is_closing():
                    break
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            if self._reset:
                await reset_connection(scope, receive)
                return
            # Asked before the last event: after it, a connection that is not kept alive is closing as it should.
            if self._complete and not scope[TRANSPORT].is_closing():
                self.handed_over()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def file_pieces(path: Path, size: int) -> Iterator[bytes]:
    """The first bytes of the file, in pieces."""
    with path.open("rb") as file:
        while size > 0 and (piece := file.read(min(PIECE, size))):
            size -= len(piece)
            yield piece


async def body_pieces(request: Request) -> AsyncIterator[bytes]:
    """The request's body in pieces. Raises ClientDisconnect when the client goes before its end."""
    async for piece in request.stream():
        if piece:
            yield piece


async def small_body(request: Request) -> bytes:
    """The request's body, cut at a megabyte (more than any JSON we read)."""
    body = bytearray()
    async for piece in request.stream():
        body += piece[: SMALL_BODY - len(body)]
    return bytes(body)
