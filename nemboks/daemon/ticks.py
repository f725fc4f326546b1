"""Ticks: chores at their intervals, in memory; what is due stands in the store (D5).

Promises: they go by the clock that nobody sets, so a wall clock that is put back stops none (0034); the first run comes
after one interval, and a chore never runs twice at a time: what is missed while it runs is not made up.
Fatal here: a chore that raises, as in any loop (`failed`). Never: decides what is due.
"""

import asyncio
from collections.abc import Awaitable, Callable

from nemboks.logs import log
from nemboks.ports import Clock

Chore = Callable[[], Awaitable[object]]


class Ticks:
    """Chores at their intervals. One that raises is a loop that dies: `failed` is called, and the process must end."""

    def __init__(self, failed: Callable[[Exception], None], clock: Clock) -> None:
        self._failed, self._clock = failed, clock
        self._chores: list[tuple[float, Chore]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._stopped = False

    def every(self, seconds: float, chore: Chore) -> None:
        """Run the chore at this interval, never twice at a time, from `start` on."""
        self._chores.append((seconds, chore))

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._repeat(*one), name="chore") for one in self._chores]

    def stop(self) -> None:
        """Cuts what runs: it is due again at the next start."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()

    # --- within ---

    async def _repeat(self, seconds: float, chore: Chore) -> None:
        due = self._clock.monotonic() + seconds
        try:
            while not self._stopped:
                await self._clock.sleep(due - self._clock.monotonic())
                await self._run(chore)
                due += seconds * (1 + max(0.0, self._clock.monotonic() - due) // seconds)
        except Exception as error:
            log().exception("daemon_failed")
            self._failed(error)

    async def _run(self, chore: Chore) -> None:
        try:
            await chore()
        except asyncio.CancelledError:
            if self._stopped:
                raise
            # Something within it was cancelled, not we: with the task its ticks would end unheard. What was due is
            # still due at the next round.
            log().exception("chore_failed")
