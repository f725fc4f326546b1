"""The Incidents and Stream ports: what is remembered of what people were told, on the real ledger and the fakes."""

from dataclasses import replace
from datetime import timedelta

from nemboks.domain.incidents import Cause, Incident, Notice, NoticeKind
from nemboks.ports import Cursor
from tests.helpers.clock import START

LATER = START + timedelta(minutes=5)
PATHS = ("mail:da:bo@revisor.example", "webhook:drift")


def incident(key="address direct:bageri.example", **changes):
    whole = Incident(
        0, key, Cause.ADDRESS, "direct:bageri.example", "anna@bageri.example", PATHS, START, (1,), (4, 5), "550 5.1.1"
    )
    return replace(whole, **changes)


def notice(of, path=PATHS[0], number=1, **changes):
    whole = Notice(
        0, of.id, of.key, NoticeKind.STOPPED, of.cause, path, number, 2, of.mailboxes, of.letters, START, of.words,
        of.destination, of.address, START, START,
    )  # fmt: skip
    return replace(whole, **changes)


async def kept(ledger, *numbers):
    """One new incident with a notice for each of these rounds."""
    await ledger.incidents.keep([incident()], [notice(incident(), number=n) for n in numbers])
    (opened,) = await ledger.incidents.open()
    return opened


async def test_a_new_incident_and_its_notices_are_written_together(ledger):
    """The notice carries the number that the incident got."""
    opened = await kept(ledger, 1)

    (due,) = await ledger.incidents.due(START, 10)
    assert incident(id=opened.id) == opened
    assert notice(opened, id=due.id) == due
    assert due.id and due.incident == opened.id


async def test_an_incident_grows_and_is_closed(ledger):
    """A changed incident is the same row; a closed one is not open, and its key may be opened anew."""
    opened = await kept(ledger)
    grown = replace(opened, letters=(4, 5, 6), mailboxes=(1, 2), told_at=START, notices=1, quiet_since=LATER)
    await ledger.incidents.keep([grown], [notice(grown)])
    assert [grown] == await ledger.incidents.open()

    await ledger.incidents.keep([replace(grown, closed_at=LATER), incident("other")], [])
    (other,) = await ledger.incidents.open()
    assert ("other", True) == (other.key, other.id != grown.id)
    assert len(await ledger.incidents.notices(10)) == 1


async def test_a_notice_is_made_once(ledger):
    """The same round of the same kind to the same path is left as it is; another one of each is new."""
    opened = await kept(ledger, 1)
    (first,) = await ledger.incidents.due(START, 10)
    await ledger.incidents.sent(first, "250 taken", LATER)

    again = [notice(opened), notice(opened, number=2), notice(opened, PATHS[1])]
    await ledger.incidents.keep([], [*again, notice(opened, kind=NoticeKind.LATE)])

    assert [(2, PATHS[0]), (1, PATHS[1]), (1, PATHS[0])] == [
        (x.number, x.path) for x in await ledger.incidents.due(START, 10)
    ]
    assert len(await ledger.incidents.notices(10)) == 4


async def test_a_notice_is_due_until_somebody_took_it(ledger):
    """Failed, it comes back at its time with what was said; sent, never again."""
    await kept(ledger, 1)
    (due,) = await ledger.incidents.due(START, 10)
    await ledger.incidents.failed(due, "connection refused", LATER)

    assert [] == await ledger.incidents.due(START, 10)
    (due,) = await ledger.incidents.due(LATER, 10)
    assert (due.failures, due.receipt) == (1, "connection refused")

    await ledger.incidents.sent(due, "250 taken", LATER)
    assert [] == await ledger.incidents.due(LATER + timedelta(days=9), 10)
    (told,) = await ledger.incidents.notices(10)
    assert (told.sent_at, told.due_at, told.receipt) == (LATER, None, "250 taken")


async def test_due_notices_come_oldest_first_and_bounded(ledger):
    """The longest due comes first; people see the latest first."""
    opened = await kept(ledger)
    times = (LATER, START, LATER + timedelta(hours=1))
    await ledger.incidents.keep([], [notice(opened, number=n, due_at=at) for n, at in enumerate(times, 1)])

    assert [2, 1] == [x.number for x in await ledger.incidents.due(LATER, 10)]
    assert [2] == [x.number for x in await ledger.incidents.due(LATER, 1)]
    assert [3, 2] == [x.number for x in await ledger.incidents.notices(2)]


async def test_a_webhook_keeps_its_place(ledger):
    """A cursor that was kept is the one that is read, each webhook's its own."""
    await ledger.stream.cursor("drift")
    moved = Cursor("drift", 7, LATER, 2, "503")
    await ledger.stream.keep_cursor(moved)

    assert moved == await ledger.stream.cursor("drift")
    assert Cursor("new", 3) != await ledger.stream.cursor("other")


async def test_a_webhook_is_never_set_back(ledger):
    """Who wakes up with an old place changes nothing: what was told since is not told again."""
    await ledger.stream.keep_cursor(Cursor("drift", 100))
    await ledger.stream.keep_cursor(Cursor("drift", 20))
    await ledger.stream.keep_cursor(Cursor("drift", 20, LATER, 1, "503"))

    assert Cursor("drift", 100) == await ledger.stream.cursor("drift")


async def test_a_webhook_that_nobody_names_hears_nothing(ledger):
    """Without a mailbox that chose it there is no stream."""
    await ledger.waiting()

    assert [] == await ledger.stream.after(0, "drift", 100)


async def test_a_reminder_takes_the_place_of_what_was_not_taken(ledger):
    """A path that was shut for days brings one notice when it opens, not one for each day; others are on their own."""
    opened = await kept(ledger, 1)
    await ledger.incidents.keep([], [notice(opened, PATHS[1])])
    unsent, _ = await ledger.incidents.due(START, 10)
    still = notice(opened, kind=NoticeKind.STILL, number=2)
    await ledger.incidents.keep([], [still])
    await ledger.incidents.keep([], [still])

    assert [(NoticeKind.STOPPED, PATHS[1]), (NoticeKind.STILL, PATHS[0])] == [
        (x.kind, x.path) for x in await ledger.incidents.due(START, 10)
    ]
    await ledger.incidents.failed(unsent, "was being sent", START)
    assert len(await ledger.incidents.due(START, 10)) == 2
