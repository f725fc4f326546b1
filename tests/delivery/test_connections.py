"""Which connections are kept, for whom and how long; and how often a login is tried."""

import asyncio

import pytest

from nemboks.clock import RealClock
from nemboks.delivery.access import Stopped
from nemboks.delivery.courier import ServerCourier
from nemboks.delivery.logins import Logins
from nemboks.delivery.spares import SPARES
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Reply, Stage
from tests.helpers.circles import nothing_left
from tests.helpers.smtp_server import HELO, QUICK, Certificates, ScriptedServer, make_mail

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


def courier_for(server: ScriptedServer, certificates: Certificates, pace: Pace = QUICK) -> ServerCourier:
    """A courier that knows the server under two names."""
    access = server.access(certificates)
    return ServerCourier({"own": access, "same": access}, pace, RealClock(), HELO)


async def test_accounts_share_nothing(certificates: Certificates) -> None:
    """A connection serves one account and one server name; within these it is used again."""
    twice = [*KEPT, "@envelope", "B", "S 250 kept"]
    server = ScriptedServer([twice, KEPT, KEPT], certificates.context)
    async with server.running():
        courier = courier_for(server, certificates)
        for changes in ({}, {"account": "butcher"}, {"server": "same"}, {}):
            report = await courier.deliver(make_mail(**changes), 10, yes)
            assert report.stage is Stage.DOT
        await courier.close()
        await server.settled()

    assert len(server.heard) == 3
    assert server.faults == []


async def test_an_unused_connection_is_closed(certificates: Certificates) -> None:
    """After `spare_seconds` the courier takes leave by itself."""
    pace = QUICK.model_copy(update={"spare_seconds": 0.1})
    server = ScriptedServer([[*KEPT, "C QUIT", "S 221 bye"]], certificates.context)
    async with server.running():
        courier = courier_for(server, certificates, pace)
        await courier.deliver(make_mail(), 10, yes)
        await server.settled()
        await courier.close()

    assert server.faults == []


@pytest.mark.parametrize("farewell", [["S 421 idle"], ["X close"], ["X reset"], ["R 4"], ["S what?"]])
async def test_a_server_that_leaves(farewell: list[str], certificates: Certificates) -> None:
    """A kept connection is closed as soon as the server speaks or goes."""
    server = ScriptedServer([["!", *KEPT, *farewell]], certificates.context)
    async with server.running():
        courier = courier_for(server, certificates)
        await courier.deliver(make_mail(), 10, yes)
        await server.settled()
        await courier.close()


async def test_few_connections_are_kept(certificates: Certificates) -> None:
    """After a burst only a few connections stay; the others are closed."""
    burst = SPARES + 2
    server = ScriptedServer([KEPT] * burst, certificates.context)
    ready = asyncio.Barrier(burst)

    async def together() -> bool:
        await ready.wait()
        return True

    async with server.running():
        courier = courier_for(server, certificates)
        reports = await asyncio.gather(*(courier.deliver(make_mail(), 10, together) for _ in range(burst)))
        await courier.close()
        await server.settled()

    assert {report.reply and report.reply.code for report in reports} == {250}
    assert sum(b"QUIT" in heard.raw for heard in server.heard) == SPARES


async def test_nothing_is_kept_after_close(certificates: Certificates) -> None:
    """A delivery that ends after `close` closes its connection itself."""
    server = ScriptedServer([KEPT], certificates.context)
    async with server.running():
        courier = courier_for(server, certificates)
        await courier.close()
        report = await courier.deliver(make_mail(), 10, yes)
        await server.settled()

    assert report.stage is Stage.DOT


async def test_the_password_is_not_shown(certificates: Certificates) -> None:
    """Neither the settings nor a failing login shows it."""
    server = ScriptedServer([["@hello AUTH=PLAIN", "C AUTH", "S 535 no"]], certificates.context)
    async with server.running():
        access = server.access(certificates, "bakery:flour")
        report = await ServerCourier({"own": access}, QUICK, RealClock(), HELO).deliver(make_mail(), 10, yes)
        await server.settled()

    assert report.stage is Stage.LOGIN
    assert "flour" not in repr(access) + repr(report)


