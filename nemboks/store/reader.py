"""Reads beside the writer, on a connection that cannot write (D3). Each read is one short snapshot.

In DELETE mode a reader holds the writer's COMMIT up, so a read stays under 100 ms: bounded lists, indexed searches.
A server that is away is waited for, as the writer does: whoever asks has nothing to do without the ledger.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Connection

from nemboks.store.errors import StoreAway, StoreBusy
from nemboks.store.line import Line
from nemboks.store.turns import Turns

T = TypeVar("T")
Near = Callable[[Callable[[Connection], Any]], Awaitable[Any]]


class Reader:
    """Runs plain functions on the read connection: on one thread of its own, or inline."""

    def __init__(self, line: Line, threaded: bool, turns: Turns, near: Near | None = None) -> None:
        """`near`: reads on the loop's own thread; StoreBusy when it cannot."""
        self._line, self._turns, self._near = line, turns, near
        self._patient = threaded
        self._executor: Executor = ThreadPoolExecutor(1, "store-reader") if threaded else _Inline()

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """What `fn` brings; all its reads see one state of the ledger. StoreBusy, StoreAway, StoreBroken."""
        job = self._executor.submit(self._snapshot, fn)
        if job.done():  # always so inline: a deterministic simulation must not be given a turn of the loop here
            return job.result()
        return await asyncio.wrap_future(job)

    async def glance(self, fn: Callable[[Connection], T]) -> T:
        """`read` for what takes a millisecond: a few rows, found by an index."""
        if self._near is not None:
            with suppress(StoreBusy):  # another process commits
                brought: T = await self._near(fn)
                return brought
        return await self.read(fn)

    def hurry(self) -> None:
        """From now on a server that is away is an error at once: nobody has time to wait for it."""
        self._patient = False

    async def close(self) -> None:
        self.hurry()
        await asyncio.wrap_future(self._executor.submit(self._line.close))
        self._executor.shutdown(wait=False)

    def _snapshot(self, fn: Callable[[Connection], T]) -> T:
        while True:
            try:
                with self._turns.turn():
                    try:
                        return fn(self._line.snapshot(lambda: self._patient))
                    finally:
                        self._line.rollback()
            except Exception as error:
                trouble = self._line.told(error)
                if not (isinstance(trouble, StoreAway) and self._patient):
                    raise trouble from error


class _Inline(Executor):
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        job: Future[Any] = Future()
        try:
            job.set_result(fn(*args, **kwargs))
        except Exception as error:
            job.set_exception(error)
        return job
