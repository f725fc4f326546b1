"""Scheduling and store alone: many mailboxes, and an Inbox that answers at once that there is nothing.

The daemon is the real one with its real ledger, in a process of its own; only its neighbours are missing: no network,
and no look at addresses. The mailboxes' looks lie evenly over the poll interval of 300 s.
"""

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.filled import due_between, fill
from bench.judge import OK
from bench.place import Place, place
from bench.processes import memory
from bench.runs import Ground, Run, asked
from nemboks.daemon.notify import Systemd
from nemboks.daemon.run import Daemon
from nemboks.domain.mailbox import Mailbox
from nemboks.ports import Listed
from nemboks.settings import Settings
from nemboks.wiring import Services, services

POLL_SECONDS = 300.0
FEW, MANY, VERY_MANY = 10, 10_000, 100_000


def measure(name: str, ground: Ground) -> Iterator[Run]:
    """Ten mailboxes (what the process costs at all), then many, then very many, in each round."""
    sizes = {FEW: 1.0, 50: 1.0} if ground.small else {FEW: 15.0, MANY: 60.0, VERY_MANY: 30.0}
    room = ground.room(name)
    try:
        for number in range(ground.rounds):
            least = 0.0
            for boxes, window in sizes.items():
                figures = _asked(room / f"{boxes}", boxes, window)
                least = least or figures["memory_kb"]
                if boxes != FEW:
                    figures["kb_per_cvr"] = (figures["memory_kb"] - least) / boxes
                looked, wanted = figures.pop("looked"), window * boxes / POLL_SECONDS
                late = looked < 0.8 * wanted - 1
                yield Run(name, f"{boxes:,} CVRs", number, f"only {looked:.0f} looks" if late else OK, figures)
    finally:
        shutil.rmtree(room)


def _asked(folder: Path, boxes: int, window: float) -> dict[str, float]:
    if not folder.exists():
        with place(folder, "") as made:
            fill(made, boxes)
    due_between(Place(str(folder)), POLL_SECONDS)
    return asked("bench.idle", folder=str(folder), window=window, begun=time.time())


class Nothing:
    """The Inbox port of a mailbox that is always empty; the same for all."""

    keeps, unusable = False, 0

    def __init__(self) -> None:
        self.looked = 0

    async def list(self) -> Sequence[Listed]:
        self.looked += 1
        return ()

    async def news(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None: ...


class Nowhere:
    """The Inboxes port that opens it."""

    def __init__(self) -> None:
        self.inbox: Any = Nothing()

    async def of(self, _: Mailbox) -> Any:
        return self.inbox

    async def close(self) -> None: ...


class Told(Systemd):
    """A service manager that remembers when the daemon was ready."""

    def __init__(self) -> None:
        super().__init__({})
        self.ready = asyncio.Event()

    def say(self, message: str) -> None:
        if message == "READY=1":
            self.ready.set()


def _settings(folder: Path) -> Settings:
    sink = {"host": "localhost", "port": 1, "internal": True}
    return Settings(  # the values are checked like a file's
        state_dir=folder, master_key_file=folder / "master.key", servers={"sink": sink}, notices={"server": "sink"},
    )  # fmt: skip


def _alone(ready: Services, nowhere: Nowhere) -> Services:
    reconciling = ready.world.reconciling
    compare = replace(reconciling, inboxes=nowhere) if reconciling else None
    return replace(ready, world=replace(ready.world, inboxes=nowhere, checking=None, reconciling=compare))


async def _measured(folder: Path, window: float, begun: float) -> dict[str, float]:
    nowhere, told = Nowhere(), Told()
    async with services(_settings(folder)) as ready:
        daemon = Daemon(_alone(ready, nowhere))
        running = asyncio.create_task(daemon.run(told))
        await told.ready.wait()
        start_s, start_cpu = time.time() - begun, time.process_time()
        await asyncio.sleep(window / 4)  # what was put off while it started is done first
        looked, cpu, wall = nowhere.inbox.looked, time.process_time(), time.perf_counter()
        await asyncio.sleep(window)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        looked = nowhere.inbox.looked - looked
        figures = {
            "start_s": start_s, "start_cpu_s": start_cpu, "core_percent": cpu / wall * 100, "looked": looked,
            "memory_kb": memory(os.getpid()) / 1024,
        }  # fmt: skip
        daemon.stopping.set()
        await running
    return figures


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    print(json.dumps(asyncio.run(_measured(Path(given["folder"]), given["window"], given["begun"]))))
