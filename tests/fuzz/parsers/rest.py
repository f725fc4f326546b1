"""Whole HTTP answers of Digital Post, from the status line on (RELIABILITY.md 4c, SECURITY.md 8: B48 to B56).

Every call ends in a value or one of the port's three errors, whose words are one bounded line without our token. Ids
are such that they can be a path and a key, and what is none is counted; a letter is as long as announced; a receipt is
taken only by 200, 201 or 204; nobody but the host of the settings is ever asked.
"""

import asyncio
import re
import socket
import ssl
from datetime import UTC, datetime
from typing import Any

from nemboks.clock import RealClock
from nemboks.domain.mailbox import Cvr
from nemboks.domain.pace import Pace
from nemboks.intake.http_line import Line
from nemboks.intake.network import Client
from nemboks.intake.registry import RestRegistry
from nemboks.intake.rest import RestInbox
from nemboks.intake.rest_calls import RestAccess, retry_after
from nemboks.ports import Gone, InboxError, Refused, Unavailable
from tests.fuzz.peer import Script
from tests.helpers.receipts import receipt

OUTCOMES = frozenset({"list", "letter", "receipt", "deleted", "standing", "wait", "default", "Unavailable", "Refused",
                      "Refused mailbox", "Gone"})  # fmt: skip
LONGEST = 8_192
WORDS = (
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 ", b"100 Continue\r\n\r\n", b"201", b"204", b"301", b"401", b"403", b"404",
    b"409", b"410", b"422", b"429", b"500", b"503", b"Content-Length: ", b"Content-Type: application/xml\r\n",
    b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", b"Content-Encoding: gzip\r\n", b"\r\n\r\n",
    b"Location: https://evil.example/\r\n",
    b"Retry-After: ", b"Sat, 21 Nov 2026 10:00:00 GMT", b'{"content": [', b'"totalPages": ', b'"totalElements": ',
    b'"number": ', b'"next": ', b'"code": ', b'"message": ', b"NaN", b"1e999", b"\x1e", b"Set-Cookie: a=b\r\n",
)  # fmt: skip
ONE, TOKEN, CVR = "5c1b6d1e-9d5b-4c5e-8c0e-0c6d0c3f4a01", "a-token-of-nobodys", Cvr("13748136")
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PACE = Pace.demo()
_CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_SILENT, _FAR = socket.socketpair()  # a connection that rests asks the system whether anything came
_STATUS = re.compile(rb"HTTP/[0-9]\.[0-9] ([0-9]{3})")


def check(octets: bytes) -> str:
    """The outcome of one call, or of a Retry-After by itself."""
    script = Script.of(octets)
    if script.act == b"r":
        seconds = retry_after(b"".join(script.segments).decode("latin-1"), NOW)
        assert seconds is None or 0 <= seconds <= 3600
        return "default" if seconds is None else "wait"
    return asyncio.run(_called(script))


class _Net:
    """The network, where only one host is, and it answers each request with the next segment."""

    def __init__(self, script: Script) -> None:
        self.step, self.segments, self.asked = min(script.step, 4096), list(script.segments), list[bytes]()


class _Wire(asyncio.Transport):
    """A connection: a segment comes in steps; one that was no whole answer is followed by the end."""

    def __init__(self, net: _Net, line: Line) -> None:
        super().__init__({"socket": _SILENT})
        self._net, self._line, self._rest, self._open = net, line, b"", True
        self._held = False

    def write(self, data: Any) -> None:
        assert b"\r\nHost: digitalpost.example\r\n" in data, "another host was asked"
        assert re.match(rb"(GET|POST|DELETE) [!-~]+ HTTP/1\.1\r\n", data)
        self._net.asked.append(data)
        self._rest = self._net.segments.pop(0) if self._net.segments else b""
        asyncio.get_running_loop().call_soon(self._say)

    def _say(self) -> None:
        if not self._open or self._held:
            return
        piece, self._rest = self._rest[: self._net.step], self._rest[self._net.step :]
        if piece:
            self._line.data_received(piece)
        if self._rest:
            asyncio.get_running_loop().call_soon(self._say)
        elif not self._line.reusable:
            self._line.eof_received()

    def pause_reading(self) -> None:
        self._held = True

    def resume_reading(self) -> None:
        self._held = False
        asyncio.get_running_loop().call_soon(self._say)

    def abort(self) -> None:
        self._open = False


class _Client(Client):
    """One whose connections lead to the script."""

    def __init__(self, net: _Net) -> None:
        super().__init__("digitalpost.example", 443, _CONTEXT)
        self._net = net

    async def _connected(self, silence: float, until: float) -> Line:
        line = Line()
        line.connection_made(_Wire(self._net, line))
        return line


async def _called(script: Script) -> str:
    net = _Net(script)
    access = RestAccess("https://digitalpost.example/apis/v1/", None, None, None, script.act == b"d")
    async with _Client(net) as client:
        inbox = RestInbox(client, access, "system", TOKEN, PACE, RealClock())
        try:
            return await _act(script.act, inbox, client, access, b"".join(script.segments))
        except InboxError as error:
            words = str(error)
            assert words.isprintable() and len(words) < 600 and TOKEN not in words, words
            wait = error.retry_after if isinstance(error, Unavailable) else None
            assert wait is None or 0 <= wait <= 3600
            kind = next(kind for kind in (Unavailable, Refused, Gone) if isinstance(error, kind)).__name__
            return f"{kind} mailbox" if isinstance(error, Refused) and error.mailbox else kind


async def _act(act: bytes, inbox: RestInbox, client: Client, access: RestAccess, said: bytes) -> str:
    if act in (b"a", b"d"):
        words = await inbox.acknowledge(receipt(ONE), repeated=b"R" in said[-1:])
        statuses = [int(status) for status in _STATUS.findall(said)]
        assert any(status in (200, 201, 204) for status in statuses), "nobody took the receipt"
        assert words.isprintable() and len(words) < 700
        return "deleted" if act == b"d" else "receipt"
    if act == b"f":
        async with inbox.fetch(ONE) as pieces:
            letter = [piece async for piece in pieces]
        assert all(0 < len(piece) <= 131_072 for piece in letter)
        length = re.search(rb"content-length[ \t]*:[ \t]*([0-9]+)", said.lower())
        chunked = b"chunked" in said.lower()
        assert chunked or (length and int(length[1]) == sum(map(len, letter))), "a letter that was not whole"
        return "letter"
    if act == b"o":
        registry = RestRegistry(access, "system", TOKEN, CVR, PACE, RealClock())
        registry._client = client
        standing = await registry.look_up(CVR)
        assert TOKEN not in repr(standing)
        return "standing"
    listed = [one.upstream_id for one in await inbox.list()]
    assert len(listed) == len(set(listed)) and inbox.unusable <= said.count(b",") + said.count(b"[")
    for upstream_id in listed:
        assert re.fullmatch(r"[!-~]{1,255}", upstream_id) and upstream_id == upstream_id.lower(), upstream_id
        assert upstream_id not in (".", "..")
    return "list"
