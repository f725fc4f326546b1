"""The daily comparison of upstream, ledger and confirmations, on a real ledger."""

import asyncio
import json
from contextlib import asynccontextmanager
from functools import partial

import pytest
from sqlalchemy import text

from nemboks.desk.access import Asking
from nemboks.desk.custody import legal_hold
from nemboks.desk.fuses import fuse_reset, tripped
from nemboks.domain.announcements import Kind
from nemboks.domain.letter import Acknowledged
from nemboks.domain.mailbox import Address, Face
from nemboks.domain.pace import Pace
from nemboks.journey.reconcile import Reconciling, reconcile, reconcile_due
from nemboks.ports import Listed, Unavailable
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.desk.filled import Filled
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.helpers.fake_inbox import FakeInbox

OPERATOR = Address("drift@nemboks.example")
DORTE = Asking("dorte (operator)")


class One:
    """Every mailbox has this inbox."""

    def __init__(self, inbox):
        self.inbox = inbox

    async def of(self, mailbox):
        return self.inbox


class Desk(Filled):
    """Anna's mailbox, its inbox, and a comparison that a test drives."""

    def __init__(self, store, clock):
        super().__init__(store, clock)
        self.inbox = FakeInbox()
        self.world = Reconciling(
            One(self.inbox), store.letters, store.reckoning, store, clock, Pace(),
            partial(tripped, operator=OPERATOR), OPERATOR,
        )  # fmt: skip

    async def box(self):
        return await self.store.mailboxes.find(make.ANNA)

    async def lies(self, way, id_):
        """A letter upstream that the ledger has brought so far."""
        self.inbox.put(id_, b"x")
        return await getattr(self, way)(id_)

    async def compare(self):
        """What was found, as words; the clock is moved when a second look is waited for."""
        self.clock.advance(1)
        task = asyncio.create_task(reconcile([await self.box()], self.world))
        while not task.done():
            if any(until > self.clock.now() for until, woken in self.clock._sleepers if not woken.done()):
                self.clock.advance(Pace().relist_seconds)
            await asyncio.sleep(0)
        (outcome,) = task.result()
        return [str(one) for one in outcome.differences]

    async def history(self, event="reconciled"):
        statement = text(f"SELECT detail FROM events WHERE event = '{event}' ORDER BY id")
        rows = await self.store._reader.read(lambda tx: tx.execute(statement).scalars().all())
        return [json.loads(one) for one in rows]

    async def told(self):
        return [(x.kind, x.path) for x in await self.store.announcements.latest(20)]

    async def write(self, statement, **values):
        await self.store._writer.unit(lambda tx: tx.execute(text(statement), values))


@asynccontextmanager
async def desk_of(directory, face):
    clock = PretendClock()
    store = Store.open(directory / "nemboks.db", vault(directory), clock, threaded=False)
    await store.mailboxes.add(make.declared(face=face), "settings")
    yield Desk(store, clock)
    await store.close()


@pytest.fixture
async def imap(tmp_path):
    async with desk_of(tmp_path, Face.IMAP) as desk:
        yield desk


@pytest.fixture
async def rest(tmp_path):
    async with desk_of(tmp_path, Face.REST) as desk:
        yield desk


async def test_no_difference_is_recorded_too(imap):
    """Letters in every ordinary state, new post among them: nought differences, and history says so."""
    for number, way in enumerate(("found", "waiting", "sending", "handed_over", "forwarded", "held", "dismissed"), 1):
        await imap.lies(way, f"1.{number}")
    await imap.acknowledged("1.8")
    imap.inbox.put("1.9", b"new")

    assert [] == await imap.compare()
    assert [{"listed": 8, "differences": 0, "kinds": {}, "kept": None}] == await imap.history()
    assert [] == await imap.told()
    assert 9 == len(await imap.store.letters.list())


async def test_a_deleted_row_is_named_and_stops_every_removal(imap):
    """FEATURES B6: history still tells of the letter, and upstream shows it beneath others that are known."""
    await imap.lies("found", "1.1")
    await imap.lies("forwarded", "1.2")
    await imap.write("DELETE FROM letters WHERE upstream_id = '1.1'")

    assert ["unknown_here 1.1", "row_missing 1"] == await imap.compare()
    assert "reconciliation" == (await imap.box()).custody.fuse
    told = {(Kind.RECONCILIATION, f"mail:da:{OPERATOR}"), (Kind.FUSE_TRIPPED, f"mail:da:{OPERATOR}")}
    assert told == set(await imap.told())


