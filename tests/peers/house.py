"""The program between its neighbours: the real journey, store, spool and couriers; only Digital Post and time pretend.

Production's waits, so that a fault's next try is the one that production would make; the wire's own time-outs are
short. A test lets time pass by the pretend clock and reads the letter's fate from the store.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from nemboks.delivery.access import ServerAccess
from nemboks.delivery.courier import Carrier, Couriers, ServerCourier
from nemboks.delivery.direct import DirectCourier
from nemboks.delivery.mta_sts import Policies
from nemboks.delivery.resolver import Resolver
from nemboks.delivery.targets import DirectAccess, Targets
from nemboks.domain.delivery import Delivery
from nemboks.domain.letter import Letter, Stale, State
from nemboks.domain.mailbox import DIRECT, Address, Face, Mailbox, Options
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Report
from nemboks.journey.acknowledge import acknowledge
from nemboks.journey.collect import collect, look
from nemboks.journey.forward import forward
from nemboks.journey.further import send_further
from nemboks.journey.landed import look_for
from nemboks.journey.notices import assess_troubles, send_notices
from nemboks.journey.world import Returning, Telling, World
from nemboks.ports import Courier, Landings, Mail, Notifier
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.helpers.fake_inbox import FakeInbox
from tests.helpers.fake_paths import FakeNotifier
from tests.helpers.smtp_server import HELO
from tests.journey.town import FakeInboxes, memo, uuid

ADDRESS = "post@bakery.example"
SECOND = Address("anna@hjemme.example")
SENDER = Address("post@nemboks.example")
NOTICES = "notices"  # the server that sends notices where the test brings a real notifier
OPTIONS = Options(second_contact=SECOND)
WIRE = {"connect_seconds": 30.0, "reply_seconds": 30.0, "dot_seconds": 30.0}
_NUMBERS = count(1, 1_000)
STEPS = {
    State.FOUND: collect, State.WAITING: forward, State.HANDED_OVER: look_for, State.FORWARDED: acknowledge,
}  # fmt: skip


@dataclass
class Hooked:
    """The real couriers, and something of the test's right before the dot is asked for."""

    courier: Courier
    before: Callable[[], Awaitable[None]] | None = None

    async def deliver(self, mail: Mail, seconds: float, before_dot: Callable[[], Awaitable[bool]]) -> Report:
        """As the courier's."""

        async def asked() -> bool:
            if self.before:
                await self.before()
            return await before_dot()

        return await self.courier.deliver(mail, seconds, asked)

    async def close(self) -> None:
        await self.courier.close()


@dataclass
class House:
    """One company's post. `notifier` hears what people are told, unless the test brought a real one."""

    clock: PretendClock
    store: Store
    world: World
    inbox: FakeInbox
    courier: Hooked
    notifier: FakeNotifier = field(default_factory=FakeNotifier)
    first: int = field(default_factory=partial(next, _NUMBERS))  # of its letters, so that no two houses' are alike

    async def mailbox(self) -> Mailbox:
        (mailbox,) = await self.store.mailboxes.all()
        return mailbox

    async def post(self, letters: int = 1, contents: bytes | None = None, **facts: Any) -> list[Letter]:
        """So many letters with these facts that lay in Digital Post, and wait here now."""
        mailbox = await self.mailbox()
        for number in range(self.first, self.first + letters):
            id_ = f"1.{number}" if mailbox.face is Face.IMAP else uuid(number)
            self.inbox.put(id_, memo(number, **facts) if contents is None else contents)
        await look(mailbox, self.world)
        return [await self.step(letter.id) for letter in await self.letters()]

    async def letters(self) -> list[Letter]:
        """All letters, oldest first."""
        number, found = 1, []
        while letter := await self.store.letters.get(number):
            found.append(letter)
            number += 1
        return found

    async def letter(self) -> Letter:
        """The only letter."""
        (letter,) = await self.letters()
        return letter

    async def step(self, id_: int = 1) -> Letter:
        """The letter after its next step, whose time has come by then."""
        letter = await self.get(id_)
        if letter.due_at and letter.due_at > self.clock.now():
            self.clock.advance((letter.due_at - self.clock.now()).total_seconds())
        await STEPS[letter.state](letter, await self.world.mailboxes.get(letter.mailbox), self.world)
        return await self.get(id_)

    async def get(self, id_: int = 1) -> Letter:
        letter = await self.store.letters.get(id_)
        assert letter
        return letter

    async def sent(self, contents: bytes | None = None, **facts: Any) -> Letter:
        """The only letter after its first attempt."""
        await self.post(contents=contents, **facts)
        return await self.step()

    async def further(self) -> list[Delivery]:
        """The first letter's further recipients, after all that are due were tried."""
        for delivery in await self.store.deliveries.due(self.clock.now(), 100):
            with contextlib.suppress(Stale):
                await send_further(delivery, self.world)
        return list(await self.store.deliveries.of(1))

    def removed(self) -> bool:
        """Whether Digital Post was told that a letter arrived."""
        return any(act == "acknowledge" for act, _ in self.inbox.acts)

    # --- what people are told ---

    async def told(self, seconds: float = 0) -> dict[str, list[str]]:
        """What each path heard in so many seconds from now, and in the time that notices are gathered."""
        before = len(self.notifier.taken)
        self.clock.advance(seconds)
        await self.tell()
        self.clock.advance(self.world.pace.gather_seconds)
        await self.tell()
        heard: dict[str, list[str]] = {}
        for message in self.notifier.taken[before:]:
            notice = message.notice
            heard.setdefault(notice.path, []).append(f"{notice.kind} {notice.cause} {notice.count}")
        return heard

    async def tell(self) -> None:
        """One round of the daemon's chores for people."""
        await assess_troubles(self.world)
        await send_notices(self.world)


