"""What a letter costs in the ledger, from found to acknowledged, when the ledger is empty and when it is large.

The CPU is the program's and, on a PostgreSQL server of this machine, that of the server's processes that work for it.
"""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence

from bench.filled import CLOCK, fill
from bench.judge import OK
from bench.place import Place, place
from bench.runs import Ground, Run, asked
from bench.store_moves import carry
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Mailbox
from nemboks.ports import Listed
from nemboks.store.store import Store

BASE = "empty ledger"
LARGE, LETTERS, IN_FLIGHT, BOXES = 1_000_000, 2_000, 16, 1_000


def measure(name: str, ground: Ground) -> Iterator[Run]:
    """In each round first the empty ledger, then the large one; both are made once and grow a little."""
    size, letters, boxes = (300, 16, IN_FLIGHT) if ground.small else (LARGE, LETTERS, BOXES)
    room = ground.room(name)
    full = f"{size:,} letters"
    try:
        with place(room / "empty", ground.url) as empty, place(room / "large", ground.url) as large:
            fill(empty, boxes)
            fill(large, boxes, size)
            for number in range(ground.rounds):
                for contender, where in ((BASE, empty), (full, large)):
                    figures = asked("bench.growth", letters=letters, round=number, **where.given())
                    moved = figures.pop("acknowledged")
                    verdict = OK if moved == letters else f"{letters - moved:.0f} were not acknowledged"
                    figures["ledger_mb"] = where.size() / 1e6
                    yield Run(name, contender, number, verdict, figures)
    finally:
        shutil.rmtree(room)


async def _measured(where: Place, letters: int, turn: int) -> dict[str, float]:
    store = where.open()
    boxes = [one for one in await store.mailboxes.all() if one.id <= IN_FLIGHT]
    await _moved(store, boxes, IN_FLIGHT, f"warm-{turn}")
    cpu, wall, server = time.process_time(), time.perf_counter(), where.server_cpu()
    done = await _moved(store, boxes, letters, f"round-{turn}")
    spent = time.process_time() - cpu + where.server_cpu() - server, time.perf_counter() - wall
    await store.close()
    return {"cpu_us_per_letter": spent[0] / letters * 1e6, "wall_us_per_letter": spent[1] / letters * 1e6,
            "acknowledged": done}  # fmt: skip


async def _moved(store: Store, boxes: Sequence[Mailbox], letters: int, name: str) -> int:
    """How many went the whole way: a listing brings one letter, and sixteen are in flight."""
    done = 0
    for start in range(0, letters, len(boxes)):
        now = CLOCK.now()
        for box in boxes[: letters - start]:
            await store.letters.found(box, [Listed(f"{name}-{start}")], now, now)
        found = await store.letters.due(State.FOUND, CLOCK.now(), len(boxes))
        async with asyncio.TaskGroup() as group:
            for letter in found:
                group.create_task(carry(store, boxes[letter.mailbox - 1], letter))
        done += len(found)
    return done


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    where = Place(given["folder"], given["url"])
    print(json.dumps(asyncio.run(_measured(where, given["letters"], given["round"]))))
