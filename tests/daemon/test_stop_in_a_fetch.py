"""A stop in the midst of a fetch, over the daemon's own loops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import cast

import pytest

from nemboks.daemon.run import Daemon
from nemboks.domain.letter import Event, FetchBegun, Letter, State
from nemboks.domain.mailbox import Face
from tests.daemon.harness import LIMIT, FakeServices, daemon_of, running
from tests.helpers.fake_inbox import Removal
from tests.journey.town import Town, memo, uuid


@asynccontextmanager
async def told_to_stop_at(moment: asyncio.Event, daemon: Daemon) -> AsyncIterator["asyncio.Task[None]"]:
    """The daemon's task, once that moment has come and the daemon was told to stop; it ends in time."""
    async with running(daemon) as task:
        async with asyncio.timeout(LIMIT):
            await moment.wait()
        daemon.stopping.set()
        yield task
        done, _ = await asyncio.wait({task}, timeout=LIMIT)
        assert done


async def test_a_stop_waits_for_a_letter_that_comes_only_once() -> None:
    """Upstream forgets what it gave: a stop in the midst of the letter would lose it."""
    town, comes, go = Town(removal=Removal.FORGETS), asyncio.Event(), asyncio.Event()
    town.inbox.put(uuid(1), memo(1))
    fetch = town.inbox.fetch

    @asynccontextmanager
    async def slow(upstream_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        async with fetch(upstream_id) as pieces:
            comes.set()
            await go.wait()
            yield pieces

    town.inbox.fetch = slow  # type: ignore[method-assign]
    daemon = daemon_of(town)
    services = cast(FakeServices, daemon.services)
    async with told_to_stop_at(comes, daemon) as task:
        done, _ = await asyncio.wait({task}, timeout=0.3)
        assert not done
        assert not services.spool_hurried, "a database that is away for a second would lose it"
        go.set()
    assert services.spool_hurried
    assert town.letter.state is State.WAITING and town.letter.contents is not None


async def test_a_stop_waits_for_no_letter_that_can_be_had_again() -> None:
    """Over IMAP a look changes nothing."""
    town, comes = Town(face=Face.IMAP), asyncio.Event()
    town.inbox.put("7.1", b"Subject: hej\r\n\r\nhej\r\n")

    @asynccontextmanager
    async def stuck(upstream_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        comes.set()
        await asyncio.Event().wait()
        yield aiter(())

    town.inbox.fetch = stuck  # type: ignore[method-assign]
    async with told_to_stop_at(comes, daemon_of(town)):
        pass
    assert town.letter.state is State.FOUND


@pytest.mark.parametrize("comes_back", [True, False])
async def test_no_letter_is_taken_from_digital_post_after_a_stop(comes_back: bool) -> None:
    """The ledger was held up as the fetch was about to begin: nothing is on its way, so a stop waits for nothing."""
    town, asked, go, fetched = Town(removal=Removal.FORGETS), asyncio.Event(), asyncio.Event(), list[str]()
    town.inbox.put(uuid(1), memo(1))
    move, fetch = town.letters.move, town.inbox.fetch

    async def slow(letter: Letter, event: Event) -> Letter:
        if isinstance(event, FetchBegun):
            asked.set()
            await go.wait()
        return await move(letter, event)

    def noted(upstream_id: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        fetched.append(upstream_id)
        return fetch(upstream_id)

    town.letters.move, town.inbox.fetch = slow, noted  # type: ignore[method-assign]
    async with told_to_stop_at(asked, daemon_of(town)):
        if comes_back:
            go.set()
    assert fetched == [] and town.letter.state is State.FOUND
