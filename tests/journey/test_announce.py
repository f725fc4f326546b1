"""Announcements on the real ledger: each by its path until it is taken, its code made anew, and never a dead one."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.codes import Code
from nemboks.journey.announce import TOO_LATE, send_announcements
from nemboks.ports import NotTold, Worded
from nemboks.store.store import Store
from tests.content.announced import announcement
from tests.contracts.ledgers import vault
from tests.helpers.clock import START, PretendClock
from tests.journey.town import Town

BO, JYTTE = "mail:da:bo@bogholder.example", "mail:en:jytte@bageri.example"


class FakeAnnouncer:
    """Takes everything, but on the paths that are `refusing`; keeps the ones at `hanging` waiting."""

    def __init__(self) -> None:
        self.taken: list[Worded] = []
        self.tried: list[str] = []
        self.refusing: set[str] = set()
        self.hanging: set[str] = set()
        self.entered, self.freed, self.took = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def announce(self, worded: Worded) -> str:
        path = worded.announcement.path
        self.tried.append(path)
        if path in self.hanging:
            self.entered.set()
            await self.freed.wait()
        if path in self.refusing:
            raise NotTold("451 not today")
        self.taken.append(worded)
        self.took.set()
        return "250 thanks"


class Office:
    """Anna's town on the real ledger, with people who can be told."""

    def __init__(self, store: Store, clock: PretendClock) -> None:
        self.store, self.clock, self.mail = store, clock, FakeAnnouncer()
        self.world = replace(
            Town().world, clock=clock, acts=store, announcements=store.announcements, announcers={"mail": self.mail},
            codes=store.codes,
        )  # fmt: skip

    async def tell(self, *announcements: Announcement) -> None:
        """An act queues them."""

        def act(books):
            for one in announcements:
                books.tell(replace(one, id=0, mailbox=None))

        await self.store.act(act)

    async def send(self, seconds: float = 0) -> int:
        self.clock.advance(seconds)
        return await send_announcements(self.world)

    async def kept(self) -> list[Announcement]:
        return list(await self.store.announcements.latest(100))


@pytest.fixture
async def office(tmp_path) -> AsyncIterator[Office]:
    clock = PretendClock()
    store = Store.open(tmp_path / "nemboks.db", vault(tmp_path), clock, threaded=False)
    yield Office(store, clock)
    await store.close()


def one(kind: Kind = Kind.GRANT_CHANGED, path: str = BO, key: str = "", **facts) -> Announcement:
    return replace(announcement(kind, **facts), key=key or f"{kind}-{path}", path=path)


async def test_what_is_due_is_sent(office):
    """Each is sent in the language of its path, once, and what the receiver said is kept."""
    await office.tell(one(), one(path=JYTTE), replace(one(key="tomorrow"), due_at=START + timedelta(days=1)))

    assert 2 == await office.send()
    assert 0 == await office.send(60)
    assert {BO: "En adgang til", JYTTE: "Somebody's ac"} == {
        x.announcement.path: x.text[:13] for x in office.mail.taken
    }
    assert ["250 thanks"] * 2 == [x.receipt for x in await office.kept() if x.sent_at]
    assert 1 == await office.send(86_400)


async def test_one_that_is_not_taken_is_tried_again(office):
    """A path that refuses is tried again after a while, ever more slowly, until it takes the announcement."""
    office.mail.refusing = {BO}
    await office.tell(one(), one(key="second"), one(path=JYTTE))
    assert 1 == await office.send()
    assert [BO, JYTTE] == sorted(office.mail.tried), "one refusal tells enough of a path"
    for seconds in (10, 30, 100, 200, 700, 4_000, 4_000):
        await office.send(seconds)
    assert "451 not today" == (await office.kept())[-1].receipt

    office.mail.refusing = set()
    assert 2 == await office.send(5_000)
    assert all(x.sent_at for x in await office.kept())


async def test_a_path_that_hangs_holds_up_no_other(office):
    """While one receiver keeps us waiting, the others are told."""
    office.mail.hanging = {BO}
    await office.tell(one(), one(path=JYTTE))
    sending = asyncio.create_task(office.send())
    async with asyncio.timeout(5):
        await office.mail.entered.wait()
        await office.mail.took.wait()

    assert [JYTTE] == [x.announcement.path for x in office.mail.taken]
    office.mail.freed.set()
    assert 2 == await sending


async def test_a_code_is_made_when_it_is_sent(office):
    """What is sent carries the code of its row, the same at every try; what is stored does not."""

    def act(books):
        made = books.codes.add(Code(0, "new", 12, "thief@evil.example", START, START + timedelta(minutes=10)))
        books.codes.put(office.store.codes.digested(made))
        return made.id

    number = await office.store.act(act)
    code = office.store.codes.code(number)
    office.mail.refusing = {BO}
    await office.tell(one(Kind.ADDRESS_CODE, code=number), one(Kind.GRANT_CHANGED, JYTTE, code=number))
    await office.send()
    office.mail.refusing = set()
    assert 1 == await office.send(60)

    plain, coded = office.mail.taken
    assert f"Koden er: {code[:4]} {code[4:]}\n" in coded.text
    assert code[:4] not in plain.text
    assert code not in "".join(str(x) for x in await office.kept())


@pytest.mark.parametrize("kind", [Kind.ADDRESS_CODE, Kind.ADDRESS_PROOF, Kind.ESTATE_CODE])
async def test_a_dead_code_is_never_sent(office, kind):
    """A code whose minutes have passed is given up, with a reason; what waits behind it is sent."""
    office.mail.refusing = {BO}
    await office.tell(one(kind))
    await office.send()
    await office.tell(one(key="behind"))
    office.mail.refusing = set()

    assert 1 == await office.send(600)
    (behind, dead) = await office.kept()
    assert (None, None, TOO_LATE) == (dead.due_at, dead.sent_at, dead.receipt)
    assert behind.sent_at is not None
    assert 0 == await office.send(86_400)


async def test_that_somebody_asked_is_told_however_late(office):
    """The old address hears of a wish also when its code came late."""
    await office.tell(one(Kind.ADDRESS_ASKED))

    assert 1 == await office.send(86_400)


async def test_a_path_that_nothing_here_serves(office):
    """One for a way that is not set up waits, and says so."""
    await office.tell(one(path="webhook:kontor"))

    assert 0 == await office.send()
    assert "nothing here sends announcements by webhook" == (await office.kept())[0].receipt


async def test_where_nobody_acts():
    """A world without people's acts has nothing to send."""
    assert 0 == await send_announcements(Town().world)
