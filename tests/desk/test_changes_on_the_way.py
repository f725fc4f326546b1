"""Letters on their way while an address changes (RELIABILITY I14, T02): the real journey on a real ledger."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from nemboks.desk import changes
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.letters import release
from nemboks.domain.announcements import Kind
from nemboks.domain.changes import PROBATION, TAKEN_BACK
from nemboks.domain.letter import DotBegun, HandedOver, Letter, Stale, State
from nemboks.domain.pace import Pace
from nemboks.journey.collect import collect, look
from nemboks.journey.further import send_further
from nemboks.journey.recover import recover
from nemboks.journey.world import World
from tests.desk.changing import JYTTE, NEW, OPERATOR, Firm
from tests.helpers import builders as make
from tests.helpers.fake_contents import FakeContents
from tests.helpers.fake_courier import FakeCourier
from tests.helpers.fake_inbox import FakeInbox
from tests.journey.town import SENDER, STEPS, FakeInboxes, SlowCourier, memo, uuid


@dataclass
class Way:
    """The firm's letters, from a Digital Post of the test's to mail servers of the test's."""

    firm: Firm
    inbox: FakeInbox = field(default_factory=FakeInbox)
    courier: FakeCourier = field(default_factory=FakeCourier)
    contents: FakeContents = field(default_factory=FakeContents)

    @property
    def world(self) -> World:
        store = self.firm.store
        return World(
            store.letters, store.mailboxes, self.contents, FakeInboxes(self.inbox), self.courier, self.firm.clock,
            Pace(), SENDER, store.deliveries, as_it_came=store.letters.as_it_came,
        )  # fmt: skip

    @property
    def sent(self) -> list[str]:
        """Where mails that were kept went, in order."""
        return [one.mail.recipient for one in self.courier.sent if one.kept]

    @property
    def receipts(self) -> list[str]:
        return [one.upstream_id for one in self.inbox.receipts]

    async def comes(self, number: int = 1) -> None:
        self.inbox.put(uuid(number), memo(number))
        await look(await self.firm.box(), self.world)

    async def goes_on(self) -> None:
        """Everything that is due now is done once more, the daemon's chore included."""
        await self.firm.sweeps()
        await recover(self.world)
        now = self.firm.clock.now()
        for _ in range(3):
            for state, step in STEPS.items():
                for letter in await self.firm.store.letters.due(state, now, 100):
                    with suppress(Stale):
                        await step(letter, await self.world.mailboxes.get(letter.mailbox), self.world)
            for delivery in await self.firm.store.deliveries.due(now, 100):
                with suppress(Stale):
                    await send_further(delivery, self.world)
            await self.firm.sweeps()

    async def later(self, **time: float) -> None:
        await self.firm.later(**time)
        await self.goes_on()

    async def letter(self, number: int = 1) -> Letter:
        return next(x for x in await self.firm.store.letters.list() if x.upstream_id == uuid(number))

    async def moved(self) -> None:
        """The address is the new one now: the old one agreed."""
        await self.firm.asks()
        await self.firm.confirms("old", "new")

    async def taken_back(self) -> int:
        item = await changes.change_roll_back(self.firm.store, OPERATOR, 1, await self.firm.code("old"))
        letters: int = item["letters"]
        return letters

    def once(self, when: str, what: Callable[[], Awaitable[object]]) -> None:
        """The next delivery has this happen right before its dot, or right after it; those after it are ordinary."""

        async def happens() -> None:
            kept, self.courier = self.courier, FakeCourier(sent=self.courier.sent)
            await what()
            self.courier.sent = kept.sent

        self.courier = SlowCourier(**{when: happens})


@pytest.fixture
async def way(store, clock):
    return Way(await Firm(store, clock).open())


async def test_t02_cut_before_the_dot(way):
    """The address changes while a letter is being sent: no dot, and the letter goes to the new address."""
    await way.firm.asks()
    await way.firm.confirms("old")
    way.once("before", lambda: way.firm.confirms("new"))
    await way.comes()
    await way.goes_on()

    letter = await way.letter()
    assert ([NEW], 2, 2) == (way.sent, letter.fence, letter.route_version)


async def test_t02_finished_after_the_dot(way):
    """The address changes when the dot is sent: the letter is the old address', and its receipt waits for nobody
    to wonder: the mailbox is on probation, then it goes."""
    await way.firm.asks()
    await way.firm.confirms("old")
    way.once("after", lambda: way.firm.confirms("new"))
    await way.comes()
    await way.goes_on()

    letter = await way.letter()
    assert ([JYTTE], State.FORWARDED, 1) == (way.sent, letter.state, letter.route_version)
    await way.later(hours=72)
    assert [uuid(1)] == way.receipts


async def test_i14_probation(way):
    """What went to the changed address stays in Digital Post for 72 hours."""
    await way.moved()
    await way.comes()
    await way.goes_on()
    await way.later(hours=71, minutes=59)
    assert ([NEW], []) == (way.sent, way.receipts)

    await way.later(minutes=1)
    assert [uuid(1)] == way.receipts


