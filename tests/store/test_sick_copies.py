"""What the ledger calls sick beside the letters: copies that are not delivered, and what the daily check found."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.incidents import Cause
from nemboks.domain.letter import (
    Acknowledged,
    AttemptEnded,
    Cleared,
    Dismissed,
    DotBegun,
    Hold,
    Reason,
)
from nemboks.ports import Check, Finding
from tests.contracts.ledgers import ACCOUNTANT, ledger_of
from tests.helpers import builders as make
from tests.helpers.clock import START
from tests.store.test_sick import DAY, causes, sick, troubled_copy


@pytest.fixture(params=["sqlite_inline", "postgresql"])
async def ledger(request, tmp_path):
    async with ledger_of(request.param, tmp_path) as opened:
        yield opened


async def test_a_copy_that_cannot_be_delivered(ledger):
    """Told after an hour, with the recipient's address and destination; not when the route no longer names it."""
    delivery = await troubled_copy(ledger)

    (one,) = await sick(ledger)
    assert (one.cause, one.letter, one.destination, one.address, one.words, one.definite) == (
        Cause.COPY, delivery.letter, "revisor", ACCOUNTANT.address, "452 4.2.2", False,
    )  # fmt: skip
    await ledger.shared(replace(ACCOUNTANT, server="direct"))
    assert await sick(ledger) == []


async def test_a_copy_of_a_letter_that_a_person_closed_troubles_nobody(ledger):
    """It is not tried any more, and nobody is reminded of it each day for ever."""
    delivery = await troubled_copy(ledger)
    await ledger.letters.move(await ledger.letters.get(delivery.letter), Dismissed("anna"))

    assert await sick(ledger) == []


async def test_a_copy_that_was_given_up_is_told_for_a_day(ledger):
    """Ended for good, by its age or by three uncertain ends."""
    delivery = await troubled_copy(ledger)
    await ledger.deliveries.move(delivery, Hold(Reason.COPY_LATE, "452 4.2.2"))
    assert await causes(ledger) == [(Cause.COPY, delivery.letter, True)]

    ledger.clock.advance(DAY.total_seconds() + 1)
    assert Cause.COPY not in {one.cause for one in await sick(ledger)}


async def test_a_copy_whose_contents_are_gone_troubles_nobody(ledger):
    """When the letter is cleared, nothing is tried any more."""
    await ledger.shared(ACCOUNTANT)
    letter = await ledger.waiting()
    delivery = await ledger.planned(letter)
    delivery = await ledger.deliveries.move(delivery, make.claimed(address=delivery.address, server=delivery.server))
    await ledger.deliveries.move(delivery, AttemptEnded(1, "gone", START))
    letter = await ledger.letters.move(letter, make.claimed(route_version=2))
    letter = await ledger.letters.move(letter, DotBegun(1))
    letter = await ledger.letters.move(letter, make.confirmed(letter))
    letter = await ledger.letters.move(letter, Acknowledged("200", keep=True))
    await ledger.letters.move(letter, Cleared())
    ledger.clock.advance(7200)

    assert await sick(ledger) == []


# --- what the daily check found ---

SHUT = Finding("certificate_expired", True, (("server", "mx:25"), ("words", "expired")))
UNKNOWN = Finding("recipient_unknown", True, (("words", "550 5.1.1"),))
ENDS = Finding("certificate_ends", False, (("days", "9"),))


async def looked(ledger, *findings, address=make.ADDRESS, server=make.SERVER, times=2):
    """The place was looked at so often, an hour apart."""
    since = ledger.clock.now()
    for _ in range(times):
        await ledger.checks.keep(Check(address, server, ledger.clock.now(), findings, since))
        ledger.clock.advance(3600)


@pytest.mark.parametrize(
    ("finding", "place", "definite"), [(SHUT, make.SERVER, True), (UNKNOWN, "", True), (ENDS, make.SERVER, False)]
)
async def test_a_fault_that_the_daily_check_saw_twice(ledger, finding, place, definite):
    """It is the mailbox's trouble; an unknown recipient says nothing about the server, and an ending is no end."""
    await looked(ledger, finding, times=1)
    assert await sick(ledger) == []

    await looked(ledger, finding)
    (bo, anna) = sorted(await sick(ledger), key=lambda one: -one.mailbox)
    assert (ledger.anna.id, ledger.bo.id) == (anna.mailbox, bo.mailbox)
    assert (Cause.PREFLIGHT, None, START + timedelta(hours=1), place, make.ADDRESS, definite) == (
        anna.cause, anna.letter, anna.since, anna.destination, anna.address, anna.definite,
    )  # fmt: skip
    assert finding.line == anna.words


async def test_the_daily_check_of_a_copys_address(ledger):
    """A further recipient of one mailbox is that mailbox's matter, while its route names it and it is served."""
    await looked(ledger, UNKNOWN, address=ACCOUNTANT.address, server=ACCOUNTANT.server)
    assert await sick(ledger) == []

    await ledger.shared(ACCOUNTANT)
    assert [ledger.anna.id] == [one.mailbox for one in await sick(ledger)]
    await ledger.pause()
    assert await sick(ledger) == []


async def test_our_own_domain_is_in_nobodys_mailbox(ledger):
    """Only the operator can put it right, and mail to it goes on."""
    await looked(ledger, Finding("spf_missing", True, (("domain", "nemboks.example"),)), address="", server="")

    (one,) = await sick(ledger)
    assert (0, "", "@nemboks.example", False) == (one.mailbox, one.destination, one.address, one.definite)
