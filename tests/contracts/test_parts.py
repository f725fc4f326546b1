"""The Letters port with a letter in several mails, on the real ledger and the fake."""

from dataclasses import replace

import pytest

from nemboks.domain.letter import DotBegun, HandedOver, PartConfirmed, Postponed, Reason, Returned, Stale, State
from nemboks.domain.proof import Way
from tests.helpers import builders as make
from tests.helpers.clock import START


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


async def test_what_was_seen_of_one_part_holds_not_the_next(ledger):
    """A look that began when part one was handed over ends after part two was: it speaks of another mail."""
    letter = await split(ledger)
    said = make.report(reply=make.reply(), way=Way.RELAY)
    seen = await ledger.letters.move(letter, HandedOver("queued", START, START, said))
    letter = await ledger.letters.move(seen, PartConfirmed(make.confirmation(seen), START))
    letter = await ledger.letters.move(letter, make.claimed())
    letter = await ledger.letters.move(letter, DotBegun(letter.fence))
    after = await ledger.letters.move(letter, HandedOver("queued", START, START, said))

    for event in (Returned(Reason.RELAY_SILENT, ""), Postponed("junk", "Spam", START)):
        with pytest.raises(Stale):
            await ledger.letters.move(seen, event)
    assert (after.state, after.part) == (State.HANDED_OVER, 2)