async def test_a_known_difference_alarms_once(imap):
    """After a reset the same difference trips nothing and tells nobody; another one does."""
    await imap.lies("found", "1.1")
    await imap.write("DELETE FROM letters WHERE upstream_id = '1.1'")
    imap.inbox.take("1.1")
    assert ["row_missing 1"] == await imap.compare()
    await fuse_reset(imap.store, DORTE, make.ANNA, "restored by hand")
    number = len(await imap.told())

    assert ["row_missing 1"] == await imap.compare()
    assert ("", number) == ((await imap.box()).custody.fuse, len(await imap.told()))

    await imap.lies("found", "1.5")
    await imap.write("DELETE FROM letters WHERE upstream_id = '1.5'")
    imap.inbox.take("1.5")
    await imap.compare()
    assert "reconciliation" == (await imap.box()).custody.fuse


@pytest.mark.parametrize("way", ["found", "waiting", "sending", "handed_over", "held"])
async def test_taken_without_a_confirmation(imap, way):
    """An undelivered letter that two listings lack is named; over IMAP whatever we hold of it."""
    await imap.lies(way, "1.1")
    await imap.lies("found", "1.2")
    imap.inbox.take("1.1")

    assert ["gone_unconfirmed 1"] == await imap.compare()
    assert "reconciliation" == (await imap.box()).custody.fuse
    assert [("list", "")] * 2 == imap.inbox.acts


async def test_one_listing_proves_nothing(imap):
    """A letter that the second listing shows again was never gone."""
    await imap.lies("waiting", "1.1")
    shown = FakeInbox.list

    async def flickering(self):
        listed = await shown(self)
        return [] if len(self.acts) == 1 else listed

    imap.inbox.list = flickering.__get__(imap.inbox)
    assert [] == await imap.compare()
    assert 2 == len(imap.inbox.acts)


async def test_a_new_numbering_is_no_loss(imap):
    """After a new UIDVALIDITY the old ids are on no list, until each letter is found again under its new one."""
    await imap.lies("waiting", "1.1")
    imap.inbox.take("1.1")
    imap.inbox.put("2.1", b"x")
    assert [] == await imap.compare()


async def test_a_rebound_letter_is_no_missing_row(imap):
    """Its second row was removed on purpose, and history says so."""
    letter = await imap.lies("waiting", "1.1")
    imap.inbox.take("1.1")
    again = await imap.lies("found", "2.1")
    await imap.store.letters.rebind(letter, again)
    assert [] == await imap.compare()


@pytest.mark.parametrize(("way", "named"), [("found", True), ("waiting", False), ("held", False)])
async def test_over_rest_a_fetched_letter_may_be_hidden(rest, way, named):
    """Which call takes a letter off the list is not public: only one that was never fetched is missed."""
    await rest.lies(way, "a")
    rest.inbox.take("a")
    assert (["gone_unconfirmed 1"] if named else []) == await rest.compare()


async def test_a_letter_that_lost_its_contents_was_fetched_all_the_same(rest):
    """It is asked for again by its id; the list may not show it any more."""
    letter = await rest.lies("waiting", "a")
    await rest.write("UPDATE letters SET state = 'FOUND', contents_file = NULL WHERE id = :id", id=letter.id)
    rest.inbox.take("a")
    assert [] == await rest.compare()


async def test_an_acknowledged_letter_that_stays_is_told_and_stops_nothing(rest):
    """Upstream may need a while; after an hour it is a difference, and no letter is at risk."""
    await rest.lies("acknowledged", "a")
    assert [] == await rest.compare()
    rest.clock.advance(3601)
    assert ["still_there 1"] == await rest.compare()
    assert "" == (await rest.box()).custody.fuse
    assert [(Kind.RECONCILIATION, f"mail:da:{OPERATOR}")] == await rest.told()


@pytest.mark.parametrize("way", ["forwarded", "acknowledged"])
async def test_a_row_that_was_called_delivered_without_a_confirmation(rest, way):
    """Whoever wrote it there."""
    letter = await getattr(rest, way)("a")
    if way == "forwarded":
        rest.inbox.put("a", b"x")
    await rest.write("UPDATE letters SET confirmation = NULL WHERE id = :id", id=letter.id)
    assert [f"done_unconfirmed {letter.id}"] == await rest.compare()
    assert "reconciliation" == (await rest.box()).custody.fuse


