"""One writer per process: the only way to change the ledger (D3).

Promises: a unit is a plain function that runs inside one transaction and is answered only after COMMIT has returned;
a unit that raises changes nothing and spoils no other; once asked for, a unit is done even if the asker is cancelled.
Fatal here: a failed fsync. What lies on the disk is then unknown, so everything waiting is refused and so is all
that follows; the process must stop.
Never: an await inside a transaction, a second write connection in this process.

A unit may run twice (alone, after another of its group failed; or when the database server was lost in between), so
it touches nothing but its transaction.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Connection

from nemboks.store.errors import StoreAway, StoreBroken, StoreError, StoreFull, StoreUnknown
from nemboks.store.line import Line, Patient, never
from nemboks.store.turns import Turns

T = TypeVar("T")
Tx = Connection
GROUP: Final = 64  # more at a time saves nothing: the commit's share is under 1 % of a letter by then (SPIKES C)


class Writer(Protocol):
    """Runs units, each in one committed transaction."""

    async def unit(self, fn: Callable[[Tx], T]) -> T:
        """What `fn` brings, after the commit; what it raises, after the rollback. StoreError if the store cannot."""
        ...

    async def step(self, fn: Callable[[Tx], T], must: bool = False) -> T:
        """`unit` for what takes a millisecond: a few rows, found by an index. `must`: it is worth the last room on a
        full disk."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a unit ended: a value that is committed, or an error and nothing changed (but for a StoreUnknown)."""

    value: Any = None
    error: BaseException | None = None

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


class Transactions:
    """Groups of units on one connection. `patient`: whether to wait on while the database is busy or away."""

    def __init__(self, line: Line, patient: Patient, turns: Turns | None = None) -> None:
        self._line, self._patient, self._turns = line, patient, turns or Turns()
        self.broken: StoreBroken | None = None

    def run(
        self, units: Sequence[Callable[[Tx], Any]], brought: list[Any] | None = None,
        relief: Callable[[], bool] = never,
    ) -> list[Outcome]:  # fmt: skip
        """One outcome for each unit: all in one transaction, or each in its own if one of them raised.

        `brought`: what they brought in the transaction that is open, and is only to be committed. `relief`: makes some
        room on a full disk; whether it could.
        """
        if self.broken:
            self._line.rollback()  # what they may have brought
            return [Outcome(error=self.broken) for _ in units]
        trouble: BaseException | None = None
        while (
            trouble is None
            or (isinstance(trouble, StoreAway) and self._patient())
            or (isinstance(trouble, StoreFull) and relief())
        ):
            try:  # when the server was lost, nothing was kept; the next BEGIN waits until it is back
                return [Outcome(value) for value in self._transaction(units, brought)]
            except Exception as error:
                trouble, brought = self._line.told(error), None
        if isinstance(trouble, StoreBroken):
            self.broken = trouble
        if isinstance(trouble, StoreBroken | StoreUnknown) or len(units) == 1:
            return [Outcome(error=trouble) for _ in units]
        return [outcome for unit in units for outcome in self.run([unit])]

    def close(self) -> None:
        self._line.close()

    def _transaction(self, units: Sequence[Callable[[Tx], Any]], brought: list[Any] | None) -> list[Any]:
        values = brought
        try:
            if values is None:
                tx = self._line.begin(self._patient)
                values = [unit(tx) for unit in units]
            with self._turns.turn():
                self._line.commit(self._patient)
        except BaseException:
            self._line.rollback()
            raise
        return values


class InlineWriter:
    """A Writer without a thread: for the CLI, and for a simulation that must be deterministic."""

    def __init__(self, line: Line) -> None:
        self._transactions = Transactions(line, patient=never)

    async def unit(self, fn: Callable[[Tx], T]) -> T:
        outcome: T = self._transactions.run([fn])[0].result()
        return outcome

    async def step(self, fn: Callable[[Tx], T], must: bool = False) -> T:
        return await self.unit(fn)

    async def close(self) -> None:
        self._transactions.close()


_Job = tuple[Callable[[Tx], Any], "asyncio.Future[Any]"]


class ThreadWriter:
    """A Writer on a thread of its own, which commits together what arrives together. Serves one event loop."""

    def __init__(self, line: Line, turns: Turns | None = None) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closing = False
        # While the daemon lives it waits for the database as long as it takes: a confirmation must be written (D01).
        self._transactions = Transactions(line, patient=lambda: not self._closing, turns=turns)
        # A daemon thread: a process that dies unclosed must not wait for it. The store is made for that.
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    async def unit(self, fn: Callable[[Tx], T]) -> T:
        if self._closing:
            raise StoreError("the store is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        future.add_done_callback(seen)
        self._jobs.put((fn, future))
        return await future  # cancelling it is not rolling back (LIBRARIES 3.7): the queue is the point of no return

    async def step(self, fn: Callable[[Tx], T], must: bool = False) -> T:
        return await self.unit(fn)

    async def close(self) -> None:
        """Finishes what was asked for, then closes the connection."""
        if not self._closing:
            self._closing = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        open_ = True
        while open_:
            jobs, open_ = self._next_group()
            if jobs:
                self._answer(jobs, self._transactions.run([fn for fn, _ in jobs]))
        self._transactions.close()

    def _next_group(self) -> tuple[list[_Job], bool]:
        """What is waiting, and whether more may follow. No lingering for more: it saved under 3 % (SPIKES C)."""
        jobs: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) == GROUP:
                return jobs, True
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return jobs, True
        return jobs, False

    @staticmethod
    def _answer(jobs: Sequence[_Job], outcomes: Sequence[Outcome]) -> None:
        """Hands all answers to the loop in one wake-up."""

        def settle() -> None:
            for (_, future), outcome in zip(jobs, outcomes, strict=True):
                if future.done():
                    continue
                if outcome.error is not None:
                    future.set_exception(outcome.error)
                else:
                    future.set_result(outcome.value)

        with contextlib.suppress(RuntimeError):  # the loop is gone: the commit stands, nobody is left to hear of it
            jobs[0][1].get_loop().call_soon_threadsafe(settle)


def seen(future: "asyncio.Future[Any]") -> None:
    """An asker that was cancelled never looks; asyncio would complain about its unread error."""
    if not future.cancelled():
        future.exception()
