"""A mail server that takes everything, fast: `python -m bench.sink FOLDER CERTIFICATE KEY [SECONDS]`.

It offers STARTTLS on one port and speaks TLS from the start on the other; PIPELINING, CHUNKING, 8BITMIME. Each mail it
says 250 to lies in FOLDER as it came, and has a line in FOLDER/taken; nothing is looked at before somebody asks, so
that it costs the machine little. It acknowledges every segment at once (TCP_QUICKACK): a client without TCP_NODELAY
would else wait some 40 ms a letter on loopback, which no network makes it wait. With SECONDS it thinks about each mail
for so long before it says 250.
"""

import asyncio
import json
import socket
import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

HELLO = (
    b"250-sink\r\n250-SIZE 209715200\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
    b"250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n"
)
DOT = b"\r\n.\r\n"
TAKEN = b"250 2.0.0 taken\r\n"


class Room:
    """Where mails are kept: one file each, and the list of those that were taken."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number = folder, 0
        self._taken = (folder / "taken").open("w", buffering=1)

    def begin(self) -> BinaryIO:
        self._number += 1
        return (self._folder / f"{self._number}.eml").open("wb")

    def take(self, file: BinaryIO, recipient: str, stuffed: bool) -> None:
        """The mail counts as taken from here on."""
        file.close()
        row = {"file": Path(file.name).name, "to": recipient, "stuffed": stuffed, "at": time.time()}
        self._taken.write(json.dumps(row) + "\n")

    def close(self) -> None:
        self._taken.close()


class Talk(asyncio.Protocol):
    """One connection. `_part` takes what comes next: a command line, the body up to its dot, or a chunk."""

    def __init__(self, room: Room, context: ssl.SSLContext, seconds: float = 0.0) -> None:
        self._room, self._context, self._seconds = room, context, seconds
        self._buffer = bytearray()
        self._part: Callable[[], bool] = self._line
        self._file: BinaryIO | None = None
        self._recipient, self._left, self._last = "", 0, False
        self._upgrade: asyncio.Task[None] | None = None  # kept, or nobody would hold it

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._socket: Any = transport.get_extra_info("socket")
        self._say(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        self._buffer += data
        while self._part():
            pass

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()

    def _say(self, words: bytes) -> bool:
        self._transport.write(words)
        return True

    def _forget(self) -> None:
        """No mail is open any more; what came of one is not taken."""
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink()
        self._file, self._recipient = None, ""

    # --- commands ---

    def _line(self) -> bool:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        verb, _, rest = line.partition(b" ")
        answer = getattr(self, "_do_" + verb.decode("ascii", "replace").lower(), None)
        return bool(answer(rest)) if answer else self._say(b"502 5.5.1 not known here\r\n")

    def _do_ehlo(self, _: bytes) -> bool:
        plain = self._transport.get_extra_info("ssl_object") is None
        return self._say(HELLO + (b"250 STARTTLS\r\n" if plain else b"250 HELP\r\n"))

    def _do_helo(self, _: bytes) -> bool:
        return self._say(b"250 sink\r\n")

    def _do_starttls(self, _: bytes) -> bool:
        self._buffer.clear()  # nothing that came before the handshake counts
        self._transport.pause_reading()
        self._say(b"220 2.0.0 go ahead\r\n")
        self._upgrade = asyncio.ensure_future(self._to_tls())
        return False

    async def _to_tls(self) -> None:
        loop = asyncio.get_running_loop()
        made = await loop.start_tls(self._transport, self, self._context, server_side=True)
        self._transport = made

    def _do_mail(self, _: bytes) -> bool:
        self._forget()
        return self._say(b"250 2.1.0 ok\r\n")

    def _do_rcpt(self, rest: bytes) -> bool:
        self._recipient = rest.partition(b"<")[2].partition(b">")[0].decode()
        return self._say(b"250 2.1.5 ok\r\n")

    def _do_rset(self, _: bytes) -> bool:
        return self._do_mail(b"")

    def _do_noop(self, _: bytes) -> bool:
        return self._say(b"250 2.0.0 ok\r\n")

    def _do_quit(self, _: bytes) -> bool:
        self._say(b"221 2.0.0 bye\r\n")
        self._transport.close()
        return False

    # --- the body ---

    def _do_data(self, _: bytes) -> bool:
        self._file, self._part = self._room.begin(), self._dotted
        self._buffer[:0] = b"\r\n"  # so that a body which is only the dot ends as any other; the reader takes it off
        return self._say(b"354 go ahead\r\n")

    def _dotted(self) -> bool:
        assert self._file is not None
        end = self._buffer.find(DOT)
        ready = end + 2 if end >= 0 else max(0, len(self._buffer) - len(DOT) + 1)
        self._file.write(memoryview(self._buffer)[:ready])
        if end < 0:
            del self._buffer[:ready]
            return False
        del self._buffer[: end + len(DOT)]
        self._part = self._line
        return self._taken(stuffed=True)

    def _do_bdat(self, rest: bytes) -> bool:
        size, _, last = rest.partition(b" ")
        self._left, self._last = int(size), last.upper() == b"LAST"
        self._file = self._file or self._room.begin()
        self._part = self._chunk
        return True

    def _chunk(self) -> bool:
        assert self._file is not None
        got = min(self._left, len(self._buffer))
        self._file.write(memoryview(self._buffer)[:got])
        del self._buffer[:got]
        self._left -= got
        if self._left:
            return False
        self._part = self._line
        return self._taken(stuffed=False) if self._last else self._say(b"250 2.0.0 go on\r\n")

    def _taken(self, stuffed: bool) -> bool:
        assert self._file is not None
        self._room.take(self._file, self._recipient, stuffed)
        self._file = None
        if self._seconds:
            asyncio.get_running_loop().call_later(self._seconds, self._say, TAKEN)
            return True
        return self._say(TAKEN)


async def serve(folder: Path, certificate: str, key: str, seconds: float = 0.0) -> None:
    """Serve until the process is ended; FOLDER/ports appears, whole, when both ports listen."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    room, loop = Room(folder), asyncio.get_running_loop()
    tls = await loop.create_server(lambda: Talk(room, context, seconds), "127.0.0.1", 0, ssl=context, backlog=1000)
    plain = await loop.create_server(lambda: Talk(room, context, seconds), "127.0.0.1", 0, backlog=1000)
    ports = {"tls": tls.sockets[0].getsockname()[1], "starttls": plain.sockets[0].getsockname()[1]}
    (folder / "ports.new").write_text(json.dumps(ports))
    (folder / "ports.new").rename(folder / "ports")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3], *map(float, sys.argv[4:])))
