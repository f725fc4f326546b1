"""One company on a real ledger with everybody who may do anything about its post, and a mail server that is watched.

The journey and the desk are the real ones. Each dot that is sent is kept together with what the ledger said at that
moment; `desk_oracle.py` judges it. What people do stands in desk_acts.py.
"""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from nemboks.daemon.dated import ALL
from nemboks.domain.codes import Code
from nemboks.domain.estates import Estate
from nemboks.domain.letter import Stale
from nemboks.domain.mailbox import Address, Mailbox
from nemboks.domain.proof import Report, Stage
from nemboks.journey.collect import look
from nemboks.journey.further import send_further
from nemboks.journey.recover import recover
from nemboks.journey.world import World
from nemboks.ports import Mail
from tests.crash.fuse import Fuse, Killed, through
from tests.desk.estating import Court
from tests.helpers.fake_courier import ACCEPTED, FakeCourier, broken, refused
from tests.helpers.fake_inbox import FakeInbox, LostReply
from tests.journey.town import STEPS, memo, uuid

OUTSIDE, MOVED = Address("vikar@udenfor.example"), Address("ny@andetsteds.example")
SAYS = ({}, {"legal": "true"}, {"authority": "Kommunen"}, {"authority": "Kommunens Tilsyn", "mandatory": "true"})
ENDINGS = (
    ACCEPTED, broken(Stage.DOT), broken(Stage.BODY), refused(Stage.RCPT, 451), refused(Stage.DOT, 451),
    broken(Stage.CONNECT),
)  # fmt: skip


@dataclass(frozen=True)
class Dot:
    """One mail that the server was told to keep, and what the ledger said when that was committed."""

    recipient: str
    upstream_id: str
    primary: bool
    at: datetime
    route: dict[str, Any]  # the last row of history about it
    box: Mailbox
    estates: list[Estate]
    agreed: list[Code]  # codes that were typed by then
    changes: list[Any]


@dataclass(frozen=True)
class Posted:
    """A letter as Digital Post has it: when it really came, and what it says."""

    at: datetime
    says: dict[str, str]


class WatchedCourier(FakeCourier):
    """Notes every dot; right before the next one it does what the test wants done meanwhile."""

    def __init__(self, town: "Town") -> None:
        super().__init__()
        self.town = town
        self.before: list[Callable[[], Awaitable[object]]] = []
        self.after: list[Callable[[], Awaitable[object]]] = []

    async def deliver(self, mail: Mail, seconds: float, before_dot: Callable[[], Awaitable[bool]]) -> Report:
        async def asked() -> bool:
            while self.before:
                await self.before.pop()()
            allowed = await before_dot()
            if allowed:
                self.town.dots.append(await self.town.seen(mail))
            return allowed

        report = await super().deliver(mail, seconds, asked)
        while self.after:
            await self.after.pop()()
        return report


class WatchedInbox(FakeInbox):
    """Notes what the ledger says of a letter when its receipt comes in."""

    def __init__(self, town: "Town") -> None:
        super().__init__(keeps=False)
        self.town = town

    async def acknowledge(self, receipt: Any, repeated: bool) -> str:
        letter = next(x for x in await self.town.store.letters.list() if x.upstream_id == receipt.upstream_id)
        self.town.receipts_for.append(letter)
        return await super().acknowledge(receipt, repeated)


@dataclass
class Town(Court):
    dots: list[Dot] = field(default_factory=list)
    posted: dict[str, Posted] = field(default_factory=dict)
    receipts_for: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watched, self.inbox = WatchedCourier(self), WatchedInbox(self)
        self.courier = self.watched

    # --- what is seen ---

    async def rows(self, statement: str) -> list[Any]:
        return await self.store._reader.read(lambda tx: list(tx.execute(text(statement)).mappings()))

    async def seen(self, mail: Mail) -> Dot:
        """The ledger as it is now, right after a dot_begun was committed."""
        (dot,) = await self.rows(
            "SELECT id, at, letter_id, event FROM events WHERE event IN ('dot_begun', 'copy_dot_begun')"
            " ORDER BY id DESC LIMIT 1"
        )
        (route,) = await self.rows(
            f"SELECT json(detail) AS detail FROM events WHERE event = 'route_changed' AND mailbox_id = 1"
            f" AND id < {dot['id']} ORDER BY id DESC LIMIT 1"
        )
        letter = await self.store.letters.get(dot["letter_id"])
        assert letter is not None
        return Dot(
            mail.recipient, letter.upstream_id, dot["event"] == "dot_begun", datetime.fromisoformat(dot["at"]),
            json.loads(route["detail"]), *await self.store.ask(lambda books: (
                books.mailbox_of(1), books.estates.all(mailbox=1), [x for x in books.codes.all() if x.used_at],
                books.changes.all(mailbox=1),
            )),
        )  # fmt: skip

    # --- post and time ---

    async def arrives(self, number: int) -> None:
        id_ = uuid(len(self.posted) + 1)
        says = SAYS[number % len(SAYS)]
        self.inbox.put(id_, memo(uuid=id_, **says))
        self.posted[id_] = Posted(self.clock.now(), says)

    async def polls(self) -> None:
        await look(await self.box(), self.world)

    async def passes(self, seconds: float, swept: bool = True) -> None:
        self.clock.advance(seconds)
        if swept:
            await self.sweeps()

    async def sweeps(self) -> int:
        """What the daemon does at every sweep."""
        done = 0
        for one in ALL:
            if await self.store.ask(one.waiting):
                done += await self.store.act(one.take_effect)
        return done

    async def works(self, cut: int = 0, after: bool = False) -> None:
        """Everything that is due is done once; or the process dies at its call number `cut`, and starts again."""
        fuse = Fuse([], cut or None, after)
        with suppress(Killed):
            await self._work(through(self.world, fuse))
        if fuse.blown:
            await recover(self.world, sole=True)

    async def _work(self, world: World) -> None:
        await recover(world)
        now = self.clock.now()
        for state, step in STEPS.items():
            for letter in await self.store.letters.due(state, now, 100):
                with suppress(Stale):
                    await step(letter, await world.mailboxes.get(letter.mailbox), world)
        for delivery in await self.store.deliveries.due(now, 100):
            with suppress(Stale):
                await send_further(delivery, world)

    async def faults(self, number: int) -> None:
        """What the next delivery meets; or the answer to a receipt is lost."""
        if number % 7 == 6:
            self.inbox.plant("acknowledge", LostReply())
        else:
            self.watched.endings.append(ENDINGS[number % 7])
