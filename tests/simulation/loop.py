"""An event loop without a machine: time jumps to the next timer, and tasks that are ready take turns by a seed.

Promises: the same seed and the same program bring the same order of steps, in every process; no real time passes, no
socket, thread or file descriptor is touched by the loop itself. A program that waits for something that can never
come raises `Deadlock` instead of hanging.

What is shuffled: the steps of tasks. asyncio gives no promise about which of two ready tasks runs first, so any order
is one that production may see. Other callbacks keep their places: transports rely on the order of `call_soon`.
"""

import asyncio
import contextlib
import heapq
from asyncio import events
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")
DAY = 86_400.0


class Deadlock(Exception):
    """Nothing is ready and no timer is set: whoever waits, waits for ever."""


class TooLong(Exception):
    """The loop took more steps than the run may take: something spins."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs on a heap of timers and a random number. `steps` counts what ran; `before_step` sees each before it runs."""

    def __init__(self, seed: int, most_steps: int = 2_000_000) -> None:
        super().__init__()
        self._virtual = 0.0
        self._random = Random(f"loop {seed}")
        self._clock_resolution = 1e-9
        self.steps, self.most_steps = 0, most_steps
        self.before_step: Callable[[int], None] | None = None
        self.set_exception_handler(self._remember)
        self.complaints: list[dict[str, Any]] = []  # what asyncio would have logged: a test that has any has failed

    # --- what the base class asks of a loop ---

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual

    def _run_once(self) -> None:
        self._due()
        ready, self._ready = self._in_turns(), type(self._ready)()
        for handle in ready:
            if handle._cancelled:
                continue
            self.steps += 1
            if self.steps > self.most_steps:
                raise TooLong(f"{self.steps} steps")
            if self.before_step is not None:
                self.before_step(self.steps)
            handle._run()
            if self._stopping:
                # What did not run yet stays first in the line, as in a loop that was stopped between two callbacks.
                self._ready.extendleft(reversed([x for x in ready[ready.index(handle) + 1 :] if not x._cancelled]))
                return

    def _due(self) -> None:
        """Moves what is due to the ready ones; jumps to the next timer if nothing else is ready."""
        timers = self._scheduled
        while timers and timers[0]._cancelled:
            self._forget(heapq.heappop(timers))
        if not self._ready and not self._stopping:
            if not timers:
                raise Deadlock("nothing is ready and nothing will be")
            self._virtual = max(self._virtual, timers[0]._when)
        while timers and timers[0]._when <= self._virtual:
            handle = heapq.heappop(timers)
            self._forget(handle)
            if not handle._cancelled:
                self._ready.append(handle)

    def _forget(self, handle: events.TimerHandle) -> None:
        handle._scheduled = False
        if handle._cancelled:
            self._timer_cancelled_count = max(0, self._timer_cancelled_count - 1)

    def _in_turns(self) -> list[events.Handle]:
        """The ready handles; those that are steps of tasks in an order by the seed, each in a place of such a one."""
        handles = list(self._ready)
        places = [n for n, handle in enumerate(handles) if _is_step(handle)]
        if len(places) > 1:
            steps = [handles[n] for n in places]
            self._random.shuffle(steps)
            for place, handle in zip(places, steps, strict=True):
                handles[place] = handle
        return handles

    def _process_events(self, event_list: Any) -> None:
        raise AssertionError("there is no selector")

    def _write_to_self(self) -> None:
        pass

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Any = None) -> events.Handle:
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:
        """Done here and now: a simulation has one thread."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    async def shutdown_default_executor(self) -> None:
        pass

    def add_signal_handler(self, sig: int, callback: Callable[..., Any], *args: Any) -> None:
        """Kept, so that a run may send the signal."""
        self.signals[sig] = lambda: callback(*args)

    def remove_signal_handler(self, sig: int) -> bool:
        return self.signals.pop(sig, None) is not None

    @property
    def signals(self) -> dict[int, Callable[[], Any]]:
        """Who hears which signal."""
        return self.__dict__.setdefault("_signals", {})  # type: ignore[no-any-return]

    def _remember(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.complaints.append(context)


def _is_step(handle: events.Handle) -> bool:
    return isinstance(getattr(handle._callback, "__self__", None), asyncio.Task)


def run(loop: VirtualLoop, main: Coroutine[Any, Any, T], dies: type[BaseException] | None = None) -> T | None:
    """What `main` brings; None if it was killed by `dies`. Everything that still runs is then gone without a word.

    A killed process runs no `finally`. Python cannot do that to a coroutine, so the tasks are closed with the loop
    already deaf: whatever they do while they unwind must meet ports that are dead too (tests/crash/fuse.py).
    """
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    except BaseException as error:
        if dies is None or not isinstance(error, dies):
            raise
        return None
    finally:
        asyncio.set_event_loop(None)


def bury(loop: VirtualLoop) -> None:
    """Forgets everything that runs or waits on the loop, and closes it; nothing of it is heard of again."""
    loop._ready.clear()
    loop._scheduled.clear()
    for task in asyncio.all_tasks(loop):
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        coroutine = task.get_coro()
        with contextlib.suppress(BaseException):  # what unwinds meets dead ports, and says so
            coroutine.close()
    loop._ready.clear()
    loop.close()
