"""The ledger comes back from an old backup: k transactions are gone, for every k, at every moment (RELIABILITY D03).

Where upstream keeps a letter until its receipt, nothing may be lost. Where it forgets a letter with its fetch, only the
ledger knows the way back to what lies in the spool: what is lost then is counted, and told apart by whether the
program says so (VANISHED, an alarm) or cannot know of it (there is no row).
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nemboks.store.spool import Spool
from nemboks.store.store import Store
from tests.power.cut import clear, lay
from tests.power.disk import Choice, Disk
from tests.power.judge import Facts, judge
from tests.power.machine import MODES, Machine, Moment, Recording, durability, record, town_at
from tests.power.tally import Image, Tally
from tests.power.ways import FORGETS, ON_RECEIPT, WAYS

LEDGER: Final = "nemboks.db"
KEEPS: Final = (ON_RECEIPT, "rest, eventually", "imap")  # upstream has a letter until its receipt
ALL: Final = (*KEEPS, "rest, on-fetch", FORGETS)


@dataclass(frozen=True)
class Commit:
    """The disk right after a commit, and the world when the next call on the disk came."""

    image: Image
    moment: Moment


def commits(recording: Recording) -> Iterator[Commit]:
    """The last commit before any letter was known, and every one after it, in order; of a life in DELETE mode."""
    disk, over = Disk(), False
    ends = [n for n, op in enumerate(recording.ops) if (op.act, op.path) == ("unlink", f"{LEDGER}-journal")]
    first = max(n for n in ends if n < recording.first)
    for number, op in enumerate(recording.ops):
        if over:
            yield Commit(disk.after(Choice()), recording.moments[op.moment])
        disk.do(op)
        over = number >= first and number in ends
    yield Commit(disk.after(Choice()), recording.moments[-1])


async def roll_back(recording: Recording, now: Commit, then: Commit, root: Path, keeps: bool, tally: Tally) -> None:
    """The machine as it is now, with the ledger of then; what became of it goes to the tally."""
    known = await known_at(recording, now, root.with_name("known"))
    lay({**now.image, LEDGER: then.image[LEDGER]}, root)
    town, journal = town_at(recording, now.moment), list(recording.journal[: now.moment.journal])
    before: list[Facts] = []

    async def look(store: Store, spool: Spool) -> None:
        await store.check()
        before.append(await Facts.of(store))

    tally.restarts += 1
    try:
        await Machine(root, town, recording.keys, journal).life(look)
        judge(town, known, before, keeps, tally)
    except Exception as error:
        tally.fail(tally.restarts, root.name, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
    clear(root)


async def known_at(recording: Recording, now: Commit, root: Path) -> Facts:
    """What the ledger says at that commit."""
    lay(now.image, root)
    town = town_at(recording, now.moment)
    async with Machine(root, town, recording.keys, []).process() as (store, _):
        facts = await Facts.of(store)
    clear(root)
    return facts


async def every(at: Path, arguments: argparse.Namespace, step: int = 1, ways: Sequence[str] = ALL) -> Tally:
    """Every moment, every k; a step over one leaves moments out."""
    total, step = Tally(), max(step, arguments.every)
    for number, name in enumerate(ways):
        root, tally = at / str(number), Tally()
        root.mkdir()
        with durability(*MODES["delete"]):
            recording = await record(WAYS[name], root / "life")
            states = list(commits(recording))
            for t in range(len(states) - 1, 0, -step):
                for k in (*range(1, t, step), t):
                    await roll_back(recording, states[t], states[t - k], root / f"{t}-{k}", name in KEEPS, tally)
        cells = ", ".join(f"{what} {n}" for what, n in sorted(tally.cells.items()))
        tally.say(
            f"{name}: {len(states)} commits, {tally.restarts} roll-backs; letters: {cells}; {tally.copies} copies"
        )
        tally.cells = Counter({f"{name}: {what}": n for what, n in tally.cells.items()})
        total.add(tally)
    return total
