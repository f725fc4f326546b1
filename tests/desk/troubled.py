"""Every cause of "I got no mail", brought about in a real ledger: what `explain` is asked, and by whom.

A scene is named like the cause's id. It answers with what is asked about: a letter's number, a company's CVR, or None
for Anna's.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from nemboks.desk.access import Asking
from nemboks.desk.explain import explain_cvr, explain_letter
from nemboks.desk.words import Item, Lang
from nemboks.domain.delivery import Delivery
from nemboks.domain.letter import (
    DotBegun,
    Later,
    Letter,
)  # fmt: skip
from nemboks.domain.mailbox import Address, Cvr, Mailbox, Recipient, Role
from nemboks.domain.people import Grant, GrantRole, Person
from tests.desk.filled import Filled
from tests.helpers import builders as make

OPERATOR = Asking("bo (operator)")
CARL = Cvr("10150817")
ELSEWHERE = Address("sommer@bageri.example")
BO = Recipient(Role.COPY, Address("bo@revisor.example"), "revisor")
WORDS = "550 5.1.1 no such user otto@bageri.example 010101-0000"
HOUR = timedelta(hours=1)


@dataclass
class Trouble:
    """The ledger of a scene, with Anna's mailbox looked into a moment ago."""

    filled: Filled
    asking: Asking = OPERATOR

    def __post_init__(self) -> None:
        self.store, self.clock = self.filled.store, self.filled.clock

    async def look(self) -> Mailbox:
        """Anna's mailbox after a complete listing."""
        now = self.clock.now()
        await self.store.letters.found(await self.anna(), [], now, now + timedelta(minutes=5))
        return await self.anna()

    async def anna(self) -> Mailbox:
        box = await self.store.mailboxes.find(make.ANNA)
        assert box is not None
        return box

    async def box(self, **changes: Any) -> None:
        """Anna's mailbox with other values; `custody`: those of its custody."""
        box = await self.anna()
        if custody := changes.pop("custody", None):
            changes["custody"] = replace(box.custody, **custody)
        await self.store.act(lambda books: books.keep(replace(box, **changes)))

    async def route(self, **changes: Any) -> None:
        box = await self.anna()
        await self.store.act(lambda books: books.reroute(box, replace(box.route, **changes)))

    async def move(self, letter: Letter, event: Any) -> Letter:
        return await self.store.letters.move(letter, event)

    async def later(self, why: str) -> Letter:
        sending = await self.filled.sending("later")
        return await self.move(sending, Later(sending.fence, why, WORDS, self.clock.now() + HOUR))

    async def person(self, role: GrantRole = GrantRole.OWNER) -> Asking:
        """Somebody with a right for Anna's mailbox."""
        box, name = await self.anna(), f"{role.name.lower()}@bageri.example"

        def add(books: Any) -> None:
            person = books.people.add(Person(0, name, books.at))
            where = None if role in (GrantRole.SUPPORT, GrantRole.OPERATIONS) else box.id
            books.grants.add(Grant(0, person.id, role, books.at, "test", mailbox=where))

        await self.store.act(add)
        return Asking("bo (operator)", name)

    async def sent(self, address: str = make.ADDRESS, rule: str = "default", **proof: Any) -> Letter:
        """A letter that went there, as the present route says."""
        waiting, version = await self.filled.waiting("sent"), (await self.anna()).route.version
        claimed = make.claimed(self.clock.now(), address=address, rule=rule, route_version=version)
        letter = await self.move(waiting, claimed)
        letter = await self.move(letter, DotBegun(letter.fence))
        now = self.clock.advance(2)
        return await self.move(letter, make.confirmed(letter, now, at=now, address=address, **proof))

    async def copy(self, letter: Letter) -> Delivery:
        await self.route(others=(BO,))
        return (await self.store.deliveries.plan(letter, (BO,), self.clock.now()))[0]


async def ask(trouble: Trouble, about: Cvr | int | None, lang: Lang = Lang.DA) -> Item:
    """What `explain` answers."""
    if about is None or isinstance(about, Cvr):
        return await explain_cvr(trouble.store, trouble.asking, about or make.ANNA, lang)
    return await explain_letter(trouble.store, trouble.asking, str(about), lang)


def ids(item: Item) -> list[str]:
    return [one["id"] for one in item["causes"]]


Scene = Callable[[Trouble], Awaitable[Cvr | int | None]]
SCENES: dict[str, Scene] = {}


def scene(id_: str) -> Callable[[Scene], Scene]:
    def put(played: Scene) -> Scene:
        assert id_ not in SCENES
        SCENES[id_] = played
        return played

    return put
