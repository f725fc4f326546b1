"""The only door to procrastinate, a task engine on PostgreSQL: it tells workers on any machine that something is due.

Promises: a nudge is deferred at most once while it waits; one that a dead worker had in hand is handed out again; what
the server or the engine loses is made up by the next sweep, which one worker a second does for all.
Never: decides or carries anything. Who is nudged asks the ledger, whose leases and guards decide; a nudge that is lost
or comes twice changes nothing. So the engine's own commits need not wait for the disk.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.schema import SchemaManager
from procrastinate.tasks import Task

from nemboks.logs import log
from nemboks.ports import Clock

SCHEMA: Final = "nemboks_nudges"
POLL, DELIVER, SWEEP = "poll", "deliver", "sweep"
EACH_SECOND: Final = "* * * * * *"  # croniter's sixth field
AT_A_TIME: Final = 8  # nudges in hand: each takes a few reads, or waits a moment for a seat
MOST: Final = 100  # that wait for a worker; one is enough to make it take all that it can do
KINDS: Final = 6  # roles: each has its part of them
BEAT_SECONDS, STALLED_SECONDS = 5.0, 20.0
AGAIN_SECONDS: Final = 2.0  # after the server was lost
_KNOWN: Final = "SELECT queueing_lock FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
# Whatever its worker's heart does: a nudge is heard within a second or two, and one whose end was lost on the way to
# the server would stay in hand as long as its worker lives.
_STALLED: Final = (
    "SELECT id FROM procrastinate_jobs AS job WHERE status = 'doing' AND NOT EXISTS (SELECT FROM procrastinate_events "
    "WHERE job_id = job.id AND type = 'started' AND at > now() - make_interval(secs => %(seconds)s))"
)

Heard = Callable[[str], Awaitable[None]]  # what is due: a role's name
Due = Callable[[int], Awaitable["Sequence[tuple[str, str, int]]"]]  # poll: "look", cvr, 0; else role, "", letter


def schema() -> tuple[str, list[tuple[str, str]]]:
    """The engine's tables as SQL, and the steps that lead there from each earlier version, by name and in order."""
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return SchemaManager.get_schema(), [(file.stem, file.read_text()) for file in files]


class Nudges:
    """The engine in this process. `heard` is told of each nudge; `due` says what nobody has."""

    def __init__(self, facts: dict[str, str], clock: Clock, heard: Heard, due: Due) -> None:
        """`facts`: of the database, as libpq has them."""
        options = f"{facts.get('options', '')} -c search_path={SCHEMA} -c synchronous_commit=off".strip()
        self._facts, self._clock, self._heard, self._due = {**facts, "options": options}, clock, heard, due
        self._left = asyncio.Event()
        self._app = self._made()

    async def run(self) -> None:
        """Hands out nudges until it is cancelled. A server that is lost is waited for: nothing depends on this."""
        while True:
            try:
                async with self._app.open_async():
                    await self._work()
            except* Exception as group:  # the engine's trouble is nobody's but its own
                error = group.exceptions[0]
                log().warning("nudges_lost", words=f"{type(error).__name__}: {error}")
            await self._clock.sleep(AGAIN_SECONDS)
            self._app = self._made()

    def left(self) -> None:
        """There is more due than this worker takes: the others are told soon."""
        self._left.set()

    async def sweep(self) -> int:
        """How many nudges were deferred: of what is due, is nobody's, and has none."""
        known = {row["queueing_lock"] for row in await self._app.connector.execute_query_all_async(query=_KNOWN)}
        jobs = [self._job(*one) for one in await self._due(MOST // KINDS)] if len(known) < MOST else []
        new = {job.queueing_lock: job for job in jobs if job.queueing_lock not in known}
        if new:
            await self._defer(list(new.values()))
        return len(new)

    # --- within ---

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self._tell(), name="nudges")
            try:
                await self._app.run_worker_async(
                    concurrency=AT_A_TIME, install_signal_handlers=False, fetch_job_polling_interval=1.0,
                    delete_jobs="always", shutdown_graceful_timeout=1.0, update_heartbeat_interval=BEAT_SECONDS,
                    stalled_worker_timeout=STALLED_SECONDS,
                )  # fmt: skip
            finally:
                telling.cancel()

    def _made(self) -> App:
        facts: Any = self._facts
        app = App(connector=PsycopgConnector(conninfo="", kwargs=facts, min_size=1, max_size=3, timeout=5.0))

        async def poll(cvr: str) -> None:
            await self._heard("look")

        async def deliver(letter: int, role: str) -> None:
            await self._heard(role)

        async def sweep(timestamp: int) -> None:
            await self._hand_out_again()
            await self.sweep()

        self._poll: Task[Any, Any, Any] = app.task(name=POLL)(poll)
        self._deliver: Task[Any, Any, Any] = app.task(name=DELIVER)(deliver)
        app.periodic(cron=EACH_SECOND)(app.task(name=SWEEP, queueing_lock=SWEEP)(sweep))
        return app

    def _job(self, role: str, cvr: str, letter: int) -> Job:
        if cvr:
            name = f"{POLL} {cvr}"
            return self._poll.configure(lock=name, queueing_lock=name).make_new_job(cvr=cvr)
        name = f"{DELIVER} {letter}"
        return self._deliver.configure(lock=name, queueing_lock=name).make_new_job(letter=letter, role=role)

    async def _defer(self, jobs: list[Job]) -> None:
        manager = self._app.job_manager
        try:
            await manager.batch_defer_jobs_async(jobs=jobs)
        except AlreadyEnqueued:  # another sweep was quicker with one of them
            for job in jobs:
                with suppress(AlreadyEnqueued):
                    await manager.defer_job_async(job=job)

    async def _hand_out_again(self) -> None:
        """What somebody has had in hand for too long, dead or not."""
        manager = self._app.job_manager
        for row in await self._app.connector.execute_query_all_async(query=_STALLED, seconds=STALLED_SECONDS):
            try:
                await manager.retry_job_by_id_async(row["id"], retry_at=self._clock.now())
            except ConnectorException:  # the same nudge waits already, or its worker has come back and ended it
                with suppress(ConnectorException):
                    await manager.finish_job_by_id_async(row["id"], Status.ABORTED, delete_job=True)

    async def _tell(self) -> None:
        while True:
            await self._left.wait()
            self._left.clear()
            with suppress(ConnectorException):
                await self.sweep()
            await self._clock.sleep(0.2)