async def test_a_refused_login_is_not_repeated(certificates: Certificates) -> None:
    """However many letters wait, one login is tried in `login_seconds`; a good one ends the wait."""
    refusing = ["@hello PIPELINING AUTH=PLAIN", "C AUTH", "S 535 5.7.8 no"]
    good = ["@hello PIPELINING AUTH=PLAIN", "C AUTH", "S 235 ok", *KEPT[1:]]
    server = ScriptedServer([refusing, refusing[:1], good], certificates.context)
    clock = MovedClock()
    async with server.running():
        access = {"own": server.access(certificates, "bakery:flour")}
        courier = ServerCourier(access, QUICK.model_copy(update={"login_seconds": 1800.0}), clock, HELO)
        first = await courier.deliver(make_mail(), 10, yes)
        second = await courier.deliver(make_mail(account="butcher"), 10, yes)
        clock.ahead = 1801
        third = await courier.deliver(make_mail(), 10, yes)
        await courier.close()
        await server.settled()

    assert [report.stage for report in (first, second, third)] == [Stage.LOGIN, Stage.LOGIN, Stage.DOT]
    assert second.reply == first.reply
    assert second.words == "not tried again so soon after a refused login"
    assert sum(b"AUTH" in heard.raw for heard in server.heard) == 2


async def test_letters_take_turns_at_the_login(certificates: Certificates) -> None:
    """Of many letters at once one tries the login; when it is refused, the others do not."""
    refusing = ["@hello PIPELINING AUTH=PLAIN", "C AUTH", "S 535 5.7.8 no"]
    server = ScriptedServer([refusing] * 5, certificates.context)
    async with server.running():
        access = {"own": server.access(certificates, "bakery:salt")}
        courier = ServerCourier(access, QUICK, RealClock(), HELO)
        reports = await asyncio.gather(*(courier.deliver(make_mail(), 10, yes) for _ in range(5)))
        await server.settled()

    assert [report.reply and report.reply.code for report in reports] == [535] * 5
    assert sum(b"AUTH" in heard.raw for heard in server.heard) == 1


async def test_a_spare_that_keeps_silent(certificates: Certificates) -> None:
    """If the time runs out while a kept connection is asked, nothing of this letter was sent: never `uncertain`."""
    server = ScriptedServer([[*KEPT, "C MAIL"]], certificates.context)
    async with server.running():
        courier = courier_for(server, certificates)
        first = await courier.deliver(make_mail(), 10, yes)
        second = await courier.deliver(make_mail(), 0.3, yes)
        await courier.close()
        await server.settled()

    assert first.stage is Stage.DOT
    assert (second.stage, second.reply) == (Stage.MAIL, None)


async def log_in(logins: Logins) -> None:
    """A login that is good."""
    async with logins.turn("own"):
        pass


async def test_after_a_refusal_they_queue_again() -> None:
    """A login that was good and is refused later is tried by one letter at a time, and that one by the clock."""
    clock = MovedClock()
    logins = Logins(60, clock)
    await log_in(logins)
    async with logins.turn("own"):
        await log_in(logins)  # once one was good, nobody waits

    with pytest.raises(Stopped):
        async with logins.turn("own"):
            raise Stopped("", Reply(535, "", "no"))
    clock.ahead = 61
    async with logins.turn("own"):
        other = asyncio.create_task(log_in(logins))
        await asyncio.sleep(0)
        assert not other.done()
    await other


@pytest.mark.parametrize("ending", [[], ["C MAIL", "X close"], ["C MAIL", "X reset"]])
async def test_a_connection_that_is_over_is_gone_at_once(certificates: Certificates, ending: list[str]) -> None:
    """Its buffers do not wait for the collector of circles, however it ended."""
    server = ScriptedServer([[*KEPT, *ending], KEPT], certificates.context)
    async with server.running():
        async with nothing_left():
            courier = courier_for(server, certificates)
            for _ in range(2 if ending else 1):
                assert (await courier.deliver(make_mail(), 10, yes)).stage is Stage.DOT
            await courier.close()
        await server.settled()


@pytest.mark.parametrize("script", [["C MAIL"], ["@envelope", "B"]])
async def test_a_connection_that_fell_silent_is_gone_at_once(certificates: Certificates, script: list[str]) -> None:
    """At its MAIL and at its dot: many servers may hang at a time."""
    pace = QUICK.model_copy(update={"reply_seconds": 0.3, "dot_seconds": 0.3})
    server = ScriptedServer([[HELLO, *script]], certificates.context)
    async with server.running():
        async with nothing_left():
            courier = courier_for(server, certificates, pace)
            report = await courier.deliver(make_mail(), 10, yes)
            assert (report.reply, report.stage) == (None, Stage.MAIL if script == ["C MAIL"] else Stage.DOT)
            await courier.close()
            del report
        await server.settled()
