"""From troubles to people: each notice by its path, again until it is taken, and no path holds up another."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.incidents import Cause, NoticeKind
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address
from nemboks.journey.notices import assess_troubles, send_notices, stream_events
from nemboks.journey.world import Telling
from nemboks.ports import Message, Told
from tests.domain.troubles import BY_MAIL, OPERATOR, TO_OPERATOR, company, ill
from tests.helpers import builders as make
from tests.helpers.clock import START
from tests.helpers.fake_paths import FakeListener, FakeNotifier
from tests.helpers.fake_people import FakeIncidents, FakeStream
from tests.helpers.fakes import FakeLetters
from tests.journey.town import Town

HOOK = "webhook:kontor"


class Office:
    """Anna's town with people who can be told."""

    def __init__(self, operator: Address | None = None, letters: int = 3, **options) -> None:
        town = Town()
        self.clock = town.clock
        self.incidents, self.stream = FakeIncidents(), FakeStream(town.mailboxes)
        self.mail, self.hooks, self.listener = FakeNotifier(), FakeNotifier(), FakeListener()
        telling = Telling(
            self.incidents, self.stream, {"mail": self.mail, "webhook": self.hooks}, operator,
            listeners={"kontor": self.listener},
        )  # fmt: skip
        town.mailboxes.rows[1] = company(1, options=options)
        self.letters = FakeLetters(self.clock, town.mailboxes, *(
            make.letter(State.WAITING, id=number, upstream_id=f"letter-{number}", why="address", failures=1,
                        headline=make.headline(reply_by=START + timedelta(days=30)), copy=make.copy())
            for number in range(1, letters + 1)
        ))  # fmt: skip
        self.world = replace(town.world, telling=telling, letters=self.letters)

    def fail(self, cause: Cause = Cause.ADDRESS) -> None:
        """Something is wrong with every letter."""
        self.incidents.ill = [ill(number, cause) for number in self.letters.rows]

    async def look(self, seconds: float = 0) -> int:
        """How many notices were taken after so much time."""
        self.clock.advance(seconds)
        await assess_troubles(self.world)
        return await send_notices(self.world)

    async def told(self) -> list[Message]:
        """All that was taken by mail after the trouble came and was gathered."""
        await self.look()
        await self.look(self.world.pace.gather_seconds)
        return self.mail.taken


async def test_the_second_contact_is_told_within_a_minute():
    """A dead address: the second contact has the notice within a minute, the dead address has none."""
    office = Office()
    office.fail()
    told = await office.told()

    assert [(BY_MAIL, 3)] == [(one.notice.path, one.notice.count) for one in told]
    assert (make.ANNA,) == told[0].cvrs
    assert 3 == len(told[0].references)
    assert "Nærmeste frist: 21-12-2026" in told[0].text
    assert told[0].text.startswith("Adressen a***@bageri.example findes ikke. 3 breve venter")
    assert office.clock.now() - START < timedelta(minutes=1)


async def test_stopped_after_the_second_look():
    """When the server has said no twice, the notice says that the letters are stopped."""
    office = Office()
    office.letters.rows[2] = replace(office.letters.rows[2], failures=2)
    office.fail()

    assert (await office.told())[0].text.startswith("Stoppet: ")


async def test_one_notice_and_one_solved():
    """Many looks at one trouble send one notice; when the letters are delivered, one "solved"."""
    office = Office()
    office.fail()
    await office.told()
    for _ in range(20):
        assert not await office.look(60)
    office.incidents.ill = []
    for _ in range(40):
        await office.look(60)
    assert 1 == len(office.mail.taken)

    for letter in list(office.letters.rows.values()):
        office.letters.rows[letter.id] = replace(letter, state=State.FORWARDED)
    await office.look(60)
    assert [NoticeKind.STOPPED, NoticeKind.SOLVED] == [one.notice.kind for one in office.mail.taken]
    assert not await office.incidents.open()


async def test_a_notice_that_is_not_taken_is_tried_again():
    """A path that refuses is tried again after a while, and again, until it takes the notice."""
    office = Office(webhooks=("kontor",))
    office.hooks.refusing = {HOOK}
    office.fail()
    await office.told()
    for seconds in (10, 30, 100, 200, 700, 4_000, 4_000):
        await office.look(seconds)
    assert 6 <= len(office.hooks.tried) <= 7
    assert [BY_MAIL] == office.mail.tried

    office.hooks.refusing = set()
    await office.look(5_000)
    assert [HOOK] == [one.notice.path for one in office.hooks.taken]
    assert all(one.sent_at for one in office.incidents.told.values())


