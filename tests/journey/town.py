"""Anna's bakery, its mailbox, its mail server and a clock: the real journey over fakes of all its ports."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from nemboks.domain.delivery import Delivery
from nemboks.domain.events import Event
from nemboks.domain.letter import Letter, Stale, State
from nemboks.domain.mailbox import Address, Face, Mailbox
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Report
from nemboks.journey.acknowledge import acknowledge
from nemboks.journey.collect import collect, look
from nemboks.journey.forward import forward
from nemboks.journey.further import clear_contents, plan_fallbacks, send_further
from nemboks.journey.landed import look_for
from nemboks.journey.recover import recover
from nemboks.journey.returned import read_returns
from nemboks.journey.world import World
from nemboks.ports import Inbox, InboxError, Mail
from tests.content.memos import Memo
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.helpers.fake_contents import FakeContents
from tests.helpers.fake_courier import FakeCourier
from tests.helpers.fake_deliveries import FakeDeliveries
from tests.helpers.fake_inbox import FakeInbox, Removal
from tests.helpers.fakes import FakeLetters, FakeMailboxes

SENDER = Address("post@nemboks.example")
STEPS = {
    State.FOUND: collect, State.WAITING: forward, State.HANDED_OVER: look_for, State.FORWARDED: acknowledge,
}  # fmt: skip


def uuid(number: int) -> str:
    return f"8c2ea15d-61fb-4ba9-9366-{number:012d}"


def memo(number: int = 1, **other: Any) -> bytes:
    """A letter for Anna."""
    return Memo(**{"uuid": uuid(number), "recipient_id": make.ANNA, **other}).xml()


class FakeInboxes:
    """The Inboxes port: one inbox for every mailbox, or an error that a test plants."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.error: InboxError | None = None

    async def of(self, mailbox: Mailbox) -> Inbox:
        if self.error:
            raise self.error
        return self.inbox

    async def close(self) -> None:
        pass


class Town:
    """One world; the tests plant what goes wrong and let time pass."""

    def __init__(self, face: Face = Face.REST, removal: Removal = Removal.ON_RECEIPT, **mailbox: Any) -> None:
        self.clock = PretendClock()
        self.mailboxes = FakeMailboxes(self.clock, make.mailbox(face=face, **mailbox))
        self.letters = FakeLetters(self.clock, self.mailboxes)
        self.contents = FakeContents()
        self.inbox = FakeInbox(keeps=face is Face.IMAP, removal=removal)
        self.inboxes = FakeInboxes(self.inbox)
        self.courier = FakeCourier()
        self.deliveries = FakeDeliveries(self.clock, self.mailboxes, self.letters)
        self.world = World(
            self.letters, self.mailboxes, self.contents, self.inboxes, self.courier, self.clock, Pace(), SENDER,
            self.deliveries,
        )  # fmt: skip

    @property
    def mailbox(self) -> Mailbox:
        return self.mailboxes.rows[1]

    @property
    def letter(self) -> Letter:
        """The only letter."""
        (letter,) = self.letters.rows.values()
        return letter

    @property
    def further(self) -> Delivery:
        """The only delivery to a further recipient."""
        (delivery,) = self.deliveries.rows.values()
        return delivery

    @property
    def seconds_until_due(self) -> float:
        assert self.letter.due_at is not None
        return (self.letter.due_at - self.clock.now()).total_seconds()

    def events(self) -> list[type[Event]]:
        return [type(event) for _, event in self.letters.past]

    async def look(self) -> None:
        await look(self.mailbox, self.world)

    async def posted(self, contents: bytes | None = None, id_: str = uuid(1)) -> Letter:
        """A letter that lies upstream and is FOUND."""
        self.inbox.put(id_, memo() if contents is None else contents)
        await self.look()
        return self.letter

    async def waiting(self, contents: bytes | None = None, id_: str = uuid(1)) -> Letter:
        letter = await self.posted(contents, id_)
        await collect(letter, await self.world.mailboxes.get(letter.mailbox), self.world)
        assert self.letter.state is State.WAITING
        return self.letter

    async def forwarded(self) -> Letter:
        letter = await self.waiting()
        await forward(letter, await self.world.mailboxes.get(letter.mailbox), self.world)
        assert self.letter.state is State.FORWARDED
        return self.letter

    async def copied(self, delivery: Delivery | None = None) -> Delivery:
        """The delivery after one more attempt, made when that is due; without a name, the only one."""
        delivery = delivery or self.further
        if delivery.due_at and delivery.due_at > self.clock.now():
            self.clock.advance((delivery.due_at - self.clock.now()).total_seconds())
        await send_further(delivery, self.world)
        return self.deliveries.rows[delivery.id]

    async def step(self) -> State:
        """The letter's state after its next step, taken when that is due."""
        letter = self.letter
        if letter.due_at and letter.due_at > self.clock.now():
            self.clock.advance(self.seconds_until_due)
        await STEPS[letter.state](self.letter, await self.world.mailboxes.get(letter.mailbox), self.world)
        return self.letter.state


async def settle(world: World, clock: PretendClock, days: float = 3) -> None:
    """What is due is done, as the daemon would, and time passes, until no letter is due within the days."""
    horizon = clock.now() + timedelta(days=days)
    for _ in range(500):
        await recover(world)
        mailbox = await world.mailboxes.get(1)
        await look(mailbox, world)
        await read_returns(world)
        for state, step in STEPS.items():
            for letter in await world.letters.due(state, clock.now(), 100):
                with suppress(Stale):
                    await step(letter, await world.mailboxes.get(letter.mailbox), world)
        waiting = [x.due_at for state in STEPS for x in await world.letters.due(state, horizon, 100)]
        if mailbox.route.others:
            await _copies(world, clock)
            waiting += [x.due_at for x in await world.deliveries.due(horizon, 100)]
        if not waiting or clock.now() >= horizon:
            return
        next_at = min(x for x in waiting if x)
        clock.advance(max(0.0, (next_at - clock.now()).total_seconds()))
    raise AssertionError("a letter is due again and again")


async def _copies(world: World, clock: PretendClock) -> None:
    """What the daemon does for further recipients."""
    await plan_fallbacks(world)
    for delivery in await world.deliveries.due(clock.now(), 100):
        with suppress(Stale):
            await send_further(delivery, world)
    await clear_contents(world)


class SlowCourier(FakeCourier):
    """Does something of the test's right before the dot is asked for, or right after it was sent."""

    def __init__(self, before: Callable[[], object] = lambda: None, after: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.before, self.after = before, after

    async def deliver(self, mail: Mail, seconds: float, before_dot: Callable[[], Awaitable[bool]]) -> Report:
        async def asked() -> bool:
            await _done(self.before())
            return await before_dot()

        report = await super().deliver(mail, seconds, asked)
        await _done(self.after())
        return report


async def _done(result: object) -> None:
    if isinstance(result, Awaitable):
        await result


def with_courier(town: Town, courier: FakeCourier) -> Town:
    town.courier, town.world = courier, replace(town.world, courier=courier)
    return town
