"""Forty companies on one dead server hold nobody else up, probe it once in a while, and go when it answers."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from hashlib import sha256

from nemboks.daemon.run import Daemon
from nemboks.domain.headline import Sealed
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address, Cvr
from nemboks.domain.proof import Report, Stage
from nemboks.ports import Mail
from tests.daemon.harness import daemon_of, running, until
from tests.helpers import builders as make
from tests.helpers.clock import START, PretendClock
from tests.helpers.fake_courier import ACCEPTED, FakeCourier, broken
from tests.journey.town import Town, with_courier

COMPANIES = 40
SEATS = 8  # of the daemon: twice those of a server that is not known to be well
BREAKER = 300.0
PROBED = 5  # failures in a row; then only probes


class Region(FakeCourier):
    """A dead server and a live one; how often each was called. A call to the dead one hangs while `hanging`."""

    def __init__(self) -> None:
        super().__init__()
        self.dead, self.calls, self.hanging = True, list[str](), False
        self.released = asyncio.Event()

    async def deliver(self, mail: Mail, seconds: float, before_dot: Callable[[], Awaitable[bool]]) -> Report:
        self.calls.append(mail.server)
        if mail.server == "dead" and self.dead:
            if self.hanging:
                await self.released.wait()
            return broken(Stage.CONNECT)
        await asyncio.sleep(0)  # a server takes its time, and its seat is taken meanwhile
        self.endings.append(ACCEPTED)
        return await super().deliver(mail, seconds, before_dot)


async def region() -> tuple[Town, Region]:
    """Forty companies' letters for the dead server, older than the one for the live server; all of them waiting."""
    town, courier = Town(), Region()
    with_courier(town, courier)
    await town.waiting()
    for number in range(1, COMPANIES + 2):
        _company(town, number, "dead" if number <= COMPANIES else "alive")
    return town, courier


def _company(town: Town, number: int, server: str) -> None:
    """A company of its own with the first one's letter."""
    first, later = town.letters.rows[1], START.replace(year=START.year + 1)  # nobody looks upstream in these tests
    assert first.contents is not None and first.copy is not None
    address, file = Address(f"post@firma{number}.example"), f"{number:032x}"
    route = make.route(server=server, address=address)
    town.mailboxes.rows[number] = make.mailbox(number, Cvr(f"{10_000_000 + number}"), route=route, due_at=later)
    whole = town.contents.files[first.contents.file][1]
    town.contents.files[file], town.contents.digests[file] = (number, whole), sha256(whole).hexdigest()
    town.letters.rows[number] = replace(
        first, id=number, mailbox=number, upstream_id=f"letter-{number}", state=State.WAITING, fence=0,
        confirmation=None, contents=Sealed(file, f"key of {file}"), copy=replace(first.copy, address=address),
        due_at=town.clock.now(), why="", failures=0,
    )  # fmt: skip


def _daemon(town: Town) -> tuple[Daemon, PretendClock]:
    return daemon_of(town, breaker_seconds=BREAKER, retry_seconds=(60,), retry_last_seconds=60), town.clock


def _state(town: Town, number: int) -> State:
    return town.letters.rows[number].state


async def _sweep(daemon: Daemon, clock: PretendClock, seconds: float) -> None:
    """Time passes and what is due is taken up; returns when nothing is in hand any more."""
    clock.advance(seconds)
    daemon.wake()
    await asyncio.sleep(0)
    await until(lambda: not any(role.in_hand or role.nudge.is_set() for role in daemon.roles))


async def test_a_dead_server_delays_no_company_on_another() -> None:
    """Even while every call to it hangs: it never holds all seats, however old its letters are."""
    town, courier = await region()
    courier.hanging = True
    daemon, _ = _daemon(town)
    async with running(daemon):
        await until(lambda: _done(town, COMPANIES + 1))
        assert courier.calls.count("dead") < daemon.services.settings.seats.forward
        courier.released.set()


async def test_letters_without_a_seat_go_when_one_is_free() -> None:
    """Eight companies' letters to one server that gets four at a time: nobody waits for the next look."""
    town, courier = Town(), Region()
    with_courier(town, courier)
    await town.waiting()
    for number in range(1, SEATS + 1):
        _company(town, number, "alive")
    daemon = daemon_of(town, sweep_seconds=3600)
    assert daemon.services.settings.seats.forward == SEATS
    async with running(daemon):
        await until(lambda: all(_done(town, number) for number in range(1, SEATS + 1)))


def _done(town: Town, number: int) -> bool:
    return town.letters.rows[number].confirmation is not None


async def test_a_dead_server_is_probed_once_in_a_while_and_all_goes_when_it_answers() -> None:
    """Forty letters are due each minute; the server sees one call in five, and then all of them at once."""
    town, courier = await region()
    daemon, clock = _daemon(town)
    async with running(daemon):
        await _sweep(daemon, clock, 0)
        assert daemon.destinations.down == ["dead"]
        assert PROBED <= courier.calls.count("dead") <= PROBED + daemon.services.settings.seats.forward

        before = courier.calls.count("dead")
        for _ in range(4):  # minutes
            await _sweep(daemon, clock, 60)
        assert courier.calls.count("dead") == before, "not before its time"
        for probe in (1, 2):
            await _sweep(daemon, clock, BREAKER)
            assert courier.calls.count("dead") == before + probe

        courier.dead = False
        await _sweep(daemon, clock, BREAKER)
        await until(lambda: all(_done(town, number) for number in range(1, COMPANIES + 1)))
        assert daemon.destinations.down == []
        waits = [letter.uncertain for letter in town.letters.rows.values()]
        assert waits == [0] * (COMPANIES + 1)


async def test_the_others_keep_their_own_pace_while_one_is_probed() -> None:
    """What comes in for the live server goes in its own time, whatever the dead one does."""
    town, courier = await region()
    daemon, clock = _daemon(town)
    async with running(daemon):
        await _sweep(daemon, clock, 0)
        for number in range(100, 110):
            _company(town, number, "alive")
        await _sweep(daemon, clock, 1)
        assert all(_done(town, number) for number in range(100, 110))
        assert courier.calls.count("alive") == 11
