"""Letters held for their mailbox's sake, in tests whose mailbox is as it always was."""

from typing import Any

from nemboks.domain import letter as rules
from nemboks.domain.letter import Hold, Letter, Reason
from nemboks.store import moves
from tests.helpers.fakes import FakeLetters


async def held(letters: Any, letter: Letter, reason: Reason, words: str = "") -> Letter:
    """The letter as an act of the desk holds it; a step of the daemon's would find no obstacle and raise Stale."""
    event, now = Hold(reason, words), letters._clock.now()
    if isinstance(letters, FakeLetters):
        letters.rows[letter.id] = rules.move(letters.rows[letter.id], event, now)
        return letters.rows[letter.id]
    after: Letter = await letters._writer.unit(lambda tx: moves.move(tx, letter, event, now))
    return after
