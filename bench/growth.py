"""What a letter costs in the ledger, from found to acknowledged, when the ledger is empty and when it is large."""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.filled import CLOCK, ledger
from bench.judge import OK
from bench.runs import Ground, Run, asked
from bench.store_moves import carry
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Mailbox
from nemboks.ports import Listed
from nemboks.store.store import Store
from nemboks.store.vault import Vault

BASE = "empty ledger"
LARGE, LETTERS, IN_FLIGHT, BOXES = 1_000_000, 2_000, 16, 1_000


def measure(name: str, ground: Ground) -> Iterator[Run]:
    """In each round first the empty ledger, then the large one, which is made once and keeps growing a little."""
    size, letters, boxes = (300, 16, IN_FLIGHT) if ground.small else (LARGE, LETTERS, BOXES)
    room = ground.room(name)
    full = f"{size:,} letters"
    try:
        large = ledger(room / "large", boxes, size)
        for number in range(ground.rounds):
            empty = ledger(room / f"empty-{number}", boxes, 0)
            for contender, folder in ((BASE, empty), (full, large)):
                figures = asked("bench.growth", folder=str(folder), letters=letters, round=number)
                moved = figures.pop("acknowledged")
                verdict = OK if moved == letters else f"{letters - moved:.0f} were not acknowledged"
                figures["ledger_mb"] = (folder / "nemboks.db").stat().st_size / 1e6
                yield Run(name, contender, number, verdict, figures)
    finally:
        shutil.rmtree(room)


async def _measured(folder: Path, letters: int, turn: int) -> dict[str, float]:
    store = Store.open(folder / "nemboks.db", Vault.load(folder / "master.key"), CLOCK)
    boxes = [one for one in await store.mailboxes.all() if one.id <= IN_FLIGHT]
    await _moved(store, boxes, IN_FLIGHT, f"warm-{turn}")
    cpu, wall = time.process_time(), time.perf_counter()
    done = await _moved(store, boxes, letters, f"round-{turn}")
    spent = time.process_time() - cpu, time.perf_counter() - wall
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
    print(json.dumps(asyncio.run(_measured(Path(given["folder"]), given["letters"], given["round"]))))
