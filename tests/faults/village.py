"""Several companies on one ledger: the real journey, store and spool; Digital Post and the mail servers are fakes.

Time is the test's; a round does what the daemon's roles would find due at that moment.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from nemboks.desk.access import Asking
from nemboks.desk.status import status
from nemboks.domain.letter import Letter, Stale, State
from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox
from nemboks.domain.pace import Pace
from nemboks.journey.collect import collect, look
from nemboks.journey.notices import assess_troubles, send_notices
from nemboks.journey.recover import recover
from nemboks.journey.world import Telling, World
from nemboks.ports import Inbox
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from tests.content.memos import Memo
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.helpers.fake_courier import FakeCourier
from tests.helpers.fake_inbox import FakeInbox
from tests.helpers.fake_paths import FakeNotifier
from tests.journey.town import SENDER, STEPS, uuid

CONTACT = Address("anna@hjemme.example")
WEIGHTS = (2, 7, 6, 5, 4, 3, 2)


def cvr(number: int) -> Cvr:
    """A number of an invented company, with a right check digit where there is one."""
    head = f"{1_000_000 + number:07d}"
    return Cvr(head + str(-sum(int(one) * weight for one, weight in zip(head, WEIGHTS, strict=True)) % 11 % 10))


@dataclass
class Inboxes:
    """The Inboxes port: each company's own."""

    by_cvr: dict[str, FakeInbox] = field(default_factory=dict)

    async def of(self, mailbox: Mailbox) -> Inbox:
        return self.by_cvr[mailbox.cvr]

    async def close(self) -> None:
        """Nothing."""


@dataclass
class Village:
    clock: PretendClock
    store: Store
    world: World
    inboxes: Inboxes
    courier: FakeCourier
    notifier: FakeNotifier

    def post(self, company: Cvr, number: int, **facts: Any) -> str:
        """The id of a letter that lies there now."""
        memo = Memo(uuid=uuid(number), recipient_id=company, **facts)
        return self.inboxes.by_cvr[company].put(uuid(number), memo.xml())

    async def round(self, seconds: float = 0) -> None:
        """So much time passes; then all that is due is done once, as one round of every role does."""
        now = self.clock.advance(seconds)
        await recover(self.world)
        for mailbox in await self.store.mailboxes.due(now, 1_000):
            await look(mailbox, self.world)
        for state, step in STEPS.items():
            for letter in await self.store.letters.due(state, now, 1_000):
                with suppress(Stale):
                    await step(letter, await self.world.mailboxes.get(letter.mailbox), self.world)

    async def fetched(self) -> None:
        """Every letter lies here, and none was sent."""
        for mailbox in await self.store.mailboxes.due(self.clock.now(), 1_000):
            await look(mailbox, self.world)
        for letter in await self.store.letters.due(State.FOUND, self.clock.now(), 1_000):
            await collect(letter, await self.world.mailboxes.get(letter.mailbox), self.world)

    async def until(self, seconds: float) -> None:
        """Rounds whenever something is due, until so much time has passed."""
        end = self.clock.now() + timedelta(seconds=seconds)
        await self.round()
        while self.clock.now() < end:
            await self.next(end)

    async def next(self, end: datetime | None = None) -> None:
        """The round of the next moment at which something is due, at most until `end`."""
        now = self.clock.now()
        letters = [await self.letter(number) for number in range(1, len(await self.states()) + 1)]
        rows = [*await self.store.mailboxes.all(), *(one for one in letters if one.state in STEPS)]
        due = [one.due_at for one in rows if one.due_at and one.due_at > now]
        at = min([*due, *([end] if end else [])])
        await self.round((at - now).total_seconds())

    async def letter(self, number: int = 1) -> Letter:
        found = await self.store.letters.get(number)
        assert found is not None
        return found

    async def states(self) -> list[State]:
        number, states = 1, []
        while letter := await self.store.letters.get(number):
            states.append(letter.state)
            number += 1
        return states

    async def told(self) -> list[str]:
        """What people are told within the time that notices are gathered: path, kind and cause."""
        before = len(self.notifier.taken)
        for seconds in (0, self.world.pace.gather_seconds):
            self.clock.advance(seconds)
            await assess_troubles(self.world)
            await send_notices(self.world)
        told = [one.notice for one in self.notifier.taken[before:]]
        return [f"{one.path} {one.kind} {one.cause}" for one in told]

    async def status(self) -> str:
        """What `nemboks status` says of all together."""
        whole = await status(self.store, Asking("root (operator)"), self.clock.now(), daemon=True)
        return str(whole["state"])


@asynccontextmanager
async def village(folder: Path, companies: int = 1, face: Face = Face.REST) -> AsyncIterator[Village]:
    """So many companies, each with an address and a second contact of its own."""
    clock, keys = PretendClock(), vault(folder)
    store = Store.open(folder / "nemboks.db", keys, clock, threaded=False)
    try:
        inboxes = Inboxes()
        for number in range(1, companies + 1):
            options = replace(make.mailbox().options, second_contact=CONTACT)
            address = Address(f"post@firma{number}.example")
            one = make.declared(cvr(number), face=face, address=address, options=options)
            inboxes.by_cvr[one.cvr] = FakeInbox(keeps=face is Face.IMAP)
            await store.mailboxes.add(one, "settings")
        notifier, courier = FakeNotifier(), FakeCourier()
        telling = Telling(store.incidents, store.stream, {"mail": notifier}, Address("drift@nemboks.example"), "direct")
        world = World(
            store.letters, store.mailboxes, Spool(folder / "spool", keys, threaded=False), inboxes, courier, clock,
            Pace(), SENDER, store.deliveries, telling=telling, as_it_came=store.letters.as_it_came,
        )  # fmt: skip
        yield Village(clock, store, world, inboxes, courier, notifier)
    finally:
        await store.close()
