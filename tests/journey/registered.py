"""A real ledger with one mailbox, the fake inbox behind it, and the fake register that says how its company stands."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nemboks.domain.custody import Consent
from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox, Route
from nemboks.domain.pace import Pace
from nemboks.journey.collect import look
from nemboks.journey.world import World
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.helpers.fake_contents import FakeContents
from tests.helpers.fake_courier import FakeCourier
from tests.helpers.fake_inbox import FakeInbox
from tests.helpers.fake_registry import FakeRegistry, standing
from tests.journey.town import SENDER, FakeInboxes

PACE = Pace()
DAY, HOUR = 86_400, 3_600
AWAITED, GIVEN, DECLINED = Consent.AWAITED, Consent.GIVEN, Consent.DECLINED


class House:
    """Consent and life are told by `says`; `look` is one look into the mailbox."""

    def __init__(self, store: Store, clock: PretendClock) -> None:
        self.store, self.clock = store, clock
        self.inbox, self.registry = FakeInbox(keeps=False), FakeRegistry()
        self.inboxes = FakeInboxes(self.inbox)
        self.world = World(
            store.letters, store.mailboxes, FakeContents(), self.inboxes, FakeCourier(), clock, PACE, SENDER,
            store.deliveries, acts=store, registry=self.registry,
        )  # fmt: skip

    async def add(self, cvr: str = make.ANNA, **other: Any) -> Mailbox:
        """A mailbox; one that awaits consent has no login."""
        at = self.clock.now()
        route = Route(1, Address("post@bageri.example"), make.SERVER, at, "anna")
        box = replace(Mailbox(0, Cvr(cvr), "", Face.REST, route, at, consent=Consent.AWAITED), **other)
        given = {} if box.consent is Consent.AWAITED else {"system_id": "s-0", "api_token": "typed"}
        return await self.store.act(lambda books: books.add_mailbox(box, given, "anna"))

    async def box(self, cvr: str = make.ANNA) -> Mailbox:
        found = await self.store.mailboxes.find(Cvr(cvr))
        assert found
        return found

    def says(self, *args: Any, **how: Any) -> None:
        self.registry.companies[make.ANNA] = standing(*args, **how)

    async def look(self) -> Mailbox:
        await look(await self.box(), self.world)
        return await self.box()

    async def credentials(self) -> dict[str, str]:
        return dict(await self.store.mailboxes.credentials(await self.box()))

    def wait(self, box: Mailbox) -> float:
        """Seconds until its next look; the clock's chance is the middle."""
        return (box.due_at - self.clock.now()).total_seconds()

    @property
    def polls(self) -> int:
        return len(self.inbox.acts)

    async def history(self) -> list[tuple[str, dict[str, Any]]]:
        rows = self.store._reader.read(
            lambda tx: tx.exec_driver_sql("SELECT event, detail FROM events ORDER BY id").all()
        )
        return [(row.event, json.loads(row.detail)) for row in await rows]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock = PretendClock()
    store = Store.open(tmp_path / "nemboks.db", vault(tmp_path), clock, threaded=False)
    yield House(store, clock)
    await store.close()


async def let_in(house: House) -> Mailbox:
    await house.add()
    house.says()
    return await house.look()
