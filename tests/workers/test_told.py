"""People hear of trouble from one of several workers: one incident, one notice to each, in the order of its path."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace

import pytest

from nemboks.domain.incidents import NoticeKind
from nemboks.domain.letter import Later, State
from nemboks.domain.mailbox import Options
from nemboks.domain.pace import Pace
from nemboks.journey.notices import assess_troubles, send_notices
from nemboks.journey.world import Telling
from nemboks.ports import Listed
from nemboks.store.leases import NOTICE
from tests.domain.troubles import CONTACT
from tests.helpers import builders as make
from tests.helpers.fake_paths import FakeNotifier
from tests.journey.test_notices_kept import REFUSED
from tests.journey.town import Town
from tests.workers.test_leases import pause

HOOK, MAIL = "webhook:kontor", "mail:da:bo@bogholder.example"


class SlowNotifier(FakeNotifier):
    """Waits until it is freed."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.freed = asyncio.Event(), asyncio.Event()

    async def tell(self, message):
        self.entered.set()
        await self.freed.wait()
        return await super().tell(message)


@pytest.fixture
async def trouble(opened, clock):
    """The mail server knows the address of none of Anna's three letters; Bo and his office are to hear of it."""
    store = opened()
    options = Options(second_contact=CONTACT, webhooks=("kontor",))
    anna = await store.mailboxes.add(make.declared(options=options), "settings")
    now = clock.now()
    await store.letters.found(anna, [Listed(f"letter-{number}") for number in range(3)], now, now)
    for number, letter in enumerate(await store.letters.due(State.FOUND, now, 10)):
        await store.letters.move(letter, make.collected(now, number))
    for letter in await store.letters.due(State.WAITING, now, 10):
        claimed = await store.letters.move(letter, make.claimed(now))
        await store.letters.move(claimed, Later(claimed.fence, "address", "550 5.1.1 no such user", now, REFUSED))
    return store


@pytest.fixture
def worker(share, clock, trouble):
    """One worker after another with its share; `notifier` is what it tells by."""

    def more(notifier):
        part = share()
        telling = Telling(part.incidents, trouble.stream, {"mail": notifier, "webhook": notifier})
        world = replace(Town().world, clock=clock, letters=part.letters, mailboxes=part.mailboxes, telling=telling)
        return SimpleNamespace(share=part, assess=lambda: assess_troubles(world), send=lambda: send_notices(world))

    return more


async def owed(worker, clock):
    """The trouble is known and gathered: one notice for each path is owed."""
    await worker.assess()
    clock.advance(Pace().gather_seconds)
    assert await worker.assess() == 2


async def test_one_trouble_is_one_incident_however_many_workers_there_are(worker, trouble, clock):
    """Three workers look at the same trouble at once, again and again: each person is to hear of it once."""
    workers = [worker(FakeNotifier()) for _ in range(3)]
    made = await asyncio.gather(*(each.assess() for each in workers))
    clock.advance(60)
    made += await asyncio.gather(*(each.assess() for each in workers))

    assert sum(made) == 2
    assert len(await trouble.incidents.open()) == 1
    assert {HOOK, MAIL} == {one.path for one in await trouble.incidents.notices(10)}
    assert len(await trouble.incidents.notices(10)) == 2


async def test_a_worker_that_slept_opens_no_trouble_that_was_solved(worker, trouble, clock):
    """What a worker makes of troubles that it saw before others wrote of them is not written."""
    slept, awake = worker(FakeNotifier()).share.incidents, worker(FakeNotifier())
    await owed(awake, clock)
    known = await slept.open()
    assert await awake.share.incidents.keep([replace(known[0], closed_at=clock.now())], [], known)

    assert not await slept.keep([replace(known[0], quiet_since=clock.now())], [], known)
    assert not await trouble.incidents.open()


async def test_a_person_gets_one_notice_of_a_trouble_however_many_workers_there_are(worker, trouble, clock):
    """Three workers send at once what is owed: every path takes it once."""
    notifier = FakeNotifier()
    workers = [worker(notifier) for _ in range(3)]
    await owed(workers[0], clock)

    assert sum(await asyncio.gather(*(each.send() for each in workers))) == 2
    assert sorted(notifier.tried) == [MAIL, HOOK]


async def test_solved_does_not_overtake_what_is_being_told(worker, trouble, clock, beside):
    """While a worker tells of the trouble, however slowly, no other one sends anything along that path."""
    slow, quick = SlowNotifier(), FakeNotifier()
    first, second = worker(slow), worker(quick)
    await owed(first, clock)
    sending = asyncio.create_task(first.send())
    await slow.entered.wait()
    (incident,) = await trouble.incidents.open()
    latest = next(one for one in await trouble.incidents.notices(10) if one.path == MAIL)
    await trouble.incidents.keep([], [replace(latest, id=0, kind=NoticeKind.SOLVED, number=2, incident=incident.id)])

    pause(beside)
    await first.share.leases.renew(first.share.sending)
    assert len(first.share.sending[NOTICE]) == 2
    assert await second.send() == 0
    slow.freed.set()
    await sending
    assert [one.notice.number for one in slow.taken if one.notice.path == MAIL] == [1, 2]


async def test_what_a_worker_that_died_was_telling_is_told_by_another(worker, trouble, clock, beside):
    """After the end of its lease the notice is sent."""
    slow, quick = SlowNotifier(), FakeNotifier()
    first, second = worker(slow), worker(quick)
    await owed(first, clock)
    dying = asyncio.create_task(first.send())
    await slow.entered.wait()
    dying.cancel()
    with suppress(asyncio.CancelledError):
        await dying

    assert await second.send() == 0
    pause(beside)
    assert await second.send() == 2
