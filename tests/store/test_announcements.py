"""What people are told of acts is remembered: queued with the act, due until it is taken, and told once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.announcements import Announcement, Kind
from tests.helpers.clock import START

LATER = START + timedelta(minutes=5)
BO, JYTTE = "mail:da:bo@bogholder.example", "mail:en:jytte@bageri.example"


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request):
    return request.param


def announcement(key: str = "change-1-asked", **changes) -> Announcement:
    facts = {"company": "Bageri Anna ApS", "change": 12, "items": [{"kind": "still_there", "number": 2}]}
    return replace(Announcement(0, key, Kind.ADDRESS_ASKED, BO, START, START, None, facts), **changes)


async def told(store, *announcements: Announcement) -> None:
    """All of them queued by one act."""

    def act(books):
        for one in announcements:
            books.tell(one)

    await store.act(act)


async def test_what_an_act_queued_is_due(store):
    """An announcement comes back as it was told, from when it is due, the longest due first."""
    later = announcement("b", due_at=LATER)
    await told(store, later, announcement("a"))

    (due,) = await store.announcements.due(START, 10)
    assert announcement("a", id=due.id) == due
    assert ["a", "b"] == [one.key for one in await store.announcements.due(LATER, 10)]
    assert 1 == len(await store.announcements.due(LATER, 1))


async def test_told_once(store):
    """A second announcement with the same key is not another one."""
    await told(store, announcement(), announcement(path=JYTTE))
    await told(store, announcement())

    assert [BO] == [one.path for one in await store.announcements.latest(10)]


async def test_an_act_that_fails_tells_nobody(store):
    """What an act queued goes back with it."""

    def act(books):
        books.tell(announcement())
        raise RuntimeError("changed its mind")

    with pytest.raises(RuntimeError):
        await store.act(act)
    assert not await store.announcements.due(LATER, 10)


async def test_paths_that_are_left_alone(store):
    """What goes along these paths is not asked for."""
    await told(store, announcement("a"), announcement("b", path=JYTTE))

    assert ["b"] == [one.key for one in await store.announcements.due(START, 10, [BO])]
    assert not await store.announcements.due(START, 10, [BO, JYTTE])


async def test_sent(store):
    """What was taken is due no more, and keeps when it was and what the receiver said."""
    await told(store, announcement())
    (due,) = await store.announcements.due(START, 10)
    await store.announcements.sent(due, "250 2.0.0 queued as 17", LATER)

    assert not await store.announcements.due(LATER, 10)
    assert [replace(due, sent_at=LATER, due_at=None, receipt="250 2.0.0 queued as 17")] == list(
        await store.announcements.latest(10)
    )


async def test_not_sent(store):
    """What was not taken is due again later, with its failures and why."""
    await told(store, announcement())
    (due,) = await store.announcements.due(START, 10)
    await store.announcements.failed(due, "451 later", LATER)
    await store.announcements.failed(due, "452 later still", LATER)

    assert not await store.announcements.due(START, 10)
    assert [(2, "452 later still", LATER)] == [
        (one.failures, one.receipt, one.due_at) for one in await store.announcements.due(LATER, 10)
    ]


async def test_what_helps_nobody_any_more(store):
    """One that is given up is never due again, is not called sent, and says why."""
    await told(store, announcement())
    (due,) = await store.announcements.due(START, 10)
    await store.announcements.failed(due, "too late", None)
    await store.announcements.failed(due, "said after it", LATER)

    (kept,) = await store.announcements.latest(10)
    assert (None, None, "too late") == (kept.due_at, kept.sent_at, kept.receipt)


async def test_what_is_sent_stays_sent(store):
    """A slow failure that is written after the announcement was sent makes nobody hear it twice."""
    await told(store, announcement())
    (due,) = await store.announcements.due(START, 10)
    await store.announcements.sent(due, "250 ok", START)
    await store.announcements.failed(due, "too late to say so", LATER)
    await store.announcements.failed(due, "too late to say so", None)

    (kept,) = await store.announcements.latest(10)
    assert (None, START, "250 ok") == (kept.due_at, kept.sent_at, kept.receipt)


async def test_the_latest(store):
    """People see the newest first, as many as they ask for."""
    await told(store, *(announcement(str(number)) for number in range(5)))

    assert ["4", "3"] == [one.key for one in await store.announcements.latest(2)]
