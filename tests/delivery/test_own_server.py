"""What the courier does with its connections, its time and our own mistakes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from nemboks.clock import RealClock
from nemboks.delivery.courier import ServerCourier
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Stage
from tests.helpers.smtp_server import HASTY, HELO, LETTER, QUICK, Certificates, ScriptedServer, make_mail

HELLO = "@hello PIPELINING"
KEPT = [HELLO, "@envelope", "B", "S 250 kept"]


async def yes() -> bool:
    """The fence still holds."""
    return True


class MovedClock(RealClock):
    """Real time, which a test may put forward."""

    ahead = 0.0

    def monotonic(self) -> float:
        """The real clock's, and what the test added."""
        return super().monotonic() + self.ahead


def open_connections_to(port: int) -> int:
    """How many sockets of this machine are connected to the port (proc_pid_net(5): remote address, state)."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(line[2].endswith(f":{port:04X}") and line[3] == "01" for line in lines)


def courier_for(server: ScriptedServer, certificates: Certificates, pace: Pace = QUICK) -> ServerCourier:
    """A courier that knows the server under two names."""
    access = server.access(certificates)
    return ServerCourier({"own": access, "same": access}, pace, RealClock(), HELO)


@pytest.mark.parametrize(
    "steps",
    [
        ["!"],
        ["S 220 hello", "C EHLO", "!"],
        ["@hello AUTH=PLAIN", "C AUTH", "!"],
        [HELLO, "C MAIL", "!"],
        [HELLO, "C MAIL", "C RCPT", "C DATA", "S 250 ok", "!"],
        [HELLO, "C MAIL", "C RCPT", "C DATA", "S 250 ok", "S 250 ok", "!"],
        [HELLO, "@envelope", "B 20", "!"],
        [HELLO, "@envelope", "B", "!"],
        ["@hello CHUNKING PIPELINING", "C MAIL", "C RCPT", "S 250 ok", "S 250 ok", "D", "!"],
        ["@hello CHUNKING PIPELINING", "C MAIL", "C RCPT", "S 250 ok", "S 250 ok", "D", "S 250 ok", "L", "!"],
    ],
    ids=["greeting", "ehlo", "login", "mail", "rcpt", "data", "body", "dot", "bdat", "last"],
)
async def test_cancel_leaves_no_connection(steps: list[str], certificates: Certificates) -> None:
    """A cancel passes through at every stage, and the server sees the connection end at once."""

    async def pieces() -> AsyncIterator[bytes]:
        yield LETTER * 4000 if "B 20" in steps else LETTER
        if "B 20" in steps:
            await asyncio.Event().wait()

    server = ScriptedServer([steps], certificates.context)
    async with server.running():
        access = server.access(certificates, "bakery:flour" if "C AUTH" in steps else None)
        courier = ServerCourier({"own": access}, QUICK, RealClock(), HELO)
        task = asyncio.create_task(courier.deliver(make_mail(pieces=pieces()), 10, yes))
        await asyncio.wait_for(server.cue.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.settled()
        await courier.close()

    assert server.faults == []


async def test_cancel_within_the_handshake(certificates: Certificates) -> None:
    """A server that accepts and never shakes hands holds nothing of ours after a cancel."""
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        while await reader.read(4096):
            pass
        writer.close()
        gone.set()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as listener:
        server = ScriptedServer([], certificates.context, port=listener.sockets[0].getsockname()[1])
        task = asyncio.create_task(courier_for(server, certificates).deliver(make_mail(), 10, yes))
        await asyncio.wait_for(arrived.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), 5)
        report = await courier_for(server, certificates, HASTY).deliver(make_mail(), 10, yes)

    assert report.stage is Stage.CONNECT
    assert report.words == "no connection within 0.3 s"


async def test_cancel_waits_for_no_goodbye(certificates: Certificates) -> None:
    """A server that reads no more cannot hold our end of the connection open after a cancel."""
    server = ScriptedServer([["S 220 hello", "C EHLO", "!", "Z"]], certificates.context)
    async with server.running():
        task = asyncio.create_task(courier_for(server, certificates).deliver(make_mail(), 10, yes))
        await asyncio.wait_for(server.cue.wait(), 5)
        assert open_connections_to(server.port) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        assert open_connections_to(server.port) == 0


async def test_a_false_answer_in_the_kernel(certificates: Certificates) -> None:
    """An answer that arrived before the dot is seen even if nobody had time to read it."""
    server = ScriptedServer([[HELLO, "@envelope"]], certificates.context)

    async def before_dot() -> bool:
        server.writers[0].write(b"250 2.0.0 fake\r\n")
        return True

    async with server.running():
        report = await courier_for(server, certificates).deliver(make_mail(), 10, before_dot)
        await server.settled()

    assert (report.stage, report.reply) == (Stage.BODY, None)
    assert not server.heard[0].dotted


async def test_nobody_listens(certificates: Certificates) -> None:
    """A refused connection is a report like any other, with its words and the server's address."""
    server = ScriptedServer([], certificates.context)
    async with server.running():
        courier = courier_for(server, certificates)
    report = await courier.deliver(make_mail(), 10, yes)

    assert report.stage is Stage.CONNECT
    assert report.reply is None
    assert report.words
    assert report.server == f"localhost:{server.port}"
    assert report.tls is None


