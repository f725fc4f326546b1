"""The Letters port with a letter in several mails, on the real ledger and the fake."""

from dataclasses import replace

import pytest

from nemboks.domain.letter import DotBegun, PartConfirmed, State
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
