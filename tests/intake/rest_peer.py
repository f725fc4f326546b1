"""A scripted Digital Post for tests: real TLS with client certificates, real bytes, and every misbehaviour.

`MemoShelf` is the well-behaved upstream; `RestPeer.script` answers the next calls in its place.
"""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import trustme

from nemboks.clock import RealClock
from nemboks.domain.pace import Pace
from nemboks.intake.rest import RestInbox
from nemboks.intake.rest_calls import RestAccess, open_client
from nemboks.ports import Clock, Inbox

ONE = "5c1b6d1e-9d5b-4c5e-8c0e-0c6d0c3f4a01"
TWO = "5c1b6d1e-9d5b-4c5e-8c0e-0c6d0c3f4a02"
MEMO = b"<memo:Message>" + b"x" * 300_000 + b"</memo:Message>"
TOKEN = "token-anna"
SYSTEM = "0b0c1f5e-3a44-4f5e-9a53-6a3f6f0f2c11"


@dataclass(frozen=True)
class Call:
    method: str
    path: str  # below the base, decoded
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


Respond = Callable[[Call, asyncio.StreamWriter], Awaitable[None]]


def answer(status: int = 200, body: bytes = b"", kind: str = "application/json", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Words", f"Content-Length: {len(body)}", f"Content-Type: {kind}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def sends(*pieces: bytes, close: bool = False, reset: bool = False) -> Respond:
    """A response of these raw bytes, then perhaps an end."""

    async def respond(call: Call, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if reset:
            writer.transport.abort()
        elif close:
            writer.close()

    return respond


def says(status: int, body: object = None, kind: str = "application/json", **headers: str) -> Respond:
    return sends(answer(status, b"" if body is None else json.dumps(body).encode(), kind, **headers))


async def silent(call: Call, writer: asyncio.StreamWriter) -> None:
    """Never answers; ends with the connection."""
    await asyncio.Event().wait()


def page(ids: list[str], number: int = 0, pages: int = 1, total: int | None = None) -> dict[str, object]:
    return {"content": ids, "number": number, "size": 1000, "totalPages": pages,
            "totalElements": len(ids) if total is None else total}  # fmt: skip


@dataclass
class MemoShelf:
    """Letters of one system; a receipt takes the letter off, or the DELETE after it when `on_delete`."""

    letters: dict[str, bytes] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)
    on_delete: bool = False
    page_size: int = 1000

    async def __call__(self, call: Call, writer: asyncio.StreamWriter) -> None:
        writer.write(self._answer(call))
        await writer.drain()

    def _answer(self, call: Call) -> bytes:
        if call.headers.get("authorization") != "Basic " + base64.b64encode(f"{SYSTEM}:{TOKEN}".encode()).decode():
            return answer(401)
        if call.path == "memos/":
            size, number = min(int(call.query["size"]), self.page_size), int(call.query["page"])
            ids = list(self.letters)
            content = ids[number * size : (number + 1) * size]
            return answer(200, json.dumps(page(content, number, -(-len(ids) // size), len(ids))).encode())
        upstream_id = call.path.split("/")[1]
        spelt = next((listed for listed in self.letters if listed.lower() == upstream_id.lower()), None)
        if call.method == "POST":
            if upstream_id.lower() in self.receipts:
                return answer(409, b'{"code": "SETTLED", "message": "already settled"}')
            if spelt is None:
                return answer(404)
            self.receipts[spelt.lower()] = json.loads(call.body)["transmissionId"]
            if not self.on_delete:
                del self.letters[spelt]
            return answer(200)
        if spelt is None:
            return answer(404)
        if call.method == "DELETE":
            del self.letters[spelt]
            return answer(204)
        return answer(200, self.letters[spelt], "application/xml")


@dataclass
class RestPeer:
    access: RestAccess
    usual: Respond
    script: list[Respond] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    kill: Callable[[], None] | None = None  # nobody listens any more
    connections: int = 0  # so many were opened
    live: int = 0  # so many are open

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections, self.live = self.connections + 1, self.live + 1
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while not writer.is_closing():
                    call = await _read(reader)
                    self.calls.append(call)
                    await (self.script.pop(0) if self.script else self.usual)(call, writer)
        finally:
            self.live -= 1

    @property
    def letters(self) -> dict[str, bytes]:
        """Those of the well-behaved upstream."""
        assert isinstance(self.usual, MemoShelf)
        return self.usual.letters


async def _read(reader: asyncio.StreamReader) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, target, _ = head[0].split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    url = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    return Call(method, unquote(url.path.removeprefix("/apis/v1/")), query, headers, body)


def write_certificates(folder: Path, ca: trustme.CA, name: str) -> tuple[Path, Path]:
    """A client certificate's two files."""
    leaf = ca.issue_cert(f"{name}@kunde.example")
    chain, key = folder / f"{name}.pem", folder / f"{name}.key"
    chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    key.write_bytes(leaf.private_key_pem.bytes())
    return chain, key


@asynccontextmanager
async def rest_peer(folder: Path, usual: Respond | None = None, delete: bool = False) -> AsyncIterator[RestPeer]:
    ca = trustme.CA()
    chain, key = write_certificates(folder, ca, "client")
    (folder / "ca.pem").write_bytes(ca.cert_pem.bytes())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    ca.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    # The address is known only when the port is: the peer object is completed before the first call.
    peer: RestPeer
    handlers: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        handlers.add(task)
        try:
            await peer.serve(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            handlers.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    base = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/apis/v1/"

    def kill() -> None:
        server.close()
        for task in handlers:
            task.cancel()

    access = RestAccess(base, folder / "ca.pem", chain, key, delete)
    peer = RestPeer(access, usual or MemoShelf(on_delete=delete), kill=kill)
    try:
        yield peer
    finally:
        kill()
        await asyncio.gather(*handlers, return_exceptions=True)
        await server.wait_closed()


@asynccontextmanager
async def opened(
    peer: RestPeer, pace: Pace, token: str = TOKEN, clock: Clock | None = None
) -> AsyncIterator[RestInbox]:
    """An inbox on the peer with a client of its own."""
    async with open_client(peer.access) as client:
        yield RestInbox(client, peer.access, SYSTEM, token, pace, clock or RealClock())


async def whole(inbox: Inbox, upstream_id: str = ONE) -> bytes:
    async with inbox.fetch(upstream_id) as pieces:
        return b"".join([piece async for piece in pieces])
