"""`./x torture power`: the power fails at every write, the disk is sick, the ledger comes from an old backup."""

import argparse
import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import structlog

from tests.power import damaged, rolled_back, sick, small_disk
from tests.power.cut import cut_at
from tests.power.disk import PLAIN, Chance
from tests.power.machine import MODES, directory, durability, record
from tests.power.planted import ALL, found
from tests.power.tally import Tally
from tests.power.ways import FORGETS, ON_RECEIPT, WAYS
from tests.torture.result import Result

WHOLE: Final = (ON_RECEIPT, FORGETS)  # at every call; the other ways at every fifth
Run = Callable[[Path, argparse.Namespace], Awaitable[Tally]]


async def cuts(at: Path, arguments: argparse.Namespace) -> Tally:
    """Every way in both journal modes, cut from its first call on."""
    tally = Tally()
    for mode, settings in MODES.items():
        for number, (name, way) in enumerate(WAYS.items()):
            root = at / f"{mode}-{number}"
            root.mkdir()
            with durability(*settings):
                recording = await record(way, root / "life")
                choices = [*PLAIN, *(Chance(f"{arguments.seed + n}") for n in range(arguments.seeds))]
                step = arguments.every if name in WHOLE else 5 * arguments.every
                before = tally.restarts
                await cut_at(recording, choices, root, tally, start=0, step=step)
            tally.say(f"{mode}, {name}: {len(recording.ops)} calls, {tally.restarts - before} restarts")
    return tally


async def planted(at: Path, arguments: argparse.Namespace) -> Tally:
    """Each mistake must be seen: one that is not is the failure."""
    tally = Tally()
    for number, name in enumerate(ALL):
        root = at / str(number)
        root.mkdir()
        seen = await found(name, root)
        tally.restarts += seen.restarts
        tally.cells["planted seen"] += bool(seen.failures)
        if not seen.failures:
            tally.fail(0, name, "planted and not seen")
        tally.say(f"{name}: {seen.failures[0] if seen.failures else 'NOT SEEN'}")
    return tally


RUNS: Final[dict[str, Run]] = {
    "cuts": cuts,
    "planted": planted,
    "rolled-back": rolled_back.every,
    "fsync": sick.fsync,
    "full": sick.full,
    "small": small_disk.small,
    "octets": damaged.octets,
    "spool": damaged.spooled,
}


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0 if every promise held, 1 if not."""
    parser = argparse.ArgumentParser(prog="./x torture power", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2, help="random choices of what survives, for each point")
    parser.add_argument("--seed", type=int, default=1, help="the first of them")
    parser.add_argument("--every", type=int, default=1, help="cut at every n-th call only")
    parser.add_argument("--only", choices=RUNS, action="append", help="only this run; may be given again")
    parser.add_argument("--json", action="store_true", help="nothing but the last line")
    chosen = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    result = asyncio.run(_all(chosen))
    if not chosen.json:
        print(result)
    print(result.line())
    return 0 if result.ok else 1


async def _all(chosen: argparse.Namespace) -> Result:
    total, began = Tally(), time.monotonic()
    for name, run in RUNS.items():
        if chosen.only and name not in chosen.only:
            continue
        since = time.monotonic()
        with directory() as at:
            came = await run(at, chosen)
        total.add(came)
        total.more[f"{name} restarts"] = came.restarts
        total.more[f"{name} seconds"] = round(time.monotonic() - since)
        if not chosen.json:
            print(f"{name}: {came}", flush=True)
            for line in came.failures[:20]:
                print("   ", *line, flush=True)
    return total.result(time.monotonic() - began)
