"""A town for the access table: Anna's firm, her neighbour's, and one person of each role, in a real ledger.

Everybody's grant for Anna's firm is in force from one hour after the start to two hours after it. Acts are undone
after their answer, so that every question of the table meets the same town.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from nemboks.desk.access import Asking
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.changes import Change, Subject
from nemboks.domain.custody import Custody
from nemboks.domain.estates import Estate, EstateDocument, EstateKind, EstateState
from nemboks.domain.fuse import Trip
from nemboks.domain.letter import Reason
from nemboks.domain.mailbox import Address, Cvr, Field, Recipient, Role, Rule
from nemboks.domain.people import Account, Grant, GrantRole, Person
from nemboks.domain.proof import Level
from nemboks.ports import Books, Listed
from nemboks.store.store import Store
from tests.helpers import builders as make
from tests.helpers.clock import START, PretendClock
from tests.helpers.fake_contents import FakeContents
from tests.helpers.holding import held

T = TypeVar("T")
HOUR: Final = timedelta(hours=1)
SINCE, UNTIL = START + HOUR, START + 2 * HOUR
KEYBOARD: Final = "root (operator)"
WHO: Final = ("operator", *(role.value for role in GrantRole))  # the columns of the table, then FORMER and STRANGER
OF_THE_FIRM: Final = ("ejer", "administrator", "laeser")  # whose account is Anna's firm
DOMAIN: Final = "bageri.example"
RULE: Final = Rule(Field.P_NUMBER, "1003388394", Address("lager@bageri.example"), make.SERVER)
COPY: Final = Recipient(Role.COPY, Address("kopi@bageri.example"), make.SERVER)


class Undone(Exception):
    """Takes an act back, with its answer."""


@dataclass(frozen=True)
class Target:
    """What is asked about: all that one of the two firms has."""

    cvr: Cvr
    account: str
    address: Address
    waiting: int
    held: int
    boundary: int
    unrouted: int
    change: int
    done: int
    grant: int
    leaver: str
    estate: int
    document: int


class Town:
    """The store, whose acts leave no trace, and the two firms."""

    def __init__(self, store: Store, clock: PretendClock) -> None:
        self._store, self.clock = store, clock
        self.contents = FakeContents()
        self.own: Target
        self.foreign: Target

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def act(self, fn: Callable[[Books], T]) -> T:
        """What the act brings; nothing of it stays."""
        answer: list[T] = []

        def run(books: Books) -> None:
            answer.append(fn(books))
            raise Undone

        with suppress(Undone):
            await self._store.act(run)
        return answer[0]

    async def known_domain(self) -> str:
        """A domain that is remembered: what is remembered of one is no act, and stays relaxed."""
        await self._store.domains.delivered(DOMAIN, Level.DANE)
        return DOMAIN

    async def lasting(self, fn: Callable[[Books], T]) -> T:
        return await self._store.act(fn)

    async def estate(self, frozen_at: datetime | None, boundary_at: datetime | None) -> None:
        """Anna's firm from now on: without an estate, with a registered one, or with one in effect."""

        def freeze(books: Books) -> None:
            box = books.mailbox(self.own.cvr)
            assert box is not None
            books.keep(replace(box, frozen_at=frozen_at, boundary_at=boundary_at))

        await self.lasting(freeze)


async def town(store: Store, clock: PretendClock) -> Town:
    """Both firms, with everything of each; Anna's and Bo's mailboxes are there already."""
    made = Town(store, clock)
    kurator = await made.lasting(_people)
    made.own = await _firm(made, make.ANNA, "Bageriet", kurator)
    made.foreign = await _firm(made, make.BO, "Naboen", kurator)
    await made.lasting(_grants)
    return made


