"""A company that changes an address: its people, the codes that lie in their mailboxes, and the chore of the daemon."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from nemboks.desk import changes, changes_effect
from nemboks.desk.access import Asking
from nemboks.desk.changes_rules import Wanted
from nemboks.desk.words import Item
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.changes import Change
from nemboks.domain.mailbox import Address, Mailbox
from nemboks.domain.people import Account, Grant, GrantRole, Person
from nemboks.ports import Books, Finding
from nemboks.store.store import Store
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock

JYTTE = make.ADDRESS  # whose mailbox it is that the letters go to
NEW = Address("kontor@bageri.example")
CONTACT = Address("anna@revisor.example")
OPERATOR = Asking("drift (operator)")
OURS = frozenset({"nemboks.example", "retur.nemboks.example"})


@dataclass
class Firm:
    """Anna's bakery as a customer: Anna is its owner, Carl an administrator, Rita reads, Sune is our supporter."""

    store: Store
    clock: PretendClock
    findings: list[Finding] = field(default_factory=list)  # what a look at the new address brings
    looked: list[tuple[str, str]] = field(default_factory=list)

    async def open(self, contact: Address | None = None) -> "Firm":
        """With its account; `contact`: the second contact of the mailbox."""
        await self.store.act(lambda books: self._people(books, contact))
        return self

    def _people(self, books: Books, contact: Address | None) -> None:
        account = books.accounts.add(Account(0, "bageriet", Address("anna@hjemme.example"), books.at))
        box = books.mailbox(make.ANNA)
        assert box is not None
        chosen = replace(box.options, second_contact=contact)
        books.keep(replace(box, account=account.id, options=chosen))
        since = books.at - timedelta(days=1)
        for name, role in (("anna", GrantRole.OWNER), ("carl", GrantRole.ADMINISTRATOR), ("rita", GrantRole.READER)):
            email = Address(f"{name}@privat.example")
            person = books.people.add(Person(0, name, books.at, account.id, email))
            books.grants.add(Grant(0, person.id, role, since, "test", account=account.id))
        sune = books.people.add(Person(0, "sune", books.at))
        books.grants.add(Grant(0, sune.id, GrantRole.SUPPORT, since, "test"))
        books.people.add(Person(0, "bo", books.at))

    def by(self, name: str) -> Asking:
        return Asking(OPERATOR.operator, name)

    async def look(self, address: Address, server: str) -> Sequence[Finding]:
        self.looked.append((address, server))
        return self.findings

    async def asks(self, name: str = "anna", new: str = NEW, **wanted: object) -> Item:
        """The change that the person asked for."""
        wish = Wanted(Address(new), ours=OURS, **wanted)  # type: ignore[arg-type]
        return await changes.address_set(self.store, self.by(name), make.ANNA, wish, self.look)

    async def asks_email(self, new: str = NEW, name: str = "anna") -> Item:
        return await changes.email_set(
            self.store, self.by(name), "bageriet", Wanted(Address(new), ours=OURS), self.look
        )

    async def types(self, code: str, number: int = 1, name: str = "") -> Item:
        return await changes.change_confirm(self.store, self.by(name), number, code)

    async def code(self, purpose: str, number: int = 1) -> str:
        """The code that lies in that mailbox: the latest that was sent there."""

        def read(books: Books) -> str:
            told = [one for one in books.announcements.all() if "code" in one.facts]
            rows = [books.codes.get(one.facts["code"]) for one in told]
            ids = [one.id for one in rows if one and one.purpose == purpose and one.subject == number]
            return books.codes_of.code(ids[-1])

        return await self.store.ask(read)

    async def confirms(self, *purposes: str, number: int = 1) -> Item:
        """The change after everybody here typed the code of their mailbox."""
        for purpose in purposes:
            item = await self.types(await self.code(purpose, number), number)
        return item

    async def later(self, **time: float) -> datetime:
        """So much later, after the daemon's chore."""
        at = self.clock.advance(timedelta(**time).total_seconds())
        await self.sweeps()
        return at

    async def sweeps(self) -> int:
        if not await self.store.ask(changes_effect.waiting):
            return 0
        return await self.store.act(changes_effect.take_effect)

    async def box(self) -> Mailbox:
        return await self.store.ask(lambda books: books.mailbox_of(1))

    async def address(self) -> str:
        return (await self.box()).route.address

    async def change(self, number: int = 1) -> Change:
        found = await self.store.ask(lambda books: books.changes.get(number))
        assert found is not None
        return found

    async def told(self, kind: Kind) -> list[str]:
        """Who was told so, in order."""
        return [one.path.rpartition(":")[2] for one in await self.announced(kind)]

    async def announced(self, kind: Kind) -> list[Announcement]:
        return await self.store.ask(lambda books: books.announcements.all(kind=kind))
