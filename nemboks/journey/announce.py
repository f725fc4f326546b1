"""People are told of acts and dates: announcements leave by their paths, each until somebody took it.

Promises: an announcement is marked sent only after the receiver took it, and tried again until then, so people may be
told twice, never not at all; but a code that is dead by now is never sent. One path that hangs or fails holds up no
other. Never makes an announcement (acts do) and never keeps a code: it is derived when it is sent.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final

from nemboks.content.announcement_texts import announcement_text
from nemboks.domain.announcements import CODED, Announcement, Kind
from nemboks.domain.codes import Codes
from nemboks.journey.paths import BATCH, by_paths, one_by_one, retry_at
from nemboks.journey.world import World
from nemboks.logs import log
from nemboks.ports import Announcements, NotTold, Worded

TOO_LATE: Final = "too late"
# The others are worth telling without their code too: that somebody asked is what counts.
_ONLY_A_CODE: Final = CODED - {Kind.ADDRESS_ASKED}


async def send_announcements(world: World) -> int:
    """How many of the due announcements were taken. Returns when no path has any due that was not just refused."""
    if world.announcements is None:
        return 0
    queue = world.announcements

    async def due(without: Collection[str]) -> Sequence[Announcement]:
        return await queue.due(world.clock.now(), BATCH, without)

    async def along(announcements: Sequence[Announcement]) -> int | None:
        return await _along(announcements, queue, world)

    return await by_paths(due, along, world.clock, world.pace)


async def _along(announcements: Sequence[Announcement], queue: Announcements, world: World) -> int | None:
    """How many were taken; None once one was not: the path is left alone until the next call."""
    alive = [one for one in announcements if not await _dropped(one, queue, world)]
    return await one_by_one(alive, queue.claim, lambda one: _announce(one, queue, world))


async def _dropped(announcement: Announcement, queue: Announcements, world: World) -> bool:
    if not _is_dead(announcement, world):
        return False
    await queue.failed(announcement, TOO_LATE, None)
    log().warning("announcement_dropped", announcement=announcement.id, kind=announcement.kind, why=TOO_LATE)
    return True


def _is_dead(announcement: Announcement, world: World) -> bool:
    """Whether all that it brings is a code that can do nothing any more."""
    minutes = announcement.facts.get("minutes")
    if announcement.kind not in _ONLY_A_CODE or not isinstance(minutes, int):
        return False
    return world.clock.now() >= announcement.created_at + timedelta(minutes=minutes)


async def _announce(announcement: Announcement, queue: Announcements, world: World) -> bool:
    way = announcement.path.partition(":")[0]
    try:
        if way not in world.announcers:
            raise NotTold(f"nothing here sends announcements by {way}")
        words = await world.announcers[way].announce(_worded(announcement, world.codes))
    except NotTold as error:
        await queue.failed(announcement, str(error), retry_at(announcement.failures, world.clock, world.pace))
        log().warning("announcement_failed", announcement=announcement.id, kind=announcement.kind, way=way,
                      words=str(error))  # fmt: skip
        return False
    await queue.sent(announcement, words, world.clock.now())
    log().info("announcement_sent", announcement=announcement.id, kind=announcement.kind, way=way, words=words)
    return True


def _worded(announcement: Announcement, codes: Codes | None) -> Worded:
    number = announcement.facts.get("code") if announcement.kind in CODED else None
    code = codes.code(number) if codes is not None and isinstance(number, int) else ""
    return Worded(announcement, *announcement_text(announcement, code))
