"""What one look into a mailbox costs on a connection that is kept: the program's own Inbox, the store left out.

IMAP from a private Dovecot, one kept connection a mailbox; REST from the simulator, keep-alive. All mailboxes are
empty. The process that is measured does nothing else; what its neighbours use is not counted.
"""

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.contenders import Job, nemboks
from bench.dovecot import dovecot
from bench.judge import OK
from bench.letters import cvrs
from bench.processes import Missing, has, memory
from bench.runs import Ground, Run, asked
from bench.simulator import UNHURRIED, simulator
from nemboks.cli.bench import bench_settings
from nemboks.ports import Inbox
from nemboks.settings import Settings, load
from nemboks.wiring import services

BOXES, TIMES, AT_A_TIME = 200, 20, 8


def measure(name: str, ground: Ground) -> Iterator[Run]:
    """Both faces in each round. Missing where there is no Dovecot, after the rounds of REST."""
    boxes, times = (3, 2) if ground.small else (BOXES, TIMES)
    room = ground.room(name)
    try:
        with simulator(room, boxes) as rest:
            settings = rest.settings(room / "rest", ground.certificates.ca, 1, UNHURRIED)
            for number in range(ground.rounds):
                yield _run(name, "REST, keep-alive", number, settings, boxes, times)
        if not has("dovecot"):
            raise Missing("dovecot is not installed")
        with dovecot(room, ground.certificates) as upstream:
            users = cvrs(boxes)
            upstream.prepare(users)
            (room / "imap").mkdir()
            job = Job(room / "imap", users, ground.certificates.ca, upstream.imap, None, 1, 1, ground.program)
            nemboks(job)  # for the contract that it writes
            for number in range(ground.rounds):
                yield _run(name, "IMAP, kept connection", number, room / "imap" / "job.json", boxes, times)
    finally:
        shutil.rmtree(room)


def _run(name: str, contender: str, number: int, settings: Path, boxes: int, times: int) -> Run:
    figures = asked("bench.poll", settings=str(settings), times=times)
    looked = figures.pop("looked")
    verdict = OK if looked == boxes * times else f"{looked:.0f} looks of {boxes * times}"
    return Run(name, contender, number, verdict, figures)


async def _measured(settings: Settings, times: int) -> dict[str, float]:
    async with services(settings) as ready:
        world = ready.world
        before = memory_now()
        boxes = await world.mailboxes.all()
        inboxes = [await world.inboxes.of(box) for box in boxes]
        cpu = time.process_time()
        await _look(inboxes, 1)
        connect = time.process_time() - cpu
        kept = (memory_now() - before) / len(inboxes)
        cpu, wall = time.process_time(), time.perf_counter()
        looked = await _look(inboxes, times)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu_ms_per_poll": cpu / looked * 1e3, "polls_per_s": looked / wall, "looked": looked,
            "connect_cpu_ms": connect / len(inboxes) * 1e3, "kb_per_connection": kept / 1024}  # fmt: skip


async def _look(inboxes: Sequence[Inbox], times: int) -> int:
    """How many listings were empty, as they should be."""
    waiting = iter([inbox for _ in range(times) for inbox in inboxes])
    empty = 0

    async def seat() -> None:
        nonlocal empty
        for inbox in waiting:
            listed = await inbox.list()
            empty += not listed

    async with asyncio.TaskGroup() as group:
        for _ in range(min(AT_A_TIME, len(inboxes))):
            group.create_task(seat())
    return empty


def memory_now() -> int:
    """Bytes of this process."""
    return memory(os.getpid())


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    told = Path(given["settings"])
    chosen = bench_settings(told) if told.suffix == ".json" else load(told, environ={})
    print(json.dumps(asyncio.run(_measured(chosen, given["times"]))))
