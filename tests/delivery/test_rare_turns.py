"""Turns that a talk with a mail server rarely takes: what is sent meanwhile, and that nothing hangs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from nemboks.clock import RealClock
from nemboks.delivery.access import ServerAccess, Stopped
from nemboks.delivery.courier import Carrier, ServerCourier
from nemboks.delivery.smtp import PIECE, Smtp
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Stage
from tests.delivery.test_connections import yes
from tests.helpers.smtp_server import HASTY, HELO, LETTER, QUICK, Certificates, ScriptedServer, make_mail

HELLO = "@hello PIPELINING"
KEPT = ["@envelope", "B", "S 250 kept"]
LARGE = b"a: b\r\n\r\n" + b"0123456789abcd\r\n" * 500_000  # more than all buffers between two sockets hold


class Opened(NamedTuple):
    """Both ends of a connection."""

    smtp: Smtp
    server: ScriptedServer


@contextlib.asynccontextmanager
async def opened(steps: list[str], certificates: Certificates, pace: Pace = QUICK) -> AsyncIterator[Opened]:
    """A connection that is ready for a letter, and the server that plays these steps on it."""
    server = ScriptedServer([steps], certificates.context)
    async with server.running():
        smtp = Smtp(Carrier(pace, RealClock(), HELO).dialler(server.access(certificates)))
        await smtp.open()
        try:
            yield Opened(smtp, server)
        finally:
            smtp.abort()
            await server.settled()
    assert server.faults == []


@pytest.mark.parametrize("farewell", [b"421 4.3.2 idle\r\n", b"4"])
async def test_a_kept_connection_that_spoke_takes_no_letter(farewell: bytes, certificates: Certificates) -> None:
    """What a server says while it rests wakes us at once, and the connection is not asked for another letter."""
    async with opened([HELLO], certificates) as (smtp, server):
        stirred = asyncio.Event()
        smtp.watch(stirred.set)
        assert smtp.fit
        server.writers[0].write(farewell)
        await asyncio.wait_for(stirred.wait(), 5)

        assert not smtp.fit


async def test_a_kept_connection_that_does_not_answer(certificates: Certificates) -> None:
    """A server that is silent to MAIL for as long as connecting would take is left for a new connection."""
    server = ScriptedServer([[HELLO, *KEPT, "C MAIL", "Z"], [HELLO, *KEPT]], certificates.context)
    async with server.running():
        courier = ServerCourier({"own": server.access(certificates)}, HASTY, RealClock(), HELO)
        reports = [await courier.deliver(make_mail(), 10, yes) for _ in range(2)]
        await courier.close()

    assert [(report.stage, report.reply and report.reply.code) for report in reports] == [(Stage.DOT, 250)] * 2
    assert [heard.letter for heard in server.heard] == [None, LETTER]


@pytest.mark.parametrize("piece", [0, 50_000])
async def test_a_letter_of_whole_pieces(piece: int, certificates: Certificates) -> None:
    """A letter whose size is a multiple of what is sent at once arrives whole, however its pieces come to us."""
    letter = b"0123456789abcd\r\n" * (PIECE // 16)
    server = ScriptedServer([[HELLO, *KEPT]], certificates.context)
    async with server.running():
        courier = ServerCourier({"own": server.access(certificates)}, QUICK, RealClock(), HELO)
        report = await courier.deliver(make_mail(letter, piece), 10, yes)
        await courier.close()

    assert report.reply
    assert (report.reply.code, server.heard[0].letter) == (250, letter)


async def test_a_refusal_whose_other_answers_never_come(certificates: Certificates) -> None:
    """A refused recipient is told as such though the server goes before it answered DATA; nothing is kept."""
    steps = [HELLO, "C MAIL", "C RCPT", "C DATA", "S 250 ok", "S 550 5.1.1 nobody here", "X close"]
    async with opened(steps, certificates) as (smtp, _):
        with pytest.raises(Stopped) as told:
            await smtp.envelope(make_mail())

        assert told.value.reply
        assert (told.value.reply.code, smtp.progress.stage, smtp.usable) == (550, Stage.RCPT, False)


class LateReader:
    """A server that takes no byte of the letter before it is told to."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.heard = bytearray()
        self.ended = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection."""
        writer.write(b"220 mail\r\n")
        for answer in (b"250-mail\r\n250 PIPELINING", b"250 ok", b"250 ok", b"354 go on"):
            await reader.readline()
            writer.write(answer + b"\r\n")
        await self.go_on.wait()
        while not self.heard.endswith(b"\r\n.\r\n"):
            self.heard += await reader.read(65_536)
        writer.write(b"250 kept\r\n")
        with contextlib.suppress(OSError):
            await reader.read()
        writer.transport.abort()
        self.ended.set()


async def clogs(smtp: Smtp) -> None:
    """Returns when the letter waits for the server."""
    async with asyncio.timeout(20):
        while not smtp._line.clogged:
            await asyncio.sleep(0)


async def test_a_server_that_reads_late_gets_the_whole_letter(certificates: Certificates) -> None:
    """A letter larger than every buffer waits until the server reads on, and arrives whole."""
    server, mail = LateReader(), make_mail(LARGE)
    listener = await asyncio.start_server(server, "127.0.0.1", 0, ssl=certificates.context)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        access = ServerAccess("localhost", port, True, certificates.ca_file, internal=True)
        smtp = Smtp(Carrier(QUICK, RealClock(), HELO).dialler(access))
        await smtp.open()
        await smtp.envelope(mail)
        sending = asyncio.create_task(smtp.body(mail))
        await clogs(smtp)
        server.go_on.set()
        await sending
        reply = await smtp.finish()
        smtp.abort()
        await server.ended.wait()

    assert reply.code == 250
    assert server.heard.removesuffix(b".\r\n") == LARGE
