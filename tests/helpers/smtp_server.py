"""A mail server that plays a conversation, and writes down what it heard.

A conversation is a text: a sentence, settings (`name: value`), an empty line, then one step a line:

    @hello KEYWORD …   greet, hear EHLO, answer with the keywords (a `=` becomes a blank)
    @envelope          hear MAIL, RCPT and DATA at once, say 250, 250, 354
    S text             say a line; lines that follow each other go out in one write
    s text             say a line, byte by byte
    N n text           say a line n times
    R escaped          say exactly these bytes (escapes as in Python)
    C start            hear a line that starts so
    B [n]              hear the letter up to its dot, or n bytes of it
    D [n]              hear n BDAT commands with their pieces (one without a number)
    L                  hear `BDAT 0 LAST`
    T                  upgrade to TLS
    !                  let the courier's `before_dot` return (`X` does that too)
    Q                  hear nothing for a fifth of a second
    Z                  read nothing more
    X how              end: close (TLS says goodbye), fin (it does not), reset

After the last step it listens until the client leaves, and answers its QUIT. `=== ` begins the next connection's steps.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from nemboks.delivery.access import ServerAccess
from nemboks.domain.pace import Pace
from nemboks.ports import Mail

SENDER, RECIPIENT, HELO = "nemboks@sender.example", "post@bakery.example", "client.example"
LETTER = b"Subject: Letter\r\n\r\n.a line with a dot\r\nthe end\r\n"
QUICK = Pace.demo().model_copy(
    update={"connect_seconds": 5.0, "reply_seconds": 5.0, "dot_seconds": 5.0, "spare_seconds": 5.0}
)
HASTY = QUICK.model_copy(update={"connect_seconds": 0.3, "reply_seconds": 0.3, "dot_seconds": 0.3})


@dataclass(frozen=True)
class Conversation:
    """A conversation file: what it shows, its settings, and the steps of each connection."""

    about: str
    settings: dict[str, str]
    connections: list[list[str]]

    @classmethod
    def parse(cls, text: str) -> "Conversation":
        """The conversation that the text describes."""
        head, _, steps = text.partition("\n\n")
        about, *lines = head.splitlines()
        settings = dict(line.split(": ", 1) for line in lines)
        connections = [part.splitlines() for part in steps.split("=== \n")]
        return cls(about, settings, connections)


@dataclass
class Heard:
    """What came in on one connection."""

    raw: bytes = b""
    letter: bytes | None = None
    secured: bool = False
    clear: bytes = b""  # of `raw`, before TLS

    @property
    def dotted(self) -> bool:
        """Whether the end of a letter was among it."""
        return b"\r\n.\r\n" in self.raw or b"BDAT 0 LAST\r\n" in self.raw


@dataclass
class Certificates:
    """An authority and a server context; `ca_file` is what the client trusts."""

    ca_file: Path
    context: ssl.SSLContext

    @classmethod
    def make(cls, folder: Path, *names: str) -> "Certificates":
        """Certificates of a new authority for these names, or for localhost."""
        authority = trustme.CA()
        folder.mkdir(parents=True, exist_ok=True)
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*(names or ("localhost",))).configure_cert(context)
        return cls(folder / "ca.pem", context)


@dataclass
class ScriptedServer:
    """Plays one list of steps for each connection that comes."""

    connections: list[list[str]]
    context: ssl.SSLContext
    implicit: bool = True
    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    cue: asyncio.Event = field(default_factory=asyncio.Event)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)  # for a test that speaks out of turn
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["ScriptedServer"]:
        """The server on a free port, until the block ends."""
        if not any(step == "!" or step.startswith("X ") for steps in self.connections for step in steps):
            self.cue.set()
        context = self.context if self.implicit else None
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=context, limit=2**20)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    async def settled(self) -> None:
        """Returns when every connection has ended; a connection that stays open is a leak and fails the test."""
        async with asyncio.timeout(5):
            await asyncio.gather(*self._tasks)

    def access(self, certificates: Certificates, login: str | None = None) -> ServerAccess:
        """How the courier reaches this server. `login` is "name:password"."""
        username, password = login.split(":") if login else (None, None)
        return ServerAccess(
            "localhost", self.port, self.implicit, certificates.ca_file, username, password, internal=True
        )

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.append(task)
        self.writers.append(writer)
        heard = Heard(secured=self.implicit)
        self.heard.append(heard)
        player = _Player(self, reader, writer, heard)
        try:
            if len(self.heard) > len(self.connections):
                self.faults.append("a connection too many")
            else:
                await player.play(self.connections[len(self.heard) - 1])
        except asyncio.CancelledError:
            pass  # the test is over; asyncio 3.11 would log it
        except (OSError, asyncio.IncompleteReadError) as error:
            heard.raw += getattr(error, "partial", b"")
        finally:
            writer.transport.abort()


@dataclass
class _Player:
    server: ScriptedServer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heard: Heard

    async def play(self, steps: list[str]) -> None:
        for step in steps:
            await self._step(step)
        while not self.heard.raw.endswith(b"QUIT\r\n") and (data := await self.reader.read(65_536)):
            self._note(data)
        if self.heard.raw.endswith(b"QUIT\r\n"):
            self.writer.write(b"221 2.0.0 bye\r\n")
            await self.reader.read()

    async def _step(self, step: str) -> None:
        what, _, text = step.partition(" ")
        match what:
            case "@hello":
                await self._hello(text.split())
            case "@envelope":
                for command in ("MAIL FROM:<", "RCPT TO:<", "DATA"):
                    await self._line(command)
                self.writer.write(b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go on\r\n")
            case "S":
                self.writer.write(text.encode() + b"\r\n")
            case "R":
                self.writer.write(text.encode("latin-1").decode("unicode_escape").encode("latin-1"))
            case "N":
                count, _, line = text.partition(" ")
                self.writer.write((line.encode() + b"\r\n") * int(count))
            case "s":
                for sign in text.encode() + b"\r\n":
                    self.writer.write(bytes([sign]))
                    await asyncio.sleep(0)
            case "C":
                await self._line(text)
            case "B":
                await self._letter(int(text or 0))
            case "D":
                await self._chunks(int(text or 1))
            case "L":
                await self._line("BDAT 0 LAST")
            case "T":
                await self.writer.start_tls(self.server.context)
                self.heard.secured = True
            case "!":
                self.server.cue.set()
            case "Q":
                with contextlib.suppress(TimeoutError):
                    self._note(await asyncio.wait_for(self.reader.readexactly(1), 0.2))
                    self.server.faults.append("heard something too early")
            case "Z":
                await asyncio.Event().wait()
            case "X":
                await self._end(text)
            case "" | "#":
                pass
            case _:
                raise ValueError(step)

    def _note(self, data: bytes) -> None:
        self.heard.raw += data
        if not self.heard.secured:
            self.heard.clear += data

    async def _hello(self, keywords: list[str]) -> None:
        self.writer.write(b"220 mail.bakery.example ESMTP\r\n")
        await self._line(f"EHLO {HELO}")
        lines = ["mail.bakery.example", *(keyword.replace("=", " ") for keyword in keywords)]
        self.writer.write("".join(f"250{' ' if line is lines[-1] else '-'}{line}\r\n" for line in lines).encode())

    async def _line(self, start: str) -> None:
        line = await self.reader.readuntil(b"\r\n")
        self._note(line)
        if line == b"RSET\r\n" or line.startswith(b"MAIL FROM:"):
            self.heard.letter = None
        if not line.decode("latin-1").startswith(start):
            self.server.faults.append(f"heard {line!r} instead of {start!r}")
            raise ConnectionAbortedError

    async def _letter(self, size: int) -> None:
        if size:
            self._note(await self.reader.readexactly(size))
            return
        before = len(self.heard.raw)
        while b"\r\n.\r\n" not in b"\r\n" + self.heard.raw[before:]:
            data = await self.reader.read(65_536)
            if not data:
                raise ConnectionAbortedError
            self._note(data)
        body = b"\r\n" + self.heard.raw[before:]
        self.heard.letter = body.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")[2:]

    async def _chunks(self, count: int) -> None:
        for _ in range(count):
            line = await self.reader.readuntil(b"\r\n")
            self._note(line)
            piece = await self.reader.readexactly(int(line.split()[1]))
            self._note(piece)
            self.heard.letter = (self.heard.letter or b"") + piece

    async def _end(self, how: str) -> None:
        if how == "close":
            self.writer.close()
            with contextlib.suppress(OSError):
                await self.writer.wait_closed()
        if how == "reset":
            plain = self.writer.get_extra_info("socket")
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        await asyncio.sleep(0)
        self.server.cue.set()
        raise ConnectionAbortedError


def make_mail(letter: bytes = LETTER, piece: int = 0, **changes: object) -> Mail:
    """A mail whose body comes in pieces of so many bytes (0: all at once)."""

    async def pieces() -> AsyncIterator[bytes]:
        for part in _cut(letter, piece):
            yield part

    facts = {"account": "bakery", "server": "own", "sender": SENDER, "recipient": RECIPIENT, "eight_bit": False}
    return Mail(**{**facts, "size": len(letter), "pieces": pieces(), **changes})  # type: ignore[arg-type]


def _cut(letter: bytes, piece: int) -> Iterator[bytes]:
    step = piece or len(letter) or 1
    return (letter[at : at + step] for at in range(0, len(letter), step))