async def test_a_name_that_cannot_be(certificates: Certificates) -> None:
    """A host name that is none ends at CONNECT as well."""
    access = replace(ScriptedServer([], certificates.context, port=1).access(certificates), host="a" * 64 + ".example")
    report = await ServerCourier({"own": access}, QUICK, RealClock(), HELO).deliver(make_mail(), 10, yes)

    assert report.stage is Stage.CONNECT
    assert report.words


@pytest.mark.parametrize("error", [RuntimeError("cut"), OSError("disk"), TimeoutError("slow disk")])
async def test_our_contents_fail(error: Exception, certificates: Certificates) -> None:
    """An exception from the letter passes; the connection is closed and no dot was sent or asked for."""
    asked = []

    async def pieces() -> AsyncIterator[bytes]:
        yield LETTER
        raise error

    async def before_dot() -> bool:
        asked.append(True)
        return True

    server = ScriptedServer([[HELLO, "@envelope"]], certificates.context)
    async with server.running():
        courier = courier_for(server, certificates)
        with pytest.raises(type(error)) as seen:
            await courier.deliver(make_mail(pieces=pieces()), 10, before_dot)
        await server.settled()

    assert seen.value is error
    assert not server.heard[0].dotted
    assert asked == []


async def test_a_letter_of_another_size(certificates: Certificates) -> None:
    """A letter that is not as long as announced is our mistake: it is never finished."""
    server = ScriptedServer([[HELLO, "@envelope"]], certificates.context)
    async with server.running():
        with pytest.raises(ValueError, match="brought 48"):
            await courier_for(server, certificates).deliver(make_mail(size=49), 10, yes)
        await server.settled()

    assert not server.heard[0].dotted


@pytest.mark.parametrize("address", ["a@b.example>\r\nRCPT TO:<c@d.example", "a b@c.example", "a@b.example\x00"])
async def test_an_address_that_is_more(address: str, certificates: Certificates) -> None:
    """An address that would say more than an address never reaches the server."""
    server = ScriptedServer([[HELLO]], certificates.context)
    async with server.running():
        courier = courier_for(server, certificates)
        with pytest.raises(ValueError, match="address"):
            await courier.deliver(make_mail(recipient=address), 10, yes)
        await courier.close()
        await server.settled()

    assert b"RCPT" not in server.heard[0].raw


async def test_the_fence_fails(certificates: Certificates) -> None:
    """An exception from `before_dot` passes, and the dot is not sent."""

    async def before_dot() -> bool:
        raise RuntimeError("the store is gone")

    server = ScriptedServer([[HELLO, "@envelope"]], certificates.context)
    async with server.running():
        with pytest.raises(RuntimeError, match="store"):
            await courier_for(server, certificates).deliver(make_mail(), 10, before_dot)
        await server.settled()

    assert not server.heard[0].dotted


async def test_the_time_up_to_the_dot(certificates: Certificates) -> None:
    """The deadline ends an attempt wherever it is, and the report says where that was."""
    server = ScriptedServer([[HELLO, "C MAIL"]], certificates.context)
    async with server.running():
        report = await courier_for(server, certificates).deliver(make_mail(), 0.3, yes)
        await server.settled()

    assert report.stage is Stage.MAIL
    assert report.words == "not ready for the dot within 0.3 s"
    assert 0.2 < report.seconds < 5


async def test_no_dot_after_the_deadline(certificates: Certificates) -> None:
    """If the commit took until after the deadline, somebody else may hold the letter: no dot."""
    clock = MovedClock()

    async def before_dot() -> bool:
        clock.ahead = 100
        return True

    server = ScriptedServer([[HELLO, "@envelope"]], certificates.context)
    async with server.running():
        courier = ServerCourier({"own": server.access(certificates)}, QUICK, clock, HELO)
        report = await courier.deliver(make_mail(), 10, before_dot)
        await server.settled()

    assert report.stage is Stage.BODY
    assert report.words == "the time was up before the dot"
    assert not server.heard[0].dotted


@pytest.mark.parametrize(
    "hello", [[HELLO, "@envelope"], ["@hello PIPELINING CHUNKING", "C MAIL", "C RCPT", "S 250 a", "S 250 a"]]
)
async def test_a_server_that_does_not_read(hello: list[str], certificates: Certificates) -> None:
    """Back-pressure has a limit: the attempt ends in the body."""
    server = ScriptedServer([[*hello, "Z"]], certificates.context)
    async with server.running():
        report = await courier_for(server, certificates, HASTY).deliver(make_mail(LETTER * 500_000), 10, yes)

    assert report.stage is Stage.BODY
    assert "within 0.3 s" in report.words


async def test_a_server_that_the_settings_no_longer_name_is_a_report() -> None:
    """A route may outlive its server's settings: the letter waits, and the daemon goes on."""
    courier = ServerCourier({}, QUICK, RealClock(), HELO)

    async def before_dot() -> bool:
        raise AssertionError("asked without a server")

    report = await courier.deliver(make_mail(), 5, before_dot)

    assert (report.stage, report.reply, report.tls) == (Stage.CONNECT, None, None)
    assert "[servers.own]" in report.words
