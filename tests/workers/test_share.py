"""What one worker takes of what is due, beside the others."""

import asyncio
from contextlib import ExitStack
from functools import partial
from types import SimpleNamespace
from typing import Any

from nemboks.workers.worker import SHARE, Worker
from tests.daemon.test_work import Queue, _letters


async def test_letters_that_may_not_go_hide_nobody_behind_them() -> None:
    """More of them than a worker's share lead to a dead server and are the oldest: the one behind them goes."""
    queue = Queue(*_letters(1, 60), *_letters(2, 1))
    work: Any = queue.work
    work.enter = lambda row: ExitStack() if row.mailbox != 1 else None
    me: Any = SimpleNamespace(_more_of=set())
    work.due = partial(Worker._modestly, me, work, work.due)
    assert SHARE * work.seats < 60
    queue.go.set()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for _ in range(20):
            work.look()
            await work.fill(group)

    assert [box for box, _ in queue.taken] == [2]