@dataclass(frozen=True)
class Fate:
    """What became of a letter that could not be delivered, and what people heard of it.

    `seconds` until the next try, without the spread (None: never by itself); `at_once` and `late` are what the second
    contact hears now and, of what is new, by the time that the letter is four hours old. `own`: the address itself
    hears the same, for it is in reach.
    """

    why: str
    seconds: float | None
    at_once: str = ""
    late: str = ""
    own: bool = False
    state: State = State.WAITING


TEMPORARY = Fate("temporary", 60, late="late late")
GREYLISTED = replace(TEMPORARY, seconds=300)
FULL = Fate("full", 1_800, "stopped full")
NO_ADDRESS = Fate("address", 600, "stopped address")
POLICY = Fate("policy", 600, "stopped policy")
TOO_LARGE = Fate("too_large", 600, late="late too_large", own=True)
LOGIN = Fate("login", 2_160, "stopped login")  # the spread only lengthens it
TLS = Fate("tls", 3_600, "stopped tls")
UNCERTAIN = Fate("uncertain", 900, late="late late")


async def fate_of(house: House) -> Fate:
    """The only letter's fate. It was not delivered, so it lies in Digital Post, and no receipt was begun."""
    letter, now = await house.letter(), house.clock.now()
    seconds = None if letter.due_at is None else round((letter.due_at - now).total_seconds(), 3)
    assert letter.confirmation is None
    assert letter.receipt_begun_at is None
    assert not house.removed()
    assert letter.upstream_id in house.inbox.letters
    at_once = _words(await house.told())
    left = letter.found_at + timedelta(seconds=house.world.pace.late_seconds) - house.clock.now()
    late = _words(await house.told(left.total_seconds()))
    contact, own = path_of(SECOND), path_of((await house.mailbox()).route.address)
    assert {*at_once, *late} <= {contact, own}
    heard = [words.get(contact, "") for words in (at_once, late)]
    itself = [words.get(own, "") for words in (at_once, late)]
    assert itself in (heard, ["", ""])
    return Fate(letter.why, seconds, *heard, any(itself), letter.state)


def _words(heard: Mapping[str, list[str]]) -> dict[str, str]:
    """What each path heard, without the count of the only letter."""
    return {path: ", ".join(one.removesuffix(" 1") for one in words) for path, words in heard.items()}


def path_of(address: str) -> str:
    """How a notice names the way to the address."""
    return f"mail:da:{address}"


@asynccontextmanager
async def house(
    folder: Path,
    servers: Mapping[str, ServerAccess],
    resolver: Resolver | None = None,
    direct: DirectAccess | None = None,
    pace: Mapping[str, Any] = WIRE,
    sender: str = SENDER,
    returning: Returning | None = None,
    landings: Landings | None = None,
    notify: Callable[[Courier], Notifier] | None = None,
    **mailbox: Any,
) -> AsyncIterator[House]:
    """A house in this folder. `mailbox` are the company's wishes; its letters go to `own` if nothing else is said."""
    clock, inbox = PretendClock(), FakeInbox(keeps=mailbox.get("face") is Face.IMAP)
    store = Store.open(folder / "nemboks.db", vault(folder), clock, threaded=False)
    try:
        wishes = {"address": Address(ADDRESS), "server": "own", "options": OPTIONS, **mailbox}
        await store.mailboxes.add(make.declared(**wishes), "settings")
        courier = Hooked(_courier(store, clock, servers, resolver, direct, Pace(**pace)))
        notifier = FakeNotifier()
        ways: dict[str, Notifier] = {"mail": notify(courier) if notify else notifier}
        world = World(
            store.letters, store.mailboxes, Spool(folder / "spool", vault(folder), threaded=False), FakeInboxes(inbox),
            courier, clock, Pace(), Address(sender), store.deliveries, returning, landings,
            telling=Telling(store.incidents, store.stream, ways, None, NOTICES if notify else DIRECT),
            as_it_came=store.letters.as_it_came,
        )  # fmt: skip
        try:
            yield House(clock, store, world, inbox, courier, notifier)
        finally:
            await courier.close()
    finally:
        await store.close()


def _courier(
    store: Store,
    clock: PretendClock,
    servers: Mapping[str, ServerAccess],
    resolver: Resolver | None,
    direct: DirectAccess | None,
    pace: Pace,
) -> Courier:
    own = ServerCourier(servers, pace, clock, HELO)
    if resolver is None or direct is None:
        return own
    policies = Policies(resolver, store.domains, clock, direct.ca_file, direct.port, direct.internal)
    targets = Targets(resolver, policies, store.domains, direct, clock)
    return Couriers(own, DirectCourier(targets, store.domains, Carrier(pace, clock, HELO), clock))
