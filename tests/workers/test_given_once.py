"""Letters that upstream forgets when it gives them, fetched by workers that lose them to each other."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.events import Released
from nemboks.domain.letter import ContentsLost, State
from nemboks.journey.collect import collect
from nemboks.store.server_spool import ServerSpool
from tests.contracts.ledgers import vault
from tests.journey.town import FakeInboxes, Town, memo, uuid
from tests.store.test_spool import read
from tests.workers.test_leases import SlowInbox, anna, found, pause

__all__ = ["anna"]  # a fixture


@pytest.fixture
def inbox():
    """Forgets what it gave, and stops in the midst of a letter until it may go on."""
    return SlowInbox()


@pytest.fixture
async def spool(home, tmp_path):
    """The contents in the database that the workers share."""
    spool = ServerSpool(home.place, vault(tmp_path))
    yield spool
    await spool.close()


@pytest.fixture
def worker(share, spool, inbox, clock):
    """One worker's world after another."""

    def one(letters=lambda real: real):
        mine = share()
        return replace(
            Town().world, letters=letters(mine.letters), mailboxes=mine.mailboxes, contents=spool,
            inboxes=FakeInboxes(inbox), clock=clock,
        )  # fmt: skip

    return one


@pytest.fixture
def after_a_while(beside, clock):
    """A worker's letters are due again, and nobody's."""

    def passed():
        pause(beside)
        clock.advance(7200)

    return passed


async def due(world):
    """The one letter that the worker is given."""
    (letter,) = await world.letters.due(State.FOUND, world.clock.now(), 1)
    return letter


async def test_the_right_letter_goes_on_though_the_worker_that_fetched_it_was_too_slow(
    anna, worker, inbox, spool, after_a_while
):
    """Another's contents came first and are kept; the right ones come once, to a worker that loses its lease."""
    one, two = worker(), worker()
    inbox.go.set()
    inbox.put(uuid(1), memo(2))
    await found(one, anna, uuid(1))
    letter = await due(one)
    await collect(letter, anna, one)
    held = await one.letters.get(letter.id)
    released = await one.letters.move(held, Released("anna", one.clock.now()))
    await one.letters.move(released, ContentsLost("there are no contents here", one.clock.now()))
    inbox.half.clear()
    inbox.go.clear()
    inbox.put(uuid(1), memo(1))
    first = asyncio.create_task(collect(await due(one), anna, one))
    await inbox.half.wait()
    after_a_while()
    await due(two)
    inbox.go.set()
    await first

    after = await two.letters.get(letter.id)
    assert (held.state, after.state) == (State.HELD, State.WAITING)
    assert await read(spool, after.contents, letter.id) == memo(1)
    assert spool._rows.old("letters", timedelta()) == [after.contents.file]
