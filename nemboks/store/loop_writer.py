"""The writer of a ledger in a file, for a daemon: small steps on the loop's own thread, the disk on another.

A step of a letter is some ten statements on pages that lie in memory. On a thread of their own they cost several times
as much, for each lets go of the interpreter and then waits for it while the loop works. So the loop runs them itself,
between two commits; COMMIT, which waits for the disk, and units that may be long run on a thread beside it.

Promises what writer.py promises. The connection is the loop's or the thread's, never both's.
"""

import asyncio
import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from nemboks.store.ballast import Ballast
from nemboks.store.connect import BUSY_SECONDS, FileLine
from nemboks.store.errors import StoreBroken, StoreBusy, StoreError, StoreFull
from nemboks.store.line import never
from nemboks.store.turns import Turns
from nemboks.store.writer import GROUP, Outcome, Transactions, seen

T = TypeVar("T")
Tx = Connection
SLICE_SECONDS: Final = 0.004  # after so long no further step joins the transaction: the loop has other things to do


@dataclass(eq=False, slots=True)
class _Job:
    fn: Callable[[Tx], Any]
    future: "asyncio.Future[Any]"
    small: bool
    must: bool = False


class LoopWriter:
    """A Writer, and small reads beside it. Serves one event loop."""

    def __init__(self, line: FileLine, turns: Turns | None = None, ballast: Ballast | None = None) -> None:
        """`ballast`: what is given up on a full disk for a step that must be written."""
        self._ballast = ballast
        line.waits(0)  # the loop never does
        self._line = line
        self._transactions = Transactions(line, self._patient, turns)
        self._jobs: deque[_Job] = deque()
        self._looks: deque[tuple[Callable[[Tx], Any], asyncio.Future[Any]]] = deque()
        self._lent = self._slow = False  # the connection is the thread's; it may take long
        self._woken = False  # a turn of ours is coming
        self._loop: asyncio.AbstractEventLoop | None = None
        self._settled = asyncio.Event()
        self._closing = False
        self._beside: queue.SimpleQueue[tuple[list[_Job], list[Any] | None] | None] = queue.SimpleQueue()
        # A daemon thread: a process that dies unclosed must not wait for it. The store is made for that.
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    async def unit(self, fn: Callable[[Tx], T]) -> T:
        """As Writer has it."""
        answer: T = await self._asked(fn, small=False)
        return answer

    async def step(self, fn: Callable[[Tx], T], must: bool = False) -> T:
        """As Writer has it."""
        answer: T = await self._asked(fn, small=True, must=must)
        return answer

    async def glance(self, fn: Callable[[Tx], T]) -> T:
        """What `fn` reads of what is committed, all of one moment. StoreBusy while another process holds the file, and
        while something long goes on here."""
        if not self._lent and not self._closing:
            return self._shown(fn)
        if self._slow or self._closing:
            raise _busy()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._looks.append((fn, future))
        return await future

    async def close(self) -> None:
        """Finishes what was asked for, then closes the connection."""
        self._closing = True
        while self._lent or self._jobs:
            self._settled.clear()
            await self._settled.wait()
        self._beside.put(None)
        await asyncio.to_thread(self._thread.join)

    # --- on the loop ---

    def _asked(self, fn: Callable[[Tx], T], small: bool, must: bool = False) -> "asyncio.Future[T]":
        """Cancelling it is not rolling back (LIBRARIES 3.7): the queue is the point of no return."""
        if self._closing:
            raise StoreError("the store is closed")
        self._loop = loop = asyncio.get_running_loop()
        job = _Job(fn, loop.create_future(), small, must)
        job.future.add_done_callback(seen)
        self._jobs.append(job)
        self._wake(loop)
        return job.future

    def _wake(self, loop: asyncio.AbstractEventLoop) -> None:
        """What is asked for in the same round of the loop is committed together."""
        if self._jobs and not (self._lent or self._woken):
            self._woken = True
            loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._woken = False
        if self._jobs[0].small and self._transactions.broken is None:
            group, brought = self._ran()
        else:
            group, brought = self._next(small=self._jobs[0].small), None
        self._lent, self._slow = True, brought is None
        self._beside.put((group, brought))

    def _next(self, small: bool) -> list[_Job]:
        """The next ones of that kind, as many as go together."""
        group: list[_Job] = []
        while self._jobs and self._jobs[0].small is small and len(group) < GROUP:
            group.append(self._jobs.popleft())
        return group

    def _ran(self) -> tuple[list[_Job], list[Any] | None]:
        """Small steps in an open transaction, and what they brought; None: nothing is open, the thread runs them."""
        group: list[_Job] = []
        brought: list[Any] = []
        loop = self._jobs[0].future.get_loop()
        end = loop.time() + SLICE_SECONDS
        try:
            tx = self._line.begin(never)
            while self._jobs and self._jobs[0].small and len(group) < GROUP:
                group.append(self._jobs.popleft())
                brought.append(group[-1].fn(tx))
                if loop.time() > end:
                    break
        except BaseException as error:
            self._line.rollback()
            trouble = self._line.told(error)
            if isinstance(trouble, StoreBroken):
                self._transactions.broken = trouble
            elif not isinstance(error, Exception):
                self._jobs.extendleft(reversed(group[:-1]))  # those that are not to blame
                self._wake(loop)
                raise
            return group or self._next(small=True), None
        return group, brought

    def _shown(self, fn: Callable[[Tx], T]) -> T:
        try:
            return fn(self._line.snapshot(never))
        except Exception as error:
            raise self._line.told(error) from error
        finally:
            self._line.rollback()

    def _answered(self, group: Sequence[_Job], outcomes: Sequence[Outcome]) -> None:
        self._lent = self._slow = False
        for job, outcome in zip(group, outcomes, strict=True):
            if job.future.done():
                continue
            if outcome.error is not None:
                job.future.set_exception(outcome.error)
            else:
                job.future.set_result(outcome.value)
        while self._looks:
            fn, future = self._looks.popleft()
            if not future.done():
                self._look(fn, future)
        self._settled.set()
        self._wake(group[0].future.get_loop())

    def _look(self, fn: Callable[[Tx], Any], future: "asyncio.Future[Any]") -> None:
        try:
            future.set_result(self._shown(fn))
        except Exception as error:
            future.set_exception(error)

    def _let_looks_go(self) -> None:
        if self._lent:
            self._slow = True
            while self._looks:
                _, future = self._looks.popleft()
                if not future.done():
                    future.set_exception(_busy())

    # --- on the thread ---

    def _work(self) -> None:
        while (given := self._beside.get()) is not None:
            group, brought = given
            self._line.waits(BUSY_SECONDS)
            outcomes = self._transactions.run([job.fn for job in group], brought)
            outcomes = [self._relieved(job, one) for job, one in zip(group, outcomes, strict=True)]
            self._line.waits(0)
            with contextlib.suppress(RuntimeError):  # the loop is gone: the commit stands, nobody is left to hear of it
                group[0].future.get_loop().call_soon_threadsafe(self._answered, group, outcomes)
            if self._ballast:
                self._ballast.again()
        self._transactions.close()

    def _relieved(self, job: _Job, outcome: Outcome) -> Outcome:
        """The outcome; of what must be written, after the ballast was given up for it alone."""
        if not (job.must and self._ballast and isinstance(outcome.error, StoreFull)):
            return outcome
        return self._transactions.run([job.fn], relief=self._ballast.drop)[0]

    def _patient(self) -> bool:
        """Asked whenever SQLite has waited in vain. While the daemon lives it waits for the file as long as it takes: a
        confirmation must be written (D01). Who only wants to look does not wait with it."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._let_looks_go)
        return not self._closing


def _busy() -> StoreBusy:
    return StoreBusy("the ledger's writer is at work; ask on the other connection")
