"""The real daemon against the simulator, told to stop at bad moments."""

import signal
import time
from collections.abc import Callable, Iterator

import pytest

from nemboks.cli.demo_world import World


def _wait(done: Callable[[], bool], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    with World(tmp_path, 1, "rest", "on-receipt", 1) as world:
        world.write_config()
        yield world


def _stop(world: World) -> int:
    """The exit code of a daemon that was asked to stop."""
    assert world._daemon is not None
    world._daemon.send_signal(signal.SIGTERM)
    return world._daemon.wait(30)


def _post(world: World, index: int = 1) -> None:
    world.tell("letters", cvr=world.ask("companies")[0]["cvr"], seed=1, index=index)


def test_a_stop_waits_for_the_reply_to_a_dot_that_is_out(world: World) -> None:
    """The server is silent after the dot: the daemon stays for the answer's time, ends it as uncertain, and exits 0."""
    world.tell("faults", name="smtp-dot-silence-kept", times=1)
    _post(world)
    world.start_daemon()
    _wait(lambda: any(x["state"] == "SENDING" for x in world.ledger()[0]) and len(world.ask("mails")) == 1)

    code = _stop(world)

    (letter,) = world.ledger()[0]
    assert (code, letter["uncertain"], letter["attempts"]) == (0, 1, 1)
    assert letter["state"] == "WAITING"  # the stop saw the end of the attempt; recovery had nothing to do


def test_a_stop_when_nothing_is_out_is_quick_and_loses_nothing(world: World) -> None:
    """Letters found while stopping are delivered by the next start, each once."""
    world.start_daemon()
    for index in range(6):
        _post(world, index)
    _wait(lambda: len(world.ledger()[0]) > 0)
    began = time.monotonic()
    code = _stop(world)
    took = time.monotonic() - began
    world.start_daemon()
    _wait(lambda: all(x["removed"] for x in world.ask("letters")))

    assert code == 0
    assert took < 8
    assert len(world.ask("mails")) == 6
    assert {0} == {x["uncertain"] for x in world.ledger()[0]}
