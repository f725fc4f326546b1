"""A webhook hears history from one of several workers: each event once, in order, and never again from an old place."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace

import pytest

from nemboks.domain.mailbox import Options
from nemboks.journey.notices import EVENTS, stream_events
from nemboks.journey.world import Telling
from nemboks.ports import Listed, NotTold
from nemboks.store.leases import WEBHOOK
from tests.helpers import builders as make
from tests.helpers.clock import START
from tests.journey.town import Town
from tests.workers.test_leases import LATER, pause


class SlowListener:
    """Waits until it is freed; then hears the events, unless it is deaf."""

    def __init__(self, free=True, deaf=False):
        self.heard, self.deaf = [], deaf
        self.entered, self.freed = asyncio.Event(), asyncio.Event()
        if free:
            self.freed.set()

    async def listen(self, events):
        self.entered.set()
        await self.freed.wait()
        if self.deaf:
            raise NotTold("not today")
        self.heard += [event.id for event in events]
        return "thanks"


@pytest.fixture
async def happens(opened):
    """So many letters are found, after the webhook's beginning: an event each."""
    store = opened()
    anna = await store.mailboxes.add(make.declared(options=Options(webhooks=("kontor",))), "settings")
    await store.stream.cursor("kontor")
    ids = iter(range(10_000))

    async def more(number):
        await store.letters.found(anna, [Listed(str(next(ids))) for _ in range(number)], START, LATER)

    return more


@pytest.fixture
def worker(share, clock):
    """One worker after another with its share; `listener` is the webhook as it sees it."""

    def more(listener):
        part = share()
        telling = Telling(part.incidents, part.stream, {}, listeners={"kontor": listener})
        world = replace(Town().world, clock=clock, letters=part.letters, mailboxes=part.mailboxes, telling=telling)
        return SimpleNamespace(share=part, stream=lambda: stream_events(world))

    return more


async def test_a_webhook_hears_each_event_once_and_in_order_however_many_workers_there_are(worker, happens):
    """Three workers stream at once what one call cannot hold."""
    listener = SlowListener()
    workers = [worker(listener) for _ in range(3)]
    await happens(2 * EVENTS + 50)
    for _ in range(3):
        await asyncio.gather(*(each.stream() for each in workers))

    assert len(listener.heard) == 2 * EVENTS + 50
    assert listener.heard == sorted(set(listener.heard))


async def test_a_webhook_that_hangs_is_called_by_one_worker(worker, happens, beside):
    """However long it takes, nobody else calls it meanwhile; then anybody goes on from there."""
    slow, quick = SlowListener(free=False), SlowListener()
    first, second = worker(slow), worker(quick)
    await happens(3)
    calling = asyncio.create_task(first.stream())
    await slow.entered.wait()
    pause(beside)
    await first.share.leases.renew(first.share.sending)
    assert first.share.sending[WEBHOOK]
    assert await second.stream() == 0

    slow.freed.set()
    assert await calling == 3
    await happens(2)
    assert await second.stream() == 2


async def test_a_worker_that_slept_sets_no_webhook_back(worker, happens, beside):
    """A worker sleeps in a call and others tell what happens next: awake, it changes nothing, and nothing is told
    again."""
    slow, quick = SlowListener(free=False), SlowListener()
    first, second = worker(slow), worker(quick)
    await happens(3)
    sleeping = asyncio.create_task(first.stream())
    await slow.entered.wait()
    pause(beside)
    await second.stream()
    await happens(4)
    await second.stream()
    slow.freed.set()
    await sleeping

    assert len(quick.heard) == 7
    assert await second.stream() == 0


async def test_what_a_worker_that_died_was_telling_a_webhook_comes_from_another(worker, happens, beside):
    """After the end of its lease the events are told, from the same place."""
    slow, quick = SlowListener(free=False), SlowListener()
    first, second = worker(slow), worker(quick)
    await happens(3)
    dying = asyncio.create_task(first.stream())
    await slow.entered.wait()
    dying.cancel()
    with suppress(asyncio.CancelledError):
        await dying

    assert await second.stream() == 0
    pause(beside)
    assert await second.stream() == 3


async def test_a_deaf_webhook_is_tried_again_by_whoever_is_first(worker, happens, clock):
    """A call that was refused leaves no lease behind, and its wait is everybody's."""
    first, second = worker(SlowListener(deaf=True)), worker(SlowListener())
    await happens(3)
    await first.stream()

    assert await second.stream() == 0
    clock.advance(3600)
    assert await second.stream() == 3
