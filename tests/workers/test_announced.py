"""People are told of an act by one of several workers: once, in order along a path, and also when one of them dies."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from nemboks.domain.announcements import Kind
from nemboks.journey.announce import send_announcements
from nemboks.store.leases import ANNOUNCEMENT
from nemboks.workers.worker import LEASE_SWEEPS, Worker
from tests.journey.test_announce import BO, JYTTE, FakeAnnouncer, one
from tests.journey.town import Town
from tests.workers.test_leases import pause


@pytest.fixture
async def tell(opened):
    """Acts queue announcements."""
    store = opened()

    async def told(*announcements):
        def act(books):
            for each in announcements:
                books.tell(replace(each, id=0, mailbox=None))

        await store.act(act)

    return told


@pytest.fixture
def worker(share, clock):
    """One worker after another, with its share of what is to be said; `mail` is what it sends by."""

    def more(mail):
        part = share()
        world = replace(Town().world, clock=clock, announcements=part.announcements, announcers={"mail": mail})
        return SimpleNamespace(share=part, send=lambda: send_announcements(world))

    return more


def said(*mails):
    """The keys of what was taken, in order."""
    return [x.announcement.key for mail in mails for x in mail.taken]


def hanging():
    """Keeps Bo's path waiting."""
    mail = FakeAnnouncer()
    mail.hanging = {BO}
    return mail


async def test_a_person_gets_one_mail_about_one_act_however_many_workers_there_are(worker, tell):
    """Three workers look at once: every announcement leaves once, those to one person in their order."""
    mail = FakeAnnouncer()
    await tell(*(one(key=f"{number}") for number in range(4)), one(path=JYTTE, key="j"))
    workers = [worker(mail) for _ in range(3)]

    assert sum(await asyncio.gather(*(each.send() for each in workers))) == 5
    assert [key for key in said(mail) if key != "j"] == ["0", "1", "2", "3"]
    assert len(mail.tried) == 5


async def test_a_person_whose_server_hangs_gets_it_from_one_worker(worker, tell):
    """While one worker waits for a receiver, the others leave that path alone, what is behind it too, and go on with
    the rest; the wait may last as long as it likes, for the lease is renewed."""
    slow, quick = hanging(), FakeAnnouncer()
    await tell(one(key="first"), one(key="behind"), one(path=JYTTE, key="j"))
    first, second = worker(slow), worker(quick)
    sending = asyncio.create_task(first.send())
    await slow.entered.wait()

    assert first.share.sending[ANNOUNCEMENT]
    assert await second.send() + len(slow.taken) == 1
    slow.freed.set()
    await sending
    assert [key for key in said(slow) if key != "j"] == ["first", "behind"]
    assert not first.share.sending[ANNOUNCEMENT]


async def test_what_is_being_sent_is_renewed(worker, tell, beside):
    """A worker renews what it has in hand: after the first lease's time nobody else sends it."""
    slow, quick = hanging(), FakeAnnouncer()
    await tell(one())
    first, second = worker(slow), worker(quick)
    sending = asyncio.create_task(first.send())
    await slow.entered.wait()
    pause(beside)
    me: Any = SimpleNamespace(_sweeps=0, roles=[SimpleNamespace(in_hand={}) for _ in range(6)], _share=first.share)
    for _ in range(LEASE_SWEEPS // 4):
        await Worker._wake_all(me)

    assert await second.send() == 0
    slow.freed.set()
    assert await sending == 1


async def test_what_a_worker_that_died_had_in_hand_is_said_by_another(worker, tell, beside):
    """It is nobody else's before its lease has ended; then it is sent."""
    slow, quick = hanging(), FakeAnnouncer()
    await tell(one())
    first, second = worker(slow), worker(quick)
    dying = asyncio.create_task(first.send())
    await slow.entered.wait()
    dying.cancel()
    with suppress(asyncio.CancelledError):
        await dying

    assert await second.send() == 0
    pause(beside)
    assert await second.send() == 1


async def test_a_worker_that_slept_sends_nothing_that_was_sent_meanwhile(worker, tell, beside):
    """What it had in mid-send may come twice; what it had only read does not."""
    slow, quick = hanging(), FakeAnnouncer()
    await tell(one(key="first"), one(key="second"))
    first, second = worker(slow), worker(quick)
    sleeping = asyncio.create_task(first.send())
    await slow.entered.wait()
    pause(beside)
    assert await second.send() == 2
    slow.freed.set()
    await sleeping

    assert said(quick) == ["first", "second"]
    assert said(slow) == ["first"]


async def test_what_was_refused_is_anybodys(worker, tell, clock):
    """One that was not taken is tried again at its time by whoever looks first, not after a lease's end."""
    deaf, quick = FakeAnnouncer(), FakeAnnouncer()
    deaf.refusing = {BO}
    await tell(one(Kind.GRANT_CHANGED))
    await worker(deaf).send()
    clock.advance(3600)

    assert await worker(quick).send() == 1
