"""What is done now and then, beside the letters' way: returned mail, fallbacks, notices, the daily check.

A chore's neighbour may be away: that is logged once for each time it begins, and tried again at the next round. Only
what no round would survive (the store, the master key) ends the process.
"""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Final

from nemboks.daemon.dated import take_effects
from nemboks.daemon.faults import FATAL
from nemboks.journey import standing
from nemboks.journey.announce import send_announcements
from nemboks.journey.further import clear_contents, plan_fallbacks
from nemboks.journey.notices import assess_troubles, send_notices, stream_events
from nemboks.journey.preflight import ROUNDS, check_places
from nemboks.journey.reconcile import forget_permits, reconcile_due
from nemboks.journey.returned import read_returns
from nemboks.journey.world import Anchor, World
from nemboks.logs import log

ROUND: Final = 60.0  # seconds; of what nobody waits for
Chore = Callable[[], Awaitable[object]]


def chores(world: World) -> Iterator[tuple[float, Chore]]:
    """Seconds between two rounds, and what is done in one."""
    pace = world.pace
    yield min(ROUND, pace.fallback_seconds / 4), _guarded("fallbacks", partial(plan_fallbacks, world))
    yield min(ROUND, pace.copies_seconds / 4), _guarded("copies", partial(clear_contents, world))
    if world.returning is not None:
        yield pace.returns_seconds, _guarded("returns", partial(read_returns, world))
    if world.checking is not None:
        yield pace.preflight_seconds / ROUNDS, _guarded("preflight", partial(check_places, world))
    if world.registry is not None:
        yield pace.standing_seconds / standing.ROUNDS, _guarded("standings", partial(standing.refresh_standings, world))
    if world.reconciling is not None:
        often = min(ROUND, pace.reconcile_seconds / 4)
        yield often, _guarded("reconciliation", partial(reconcile_due, world.reconciling))
        yield ROUND * 60, _guarded("permits", partial(forget_permits, world.reconciling))
    if world.anchor is not None:
        yield ROUND * 10, _guarded("anchor", partial(_anchor, world, world.anchor))
    if world.announcements is not None:
        yield pace.sweep_seconds, _guarded("announcements", partial(send_announcements, world))
    if world.acts is not None:
        yield pace.sweep_seconds, _guarded("acts", partial(take_effects, world.acts))
    if world.telling is not None:
        often = max(pace.sweep_seconds, pace.gather_seconds / 4)
        yield often, _guarded("troubles", partial(assess_troubles, world))
        yield often, _guarded("notices", partial(send_notices, world))
        yield often, _guarded("events", partial(stream_events, world))


async def _anchor(world: World, anchor: Anchor) -> None:
    """Once a day the head of history goes to the log, where nobody who alters the store can reach it."""
    head = await anchor(world.clock.now())
    if head is not None:
        log().info("audit_head", head=str(head))


def _guarded(name: str, chore: Chore) -> Chore:
    failing = False

    async def run() -> None:
        nonlocal failing
        try:
            await chore()
        except FATAL:
            raise
        except Exception:
            if not failing:
                log().exception("chore_failed", chore=name)
            failing = True
        else:
            failing = False

    return run
