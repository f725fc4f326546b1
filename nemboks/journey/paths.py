"""How what is owed to people leaves: each path on its own, so that one that hangs or fails holds up no other.

Promises: a path that did not take something is left alone until the next call. Never decides what is owed, or what a
failure means.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from nemboks.domain.pace import Pace
from nemboks.domain.verdict import spread
from nemboks.ports import Clock

BATCH = 50  # of what is due at one look; the next look is at most a sweep away


class OnPath(Protocol):
    """What goes along one path."""

    @property
    def path(self) -> str: ...


T = TypeVar("T", bound=OnPath)
Due = Callable[[Collection[str]], Awaitable[Sequence[T]]]  # what is due, but for what goes along these paths
Along = Callable[[Sequence[T]], Coroutine[Any, Any, int | None]]  # how many one path took; None once it took one not
Claim = Callable[[T], AbstractAsyncContextManager[bool]]  # whether it is ours to send until the block ends


async def by_paths(due: Due[T], along: Along[T], clock: Clock, pace: Pace) -> int:
    """How many were taken. Returns when no path has anything due that was not just refused.

    While one path hangs, the others are looked after every sweep.
    """
    taken, refused = 0, set[str]()
    running: dict[asyncio.Task[int | None], str] = {}
    try:
        while True:
            # Left out when it is asked for, lest what is due along one path hide that of the others.
            for path, owed in _sorted(await due({*refused, *running.values()})).items():
                running[asyncio.create_task(along(owed))] = path
            if not running:
                return taken
            for task in await _first_of(running, clock, pace):
                path, number = running.pop(task), task.result()
                taken += number or 0
                refused |= {path} if number is None else set()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def one_by_one(owed: Sequence[T], claim: Claim[T], send: Callable[[T], Awaitable[bool]]) -> int | None:
    """How many of what goes along one path were taken; None once one was not."""
    taken = 0
    for one in owed:
        async with claim(one) as ours:
            if not ours:  # another worker has the path: what is left of it is asked for again
                return taken
            if not await send(one):
                return None
        taken += 1
    return taken


def retry_at(failures: int, clock: Clock, pace: Pace) -> datetime:
    """When a path that did not take something is tried again."""
    waits = pace.notice_seconds
    return clock.now() + timedelta(seconds=spread(waits[min(failures, len(waits) - 1)], clock.chance()))


def _sorted(owed: Sequence[T]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for one in owed:
        found[one.path].append(one)
    return found


async def _first_of(
    running: Collection[asyncio.Task[int | None]], clock: Clock, pace: Pace
) -> set[asyncio.Task[int | None]]:
    """Those that are done, after the first of them or a sweep."""
    nap = asyncio.create_task(clock.sleep(pace.sweep_seconds))
    try:
        await asyncio.wait([*running, nap], return_when=asyncio.FIRST_COMPLETED)
    finally:
        nap.cancel()
    return {task for task in running if task.done()}
