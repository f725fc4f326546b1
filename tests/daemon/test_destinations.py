"""Each mail server has its share of the seats; one that is down is probed and holds nobody else up."""

import pytest

from nemboks.daemon.destinations import FAILURES, Destinations, out_of_reach
from nemboks.domain.proof import Reply, Report, Stage
from tests.helpers.clock import PretendClock
from tests.helpers.fake_courier import ACCEPTED, broken, refused


def of(clock: PretendClock, seats: int = 8) -> Destinations:
    return Destinations(seats, 300, clock)


def _visit(destinations: Destinations, name: str, report: Report | None) -> bool:
    with destinations.seat(name) as seat:
        if seat:
            seat.report = report
        return seat is not None


def test_a_server_that_never_answered_gets_half_of_the_seats() -> None:
    """Forty companies on one silent server leave four seats of eight to everybody else."""
    destinations = of(PretendClock())
    taken = [destinations.seat("own") for _ in range(8)]
    seats = [one.__enter__() for one in taken]

    assert sum(seat is not None for seat in seats) == 4
    assert destinations.busy() == {"own"}
    for one in taken:
        one.__exit__(None, None, None)
    assert destinations.busy() == set()


def test_a_server_that_is_well_gets_more() -> None:
    """Once it has taken a letter, a server of many companies may use eight connections of sixteen seats or of eight."""
    destinations = of(PretendClock())
    assert _visit(destinations, "own", ACCEPTED)
    taken = [destinations.seat("own") for _ in range(9)]

    assert sum(one.__enter__() is not None for one in taken) == 8
    for one in taken:
        one.__exit__(None, None, None)


def test_strangers_servers_get_two() -> None:
    """At a domain's MX we are strangers: two connections at a time (RELIABILITY 7)."""
    destinations = of(PretendClock())
    taken = [destinations.seat("direct:bakery.example") for _ in range(3)]

    assert [one.__enter__() is not None for one in taken] == [True, True, False]


def test_after_five_failures_there_is_one_probe_at_a_time_until_it_answers() -> None:
    """The breaker opens, lets a single probe through when its time has come, and closes with the first answer."""
    clock = PretendClock()
    destinations = of(clock)
    for _ in range(FAILURES):
        assert _visit(destinations, "own", broken(Stage.CONNECT))

    assert destinations.down == ["own"]
    assert not _visit(destinations, "own", ACCEPTED), "not before its time"
    clock.advance(300)
    with destinations.seat("own") as probe:
        assert probe is not None
        assert not _visit(destinations, "own", ACCEPTED), "one probe at a time"
        probe.report = broken(Stage.CONNECT)
    assert destinations.busy() == {"own"}, "it failed: the next probe waits again"
    clock.advance(300)
    assert _visit(destinations, "own", refused(Stage.RCPT, 550, "5.1.1"))
    assert (destinations.down, destinations.busy()) == ([], set())


def test_another_server_is_never_touched_by_it() -> None:
    """What one server does says nothing about its neighbour."""
    destinations = of(PretendClock())
    for _ in range(FAILURES):
        _visit(destinations, "dead", broken(Stage.TLS))
    assert _visit(destinations, "alive", ACCEPTED)


@pytest.mark.parametrize(
    ("report", "out"),
    [
        (broken(Stage.CONNECT), True),
        (broken(Stage.TLS), True),
        (broken(Stage.LOOKUP), True),
        (refused(Stage.GREETING, 554), True),
        (refused(Stage.LOGIN, 535), True),
        (Report(Stage.LOOKUP, "bakery.example", Reply(556, "5.1.10", "null MX")), False),
        (refused(Stage.RCPT, 451), False),
        (broken(Stage.DOT), False),
        (ACCEPTED, False),
    ],
)
def test_what_counts_as_out_of_reach(report: Report, out: bool) -> None:
    """Only what fails whatever the letter: a domain without MX, and refusals of a letter, say nothing of a server."""
    assert out_of_reach(report) is out


def test_an_attempt_that_asked_nobody_teaches_nothing() -> None:
    """A letter whose contents were gone leaves the count as it was."""
    destinations = of(PretendClock())
    for _ in range(FAILURES + 1):
        _visit(destinations, "own", None)
    assert destinations.down == []
