"""The Letters port with a letter in several mails, on the real ledger and the fake."""

from dataclasses import replace

import pytest

from nemboks.domain.letter import (
    AttemptEnded,
    DotBegun,
    HandedOver,
    PartConfirmed,
    Postponed,
    Reason,
    Recomposed,
    Returned,
    ReturnedElsewhere,
    Stale,
    State,
)
from nemboks.domain.proof import Way
from tests.helpers import builders as make
from tests.helpers.clock import START

NEW = "nyt@bageri.example"


async def split(ledger):
    """A letter of two mails whose first attempt is past its dot."""
    letter = await ledger.found()
    letter = await ledger.letters.move(letter, make.collected(copy=make.copy(parts=((0,), (1,)))))
    letter = await ledger.letters.move(letter, make.claimed())
    return await ledger.letters.move(letter, DotBegun(letter.fence))


async def test_a_part_that_is_confirmed_leaves_the_rest_due(ledger):
    """With parts still missing the letter waits again, due at once, and keeps the proof of the first one."""
    letter = await split(ledger)

    letter = await ledger.letters.move(letter, PartConfirmed(make.confirmation(letter), START))

    assert [letter] == await ledger.letters.due(State.WAITING, START, 10)
    assert (letter.part, [proof.part for proof in letter.proofs], letter.deadline_at) == (2, [1], None)


async def test_a_part_of_another_letter_is_refused(ledger):
    """A part's confirmation is bound to its letter as a whole one is."""
    letter = await split(ledger)
    other = replace(make.confirmation(letter), letter=letter.id + 1)

    with pytest.raises(ValueError, match="confirmation"):
        await ledger.letters.move(letter, PartConfirmed(other, START))


async def led_away(ledger):
    """The letter when its first part was confirmed, and when it was claimed for another address."""
    letter = await split(ledger)
    letter = await ledger.letters.move(letter, Recomposed(letter.fence, replace(letter.copy, address=make.ADDRESS)))
    first = await ledger.letters.move(letter, PartConfirmed(make.confirmation(letter), START))
    await ledger.reroute(NEW)
    there = await ledger.letters.move(first, make.claimed(address=NEW, route_version=2))
    return first, there


async def test_a_part_at_an_earlier_address_stays_known(ledger):
    """Led away and back, the letter goes on there, and each attempt's row names the part that it sends."""
    first, there = await led_away(ledger)
    cut = await ledger.letters.move(there, AttemptEnded(there.fence, "cut", START))
    await ledger.reroute(make.ADDRESS)
    back = await ledger.letters.move(cut, make.claimed(route_version=3))

    assert (there.part, there.proofs, len(there.elsewhere)) == (1, (), 1)
    assert (back.part, back.proofs, back.copy, back.elsewhere) == (2, first.proofs, first.copy, ())
    assert await ledger.letters.get(back.id) == back
    parts = [(await ledger.letters.attempt(back.id, number)).part for number in (1, 2, 3)]
    assert parts == [1, 1, 2]


async def test_one_notice_that_two_workers_read_counts_once(ledger):
    """What came back from an address that the letter has left takes nothing from the count of uncertain ends."""
    _, there = await led_away(ledger)
    seen = await ledger.letters.move(there, AttemptEnded(there.fence, "cut", START))

    for _ in range(2):
        after = await ledger.letters.move(seen, ReturnedElsewhere(make.ADDRESS, 1, "5.1.1"))
        assert (after.uncertain, [one.proofs for one in after.elsewhere]) == (0, [()])


async def test_what_was_seen_of_one_part_holds_not_the_next(ledger):
    """A look that began when part one was handed over ends after part two was: it speaks of another mail."""
    letter = await split(ledger)
    said = make.report(reply=make.reply(), way=Way.RELAY)
    seen = await ledger.letters.move(letter, HandedOver("queued", START, START, said))
    letter = await ledger.letters.move(seen, PartConfirmed(make.confirmation(seen), START))
    letter = await ledger.letters.move(letter, make.claimed())
    letter = await ledger.letters.move(letter, DotBegun(letter.fence))
    after = await ledger.letters.move(letter, HandedOver("queued", START, START, said))

    for event in (Returned(Reason.RELAY_SILENT, ""), ReturnedElsewhere(NEW, 1, ""), Postponed("junk", "Spam", START)):
        with pytest.raises(Stale):
            await ledger.letters.move(seen, event)
    assert (after.state, after.part) == (State.HANDED_OVER, 2)
