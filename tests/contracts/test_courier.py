"""What every Courier promises, on the real one with a scripted mail server and on the fake that other tests use."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from nemboks.clock import RealClock
from nemboks.delivery.courier import ServerCourier
from nemboks.domain.proof import Stage
from nemboks.ports import Courier
from tests.helpers.fake_courier import ACCEPTED, FakeCourier, broken, refused
from tests.helpers.smtp_server import HASTY, HELO, LETTER, Certificates, ScriptedServer, make_mail

TO_RCPT = ["@hello PIPELINING", "C MAIL", "C RCPT", "C DATA", "S 250 ok"]
SCRIPTS = {
    "accepted": (["@hello PIPELINING", "@envelope", "B", "S 250 2.0.0 kept"], ACCEPTED),
    "greeting": (["S 554 5.7.1 no"], refused(Stage.GREETING, 554, "5.7.1")),
    "mail": (["@hello 8BITMIME", "C MAIL", "S 451 4.3.0 no"], refused(Stage.MAIL, 451, "4.3.0")),
    "rcpt": ([*TO_RCPT, "S 550 5.1.1 no", "S 503 5.5.1 no"], refused(Stage.RCPT, 550, "5.1.1")),
    "body": (["@hello PIPELINING", "@envelope", "S 421 4.3.2 no"], refused(Stage.BODY, 421, "4.3.2")),
    "dot": (["@hello PIPELINING", "@envelope", "B", "S 554 5.7.1 no"], refused(Stage.DOT, 554, "5.7.1")),
    "silence": (["@hello PIPELINING", "@envelope", "B"], broken(Stage.DOT)),
}


@dataclass
class World:
    """A courier, and what the mail server behind it saw whole."""

    courier: Courier
    letters: Callable[[], list[bytes]]


Worlds = Callable[[str], AbstractAsyncContextManager[World]]


@pytest.fixture(params=["real", "fake"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Worlds:
    """Opens a courier whose server plays one of the scripts."""

    @asynccontextmanager
    async def real(script: str) -> AsyncIterator[World]:
        certificates = Certificates.make(tmp_path)
        server = ScriptedServer([SCRIPTS[script][0]], certificates.context)
        async with server.running():
            courier = ServerCourier({"own": server.access(certificates)}, HASTY, RealClock(), HELO)
            yield World(courier, lambda: [heard.letter for heard in server.heard if heard.letter is not None])
            await courier.close()
            await server.settled()
        assert server.faults == []

    @asynccontextmanager
    async def fake(script: str) -> AsyncIterator[World]:
        courier = FakeCourier(deque([SCRIPTS[script][1]]))
        yield World(courier, lambda: [sent.letter for sent in courier.sent])
        await courier.close()

    return real if request.param == "real" else fake


@pytest.mark.parametrize("script", list(SCRIPTS))
async def test_the_report(world: Worlds, script: str) -> None:
    """Whatever the server does, a report with its place comes back, and the dot is asked for only when it is due."""
    expected = SCRIPTS[script][1]
    asked = []

    async def before_dot() -> bool:
        asked.append(there.letters())
        return True

    async with world(script) as there:
        report = await there.courier.deliver(make_mail(), 5, before_dot)

    assert (report.stage, report.reply and (report.reply.code, report.reply.enhanced)) == (
        expected.stage,
        expected.reply and (expected.reply.code, expected.reply.enhanced),
    )
    assert bool(report.words) == (report.reply is None)
    assert (report.tls is not None) == (report.stage >= Stage.MAIL) or report.stage is Stage.GREETING
    assert report.seconds > 0
    assert asked == ([[]] if report.stage is Stage.DOT else [])
    assert there.letters() == ([LETTER] if report.stage is Stage.DOT else [])


async def test_no_is_no(world: Worlds) -> None:
    """Unless `before_dot` says True, the server never gets a whole letter."""

    async def before_dot() -> bool:
        return False

    async with world("accepted") as there:
        report = await there.courier.deliver(make_mail(), 5, before_dot)

    assert (report.stage, report.reply) == (Stage.BODY, None)
    assert "stopped before the dot" in report.words
    assert there.letters() == []


async def test_our_exceptions_pass(world: Worlds) -> None:
    """What the letter or the fence raises comes out as it is, and nothing was delivered."""

    async def pieces() -> AsyncIterator[bytes]:
        yield LETTER[:10]
        raise LookupError("contents gone")

    async def before_dot() -> bool:
        raise LookupError("store gone")

    for mail in (make_mail(pieces=pieces()), make_mail(), make_mail(size=1)):
        async with world("accepted") as there:
            with pytest.raises((LookupError, ValueError)):
                await there.courier.deliver(mail, 5, before_dot)
            assert there.letters() == []


async def test_a_cancel_passes(world: Worlds) -> None:
    """A cancelled delivery ends at once and delivers nothing."""
    waiting = asyncio.Event()

    async def before_dot() -> bool:
        waiting.set()
        await asyncio.Event().wait()
        return True

    async with world("accepted") as there:
        task = asyncio.create_task(there.courier.deliver(make_mail(), 5, before_dot))
        await asyncio.wait_for(waiting.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert there.letters() == []
