"""Notices on the real ledger: what the store finds wrong is told once, and what was told survives a crash."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from nemboks.domain.incidents import NoticeKind
from nemboks.domain.letter import DotBegun, Later, Letter, State
from nemboks.domain.mailbox import Options
from nemboks.domain.proof import Stage
from nemboks.journey.notices import assess_troubles, send_notices, stream_events
from nemboks.journey.world import Telling, World
from nemboks.ports import Listed
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.domain.troubles import BY_MAIL, CONTACT
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.helpers.fake_paths import FakeListener, FakeNotifier
from tests.journey.town import Town

LETTERS = 20
REFUSED = make.report(Stage.RCPT, reply=make.reply(550, "5.1.1", "no such user"))


class Kept:
    """Anna's town on the real ledger, with a second contact and a webhook."""

    def __init__(self, store: Store, clock: PretendClock) -> None:
        self.store, self.clock = store, clock
        self.mail, self.listener = FakeNotifier(), FakeListener()
        telling = Telling(
            store.incidents, store.stream, {"mail": self.mail, "webhook": FakeNotifier()},
            listeners={"kontor": self.listener},
        )  # fmt: skip
        self.world: World = replace(
            Town().world, letters=store.letters, mailboxes=store.mailboxes, clock=clock, telling=telling
        )

    async def collect(self) -> None:
        """Twenty letters of Anna's wait."""
        anna, now = await self.store.mailboxes.find(make.ANNA), self.clock.now()
        await self.store.letters.found(anna, [Listed(f"letter-{number}") for number in range(LETTERS)], now, now)
        for number, letter in enumerate(await self.store.letters.due(State.FOUND, now, 100)):
            await self.store.letters.move(letter, make.collected(now, number))

    async def refuse(self) -> None:
        """The mail server knows the address of none of them."""
        for letter in await self._claimed():
            later = Later(letter.fence, "address", "550 5.1.1 no such user", self.clock.now(), REFUSED)
            await self.store.letters.move(letter, later)

    async def take(self) -> None:
        """The mail server takes them all."""
        for letter in await self._claimed():
            begun = await self.store.letters.move(letter, DotBegun(letter.fence))
            await self.store.letters.move(begun, make.confirmed(begun, self.clock.now()))

    async def _claimed(self) -> list[Letter]:
        now = self.clock.now()
        due = await self.store.letters.due(State.WAITING, now, 100)
        return [await self.store.letters.move(letter, make.claimed(now)) for letter in due]

    async def look(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await assess_troubles(self.world)
        await send_notices(self.world)


@pytest.fixture
async def kept(tmp_path) -> AsyncIterator[Kept]:
    clock = PretendClock()
    store = Store.open(tmp_path / "nemboks.db", vault(tmp_path), clock, threaded=False)
    options = Options(second_contact=CONTACT, webhooks=("kontor",))
    await store.mailboxes.add(make.declared(options=options), "settings")
    yield Kept(store, clock)
    await store.close()


async def test_twenty_letters_one_notice_one_solved(kept):
    """Twenty refused letters make one notice with their count within a minute; delivered, they make one "solved"."""
    await kept.collect()
    await kept.refuse()
    for _ in range(12):
        await kept.look(5)
    assert [(NoticeKind.STOPPED, BY_MAIL, LETTERS)] == [
        (one.notice.kind, one.notice.path, one.notice.count) for one in kept.mail.taken
    ]
    assert "og 15 flere" in kept.mail.taken[0].text

    kept.clock.advance(600)
    await kept.refuse()
    for _ in range(12):
        await kept.look(60)
    kept.clock.advance(600)
    await kept.take()
    for _ in range(40):
        await kept.look(60)
    assert [NoticeKind.STOPPED, NoticeKind.SOLVED] == [one.notice.kind for one in kept.mail.taken]
    assert LETTERS == kept.mail.taken[1].notice.count
    assert not await kept.store.incidents.open()
    assert all(one.sent_at for one in await kept.store.incidents.notices(100))


async def test_what_is_sent_stays_sent(kept):
    """A slow failure that is written after the notice was sent makes nobody hear it twice."""
    await kept.collect()
    await kept.refuse()
    await kept.look(0)
    kept.clock.advance(30)
    await assess_troubles(kept.world)
    [owed] = await kept.store.incidents.due(kept.clock.now(), 1)
    await kept.look(0)
    await kept.store.incidents.failed(owed, "too late to say so", kept.clock.now())
    await kept.look(60)

    assert 1 == len(kept.mail.taken)


async def test_a_crash_before_it_is_sent(kept):
    """A notice that was owed when the process stopped is sent by the next one, and not made a second time."""
    await kept.collect()
    await kept.refuse()
    await kept.look(0)
    kept.clock.advance(30)
    await assess_troubles(kept.world)
    again = Kept(kept.store, kept.clock)
    await again.look(1)

    assert ([], [LETTERS]) == (kept.mail.taken, [one.notice.count for one in again.mail.taken])


async def test_every_step_reaches_the_webhook(kept):
    """A webhook hears every step of every letter, in order, without addresses."""
    await stream_events(kept.world)
    await kept.collect()
    await kept.refuse()
    while await stream_events(kept.world):
        pass

    heard = [one.event for one in kept.listener.heard]
    assert [LETTERS] * 4 == [heard.count(name) for name in ("found", "collected", "claimed", "later")]
    assert sorted(one.id for one in kept.listener.heard) == [one.id for one in kept.listener.heard]
    assert "@" not in "".join(str(one.detail) for one in kept.listener.heard).replace("***@", "")