def _people(books: Books) -> int:
    """The accounts, and one person of each role; returns the kurator's id."""
    for name, email in (
        ("Bageriet", "anna@bageri.example"),
        ("Naboen", "post@nabo.example"),
        ("Syd", "bo@syd.example"),
    ):
        account = Account(0, name, Address(email), books.at, second_contact=Address(f"hjem@{name.lower()}.example"))
        books.accounts.add(account)
    firm, neighbour, accountant = (one.id for one in books.accounts.all())
    homes = {**dict.fromkeys(OF_THE_FIRM, firm), "revisor": accountant}
    for role in GrantRole:
        books.people.add(Person(0, role.value, books.at, homes.get(role.value)))
    for name, home in (("egon", accountant), ("Bageriet-ejer", firm), ("Naboen-ejer", neighbour)):
        books.people.add(Person(0, name, books.at, home, Address(f"{name}@privat.example")))
    return next(one.id for one in books.people.all(name="kurator"))


def _grants(books: Books) -> None:
    box = books.mailbox(make.ANNA)
    assert box is not None
    for role in GrantRole:
        person = books.people.all(name=role.value)[0]
        wide = role.value in OF_THE_FIRM
        mailbox = box.id if role in (GrantRole.ACCOUNTANT, GrantRole.KURATOR) else None
        account = box.account if wide else None
        books.grants.add(Grant(0, person.id, role, SINCE, "test", mailbox, account, UNTIL))
    for name in ("Bageriet", "Naboen"):  # so that nobody is the last owner
        person, account_ = books.people.all(name=f"{name}-ejer")[0], books.accounts.all(name=name)[0]
        books.grants.add(Grant(0, person.id, GrantRole.OWNER, books.at, "test", account=account_.id))


async def _firm(made: Town, cvr: Cvr, name: str, kurator: int) -> Target:
    ids = await _letters(made, cvr)

    def rows(books: Books) -> Target:
        account, box = books.accounts.all(name=name)[0], books.mailbox(cvr)
        assert box is not None
        custody = Custody(unproven=True, shadow_since=books.at, fuse=next(iter(Trip)))
        box = books.keep(replace(box, account=account.id, custody=custody))
        books.reroute(box, replace(box.route, rules=(RULE,), others=(COPY,)))
        new, at = Address(f"ny@{name.lower()}.example"), books.at
        wish = Change(0, Subject.FORWARDING, box.route.address, new, "test", at, account.id, box.id, "bageri", "bageri")
        change = books.changes.add(wish)
        done = books.changes.add(replace(wish, done_at=at, new=box.route.address, old=new))
        person = books.people.add(Person(0, f"{name}-elev", at, account.id))
        grant = books.grants.add(Grant(0, person.id, GrantRole.READER, at, "test", mailbox=box.id))
        estate = books.estates.add(
            Estate(
                0, box.id, EstateKind.KONKURS, EstateState.OPEN, "Sø- og Handelsretten", "K 1-26", "2026-11-20",
                "Clara", "Advokaterne", Address("clara@advokat.example"), "bageri", at + 12 * HOUR, at, "test",
                person=kurator,
            )
        )  # fmt: skip
        document = books.documents.add(
            EstateDocument(0, estate.id, "dekret.pdf", "application/pdf", 5, "ab" * 32, make.sealed(77), at, "test")
        )
        path = "mail:da:anna@bageri.example"
        books.tell(Announcement(0, f"about {name}", Kind.UNROUTED, path, at, due_at=at, mailbox=box.id))
        return Target(
            cvr, name, box.route.address, *ids, change.id, done.id, grant.id, person.name, estate.id, document.id
        )

    return await made.lasting(rows)


async def _letters(made: Town, cvr: Cvr) -> list[int]:
    """One that waits, and three that are held: by a person, at a boundary, by no rule."""
    letters, now = made._store.letters, made.clock.now()
    box = await made._store.mailboxes.find(cvr)
    assert box is not None
    await letters.found(box, [Listed(f"{cvr}-{number}") for number in range(4)], now, now)
    found = sorted(await letters.list(cvr=cvr), key=lambda one: one.id)
    waiting = [await letters.move(one, make.collected(now, one.id)) for one in found]
    for letter, reason in zip(waiting[1:], (Reason.ASKED, Reason.BOUNDARY, Reason.UNROUTED), strict=True):
        await held(letters, letter, reason, "asked")
    return [one.id for one in waiting]


def asking(who: str) -> Asking:
    """How they ask: the operator at the keyboard, or a person by name."""
    return Asking(KEYBOARD, "" if who == "operator" else who)
