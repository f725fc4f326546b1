"""Letters that upstream forgets when it gives them, fetched by workers that lose them to each other."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.events import Released
from nemboks.domain.letter import Collected, ContentsLost, Hold, Reappeared, Reason, Stale, State
from nemboks.journey.collect import collect
from nemboks.store.server_spool import ServerSpool
from tests.contracts.ledgers import vault
from tests.journey.town import FakeInboxes, Town, memo, uuid
from tests.store.test_spool import read
from tests.workers.test_leases import SlowInbox, anna, found, pause

__all__ = ["anna"]  # a fixture


class Forgetful(SlowInbox):
    """Forgets what it gave, and stops in the midst of a letter until it may go on."""

    async def meanwhile(self):
        """Happens before it answers."""

    @asynccontextmanager
    async def fetch(self, upstream_id):
        await self.meanwhile()
        async with super().fetch(upstream_id) as pieces:
            yield pieces


@pytest.fixture
def inbox():
    return Forgetful()


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


def files(beside):
    """The names of what lies in the database."""
    return [name for (name,) in beside.execute("SELECT DISTINCT file FROM contents").fetchall()]


async def looks(world, letter):
    """The worker is given the letter, and fetches it."""
    again = await due(world)
    assert again.id == letter.id
    await collect(again, await world.mailboxes.get(letter.mailbox), world)


class Dies:
    """The ledger of a worker that is killed when it wants to commit what it fetched."""

    def __init__(self, real):
        self._real = real

    def __getattr__(self, name):
        return getattr(self._real, name)

    async def move(self, letter, event):
        if isinstance(event, Collected | Hold):
            raise asyncio.CancelledError
        return await self._real.move(letter, event)


class Waits(Dies):
    """The ledger of a worker that stands still when it wants to commit what it fetched."""

    def __init__(self, real):
        super().__init__(real)
        self.there, self.go = asyncio.Event(), asyncio.Event()

    async def move(self, letter, event):
        if isinstance(event, Collected):
            self.there.set()
            await self.go.wait()
        return await self._real.move(letter, event)


@pytest.fixture
def begun(anna, worker, inbox, after_a_while):
    """A worker that has the beginning of the letter, which nobody gets a second time; its lease has ended."""

    async def begin(raw, letters=lambda real: real):
        inbox.put(uuid(1), raw)
        one = worker(letters)
        await found(one, anna, uuid(1))
        letter = await due(one)
        fetching = asyncio.create_task(collect(letter, anna, one))
        await inbox.half.wait()
        inbox.take(uuid(1))
        after_a_while()
        return letter, fetching

    return begin


@pytest.mark.parametrize("times", [1, 2])
async def test_a_letter_that_a_worker_had_whole_when_it_was_killed_arrives_though_another_had_begun_to_fetch_it(
    worker, begun, inbox, spool, after_a_while, beside, times
):
    """The row names the fetch of the second, who gets nothing; the first has it whole only then, and dies."""
    letter, fetching = await begun(memo(1), Dies)
    two = worker()
    for _ in range(times):
        await looks(two, letter)
        after_a_while()
    inbox.go.set()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    await looks(two, letter)

    after = await two.letters.get(letter.id)
    assert after.state is State.WAITING
    assert await read(spool, after.contents, letter.id) == memo(1)
    assert files(beside) == [after.contents.file]


async def test_a_letter_that_is_whole_only_at_anothers_third_look_arrives(worker, begun, inbox, spool, after_a_while):
    """That there is no such letter is believed the third time, unless somebody has it by then."""
    letter, fetching = await begun(memo(1), Dies)
    two = worker()
    for _ in range(2):
        await looks(two, letter)
        after_a_while()

    async def whole_meanwhile():
        inbox.go.set()
        await asyncio.wait([fetching])

    inbox.meanwhile = whole_meanwhile
    await looks(two, letter)

    after = await two.letters.get(letter.id)
    assert after.state is State.WAITING
    assert await read(spool, after.contents, letter.id) == memo(1)


async def test_an_unreadable_letter_that_a_killed_worker_had_whole_is_held_with_its_bytes(
    worker, begun, inbox, spool, after_a_while
):
    """It is the only copy: kept for a person, never counted as vanished."""
    raw = b"<html>log in</html>" * 20
    letter, fetching = await begun(raw, Dies)
    two = worker()
    await looks(two, letter)
    inbox.go.set()
    await asyncio.wait([fetching])
    for _ in range(2):
        after_a_while()
        await looks(two, letter)

    after = await two.letters.get(letter.id)
    assert (after.state, after.why) == (State.HELD, Reason.UNREADABLE)
    assert await read(spool, after.contents, letter.id) == raw


async def test_contents_that_the_row_names_stay_when_a_second_worker_brings_them_too(
    worker, begun, inbox, spool, after_a_while
):
    """Two workers find what a third one left; the slower one takes nothing from the other."""
    letter, fetching = await begun(memo(1), Dies)
    two, waits = worker(), worker(Waits)
    await looks(two, letter)
    inbox.go.set()
    await asyncio.wait([fetching])
    after_a_while()
    slow = asyncio.create_task(looks(waits, letter))
    await waits.letters.there.wait()
    after_a_while()
    await looks(two, letter)
    waits.letters.go.set()
    with pytest.raises(Stale):
        await slow

    after = await two.letters.get(letter.id)
    assert after.state is State.WAITING
    assert await read(spool, after.contents, letter.id) == memo(1)


async def test_a_killed_workers_letter_is_not_swept_while_its_mailbox_is_paused(
    worker, begun, inbox, spool, home, tmp_path, after_a_while
):
    """Days may pass until it is looked at again. What nobody needs any more goes."""
    eager = ServerSpool(home.place, vault(tmp_path), spared=timedelta())
    letter, fetching = await begun(memo(1), Dies)
    two = worker()
    await looks(two, letter)
    inbox.go.set()
    await asyncio.wait([fetching])
    await left_over(spool, letter, once=False)

    assert await eager.sweep(set()) == 1
    after_a_while()
    await looks(two, letter)
    await left_over(spool, letter, once=True)
    after = await two.letters.get(letter.id)
    assert await eager.sweep(set()) == 1
    assert await read(spool, after.contents, letter.id) == memo(1)
    await eager.close()


async def test_a_vanished_letter_that_a_killed_worker_had_whole_goes_on_when_a_person_asks_again(
    worker, begun, inbox, spool, home, tmp_path, after_a_while
):
    """Three looks of another found nothing before it was whole. For a month it lies here, and is asked for here."""
    eager = ServerSpool(home.place, vault(tmp_path), spared=timedelta())
    letter, fetching = await begun(memo(1), Dies)
    two = worker()
    for _ in range(3):
        await looks(two, letter)
        after_a_while()
    inbox.go.set()
    await asyncio.wait([fetching])
    vanished = await two.letters.get(letter.id)
    assert (vanished.state, await eager.sweep(set())) == (State.VANISHED, 0)
    await two.letters.move(vanished, Reappeared(two.clock.now()))
    await looks(two, letter)

    after = await two.letters.get(letter.id)
    assert after.state is State.WAITING
    assert await read(spool, after.contents, letter.id) == memo(1)
    await eager.close()


async def left_over(spool, letter, once):
    """Somebody sealed something for the letter, and no row names it."""
    async with spool.seal(letter.id, once) as sealing:
        await sealing.write(b"brev")
        await sealing.finish(durable=True)


async def test_the_right_letter_goes_on_though_the_worker_that_fetched_it_was_too_slow(
    anna, worker, inbox, spool, after_a_while, beside
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
    assert files(beside) == [after.contents.file]
