"""A scripted IMAP server for tests: real TLS, a small honest mailbox, and every misbehaviour on request.

`ImapPeer.script["UID FETCH"] = [reply, ...]` answers the next such commands in the honest server's place.
"""

import asyncio
import re
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from nemboks.intake.imap import ImapAccess
from tests.helpers.receipts import header_block

CAPABILITIES = "IMAP4rev1 IDLE UIDPLUS"
DATE = b'"04-Mar-2026 06:06:07 +0100"'

Reply = Callable[["Talk"], Awaitable[None]]

LETTER = b"From: kommune@example.dk\r\nSubject: brev 0 * (paren * x\r\n\r\n" + b"Linje * {12}\r\n) NB1 OK\r\n" * 20_000
SIZE = len(LETTER)
OTHER = b"From: kommune@example.dk\r\nSubject: et andet\r\n\r\nhej\r\n"


@dataclass
class Talk:
    """One command and where its answer goes. In a reply's bytes `TAG` stands for the command's tag."""

    peer: "ImapPeer"
    tag: bytes
    line: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece.replace(b"TAG ", self.tag + b" "))
            await self.writer.drain()


def sends(*pieces: bytes, close: bool = False, reset: bool = False) -> Reply:
    async def reply(talk: Talk) -> None:
        await talk.send(*pieces)
        if reset:
            talk.writer.transport.abort()
        elif close:
            talk.writer.close()

    return reply


async def silent(talk: Talk) -> None:
    """Never answers; ends with the connection."""
    await asyncio.Event().wait()


@dataclass
class ImapPeer:
    access: ImapAccess
    letters: dict[int, bytes] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    validity: int = 7
    capabilities: str = CAPABILITIES
    greeting: bytes = b"* OK ready\r\n"
    script: defaultdict[str, list[Reply]] = field(default_factory=lambda: defaultdict(list))
    lines: list[bytes] = field(default_factory=list)  # commands without their tags
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    connections: int = 0
    idling: asyncio.Event = field(default_factory=asyncio.Event)
    told: int = 0  # how many letters whoever is connected knows of

    def commands(self, word: str) -> list[bytes]:
        return [line for line in self.lines if line.upper().startswith(word.encode())]

    def tell(self, *pieces: bytes) -> None:
        """Something untagged to whoever is connected."""
        for writer in self.writers:
            writer.write(b"".join(pieces))

    def drop(self) -> None:
        for writer in list(self.writers):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        writer.write(self.greeting)
        with suppress(OSError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                tag, _, line = (await reader.readuntil(b"\r\n"))[:-2].partition(b" ")
                self.lines.append(line)
                await self._answer(Talk(self, tag, line, reader, writer))

    async def _answer(self, talk: Talk) -> None:
        words = talk.line.decode().upper().split()
        name = " ".join(words[: 2 if words[0] == "UID" else 1])
        if self.script[name]:
            await self.script[name].pop(0)(talk)
        else:
            await getattr(self, "_" + name.lower().replace(" ", "_"))(talk)

    async def _capability(self, talk: Talk) -> None:
        await talk.send(f"* CAPABILITY {self.capabilities}\r\nTAG OK done\r\n".encode())

    async def _login(self, talk: Talk) -> None:
        good = talk.line == b'LOGIN "anna" "hemmelig"'
        await talk.send(b"TAG OK in\r\n" if good else b"TAG NO [AUTHENTICATIONFAILED] not you, anna@bageri.example\r\n")

    async def _select(self, talk: Talk) -> None:
        self.told = len(self.letters)
        await talk.send(
            f"* {len(self.letters)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] valid\r\n".encode(),
            b"TAG OK [READ-WRITE] selected\r\n",
        )

    async def _noop(self, talk: Talk) -> None:
        """Tells what came and went since, and nothing else (RFC 3501 6.1.2, 7.3.1)."""
        number = len(self.letters)
        gone = b"* 1 EXPUNGE\r\n" * (self.told - number)
        came = b"* %d EXISTS\r\n" % number if number > self.told else b""
        self.told = number
        await talk.send(gone, came, b"TAG OK nothing more\r\n")

    async def _uid_fetch(self, talk: Talk) -> None:
        which, _, what = talk.line.partition(b" ")[2].partition(b" ")[2].partition(b" ")
        uids = sorted(self.letters) if which == b"1:*" else _uids(which)
        for number, uid in enumerate(uids, 1):
            if uid in self.letters:
                await talk.send(b"* %d FETCH (" % number + self._attributes(uid, what) + b")\r\n")
        await talk.send(b"TAG OK fetched\r\n")

    def _attributes(self, uid: int, what: bytes) -> bytes:
        letter = self.letters[uid]
        parts = [b"UID %d" % uid]
        if b"INTERNALDATE" in what:
            flags = b"\\Seen \\Deleted" if uid in self.deleted else b"\\Seen"
            parts += [b"INTERNALDATE " + DATE, b"FLAGS (" + flags + b")"]
        if b"RFC822.SIZE" in what:
            parts.append(b"RFC822.SIZE %d" % len(letter))
        if b"BODY.PEEK[HEADER]" in what:
            header = header_block(letter)
            parts.append(b"BODY[HEADER] {%d}\r\n" % len(header) + header)
        if b"BODY.PEEK[]" in what:
            parts.append(b"BODY[] {%d}\r\n" % len(letter) + letter)
        return b" ".join(parts)

    async def _uid_store(self, talk: Talk) -> None:
        self.deleted |= set(_uids(re.search(rb"STORE ([\d,]+) ", talk.line)[1]))
        await talk.send(b"TAG OK stored\r\n")

    async def _uid_expunge(self, talk: Talk) -> None:
        uids = _uids(talk.line.split()[-1])
        for uid in self.deleted.intersection(uids):
            self.letters.pop(uid, None)
        self.told -= len(uids)
        await talk.send(b"* 1 EXPUNGE\r\n" * len(uids) + b"TAG OK expunged\r\n")

    async def _idle(self, talk: Talk) -> None:
        await talk.send(b"+ idling\r\n")
        self.idling.set()
        assert await talk.reader.readuntil(b"\r\n") == b"DONE\r\n"
        await talk.send(b"TAG OK idled\r\n")

    async def _logout(self, talk: Talk) -> None:
        await talk.send(b"* BYE leaving\r\nTAG OK bye\r\n")
        talk.writer.close()


def _uids(named: bytes) -> list[int]:
    """Of a sequence set without ranges."""
    return [int(uid) for uid in named.split(b",")]


@asynccontextmanager
async def imap_peer(folder: Path, *names: str) -> AsyncIterator[ImapPeer]:
    ca = trustme.CA()
    (folder / "imap-ca.pem").write_bytes(ca.cert_pem.bytes())
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert(*(names or ("127.0.0.1", "localhost"))).configure_cert(tls)
    handlers: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        handlers.add(task)
        try:
            await peer.serve(reader, writer)
        except asyncio.CancelledError:
            pass
        finally:
            handlers.discard(task)
            peer.writers.discard(writer)
            writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    peer = ImapPeer(ImapAccess("127.0.0.1", server.sockets[0].getsockname()[1], folder / "imap-ca.pem"))
    try:
        yield peer
    finally:
        server.close()
        for task in handlers:
            task.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)
        await server.wait_closed()
