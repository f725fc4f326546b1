"""A fault of ours with one letter, or of the store, harms no other letter: no dot that is out loses its reply."""

import asyncio
import os
import signal

import pytest

from nemboks.domain.letter import State
from nemboks.store.errors import StoreBroken
from tests.daemon.harness import LIMIT, OneDotOut, daemon_of, running, states, until
from tests.helpers import builders as make
from tests.journey.town import Town


def _fails(scene: OneDotOut, letter: int, error: Exception) -> list[int]:
    """Opening that letter's contents raises, once the other one's dot is out; brings the tries so far."""
    opened, tries = scene.town.contents.open, []

    async def failing(id_: int, sealed):
        if id_ == letter:
            tries.append(id_)
            await scene.out.wait()
            raise error
        async for piece in opened(id_, sealed):
            yield piece

    scene.town.contents.open = failing
    return tries


async def test_a_letter_that_makes_us_fail_rests_and_the_others_go_on() -> None:
    """No end of the process, no crash loop, no hot loop; its attempt is ended by the deadline like any other."""
    scene = OneDotOut()
    tries = _fails(scene, 2, RuntimeError("a fault of ours"))
    daemon = daemon_of(scene.town)
    async with running(daemon) as task:
        await until(lambda: tries)
        await asyncio.wait({task}, timeout=0.5)
        assert not task.done()
        scene.reply.set()
        await until(lambda: states(scene.town)[1] is State.ACKNOWLEDGED)
    assert (states(scene.town)[2], len(tries), daemon.failed) == (State.SENDING, 1, False)


async def test_a_broken_store_ends_the_process_but_a_reply_is_waited_for() -> None:
    """The daemon ends as failed; the other letter's attempt has its true end."""
    scene = OneDotOut()
    tries = _fails(scene, 2, StoreBroken("the disk"))
    daemon = daemon_of(scene.town)
    async with running(daemon) as task:
        await until(lambda: tries)
        await asyncio.wait({task}, timeout=0.3)
        assert not task.done()
        scene.reply.set()
        async with asyncio.timeout(LIMIT):
            await task
    assert (states(scene.town)[1], daemon.failed) == (State.FORWARDED, True)


async def test_a_loop_that_cannot_read_the_store_ends_the_process_in_order() -> None:
    """What is due cannot be read: the end is a stop, not a crash."""
    scene = OneDotOut()
    daemon = daemon_of(scene.town)
    async with running(daemon) as task:
        await scene.out.wait()

        async def due(*_):
            raise StoreBroken("the disk")

        scene.town.mailboxes.due = due
        await until(lambda: daemon.stopping.is_set())
        scene.reply.set()
        async with asyncio.timeout(LIMIT):
            await task
    assert (states(scene.town)[1], daemon.failed) == (State.FORWARDED, True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_drain_that_is_told_to_stop_waits_for_the_reply(number) -> None:
    """SIGTERM and Ctrl-C cause no uncertain end in `drain` either."""
    scene = OneDotOut()
    daemon = daemon_of(scene.town)
    drained = asyncio.create_task(daemon.drain())
    async with asyncio.timeout(LIMIT):
        await scene.out.wait()
        os.kill(os.getpid(), number)
        await daemon.stopping.wait()
        scene.reply.set()
        await drained
    first = scene.town.letters.rows[1]
    assert (first.state, first.uncertain) == (State.FORWARDED, 0)


async def test_a_clock_that_is_put_back_brings_back_what_is_due() -> None:
    """At the start, and when it is put back by an hour while we run; not for a second."""
    town = Town()
    daemon = daemon_of(town)
    services = daemon.services
    await daemon._overdue()
    assert services.brought == 0

    town.clock.monotonic = lambda: 0.0  # so that only the wall clock is put back
    for put_back, brought in ((1.0, 0), (3600.0, 1), (0.0, 1)):
        town.clock.advance(-put_back)
        await daemon._overdue()
        assert services.brought == brought
    async with running(daemon):
        await until(lambda: services.brought == 2)


@pytest.mark.parametrize("sole", [True, False])
async def test_a_start_beside_other_machines_ends_no_attempt_of_theirs(sole: bool) -> None:
    """Alone with the ledger, every open attempt is over; else its own deadline decides."""
    town = Town()
    letter = await town.waiting()
    await town.letters.move(letter, make.claimed(town.clock.now()))
    daemon = daemon_of(town)
    daemon.services.sole = sole
    async with running(daemon):
        await until(lambda: not any(role.goes_on or role.nudge.is_set() for role in daemon.roles))
        assert (states(town)[1] is State.SENDING) is not sole
