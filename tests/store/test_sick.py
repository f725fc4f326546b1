"""What the ledger calls sick: every trouble once, with its cause, place and words; what is on its way is well."""

from datetime import timedelta

import pytest

from nemboks.domain.incidents import Cause, Sick
from nemboks.domain.letter import (
    Acknowledged,
    Believed,
    Bounced,
    HandedOver,
    Hold,
    Later,
    Postponed,
    Reason,
    Released,
    Returned,
    State,
    Vanished,
)
from nemboks.ports import Listed
from nemboks.store import sick as under_test
from tests.contracts.ledgers import ACCOUNTANT, ledger_of
from tests.helpers import builders as make
from tests.helpers.clock import START
from tests.helpers.holding import held

DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite_inline", "postgresql"])
async def ledger(request, tmp_path):
    async with ledger_of(request.param, tmp_path) as opened:
        yield opened


async def sick(ledger, late_after=timedelta(hours=4)):
    now = ledger.clock.now()
    return await ledger.incidents.sick(now, now - late_after)


async def causes(ledger):
    return [(one.cause, one.letter, one.definite) for one in await sick(ledger)]


async def handed_over(ledger):
    letter = await ledger.begun()
    return await ledger.letters.move(letter, HandedOver("queued", START, START))


async def troubled_copy(ledger):
    """The accountant's copy, refused, an hour old."""
    await ledger.shared(ACCOUNTANT)
    letter = await ledger.waiting("copied")
    delivery = await ledger.planned(letter)
    delivery = await ledger.deliveries.move(delivery, make.claimed(address=delivery.address, server=delivery.server))
    delivery = await ledger.deliveries.move(delivery, Later(1, "full", "452 4.2.2", START))
    ledger.clock.advance(3600)
    return delivery


async def test_what_is_on_its_way_is_well(ledger):
    """Letters in every ordinary state, an outage of an hour among them, are nobody's trouble."""
    await ledger.found("a")
    await ledger.letters.move(await ledger.sending("b"), Later(1, "temporary", "451", START))
    await ledger.begun("c")
    await ledger.forwarded("d")
    await ledger.letters.move(await ledger.forwarded("e"), Acknowledged("200"))
    letter = await ledger.letters.move(await ledger.begun("f"), HandedOver("queued", START, START))
    await ledger.letters.move(letter, Postponed("", "", START))
    ledger.clock.advance(3600)

    assert await sick(ledger) == []


@pytest.mark.parametrize(
    ("why", "cause", "definite"),
    [
        ("address", Cause.ADDRESS, True),
        ("full", Cause.FULL, False),
        ("policy", Cause.POLICY, True),
        ("too_large", Cause.TOO_LARGE, False),
        ("login", Cause.LOGIN, True),
        ("tls", Cause.TLS, True),
        ("certificate", Cause.CERTIFICATE, True),
    ],
)
async def test_a_mail_servers_trouble(ledger, why, cause, definite):
    """The first refusal is enough, and it stays while the next attempt runs."""
    letter = await ledger.found()
    collected = make.collected(headline=make.headline(reply_by=START + DAY))
    letter = await ledger.letters.move(letter, collected)
    letter = await ledger.letters.move(letter, make.claimed())
    letter = await ledger.letters.move(letter, Later(1, why, "550 no", START))
    expected = Sick(
        cause, ledger.anna.id, letter.id, START, str(letter.id), "550 no", make.SERVER, make.ADDRESS, definite,
        START + DAY,
    )  # fmt: skip
    assert await sick(ledger) == [expected]

    await ledger.letters.move(letter, make.claimed())
    assert await sick(ledger) == [expected]


@pytest.mark.parametrize(
    ("reason", "cause", "place"),
    [
        (Reason.TOO_LARGE, Cause.TOO_LARGE, make.SERVER),
        (Reason.THREE_UNCERTAIN, Cause.HELD, make.SERVER),
        (Reason.NEMSMS, Cause.HELD, ""),
        (Reason.WRONG_RECIPIENT, Cause.HELD, ""),
        (Reason.OTHER_CONTENTS, Cause.HELD, ""),
        (Reason.UNREADABLE, Cause.HELD, ""),
    ],
)
async def test_a_held_letter(ledger, reason, cause, place):
    """Only a person can help: definite, and of the mail server only where that is the reason."""
    letter = await held(ledger.letters, await ledger.waiting(), reason, "words")

    (one,) = await sick(ledger)
    assert (one.cause, one.destination, one.definite, one.words) == (cause, place, True, "words")
    await ledger.letters.move(letter, Released("anna", START))
    assert await sick(ledger) == []


async def test_what_a_relay_did_with_a_letter(ledger):
    """Junk, silence and a return each have their cause."""
    letter = await handed_over(ledger)
    letter = await ledger.letters.move(letter, Postponed("junk", "Uønsket mail", START))
    assert await causes(ledger) == [(Cause.JUNK, letter.id, False)]

    silent = await ledger.letters.move(letter, Returned(Reason.RELAY_SILENT, "no word"))
    assert await causes(ledger) == [(Cause.SILENT, silent.id, False)]


