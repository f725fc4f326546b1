"""One company on a real ledger with everybody who may do anything about its post, and a mail server that is watched.

The journey and the desk are the real ones. Each dot that is sent is kept together with what the ledger said at that
moment; `desk_oracle.py` judges it. A new act of people is one more method of `Acts`.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from nemboks.desk import (
    changes,
    changes_effect,
    estate_approvals,
    estate_effect,
    estates,
    plans,
    route_wishes,
    routes,
    trays,
)
from nemboks.desk.changes_rules import Wanted
from nemboks.desk.errors import DeskError
from nemboks.desk.letters import release, retry
from nemboks.desk.mailboxes import pause, resume
from nemboks.desk.route_checks import House
from nemboks.domain.codes import Code
from nemboks.domain.estates import Estate, EstateState
from nemboks.domain.letter import Stale
from nemboks.domain.mailbox import Address, Field, Holiday, Mailbox, Rule
from nemboks.domain.proof import Report, Stage
from nemboks.journey.collect import look
from nemboks.journey.further import send_further
from nemboks.journey.recover import recover
from nemboks.journey.world import World
from nemboks.ports import Mail
from tests.crash.fuse import Fuse, Killed, through
from tests.desk.estating import KURATOR, SECOND, Court, case
from tests.helpers import builders as make
from tests.helpers.fake_courier import ACCEPTED, FakeCourier, broken, refused
from tests.helpers.fake_inbox import FakeInbox, LostReply
from tests.journey.town import STEPS, memo, uuid

HOUSE = House(frozenset({make.SERVER}), frozenset({"nemboks.example"}))
OURS, OUTSIDE = Address("lager@bageri.example"), Address("vikar@udenfor.example")
MOVED = Address("ny@andetsteds.example")
ASSISTANT = Address("fuldmaegtig@holm.example")  # at the kurator's own firm
SAYS = ({}, {"legal": "true"}, {"authority": "Kommunen"}, {"authority": "Kommunens Tilsyn", "mandatory": "true"})
RULES = (
    (Field.CLASS, "legal"), (Field.CLASS, "ordinary"), (Field.AUTHORITY, "Kommunen*"),
    (Field.AUTHORITY, "Skattestyrelsen"),
)  # fmt: skip
ENDINGS = (
    ACCEPTED, broken(Stage.DOT), broken(Stage.BODY), refused(Stage.RCPT, 451), refused(Stage.DOT, 451),
    broken(Stage.CONNECT),
)  # fmt: skip
DATED = (changes_effect, estate_effect, plans, route_wishes, trays)


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
        import json

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
        for one in DATED:
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
                    await step(letter, world)
        for delivery in await self.store.deliveries.due(now, 100):
            with suppress(Stale):
                await send_further(delivery, world)

    async def faults(self, number: int) -> None:
        """What the next delivery meets; or the answer to a receipt is lost."""
        if number % 7 == 6:
            self.inbox.plant("acknowledge", LostReply())
        else:
            self.watched.endings.append(ENDINGS[number % 7])


class Acts:
    """What people may do, each with a number that chooses among its ways. What the rules refuse changes nothing."""

    def __init__(self, town: Town) -> None:
        self.town, self.store = town, town.store

    def by(self, number: int) -> Any:
        """Anna, or the kurator if there is one by now."""
        return self.town.by("anna")

    async def does(self, name: str, number: int) -> bool:
        """Whether the rules allowed it."""
        try:
            await getattr(self, name)(number)
        except (DeskError, Stale):
            return False
        return True

    async def rule(self, n: int) -> None:
        field_, value = RULES[n % 4]
        rule = Rule(field_, value, (OURS, OUTSIDE)[n // 4 % 2], "")
        await routes.rule_add(self.store, self.by(n), make.ANNA, rule, HOUSE, 1, sure=True)
        if n % 3:
            await self.agree(n)

    async def unrule(self, n: int) -> None:
        await routes.rule_remove(self.store, self.by(n), make.ANNA, n % 3 + 1)

    async def copy(self, n: int) -> None:
        act = routes.copy_add if n % 2 else routes.copy_remove
        rest: tuple[Any, ...] = ("", HOUSE) if n % 2 else ()
        await act(self.store, self.by(n), make.ANNA, (OURS, OUTSIDE)[n // 2 % 2], *rest)

    async def away(self, n: int) -> None:
        since = self.town.clock.now() + timedelta(hours=n % 3)
        until = since + timedelta(hours=(1, 30, 90)[n // 3 % 3])
        holiday = Holiday(since, until, (OURS, OUTSIDE)[n // 9 % 2], "", n % 4 == 0)
        await routes.holiday_set(self.store, self.by(n), make.ANNA, holiday, HOUSE)
        if n // 9 % 2:
            await self.agree(n)

    async def back(self, n: int) -> None:
        await routes.holiday_cancel(self.store, self.by(n), make.ANNA)

    async def tray(self, n: int) -> None:
        await routes.default_set(self.store, self.by(n), make.ANNA, "anna" if n % 2 else "", sure=True)

    async def agree(self, n: int) -> None:
        await route_wishes.confirm(self.store, self.by(n), make.ANNA, await self.code("route"))

    async def stop(self, n: int) -> None:
        await (pause if n % 2 else resume)(self.store, self.by(n), make.ANNA)

    async def hold(self, n: int) -> None:
        act = (trays.letter_hold, trays.letter_dismiss)[n % 8 == 7]
        await act(self.store, self.by(n), n % 5 + 1, "fordi")

    async def let_go(self, n: int) -> None:
        await (release if n % 2 else retry)(self.store, self.by(n), n // 2 % 5 + 1)

    async def leave(self, n: int) -> None:
        await (plans.plan_cancel if n % 2 else plans.plan_undo)(self.store, self.by(n), "bageriet")

    # --- another address ---

    async def move(self, n: int) -> None:
        wanted = Wanted(
            (MOVED, OURS)[n % 2], server="direct" if n % 2 == 0 else "", ours=frozenset({"nemboks.example"})
        )

        async def fine(*_: object) -> list[Any]:
            return []

        await changes.address_set(self.store, self.by(n), make.ANNA, wanted, fine)
        if n % 4 > 1:
            await self.moved(n // 4)

    async def moved(self, n: int) -> None:
        number = await self.last("changes")
        for purpose in ("new", "old", "contact")[: n % 3 + 1]:
            await changes.change_confirm(self.store, self.by(n), number, await self.code(purpose, number))

    async def unmove(self, n: int) -> None:
        act = changes.change_cancel if n % 2 else changes.change_roll_back
        await act(self.store, self.by(n), await self.last("changes"))

    # --- the estate ---

    async def decree(self, n: int) -> None:
        at = self.town.clock.now() + timedelta(hours=(1, 20)[n % 2])
        address = (KURATOR, SECOND)[n // 2 % 2]
        await estates.estate_open(self.store, self.town.by("sune"), make.ANNA, case(effective_at=at, address=address))

    async def approved(self, n: int) -> None:
        if n % 2:
            with suppress(DeskError):
                await self.decree(n // 2)
        number = await self.last("estates")
        await self.store.act(self.town.looked_up)
        with suppress(DeskError, IndexError):  # an address that is proven has no use for its code
            await self.town.made_ready(number)
        for name in ("ida", "jens"):
            await self.town.approves(name, number)

    async def undecree(self, n: int) -> None:
        number = await self.last("estates")
        if n % 3 == 0:
            await estate_approvals.estate_refuse(self.store, self.town.by("ida"), number, "forkert CVR")
        elif n % 3 == 1:
            await self.town.ends(EstateState.REVERSED, number)
        else:
            await self.town.ends(EstateState.CLOSED, number)

    async def code(self, purpose: str, subject: int | None = None) -> str:
        """The code that was last sent for this, wherever it lies."""
        wanted = {"purpose": purpose} | ({"subject": subject} if subject else {})
        found = await self.store.ask(lambda books: books.codes.all(**wanted))
        return self.store.codes.code(found[-1].id) if found else "00000000"

    async def last(self, table: str) -> int:
        return len(await self.store.ask(lambda books: getattr(books, table).all())) or 1


_HELPERS = ("by", "does", "code", "last")
_NAMES = sorted(name for name in vars(Acts) if not name.startswith("_") and name not in _HELPERS)
RARE = ("approved", "decree", "leave", "undecree")  # once they happened, little else can
NAMES = [name for name in _NAMES for _ in range(1 if name in RARE else 4)]
