"""Anna's bakery goes bankrupt: its people, those who run Nemboks, a kurator, and its letters on their way."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from nemboks.content.moments import local_moment
from nemboks.desk import estate_approvals, estate_documents, estate_effect, estate_ends, estates
from nemboks.desk.access import Asking
from nemboks.desk.estate_case import estate_show
from nemboks.desk.estates import NewCase
from nemboks.desk.words import Item as Shown
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.custody import Life
from nemboks.domain.estates import Estate, EstateKind, EstateState, Item
from nemboks.domain.letter import Letter, Stale
from nemboks.domain.mailbox import Address, Mailbox
from nemboks.domain.pace import Pace
from nemboks.domain.people import Account, Grant, GrantRole, Person
from nemboks.journey.collect import look
from nemboks.journey.further import send_further
from nemboks.journey.recover import recover
from nemboks.journey.world import World
from nemboks.ports import Books
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.helpers.fake_contents import FakeContents
from tests.helpers.fake_courier import FakeCourier
from tests.helpers.fake_inbox import FakeInbox
from tests.journey.town import SENDER, STEPS, FakeInboxes, SlowCourier, memo, uuid

COMPANY = make.ADDRESS
KURATOR, SECOND = Address("k.holm@holm.example"), Address("p.lund@lund.example")
CONTACT = Address("anna@revisor.example")
PDF = b"%PDF-1.7 an invented decree"
BY_PEOPLE = (Item.GAZETTE, Item.BAR_LISTING, Item.CALL_BACK)
MIDNIGHT = local_moment("22-11-2026").at  # the one after START


def case(**changes: Any) -> NewCase:
    return replace(
        NewCase(
            EstateKind.KONKURS, "Sø- og Handelsretten", "K 1-26", date(2026, 11, 20), "Kirsten Holm", "Holm Advokater",
            KURATOR, "direct", MIDNIGHT,
        ),
        **changes,
    )  # fmt: skip


@dataclass
class Court:
    """Sune (support) opens cases; Ida, Jens and Lis (drift) approve them; Anna owns the company."""

    store: Store
    clock: PretendClock
    documents: Spool
    inbox: FakeInbox = field(default_factory=FakeInbox)
    courier: FakeCourier = field(default_factory=FakeCourier)
    contents: FakeContents = field(default_factory=FakeContents)

    async def sits(self) -> "Court":
        await self.store.act(self._people)
        return self

    def _people(self, books: Books) -> None:
        account = books.accounts.add(Account(0, "bageriet", Address("anna@hjemme.example"), books.at))
        box = books.mailbox(make.ANNA)
        assert box is not None
        chosen = replace(box.options, second_contact=CONTACT, code_phrase="elefant", digest=COMPANY)
        books.keep(
            replace(
                box, account=account.id, options=chosen, life=Life.BANKRUPT, curator=True, looked_up_at=books.at
            )
        )  # fmt: skip
        since = books.at - timedelta(days=90)
        for name, role in (
            ("sune", GrantRole.SUPPORT), ("ida", GrantRole.OPERATIONS), ("jens", GrantRole.OPERATIONS),
            ("lis", GrantRole.OPERATIONS),
        ):  # fmt: skip
            person = books.people.add(Person(0, name, books.at, email=Address(f"{name}@nemboks.example")))
            books.grants.add(Grant(0, person.id, role, since, "test"))
        anna = books.people.add(Person(0, "anna", books.at, account.id))
        books.grants.add(Grant(0, anna.id, GrantRole.OWNER, since, "test", account=account.id))

    @property
    def world(self) -> World:
        store = self.store
        return World(
            store.letters, store.mailboxes, self.contents, FakeInboxes(self.inbox), self.courier, self.clock, Pace(),
            SENDER, store.deliveries, as_it_came=store.letters.as_it_came,
        )  # fmt: skip

    def by(self, name: str) -> Asking:
        return Asking("root (operator)", name)

    # --- the case ---

    async def opens(self, name: str = "sune", **changes: Any) -> Shown:
        return await estates.estate_open(self.store, self.by(name), make.ANNA, case(**changes))

    async def document(self, number: int = 1, data: bytes = PDF, name: str = "dekret.pdf") -> Shown:
        return await estate_documents.estate_document(self.store, self.by("sune"), self.documents, number, name, data)

    async def code(self, number: int = 1) -> str:
        """The code that was last sent to the case's kurator."""
        codes = await self.store.ask(lambda books: books.codes.all(purpose="estate", subject=number))
        return self.store.codes.code(codes[-1].id)

    async def made_ready(self, number: int = 1, data: bytes = PDF) -> Shown:
        """The case with all that an approval needs."""
        await estates.estate_confirm(self.store, self.by("sune"), number, await self.code(number))
        for item in BY_PEOPLE:
            await estate_documents.estate_check(self.store, self.by("sune"), number, item, "set og fundet i orden")
        return await self.document(number, data)

    async def approves(self, name: str, number: int = 1, digest: str = "") -> Shown:
        digest = digest or (await self.page(number))["digest"]
        return await estate_approvals.estate_approve(self.store, self.by(name), self.documents, number, digest)

    async def approved(self, number: int = 1, **changes: Any) -> Shown:
        """A case that two people approved, of the next number."""
        await self.opens(**changes)
        await self.made_ready(number)
        await self.approves("ida", number)
        return await self.approves("jens", number)

    async def in_effect(self, number: int = 1, **changes: Any) -> Shown:
        """A case whose time has just come."""
        shown = await self.approved(number, **changes)
        await self.until(shown["effective_at"])
        return await self.page(number)

    async def ends(self, outcome: EstateState, number: int = 1, reason: str = "omgjort af landsretten") -> Shown:
        for name in ("ida", "jens"):
            shown = await estate_approvals.estate_close(self.store, self.by(name), number, outcome, reason)
        return shown

    async def page(self, number: int = 1, name: str = "sune") -> Shown:
        return await estate_show(self.store, self.by(name), number)

    async def estate(self, number: int = 1) -> Estate:
        found = await self.store.ask(lambda books: books.estates.get(number))
        assert found is not None
        return found

    async def box(self) -> Mailbox:
        return await self.store.ask(lambda books: books.mailbox_of(1))

    async def announced(self, *kinds: Kind) -> list[Announcement]:
        return await self.store.ask(lambda books: [x for x in books.announcements.all() if x.kind in kinds])

    async def told(self, *kinds: Kind) -> list[str]:
        """Who was told so, in order."""
        return [one.path.rpartition(":")[2] for one in await self.announced(*kinds)]

    # --- what acts of others leave behind ---

    def looked_up(self, books: Books) -> None:
        """Upstream's register was asked today."""
        books.keep(replace(books.mailbox_of(1), looked_up_at=books.at))

    def legal_hold(self, books: Books) -> None:
        box = books.mailbox_of(1)
        custody = replace(box.custody, legal_hold_since=books.at, unproven=True, probation_until=MIDNIGHT)
        books.keep(replace(box, custody=custody))

    async def writes(self, table: str, **values: object) -> None:
        """What no act can do: columns of the first row."""
        columns = ", ".join(f"{name} = :{name}" for name in values)
        await self.store._writer.unit(lambda tx: tx.execute(text(f"UPDATE {table} SET {columns} WHERE id = 1"), values))

    async def grants(self) -> list[Grant]:
        """The kurators' rights."""
        return await self.store.ask(lambda books: books.grants.all(role=GrantRole.KURATOR))

    # --- time and letters ---

    async def sweeps(self) -> int:
        """How many cases took effect in the daemon's chore."""
        dated = [one for one in (estate_effect, estate_ends) if await self.store.ask(one.waiting)]
        return sum([await self.store.act(one.take_effect) for one in dated])

    async def until(self, at: datetime) -> None:
        """It is that time, and the daemon has swept."""
        self.clock.advance((at - self.clock.now()).total_seconds())
        await self.sweeps()

    async def later(self, **time: float) -> None:
        await self.until(self.clock.now() + timedelta(**time))

    async def looks(self) -> None:
        await look(await self.box(), self.world)

    async def comes(self, number: int = 1) -> Letter:
        """A letter that came just now."""
        self.inbox.put(uuid(number), memo(number))
        await self.looks()
        return await self.letter(number)

    async def goes_on(self) -> None:
        """Everything that is due now is done once more."""
        await recover(self.world)
        now = self.clock.now()
        for _ in range(3):
            for state, step in STEPS.items():
                for letter in await self.store.letters.due(state, now, 100):
                    with suppress(Stale):
                        await step(letter, await self.world.mailboxes.get(letter.mailbox), self.world)
            for delivery in await self.store.deliveries.due(now, 100):
                with suppress(Stale):
                    await send_further(delivery, self.world)

    async def letter(self, number: int = 1) -> Letter:
        return next(x for x in await self.store.letters.list() if x.upstream_id == uuid(number))

    async def state(self, number: int = 1) -> tuple[str, str]:
        letter = await self.letter(number)
        return letter.state.value, letter.why

    @property
    def sent(self) -> list[str]:
        """Where mails that were kept went, in order."""
        return [one.mail.recipient for one in self.courier.sent if one.kept]

    @property
    def receipts(self) -> list[str]:
        return [one.upstream_id for one in self.inbox.receipts]

    def once(self, when: str, what: Callable[[], Awaitable[object]]) -> None:
        """The next delivery has this happen right before its dot, or right after it; those after it are ordinary."""

        async def happens() -> None:
            kept, self.courier = self.courier, FakeCourier(sent=self.courier.sent)
            await what()
            self.courier.sent = kept.sent

        before, self.courier = self.courier.sent, SlowCourier(**{when: happens})
        self.courier.sent = before


async def new_letter(court, number):
    """A letter that certainly came just now, sent on."""
    await court.looks()
    await court.later(minutes=5)
    await court.comes(number)
    await court.goes_on()