async def test_a_second_part_without_its_confirmation(rest):
    """One of two mails was confirmed: the letter is not."""
    letter = await rest.lies("forwarded", "a")
    parts = json.dumps([[0], [1]])
    await rest.write("UPDATE letters SET copy = json_set(copy, '$.parts', json(:parts))", parts=parts)
    assert [f"done_unconfirmed {letter.id}"] == await rest.compare()


@pytest.mark.parametrize(("unusable", "found"), [(0, 2), (1, 2), (2, 0)])
async def test_what_may_be_listed_beyond_reading_is_not_called_gone(rest, unusable, found):
    """Known letters that may be the entries without a usable id are not lost; more of them are."""
    for id_ in ("a", "b"):
        await rest.lies("found", id_)
        rest.inbox.take(id_)
    rest.inbox.unusable = unusable

    assert found == len(await rest.compare())
    box = await rest.box()
    assert (bool(found), unusable) == (bool(box.custody.fuse), box.unusable)


async def test_a_permit_for_a_letter_that_nobody_confirmed(rest):
    """What was let out without one is named, though the list may be silent about it."""
    letter = await rest.lies("waiting", "a")
    await rest.write(
        "INSERT INTO permits (mailbox_id, letter_id, at, times, covered, settled)"
        " VALUES (1, :id, '2026-11-21T09:00:00Z', 1, 1, 0)",
        id=letter.id,
    )
    assert [f"left_unconfirmed {letter.id}"] == await rest.compare()


async def test_once_a_day_and_again_in_an_hour_after_a_failure(rest):
    """A mailbox that was never listed is not asked; nor is anybody twice a day."""
    assert 0 == await reconcile_due(rest.world)
    await rest.store.letters.found(await rest.box(), [Listed("a")], rest.clock.now(), rest.clock.now())
    rest.inbox.put("a", b"x")
    rest.inbox.plant("list", Unavailable("503"))
    assert [1, 0] == [await reconcile_due(rest.world) for _ in range(2)]
    assert [] == await rest.history()
    rest.clock.advance(3601)
    assert [1, 0] == [await reconcile_due(rest.world) for _ in range(2)]
    rest.clock.advance(86_401)
    assert 1 == await reconcile_due(rest.world)
    assert [0, 0] == [one["differences"] for one in await rest.history()]


async def test_what_a_legal_hold_keeps_is_reported(rest):
    """Retention passed it by, and the day's row of history says how many contents stayed for that."""
    letter = await rest.forwarded("a")
    await rest.store.letters.move(letter, Acknowledged("200", keep=True))
    await legal_hold(rest.store, DORTE, make.ANNA, True, "sag 17/2026")
    assert [] == await rest.compare()
    assert [1] == [one["kept"] for one in await rest.history()]


async def test_nothing_upstream_is_touched(imap):
    """Only lists, also where everything is wrong."""
    for number, way in enumerate(("found", "waiting", "held", "forwarded", "acknowledged"), 1):
        await imap.lies(way, f"1.{number}")
        imap.inbox.take(f"1.{number}")
    assert await imap.compare()
    assert {"list"} == {call for call, _ in imap.inbox.acts}


async def test_a_login_that_is_given_during_the_comparison_is_no_lost_letter(rest):
    """New post of that listing is not in the ledger yet, for it was not noted: nobody lost it, and no fuse trips."""
    await _given_meanwhile(rest, {"system_id": "s-0", "api_token": "ny"})


async def test_an_imap_login_that_is_given_during_the_comparison_is_no_lost_letter(imap):
    """The same of an inbox whose letters have numbers."""
    await _given_meanwhile(imap, {"user": "anna", "password": "ny"})


async def _given_meanwhile(desk, login):
    await desk.lies("found", "1.1")
    desk.inbox.put("1.2", b"x")
    real = desk.inbox.list

    async def listing():
        found = await real()
        await desk.store.act(lambda books: books.give_credentials(books.mailbox(make.ANNA), login))
        return found

    desk.inbox.list = listing
    assert await desk.compare() == []
    assert not (await desk.box()).custody.fuse
    desk.inbox.list = real
    assert await desk.compare() == []
