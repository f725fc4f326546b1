"""The connection itself: what waits, what is dropped, and an end that comes between two steps."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from nemboks.clock import RealClock
from nemboks.delivery import wire as door
from nemboks.delivery.access import Progress, ServerAccess, Stopped
from nemboks.delivery.courier import Carrier
from nemboks.delivery.stream import Wire
from nemboks.domain.proof import Stage
from tests.helpers.smtp_server import HASTY, HELO, QUICK, Certificates, ScriptedServer


class Peer:
    """The other end of a connection in clear, which reads only when it is told to."""

    def __init__(self) -> None:
        self.read = asyncio.Event()
        self.heard = 0
        self.over = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection."""
        await self.read.wait()
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                self.heard += len(data)
        writer.transport.abort()
        self.over.set()


@contextlib.asynccontextmanager
async def connected(peer: Peer) -> AsyncIterator[asyncio.Transport]:
    """A transport to the peer, until the block ends."""
    listener = await asyncio.start_server(peer, "127.0.0.1", 0)
    async with listener:
        address = listener.sockets[0].getsockname()
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, *address)
        try:
            yield transport
        finally:
            transport.abort()
            peer.read.set()
            await asyncio.wait_for(peer.over.wait(), 5)


async def test_drained_means_that_nothing_waits_here() -> None:
    """While a single byte waits in our buffers the letter is not drained, however few; then it is."""
    peer = Peer()
    async with connected(peer) as transport:
        wire, sent = Wire(transport, {}), 0
        while not transport.get_write_buffer_size():
            wire.write(b"a" * 1000)
            sent += 1000
        assert not wire.clogged
        draining = asyncio.create_task(wire.drain())
        await asyncio.sleep(0)
        assert not draining.done()
        peer.read.set()
        await asyncio.wait_for(draining, 5)
        assert transport.get_write_buffer_size() == 0
    assert peer.heard == sent


async def test_after_the_end_nothing_is_read() -> None:
    """Bytes that TLS still brings after we closed are nobody's answer."""
    async with connected(Peer()) as transport:
        wire = Wire(transport, {})
        wire.abort()
        wire.data_received(b"250 2.0.0 kept\r\n")

        assert wire.take() is None
        with pytest.raises(Stopped, match="closed by us"):
            await wire.reply()


async def test_a_connection_that_was_closing_is_lost_at_once() -> None:
    """Taken over from a connection that is on its way down, nothing is waited for."""
    async with connected(Peer()) as transport:
        transport.abort()

        with pytest.raises(Stopped, match="the server closed the connection"):
            await Wire(transport, {}).reply()


@pytest.mark.parametrize(
    ("implicit", "login", "stage"),
    [(True, None, Stage.GREETING), (True, "bakery:flour", Stage.GREETING), (False, None, Stage.TLS)],
)
async def test_a_server_that_goes_right_after_its_ehlo_offered_what_it_offered(
    implicit: bool, login: str | None, stage: Stage, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that answers EHLO and is gone before our next step closed the connection; nobody is told that it
    offers no STARTTLS, or no login."""

    class Slow(door._Engine):
        async def ehlo(self, *given: object, **named: object) -> object:  # type: ignore[override]
            answer = await super().ehlo()
            async with asyncio.timeout(5):
                while self.transport is not None:
                    await asyncio.sleep(0)
            return answer

    monkeypatch.setattr(door, "_Engine", Slow)
    steps, progress = ["@hello STARTTLS AUTH=PLAIN", "X reset"], Progress()
    server = ScriptedServer([steps], certificates.context, implicit)
    async with server.running():
        dialler = Carrier(QUICK, RealClock(), HELO).dialler(server.access(certificates, login))
        with pytest.raises(Stopped, match="the server closed the connection"):
            await door.dial(dialler, progress)
        await server.settled()

    assert progress.stage is stage


async def test_a_server_that_hangs_up_instead_of_starting_tls(certificates: Certificates) -> None:
    """An orderly end in clear, while its answer to STARTTLS is awaited: said so at once, and nothing more is sent."""
    server = ScriptedServer([["@hello STARTTLS", "C STARTTLS", "X fin"]], certificates.context, False)
    progress = Progress()
    async with server.running():
        with pytest.raises(Stopped, match="the server closed the connection"):
            await door.dial(Carrier(QUICK, RealClock(), HELO).dialler(server.access(certificates)), progress)
        await server.settled()

    assert progress.stage is Stage.TLS
    assert server.heard[0].raw == f"EHLO {HELO}\r\nSTARTTLS\r\n".encode()


async def test_a_name_that_nobody_answers_for(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking a server's name up counts as connecting, and ends with its time."""

    async def silent(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", silent)
    access, progress = ScriptedServer([], certificates.context).access(certificates), Progress()
    with pytest.raises(Stopped, match=r"no connection within 0\.3 s"):
        await door.dial(Carrier(HASTY, RealClock(), HELO).dialler(access), progress)

    assert progress.stage is Stage.CONNECT


async def test_a_name_that_tls_cannot_ask_for(certificates: Certificates) -> None:
    """A server whose name is none for TLS is not spoken to; the report says what is wrong with it."""
    peer, host = Peer(), f"{'a' * 64}.example"
    peer.read.set()
    async with await asyncio.start_server(peer, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        access = ServerAccess(host, port, True, certificates.ca_file, internal=True, addresses=("127.0.0.1",))
        with pytest.raises(Stopped, match="label") as told:
            await door.dial(Carrier(HASTY, RealClock(), HELO).dialler(access), Progress())
        await asyncio.wait_for(peer.over.wait(), 5)

    assert told.value.reply is None
