"""Mailboxes that nobody can look into: from a day on, and only where somebody wants it (RELIABILITY H25)."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from nemboks.domain.custody import Consent, Life
from nemboks.domain.incidents import Cause, Sick
from nemboks.ports import Listed
from nemboks.store.schema import mailboxes
from tests.contracts.ledgers import ledger_of
from tests.helpers import builders as make
from tests.helpers.clock import START

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(params=["sqlite_inline", "postgresql"])
async def ledger(request, tmp_path):
    async with ledger_of(request.param, tmp_path) as opened:
        yield opened


async def sick(ledger):
    now = ledger.clock.now()
    return await ledger.incidents.sick(now, now - timedelta(hours=4))


async def listed(ledger, *ids):
    now = ledger.clock.now()
    await ledger.letters.found(ledger.anna, [Listed(id_, now) for id_ in ids], now, now)


async def fail(ledger, times=3, parked=False):
    for _ in range(times):
        box = await ledger.mailboxes.get(ledger.anna.id)
        await ledger.mailboxes.postpone(box, ledger.clock.now() + SECOND, "503", parked)


async def test_a_day_without_a_look_that_succeeded(ledger):
    """Since the last that did, to the second; told until one does."""
    ledger.clock.advance(3_600)
    at = ledger.clock.now()
    await listed(ledger)
    await fail(ledger)
    ledger.clock.advance((DAY - SECOND).total_seconds())
    assert await sick(ledger) == []

    ledger.clock.advance(1)
    assert await sick(ledger) == [Sick(Cause.UNLISTED, ledger.anna.id, None, at, make.ANNA, "503", "", "", True)]

    await listed(ledger)
    assert await sick(ledger) == []


async def test_one_that_never_was_looked_into(ledger):
    """Since it came to us: a wrong password at the start is no better than one later."""
    ledger.clock.advance(3_600)
    await fail(ledger)
    assert await sick(ledger) == []

    ledger.clock.advance(DAY.total_seconds())
    assert [(one.cause, one.mailbox, one.since) for one in await sick(ledger)] == [
        (Cause.UNLISTED, ledger.anna.id, START)
    ]


async def test_a_daemon_that_was_away_first_tries(ledger):
    """Two failures after three days without a daemon are not yet an outage."""
    await listed(ledger)
    ledger.clock.advance(3 * DAY.total_seconds())
    assert await sick(ledger) == []
    await fail(ledger, 2)
    assert await sick(ledger) == []
    await fail(ledger, 1)
    assert len(await sick(ledger)) == 1


async def test_one_that_is_refused_is_told_as_that(ledger):
    """People are not told of it twice."""
    await listed(ledger)
    ledger.clock.advance(2 * DAY.total_seconds())
    await fail(ledger, parked=True)
    box = await ledger.mailboxes.get(ledger.anna.id)
    await ledger.mailboxes.postpone(box, ledger.clock.now() + DAY, "403", True)
    assert [one.cause for one in await sick(ledger)] == [Cause.REFUSED]

    ledger.clock.advance(DAY.total_seconds())
    assert await sick(ledger) == []


@pytest.mark.parametrize(
    "change",
    [{"consent": Consent.AWAITED}, {"life": Life.CEASED}, {"serves_until": START}],
)
async def test_where_nobody_wants_a_look_nothing_is_wrong(ledger, change):
    """One that waits for consent, has ceased, or whose plan has ended."""
    await listed(ledger)
    await fail(ledger)
    ledger.clock.advance(2 * DAY.total_seconds())
    assert len(await sick(ledger)) == 1

    await ledger.acts._unit(lambda tx, at: tx.execute(update(mailboxes).where(mailboxes.c.cvr == make.ANNA), change))
    assert await sick(ledger) == []


async def test_a_paused_one_is_not_sick(ledger):
    """A person stopped it and knows; it is sick again when it goes on and still nobody can look into it."""
    await listed(ledger)
    await fail(ledger)
    ledger.clock.advance(2 * DAY.total_seconds())
    await ledger.pause()
    assert await sick(ledger) == []

    await ledger.resume()
    assert len(await sick(ledger)) == 1
