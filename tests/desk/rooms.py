"""Helpers for tests of acts on a real store: people with grants, codes read from their announcements, letters."""

from collections.abc import Callable
from typing import Any

from nemboks.desk.access import Asking
from nemboks.desk.route_checks import House
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.letter import Letter
from nemboks.domain.mailbox import Address, Field, Mailbox, Rule
from nemboks.domain.people import Grant, GrantRole, Person
from nemboks.ports import Books
from nemboks.store.store import Store
from tests.helpers import builders as make

OPERATOR = Asking("root (operator)")
ANNA = Asking("root (operator)", "anna")
HOUSE = House(frozenset({make.SERVER, "andet"}), frozenset({"nemboks.example"}))
OURS = Address("lager@bageri.example")  # at the company's own domain
OUTSIDE = Address("lager@udenfor.example")


def rule(field: Field = Field.P_NUMBER, value: str = "1003388394", address: Address = OURS, server: str = "") -> Rule:
    return Rule(field, value, address, server)


async def person(
    store: Store, name: str = "anna", role: GrantRole = GrantRole.OWNER, cvr: str = make.ANNA, email: str = ""
) -> Asking:
    """Somebody with this right for the mailbox, from now on; how they ask."""

    def give(books: Books) -> None:
        box = books.mailbox(cvr)  # type: ignore[arg-type]
        assert box is not None
        made = books.people.add(Person(0, name, books.at, email=Address(email) if email else None))
        books.grants.add(Grant(0, made.id, role, books.at, "test", mailbox=box.id))

    await store.act(give)
    return Asking("root (operator)", name)


async def box(store: Store, cvr: str = make.ANNA) -> Mailbox:
    found = await store.mailboxes.find(cvr)  # type: ignore[arg-type]
    assert found is not None
    return found


async def changed(store: Store, change: Callable[[Mailbox], Mailbox]) -> Mailbox:
    """Anna's mailbox after a change that has no act of its own here."""
    anna = await box(store)
    return await store.act(lambda books: books.keep(change(books.mailbox_of(anna.id))))


async def told(store: Store, kind: Kind | None = None) -> list[Announcement]:
    """What was announced, the oldest first."""
    found = await store.ask(lambda books: books.announcements.all())
    return [one for one in found if kind in (None, one.kind)]


async def code_for(store: Store, address: str) -> str:
    """The code that was last sent to the address."""
    sent = [one for one in await told(store, Kind.ADDRESS_PROOF) if one.path.endswith(f":{address}")]
    return store.codes.code(sent[-1].facts["code"])


async def history(store: Store, event: str) -> list[dict[str, Any]]:
    """The particulars of the rows of history with this name."""
    from sqlalchemy import text

    statement = text("SELECT detail FROM events WHERE event = :event ORDER BY id")
    rows = await store._reader.read(lambda tx: tx.execute(statement, {"event": event}).all())
    import json

    return [json.loads(row[0]) for row in rows]


async def now(store: Store, letter: Letter) -> Letter:
    found = await store.letters.get(letter.id)
    assert found is not None
    return found
