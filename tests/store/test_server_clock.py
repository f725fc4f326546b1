"""The time of a PostgreSQL server, for all who work on one ledger: on machines that are wrong, slow or asleep."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from nemboks.clock import RealClock
from nemboks.domain.letter import DotBegun, Stale, State
from nemboks.ports import Listed
from nemboks.store.postgres_line import PostgresHome
from nemboks.store.server_clock import ServerClock
from tests.helpers import builders as make
from tests.helpers.clock import START


class Ahead(RealClock):
    """A machine whose clock is wrong."""

    def __init__(self, hours):
        self._wrong = timedelta(hours=hours)

    def now(self):
        return super().now() + self._wrong


async def test_workers_whose_clocks_disagree_go_by_the_servers(home, opened):
    """An hour before and an hour behind: both know the server's time."""
    url = home.place._facts
    clocks = [ServerClock(Ahead(1)), ServerClock(Ahead(-1))]
    for clock in clocks:
        place = PostgresHome(psycopg.conninfo.make_conninfo(**url), clock)
        opened(place=place, time=clock)

    first, second = (clock.now() for clock in clocks)
    assert abs(first - second) < timedelta(seconds=1)
    assert abs(first - RealClock().now()) < timedelta(seconds=5)


class Stands(RealClock):
    """A machine that is suspended from `at` on, or a virtual one that its host has stopped: no clock of it goes on."""

    at: float | None = None

    def monotonic(self):
        return super().monotonic() if self.at is None else self.at

    def elapsed(self):
        return super().elapsed() if self.at is None else self.at


async def test_a_machine_that_wakes_up_begins_no_dot_after_its_deadline(home, opened):
    """It believes that no time has passed, but the letter may be another worker's by now: the server's time counts."""
    machine = Stands()
    clock = ServerClock(machine)
    store = opened(place=PostgresHome(psycopg.conninfo.make_conninfo(**home.place._facts), clock), time=clock)
    box = await store.mailboxes.add(make.declared(), "settings")
    now = clock.now()
    await store.letters.found(box, [Listed("a")], now, now)
    (letter,) = await store.letters.due(State.FOUND, clock.now(), 1)
    letter = await store.letters.move(letter, make.collected(clock.now()))
    letter = await store.letters.move(letter, make.claimed(clock.now(), 0.2))
    machine.at = machine.elapsed()
    await asyncio.sleep(0.3)

    with pytest.raises(Stale, match="time is up"):
        await store.letters.move(letter, DotBegun(1))
    assert (await store.letters.get(letter.id)).dot_begun_at is None


def test_the_time_goes_on_while_the_machine_is_suspended(clock):
    """Also before the server is asked again: the machine counts the seconds of a suspend on another clock."""
    ours = ServerClock(clock)
    ours.heard(START, clock.elapsed())
    clock.suspend(30)

    assert (START + timedelta(seconds=30), 0.0) == (ours.now(), ours.monotonic())


def test_a_look_moves_the_time_no_further_than_it_proves(clock):
    """An answer that took long leaves what it does not refute; one that refutes moves it to the nearer end."""
    ours = ServerClock(clock)
    ours.heard(START, clock.elapsed())
    clock.advance(61)
    assert ours.due

    asked = clock.elapsed()
    clock.advance(4)
    ours.heard(START + timedelta(seconds=63), asked)  # now 63 to 67, and we have 65
    assert (ours.now(), ours.due) == (START + timedelta(seconds=65), False)
    ours.heard(START + timedelta(seconds=60), clock.elapsed())
    assert ours.now() == START + timedelta(seconds=60)
    asked = clock.elapsed()
    clock.advance(2)
    ours.heard(START + timedelta(seconds=90), asked)
    assert ours.now() == START + timedelta(seconds=90)