async def test_taken_back(way):
    """What the thief's address got stays in Digital Post, the old address gets a copy, and what waits goes there."""
    await way.moved()
    for number in (1, 2):
        await way.comes(number)
        await way.goes_on()
    await way.firm.later(hours=30)
    await way.comes(3)
    assert 2 == await way.taken_back()
    await way.goes_on()
    await way.later(hours=100)

    assert [NEW, NEW] == way.sent[:2]
    assert [JYTTE] * 3 == way.sent[2:]
    assert [uuid(3)] == way.receipts
    assert [TAKEN_BACK] * 2 == [(await way.letter(number)).bounced for number in (1, 2)]
    box = await way.firm.box()
    assert (JYTTE, 3, None) == (box.route.address, box.route.version, box.custody.probation_until)
    assert NEW in await way.firm.told(Kind.ADDRESS_CANCELLED)


async def test_a_person_lets_its_receipt_go(way):
    """Once somebody has read the copy at the old address, the receipt goes on that word, and only then."""
    await way.moved()
    await way.comes()
    await way.goes_on()
    await way.taken_back()
    await way.goes_on()
    await release(way.firm.store, way.firm.by("anna"), (await way.letter()).id)
    await way.goes_on()

    assert ([NEW, JYTTE], [uuid(1)]) == (way.sent, way.receipts)


async def test_confirmed_after_it_was_taken_back(way):
    """Its dot was on the way when the address was taken back: it is found, gets no receipt, and is copied."""
    await way.moved()
    way.once("after", way.taken_back)
    await way.comes()
    await way.goes_on()
    assert (await way.firm.box()).custody.probation_until == way.firm.clock.now() + PROBATION
    await way.later(hours=80)

    assert ([NEW, JYTTE], []) == (way.sent, way.receipts)
    assert TAKEN_BACK == (await way.letter()).bounced


async def test_a_relay_that_confirms_later(way):
    """The same where a relay had it and says days later that it arrived."""
    await way.moved()
    await way.comes()
    letter = await way.letter()
    await collect(letter, await way.world.mailboxes.get(letter.mailbox), way.world)
    now = way.firm.clock.now()
    claimed = make.claimed(now, route_version=2, address=NEW)
    letter = await way.firm.store.letters.move(await way.letter(), claimed)
    letter = await way.firm.store.letters.move(letter, DotBegun(letter.fence))
    letter = await way.firm.store.letters.move(letter, HandedOver("queued", now, now + timedelta(hours=4)))
    assert 0 == await way.taken_back()
    way.firm.clock.advance(3600)
    late = make.confirmed(letter, way.firm.clock.now(), address=NEW, at=way.firm.clock.now())
    await way.firm.store.letters.move(letter, late)
    await way.goes_on()
    await way.later(hours=80)

    assert ([JYTTE], []) == (way.sent, way.receipts)


async def test_only_what_is_still_in_digital_post(way):
    """After probation the receipts are gone: the rest of the seven days gives the address back, not those letters."""
    await way.moved()
    await way.comes()
    await way.goes_on()
    await way.later(hours=73)
    assert 0 == await way.taken_back()
    assert JYTTE == await way.firm.address()


async def test_seven_days(way):
    """Till then it can be taken back, by right or by code; after it, or twice, it cannot."""
    await way.moved()
    code = await way.firm.code("old")
    with pytest.raises(RefusedByRule, match="rollback 1"):
        await changes.change_cancel(way.firm.store, OPERATOR, 1, code)
    await way.firm.later(days=6, hours=23)
    await changes.change_roll_back(way.firm.store, way.firm.by("carl"), 1)
    with pytest.raises(RefusedByRule, match="too late"):
        await changes.change_roll_back(way.firm.store, way.firm.by("carl"), 1)


async def test_too_late(way):
    """Seven days after the effect the code is worth nothing, and a person's right neither."""
    await way.moved()
    code = await way.firm.code("old")
    await way.firm.later(days=7)
    with pytest.raises(RefusedByRule, match="too late"):
        await changes.change_roll_back(way.firm.store, way.firm.by("carl"), 1)
    with pytest.raises(RefusedByRule, match="does not fit"):
        await changes.change_roll_back(way.firm.store, way.firm.by("carl"), 1, code)


async def test_nothing_to_take_back(way):
    """What has not happened is stopped instead; what an estate took over since is not given back."""
    await way.firm.asks()
    with pytest.raises(RefusedByRule, match="cancel 1"):
        await changes.change_roll_back(way.firm.store, way.firm.by("carl"), 1)
    await way.firm.confirms("new", "old")
    code = await way.firm.code("old")
    way.firm.clock.advance(60)
    await way.firm.store.act(lambda books: books.keep(replace(books.mailbox_of(1), frozen_at=books.at)))
    with pytest.raises(RefusedByRule, match="changed again"):
        await changes.change_roll_back(way.firm.store, OPERATOR, 1, code)