async def test_a_returned_letter(ledger):
    """It came back before it was confirmed."""
    letter = await ledger.letters.move(await handed_over(ledger), Returned(Reason.RETURNED, "5.1.1"))

    assert await causes(ledger) == [(Cause.RETURNED, letter.id, True)]


async def test_a_bounce_is_told_until_a_person_answers(ledger):
    """While the receipt waits for a person, it is sick; believed, it is well."""
    letter = await ledger.letters.move(await ledger.forwarded(), Bounced("5.2.1 closed"))
    ledger.clock.advance(DAY.total_seconds() * 9)
    (one,) = await sick(ledger)
    assert (one.cause, one.words, one.destination, one.definite) == (Cause.BOUNCED, "5.2.1 closed", make.SERVER, True)

    await ledger.letters.move(letter, Believed("anna", START))
    assert await sick(ledger) == []


async def test_a_bounce_after_the_receipt_is_told_for_a_week(ledger):
    """Nobody can put it right in the ledger, so time ends it."""
    letter = await ledger.letters.move(await ledger.forwarded(), Acknowledged("200"))
    letter = await ledger.letters.move(letter, Bounced("5.2.1"))
    assert await causes(ledger) == [(Cause.BOUNCED, letter.id, True)]

    ledger.clock.advance(DAY.total_seconds() * 7 + 1)
    assert await sick(ledger) == []


async def test_a_letter_is_late_with_the_last_words(ledger):
    """Undelivered for four hours since we found it; of Digital Post's troubles no mail server is named."""
    waiting = await ledger.letters.move(await ledger.sending("a"), Later(1, "temporary", "451 not now", START))
    found = await ledger.letters.move(await ledger.found("b"), Postponed("unavailable", "HTTP 503", START))
    ledger.clock.advance(4 * 3600 - 1)
    assert await sick(ledger) == []
    ledger.clock.advance(1)

    late = {one.letter: one for one in await sick(ledger)}
    assert {one.cause for one in late.values()} == {Cause.LATE}
    assert (late[waiting.id].words, late[waiting.id].destination) == ("451 not now", make.SERVER)
    assert (late[found.id].words, late[found.id].destination, late[found.id].address) == ("HTTP 503", "", "")


async def test_a_vanished_letter_is_told_for_a_day(ledger):
    """It was taken away upstream before we had it."""
    letter = await ledger.letters.move(await ledger.found(), Vanished("404"))
    assert await causes(ledger) == [(Cause.VANISHED, letter.id, False)]

    ledger.clock.advance(DAY.total_seconds() + 1)
    assert await sick(ledger) == []


async def test_a_refused_cvr(ledger):
    """A parked mailbox is told of itself, until upstream lets us in."""
    until = START + DAY
    await ledger.mailboxes.postpone(ledger.bo, until, "HTTP 403", parked=True)

    (one,) = await sick(ledger)
    assert (one.cause, one.mailbox, one.letter, one.reference, one.words) == (
        Cause.REFUSED, ledger.bo.id, None, make.BO, "HTTP 403",
    )  # fmt: skip
    ledger.clock.advance(DAY.total_seconds())
    assert await sick(ledger) == []


async def test_a_paused_mailbox_is_not_sick(ledger):
    """A person stopped it and knows."""
    await ledger.letters.move(await ledger.waiting("a"), Hold(Reason.UNREADABLE))
    await troubled_copy(ledger)
    box = await ledger.mailboxes.get(ledger.anna.id)
    await ledger.mailboxes.postpone(box, START + DAY, "HTTP 403", parked=True)
    assert len(await sick(ledger)) == 3

    await ledger.pause()
    assert await sick(ledger) == []


async def test_the_list_is_bounded(ledger, monkeypatch):
    """However much is wrong, a look reads at most so many rows."""
    limited = under_test.LETTERS.limit(2)
    monkeypatch.setattr(under_test, "LETTERS", limited)
    for n in range(3):
        await ledger.letters.move(await ledger.waiting(str(n), n + 1), Hold(Reason.UNREADABLE))

    assert [1, 2] == [one.letter for one in await sick(ledger)]
    assert 10_000 == under_test.MOST


async def test_one_companys_flood_hides_no_other_companys_trouble(ledger, monkeypatch):
    """Where more is wrong than is read at a look, each mailbox's oldest comes before any mailbox's next."""
    for n in range(4):
        await ledger.letters.move(await ledger.waiting(str(n), n + 1), Hold(Reason.UNREADABLE))
    ledger.clock.advance(60)
    now = ledger.clock.now()
    await ledger.letters.found(ledger.bo, [Listed("bo-1")], now, now)
    (bos,) = [one for one in await ledger.letters.due(State.FOUND, now, 9) if one.mailbox == ledger.bo.id]
    await ledger.letters.move(bos, Hold(Reason.UNREADABLE))
    monkeypatch.setattr(under_test, "LETTERS", under_test.LETTERS.limit(2))

    assert {ledger.anna.id, ledger.bo.id} == {one.mailbox for one in await sick(ledger)}
