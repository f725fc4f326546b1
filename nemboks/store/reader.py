"""Reads beside the writer, on a connection that cannot write (D3). Each read is one short snapshot.

In DELETE mode a reader holds the writer's COMMIT up, so a read stays under 100 ms: bounded lists, indexed searches.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection

from nemboks.store.connect import translated
from nemboks.store.turns import Turns

T = TypeVar("T")


class Reader:
    """Runs plain functions on the read connection: on one thread of its own, or inline."""

    def __init__(self, tx: Connection, threaded: bool, turns: Turns) -> None:
        self._tx, self._turns = tx, turns
        self._executor: Executor = ThreadPoolExecutor(1, "store-reader") if threaded else _Inline()

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """What `fn` brings; all its reads see one state of the ledger. StoreBusy, StoreBroken."""
        job = self._executor.submit(self._snapshot, fn)
        if job.done():  # always so inline: a deterministic simulation must not be given a turn of the loop here
            return job.result()
        return await asyncio.wrap_future(job)

    async def close(self) -> None:
        await asyncio.wrap_future(self._executor.submit(self._tx.close))
        self._executor.shutdown(wait=False)

    def _snapshot(self, fn: Callable[[Connection], T]) -> T:
        try:
            with self._turns.turn():
                self._tx.exec_driver_sql("BEGIN")
                try:
                    return fn(self._tx)
                finally:
                    self._tx.exec_driver_sql("ROLLBACK")
        except Exception as error:
            raise translated(error) from error


class _Inline(Executor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        job: Future[Any] = Future()
        try:
            job.set_result(fn(*args, **kwargs))
        except Exception as error:
            job.set_exception(error)
        return job
