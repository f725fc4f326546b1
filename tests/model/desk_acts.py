"""What people may do about one company's post: each act by its name, with a number that chooses among its ways."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from nemboks.desk import changes, estate_approvals, estates, plans, route_wishes, routes, trays
from nemboks.desk.access import Asking
from nemboks.desk.changes_rules import Wanted
from nemboks.desk.errors import DeskError
from nemboks.desk.letters import release, retry
from nemboks.desk.mailboxes import pause, resume
from nemboks.desk.route_checks import House
from nemboks.domain.estates import EstateState
from nemboks.domain.letter import Stale
from nemboks.domain.mailbox import Address, Field, Holiday, Rule
from nemboks.domain.people import GrantRole
from tests.desk.estating import KURATOR, SECOND, case
from tests.helpers import builders as make
from tests.model.desk_town import MOVED, OUTSIDE, Town

HOUSE = House(frozenset({make.SERVER}), frozenset({"nemboks.example"}))
OURS = Address("lager@bageri.example")
RULES = (
    (Field.CLASS, "legal"), (Field.CLASS, "ordinary"), (Field.AUTHORITY, "Kommunen*"),
    (Field.AUTHORITY, "Skattestyrelsen"),
)  # fmt: skip


class Acts:
    """What people may do, each with a number that chooses among its ways. What the rules refuse changes nothing."""

    def __init__(self, town: Town) -> None:
        self.town, self.store = town, town.store

    async def by(self, number: int) -> Asking:
        """Anna; or the kurator, for every other number once there is one."""
        names = await self.store.ask(
            lambda books: [
                person.name
                for grant in books.grants.all(role=GrantRole.KURATOR)
                if grant.in_force(books.at) and (person := books.people.get(grant.person))
            ]
        )
        return self.town.by(names[-1] if names and number % 2 else "anna")

    async def does(self, name: str, number: int) -> bool:
        """Whether the rules allowed it."""
        try:
            await getattr(self, name)(number)
        except (DeskError, Stale):
            return False
        return True

    async def rule(self, n: int) -> None:
        field_, value = RULES[n % 4]
        box = await self.town.box()  # a kurator's own people are at the kurator's firm
        own = OURS if box.boundary_at is None else Address(f"fuldmaegtig@{box.route.address.domain}")
        rule = Rule(field_, value, (own, OUTSIDE)[n // 4 % 2 * (own == OURS)], "")
        await routes.rule_add(self.store, await self.by(n), make.ANNA, rule, HOUSE, 1, sure=True)
        if n % 3:
            await self.agree(n)

    async def unrule(self, n: int) -> None:
        await routes.rule_remove(self.store, await self.by(n), make.ANNA, n % 3 + 1)

    async def copy(self, n: int) -> None:
        """To the company's own people, whom a kurator does not serve."""
        if (await self.town.box()).boundary_at is not None:
            return
        act = routes.copy_add if n % 2 else routes.copy_remove
        rest: tuple[Any, ...] = ("", HOUSE) if n % 2 else ()
        await act(self.store, await self.by(n), make.ANNA, (OURS, OUTSIDE)[n // 2 % 2], *rest)

    async def away(self, n: int) -> None:
        if (await self.town.box()).boundary_at is not None:
            return
        since = self.town.clock.now() + timedelta(hours=n % 3)
        until = since + timedelta(hours=(1, 30, 90)[n // 3 % 3])
        holiday = Holiday(since, until, (OURS, OUTSIDE)[n // 9 % 2], "", n % 4 == 0)
        await routes.holiday_set(self.store, await self.by(n), make.ANNA, holiday, HOUSE)
        if n // 9 % 2:
            await self.agree(n)

    async def back(self, n: int) -> None:
        await routes.holiday_cancel(self.store, await self.by(n), make.ANNA)

    async def tray(self, n: int) -> None:
        await routes.default_set(self.store, await self.by(n), make.ANNA, "anna" if n % 2 else "", sure=True)

    async def agree(self, n: int) -> None:
        await route_wishes.confirm(self.store, await self.by(n), make.ANNA, await self.code("route"))

    async def stop(self, n: int) -> None:
        await (pause if n % 2 else resume)(self.store, await self.by(n), make.ANNA)

    async def hold(self, n: int) -> None:
        act = (trays.letter_hold, trays.letter_dismiss)[n % 8 == 7]
        await act(self.store, await self.by(n), n % 5 + 1, "fordi")

    async def let_go(self, n: int) -> None:
        await (release if n % 2 else retry)(self.store, await self.by(n), n // 2 % 5 + 1)

    async def leave(self, n: int) -> None:
        await (plans.plan_cancel if n % 2 else plans.plan_undo)(self.store, await self.by(n), "bageriet")

    # --- another address ---

    async def move(self, n: int) -> None:
        if (await self.town.box()).boundary_at is not None:
            return
        wanted = Wanted(
            (MOVED, OURS)[n % 2], server="direct" if n % 2 == 0 else "", ours=frozenset({"nemboks.example"})
        )

        async def fine(*_: object) -> list[Any]:
            return []

        await changes.address_set(self.store, await self.by(n), make.ANNA, wanted, fine)
        if n % 4 > 1:
            await self.moved(n // 4)

    async def moved(self, n: int) -> None:
        number = await self.last("changes")
        for purpose in ("new", "old", "contact")[: n % 3 + 1]:
            await changes.change_confirm(self.store, await self.by(n), number, await self.code(purpose, number))

    async def unmove(self, n: int) -> None:
        act = changes.change_cancel if n % 2 else changes.change_roll_back
        await act(self.store, await self.by(n), await self.last("changes"))

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
