"""Attempts whose holder is gone. There is no heartbeat: the attempt's own deadline says when another may take over."""

from datetime import timedelta

from nemboks.domain.letter import AttemptEnded, Letter, Stale
from nemboks.domain.verdict import spread
from nemboks.journey.further import recover_further
from nemboks.journey.world import World
from nemboks.logs import log


async def recover(world: World, sole: bool = False) -> int:
    """How many open attempts were ended. `sole`: we hold the store's lock and have just started, so nobody else can
    hold one, and all of them are over (DESIGN 3, Deadlines)."""
    now = world.clock.now()
    letters = await world.letters.overdue(now, world.pace.dot_seconds, sole)
    for letter in letters:
        await _end(letter, world)
    return len(letters) + await recover_further(world, sole)


async def _end(letter: Letter, world: World) -> None:
    now = world.clock.now()
    due_at = letter.due_at or now  # a cut one keeps the time its claim set: a crash loop hammers nobody
    if letter.dot_begun_at is not None:
        due_at = now + timedelta(seconds=spread(world.pace.uncertain_seconds, world.clock.chance()))
    try:
        after = await world.letters.move(letter, AttemptEnded(letter.fence, "the attempt's holder is gone", due_at))
    except Stale:  # its holder was only slow, and has written the truth
        return
    log().warning("letter_attempt_ended", letter=letter.id, attempt=letter.fence, why=after.why, state=after.state)
