"""The only door to APScheduler: it ticks and starts chores, in memory; what is due stands in the store (D5)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from nemboks.logs import log

# A chore that takes longer than its interval is not begun twice, as asked; the library would warn of every such time.
logging.getLogger("apscheduler").setLevel(logging.ERROR)


class Ticks:
    """Chores at their intervals. One that raises is a loop that dies: `failed` is called, and the process must end."""

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        # The library's default would skip a run that comes a second late.
        defaults = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        self._scheduler: Any = cast(Any, AsyncIOScheduler)(timezone="UTC", job_defaults=defaults)
        self._failed = failed

    def every(self, seconds: float, chore: Callable[[], Awaitable[object]]) -> None:
        """Run the chore at this interval, never twice at a time."""

        async def run() -> None:
            try:
                await chore()
            except asyncio.CancelledError:
                if self._scheduler.running:
                    raise
                # A chore that a stop cuts is due again at the next start; the library would call it an error.
            except Exception as error:
                log().exception("daemon_failed")
                self._failed(error)

        self._scheduler.add_job(run, "interval", seconds=seconds)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)
