"""The machine's clock ran ahead and was put back: what came to be due then is due again."""

from datetime import timedelta

from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.letter import HandedOver, Postponed, State
from nemboks.domain.pace import Pace
from nemboks.ports import Cursor
from nemboks.store.clock_back import bring_back
from tests.contracts.ledgers import ledger_of
from tests.helpers import builders as make

DAY = 86_400.0


async def test_rows_of_a_clock_that_ran_ahead_are_due_now(tmp_path):
    """Mailbox and letters of ten days from now: never again, silently; with it, at once, and history says why."""
    async with ledger_of("sqlite", tmp_path) as ledger:
        ledger.clock.advance(10 * DAY)
        waiting = await ledger.waiting()
        await ledger.mailboxes.postpone(ledger.bo, ledger.clock.now(), "no", parked=True)
        ledger.clock.advance(-10 * DAY)
        now = ledger.clock.now()
        assert await ledger.letters.due(State.WAITING, now, 10) == []
        assert await ledger.mailboxes.due(now, 10) == []

        latest = now + timedelta(seconds=Pace().longest)
        rows = await ledger.letters._writer.unit(lambda tx: bring_back(tx, latest, now, timedelta()))

        assert rows == 3
        assert [x.id for x in await ledger.letters.due(State.WAITING, now, 10)] == [waiting.id]
        assert {x.cvr for x in await ledger.mailboxes.due(now, 10)} == {make.ANNA, make.BO}
        assert (await ledger.mailboxes.get(ledger.bo.id)).parked_until is None
        _, past = await ledger.letters.history(waiting.id)
        assert (past[-1].event, past[-1].detail["by"]) == ("retried", "clock put back")


async def test_copies_relays_and_cursors_come_back_too(tmp_path):
    """A hand-over is looked for again at once, a copy goes, and a webhook is told."""
    async with ledger_of("sqlite", tmp_path) as ledger:
        await ledger.shared()
        ledger.clock.advance(10 * DAY)
        ahead = ledger.clock.now()
        delivery = await ledger.planned(await ledger.waiting("a", 1))
        letter = await ledger.letters.move(await ledger.waiting("b", 2), make.claimed(ahead, route_version=2))
        letter = await ledger.letters.move(letter, HandedOver("queued", ahead, ahead))
        await ledger.stream.keep_cursor(Cursor("drift", 3, ahead))
        ledger.clock.advance(-10 * DAY)
        now = ledger.clock.now()

        latest = now + timedelta(seconds=Pace().longest)
        await ledger.letters._writer.unit(lambda tx: bring_back(tx, latest, now, timedelta()))

        assert [letter.id] == [x.id for x in await ledger.letters.due(State.HANDED_OVER, now, 10)]
        assert [delivery.id] == [x.id for x in await ledger.deliveries.due(now, 10)]
        assert now == (await ledger.stream.cursor("drift")).due_at


async def test_people_are_told_although_the_clock_ran_ahead(store, clock):
    """What was announced then, or refused then, is told now; a reminder for a day to come is not."""

    def told(books, key, due_at):
        path = "mail:da:anna@bageri.example"
        books.tell(Announcement(0, key, Kind.ADDRESS_CHANGED, path, books.at, due_at))

    ahead = clock.now() + timedelta(days=30)
    await store.act(lambda books: told(books, "reminder", ahead))
    await store.act(lambda books: told(books, "refused", books.at))
    refused = next(one for one in await store.announcements.latest(10) if one.key == "refused")
    await store.announcements.failed(refused, "421", ahead)
    clock.advance(30 * DAY)
    await store.act(lambda books: told(books, "made then", books.at))
    clock.advance(-30 * DAY)

    await store.bring_back(clock.now() + timedelta(seconds=Pace().longest))

    assert {"refused", "made then"} == {one.key for one in await store.announcements.due(clock.now(), 10)}


async def test_what_waits_as_long_as_we_ever_wait_is_left_alone(tmp_path):
    """The longest wait with its jitter is no sign of a wrong clock."""
    async with ledger_of("sqlite", tmp_path) as ledger:
        await ledger.waiting()
        now = ledger.clock.now()
        longest = now + timedelta(seconds=Pace().retry_last_seconds * 1.4)
        await ledger.mailboxes.postpone(ledger.bo, longest, "no", parked=True)
        latest = now + timedelta(seconds=Pace().longest)
        assert await ledger.letters._writer.unit(lambda tx: bring_back(tx, latest, now, timedelta())) == 0


async def test_a_receipt_that_people_keep_back_is_left_alone(tmp_path):
    """A changed address is on probation for three days: its letters' history says nothing of a clock at each start."""
    async with ledger_of("sqlite", tmp_path) as ledger:
        letter, now = await ledger.forwarded(), ledger.clock.now()
        latest, kept = now + timedelta(seconds=Pace().longest), timedelta(days=5)
        for days, rows in ((3, 0), (20, 1)):
            letter = await ledger.letters.move(letter, Postponed("", "on probation", now + timedelta(days=days)))
            late = await ledger.letters._writer.unit(lambda tx: bring_back(tx, latest, now, kept))
            assert late == rows
