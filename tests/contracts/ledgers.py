"""The ledgers of the contract suites: the real store on SQLite, threaded and inline, and on PostgreSQL; the fakes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from psycopg.conninfo import conninfo_to_dict

from nemboks.clock import RealClock
from nemboks.domain.delivery import Delivery
from nemboks.domain.letter import DotBegun, Letter, State
from nemboks.domain.mailbox import Address, Cvr, Mailbox, Recipient, Role
from nemboks.ports import Checks, Deliveries, Domains, Incidents, Letters, Listed, Mailboxes, Stream
from nemboks.store.mailboxes import SqlMailboxes
from nemboks.store.postgres_line import PostgresHome
from nemboks.store.server_clock import ServerClock
from nemboks.store.store import Store
from nemboks.store.vault import Vault
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.helpers.fake_checks import FakeChecks
from tests.helpers.fake_deliveries import FakeDeliveries
from tests.helpers.fake_domains import FakeDomains
from tests.helpers.fake_people import FakeIncidents, FakeStream
from tests.helpers.fakes import FakeLetters, FakeMailboxes
from tests.helpers.postgres import server

KINDS = ("sqlite", "sqlite_inline", "postgresql", "fake")
ACCOUNTANT = Recipient(Role.COPY, Address("bo@revisor.example"), "revisor")
FALLBACK = Recipient(Role.FALLBACK, Address("anna@hjemme.example"), "direct")


@dataclass(frozen=True)
class Ledger:
    """The ports of one ledger with Anna's and Bo's mailboxes, on a clock that the test moves."""

    letters: Letters
    mailboxes: Mailboxes
    acts: SqlMailboxes | FakeMailboxes  # what people do to a mailbox
    clock: PretendClock
    anna: Mailbox
    bo: Mailbox
    deliveries: Deliveries
    domains: Domains
    incidents: Incidents
    stream: Stream
    checks: Checks

    async def found(self, upstream_id: str = "letter-1") -> Letter:
        """A new letter of Anna's."""
        now = self.clock.now()
        await self.letters.found(self.anna, [Listed(upstream_id)], now, now)
        due = await self.letters.due(State.FOUND, now, 100)
        return next(x for x in due if x.upstream_id == upstream_id)

    async def waiting(self, upstream_id: str = "letter-1", number: int = 1) -> Letter:
        letter = await self.found(upstream_id)
        return await self.letters.move(letter, make.collected(self.clock.now(), number))

    async def sending(self, upstream_id: str = "letter-1") -> Letter:
        return await self.letters.move(await self.waiting(upstream_id), make.claimed(self.clock.now()))

    async def begun(self, upstream_id: str = "letter-1") -> Letter:
        letter = await self.sending(upstream_id)
        return await self.letters.move(letter, DotBegun(letter.fence))

    async def forwarded(self, upstream_id: str = "letter-1") -> Letter:
        letter = await self.begun(upstream_id)
        return await self.letters.move(letter, make.confirmed(letter, self.clock.now()))

    async def shared(self, *others: Recipient) -> Mailbox:
        """Anna's mailbox with these further recipients, by default one copy and one fallback."""
        box = await self.mailboxes.get(self.anna.id)
        named = others or (ACCOUNTANT, FALLBACK)
        return await self.acts.reroute(make.ANNA, box.route.address, box.route.server, "anna", others=named)

    async def planned(self, letter: Letter, *others: Recipient) -> Delivery:
        """The letter's delivery to the accountant, or to the first of these."""
        deliveries = await self.deliveries.plan(letter, others or (ACCOUNTANT,), self.clock.now())
        return deliveries[0]

    async def pause(self, cvr: Cvr = make.ANNA) -> None:
        await self.acts.pause(cvr, "anna")

    async def resume(self, cvr: Cvr = make.ANNA) -> None:
        await self.acts.resume(cvr, "anna")

    async def reroute(self, address: str = "nyt@bageri.example") -> Mailbox:
        return await self.acts.reroute(make.ANNA, Address(address), make.SERVER, "anna")


@asynccontextmanager
async def ledger_of(kind: str, directory: Path, at: Path | PostgresHome | None = None) -> AsyncIterator[Ledger]:
    """An empty ledger of the kind; `at`: in this place of the caller's."""
    clock = PretendClock()
    if kind == "fake":
        anna, bo = make.mailbox(1), make.mailbox(2, make.BO)
        mailboxes = FakeMailboxes(clock, anna, bo)
        letters = FakeLetters(clock, mailboxes)
        people = FakeDomains(), FakeIncidents(), FakeStream(mailboxes), FakeChecks()
        further = FakeDeliveries(clock, mailboxes, letters)
        yield Ledger(letters, mailboxes, mailboxes, clock, anna, bo, further, *people)
        return
    with nullcontext(at) if at else place_of(kind, directory) as place:
        async with _of_store(Store.open(place, vault(directory), clock, kind != "sqlite_inline"), clock) as ledger:
            yield ledger


@asynccontextmanager
async def _of_store(store: Store, clock: PretendClock) -> AsyncIterator[Ledger]:
    try:
        anna = await store.mailboxes.add(make.declared(), "settings")
        bo = await store.mailboxes.add(make.declared(make.BO), "settings")
        more = store.deliveries, store.domains, store.incidents, store.stream, store.checks
        yield Ledger(store.letters, store.mailboxes, store.mailboxes, clock, anna, bo, *more)
    finally:
        await store.close()


@contextmanager
def place_of(kind: str, directory: Path) -> Iterator[Path | PostgresHome]:
    """Where an empty ledger of the kind may be opened, once or often."""
    if kind != "postgresql":
        yield directory / "nemboks.db"
        return
    url = server().fresh(_template())
    try:
        yield PostgresHome(url, ServerClock(RealClock()))
    finally:
        server().drop(url)


@cache
def _template() -> str:
    """The name of a database with our schema and nothing in it, which is quicker to copy than to make."""
    url = server().fresh()
    with TemporaryDirectory() as folder:
        clock = ServerClock(RealClock())
        opened = Store.open(PostgresHome(url, clock), vault(Path(folder)), clock, threaded=False)
        with ThreadPoolExecutor(1) as aside:  # a loop may be running here
            aside.submit(lambda: asyncio.run(opened.close())).result()
    return conninfo_to_dict(url)["dbname"]


def vault(directory: Path) -> Vault:
    """The vault of the directory's master key, made if there is none."""
    path = directory / "master.key"
    return Vault.load(path) if path.exists() else Vault.create(path)