async def test_a_path_that_hangs_holds_up_no_other():
    """While one receiver keeps us waiting, notices that come due meanwhile reach the others."""
    office = Office(operator=OPERATOR)
    office.fail()
    hanging, entered = asyncio.Event(), asyncio.Event()
    tell = office.mail.tell

    async def slow(message: Message) -> str:
        if message.notice.path == BY_MAIL:
            entered.set()
            await hanging.wait()
        return await tell(message)

    office.mail.tell = slow
    await assess_troubles(office.world)
    office.clock.advance(office.world.pace.gather_seconds)
    await assess_troubles(office.world)
    sending = asyncio.create_task(send_notices(office.world))
    await entered.wait()
    office.incidents.ill += [ill(2, Cause.HELD)]
    await assess_troubles(office.world)
    office.clock.advance(office.world.pace.gather_seconds)
    await assess_troubles(office.world)
    async with asyncio.timeout(5):
        while [TO_OPERATOR] * 2 != office.mail.tried:
            await asyncio.sleep(0)
    assert not sending.done()

    hanging.set()
    assert await sending >= 3


async def test_a_stop_leaves_nothing_behind():
    """A stop in the middle of a call ends it, and the notice is still owed."""
    office = Office()
    office.fail()
    entered = asyncio.Event()

    async def stuck(message: Message) -> str:
        entered.set()
        await asyncio.Event().wait()
        return ""

    office.mail.tell = stuck
    await assess_troubles(office.world)
    office.clock.advance(60)
    await assess_troubles(office.world)
    sending = asyncio.create_task(send_notices(office.world))
    await entered.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending

    assert {asyncio.current_task()} == asyncio.all_tasks()
    assert 1 == len(await office.incidents.due(office.clock.now(), 10))


async def test_a_path_that_nothing_serves():
    """A webhook that left the settings is told as a failure, not forgotten."""
    office = Office(webhooks=("kontor",))
    office.world.telling.notifiers.pop("webhook")
    office.fail()
    await office.told()

    assert ["nothing here sends notices by webhook"] == [
        x.receipt for x in office.incidents.told.values() if x.failures
    ]


async def test_the_operator_is_told_that_he_is_alone():
    """When the second contact is at the dead domain, the operator is told that nobody else can be."""
    office = Office(operator=OPERATOR, second_contact=Address("chef@bageri.example"))
    office.fail()
    told = await office.told()

    assert [TO_OPERATOR] == [one.notice.path for one in told]
    assert "Ring til den" in told[0].text


async def test_nothing_is_wrong():
    """Without trouble nothing is written and nobody is told."""
    office = Office()

    assert 0 == await office.look(10_000)
    assert not office.incidents.rows


async def test_a_world_without_people():
    """Where nothing is set up to tell people, the steps do nothing."""
    world = replace(Office().world, telling=None)

    assert [0, 0, 0] == [await assess_troubles(world), await send_notices(world), await stream_events(world)]


# --- the stream of events ---


def events(*ids: int) -> list[Told]:
    return [Told(id_, START, make.ANNA, 1, "claimed", "WAITING", "SENDING", {"attempt": id_}) for id_ in ids]


async def test_events_in_order_and_from_now_on():
    """A new webhook begins with what happens from now on, and then hears every event in order."""
    office = Office(webhooks=("kontor",))
    office.stream.rows = events(1, 2)
    assert 0 == await stream_events(office.world)
    office.stream.rows += events(3, 5, 8)

    assert 3 == await stream_events(office.world)
    assert 0 == await stream_events(office.world)
    assert [3, 5, 8] == [one.id for one in office.listener.heard]


async def test_a_deaf_webhook_misses_nothing():
    """A webhook that takes nothing is tried again ever more slowly, from the same place."""
    office = Office(webhooks=("kontor",))
    await stream_events(office.world)
    office.stream.rows += events(1, 2)
    office.listener.deaf = True
    tries = 0
    for _ in range(100):
        await stream_events(office.world)
        tries = office.stream.cursors["kontor"].failures
        office.clock.advance(60)
    assert 4 <= tries <= 8

    office.listener.deaf = False
    office.clock.advance(5_000)
    assert 2 == await stream_events(office.world)
    assert [1, 2] == [one.id for one in office.listener.heard]
    assert 0 == office.stream.cursors["kontor"].failures


async def test_events_after_a_crash_come_again():
    """A webhook that took events before we wrote that down hears them again: each has its id."""
    office = Office(webhooks=("kontor",))
    await stream_events(office.world)
    office.stream.rows += events(1)
    keep = office.stream.keep_cursor

    async def crash(cursor) -> None:
        raise RuntimeError("the machine stops")

    office.stream.keep_cursor = crash
    with pytest.raises(RuntimeError):
        await stream_events(office.world)
    office.stream.keep_cursor = keep
    await stream_events(office.world)

    assert [1, 1] == [one.id for one in office.listener.heard]
