"""Seeded schedules of the program in one process, judged from both ends.

    ./x torture simulate --schedules 5000 --seed 1        floor 1: everything above the ports
    ./x torture simulate --floor 2 --schedules 300        floor 2: the octets beneath them
    ./x torture simulate --exhaustive                     one letter, one fault, a kill at every step
    ./x torture simulate --planted                        the judge: each planted mistake, the seed that saw it
    ./x torture simulate --seed 4711 --schedules 1 -v     one schedule again, with its last events

A schedule is a number: the same one brings the same events in every process and on every machine. One that breaks a
promise is played again with fewer faults until none can be left out, and printed.
"""

import argparse
import gc
import importlib
import multiprocessing
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from tests.helpers.fake_inbox import Removal
from tests.simulation.outcome import Outcome
from tests.torture.result import Result

CHUNK = 20  # seeds at a time for a process
SECONDS = 300  # of CPU, after which a schedule that should take a tenth of one is called stuck
SHOWN = 3  # broken schedules that are shrunk and printed
MOST_SEEDS = 2_000  # within so many a planted mistake must be seen


@dataclass(slots=True)
class Sum:
    """What many outcomes come to."""

    schedules: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    cells: Counter[str] = field(default_factory=Counter)
    letters: int = 0
    copies: int = 0
    uncertain: int = 0
    failing: list[int] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.schedules += 1
        self.kinds.update(kind for kind, _ in outcome.breaches)
        self.cells.update(outcome.cells)
        self.letters += outcome.letters
        self.copies += outcome.copies
        self.uncertain += outcome.uncertain
        if not outcome.ok:
            self.failing.append(outcome.seed)

    def merge(self, other: "Sum") -> None:
        self.schedules += other.schedules
        self.letters += other.letters
        self.copies += other.copies
        self.uncertain += other.uncertain
        self.kinds.update(other.kinds)
        self.cells.update(other.cells)
        self.failing.extend(other.failing)


def floor(number: int, room: str = "run") -> Any:
    """A module of the floor: `run` has `schedule`, `mistakes` MISTAKES, `cells` `reachable`."""
    return importlib.import_module(f"tests.simulation.floor{number}.{room}")


def play(number: int, seed: int, mistake: str | None = None, only: Collection[str] | None = None) -> Outcome:
    """One schedule. What it raises, and a schedule that does not end, are breaches like any other."""
    signal.signal(signal.SIGPROF, _too_long)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)  # of CPU: a machine that stands still breaks no schedule
    gc.disable()  # a schedule clears up behind itself
    try:
        outcome: Outcome = floor(number).schedule(seed, mistake, only)
    except Exception as error:
        outcome = Outcome(seed, (("other", f"{type(error).__name__}: {error}"),))
    finally:
        gc.enable()
        signal.setitimer(signal.ITIMER_PROF, 0)
    return outcome


def _too_long(_: int, __: FrameType | None) -> None:
    raise TimeoutError(f"not at its end after {SECONDS} s of CPU")


def _chunk(job: tuple[int, range]) -> Sum:
    number, seeds = job
    total = Sum()
    for seed in seeds:
        total.add(play(number, seed))
    return total


def _exhaustive(number: int) -> Sum:
    """Every step of the way of one letter with this fault; upstream's policy changes from fault to fault."""
    every, removals = floor(1, "every_await"), tuple(Removal)
    total = Sum()
    for outcome in every.exhaustive(faults=(every.FAULTS[number],), removals=(removals[number % len(removals)],)):
        total.add(outcome)
    return total


def spread(work: Callable[[Any], Sum], jobs: Iterable[Any], processes: int) -> Iterator[Sum]:
    """What each job came to, as it comes."""
    if processes == 1:
        yield from map(work, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=50) as pool:
        yield from pool.imap_unordered(work, jobs)


def shrink(number: int, broken: Outcome, mistake: str | None = None) -> Outcome:
    """The same breach with as few faults as it takes."""
    kinds = {kind for kind, _ in broken.breaches}
    left = sorted(set(broken.faults))
    for fault in list(left):
        fewer = [x for x in left if x != fault]
        again = play(number, broken.seed, mistake, fewer)
        if kinds & {kind for kind, _ in again.breaches}:
            broken, left = again, fewer
    return broken


def tell(outcome: Outcome) -> None:
    """A schedule for people, on stderr."""
    lines = [f"seed {outcome.seed}: {'ok' if outcome.ok else 'BROKEN'}; {outcome.letters} letters"]
    lines += [f"  {kind}: {words}" for kind, words in outcome.breaches]
    lines += [f"  faults: {', '.join(outcome.faults) or 'none'}", *(f"    {event}" for event in outcome.trace)]
    print("\n".join(lines), file=sys.stderr, flush=True)


def planted(numbers: Sequence[int]) -> tuple[bool, dict[str, int]]:
    """Whether each planted mistake is seen, and the first seed that sees it; the same seed without it is whole."""
    seen: dict[str, int] = {}
    fine = True
    for number in numbers:
        for mistake in floor(number, "mistakes").MISTAKES:
            seed = next((s for s in range(1, MOST_SEEDS + 1) if not play(number, s, mistake).ok), 0)
            whole = bool(seed) and play(number, seed).ok
            fine = fine and whole
            seen[mistake] = seed
            words = f"seed {seed}" if whole else "NOT SEEN" if not seed else f"seed {seed}, BUT BROKEN WITHOUT IT TOO"
            print(f"floor {number}: {mistake:<44} {words}", file=sys.stderr, flush=True)
    return fine, seen


def main(arguments: Sequence[str]) -> int:
    """0 when every promise was kept, and there was something to judge."""
    parser = argparse.ArgumentParser(
        prog="./x torture simulate", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--floor", type=int, choices=(1, 2), default=1)
    parser.add_argument("--schedules", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first schedule")
    parser.add_argument("--exhaustive", action="store_true")
    parser.add_argument("--planted", action="store_true", help="over both floors")
    parser.add_argument("--least", type=int, default=0, help="how often each cell must have been met")
    parser.add_argument("--json", action="store_true", help="one JSON object on one line at the end")
    parser.add_argument("-n", "--processes", type=int, default=2)
    parser.add_argument("-v", action="store_true", help="the schedules one by one")
    chosen = parser.parse_args(arguments)
    began = time.monotonic()
    result = _planted(began) if chosen.planted else _judged(chosen, began)
    print(result.line() if chosen.json else result, flush=True)
    return 0 if result.ok else 1


def _planted(began: float) -> Result:
    fine, seen = planted((1, 2))
    return Result(fine, sum(seen.values()), seconds=time.monotonic() - began, more={"planted": seen})


def _judged(chosen: argparse.Namespace, began: float) -> Result:
    total = Sum()
    seeds = range(chosen.seed, chosen.seed + chosen.schedules)
    if chosen.v:
        for seed in seeds:
            outcome = play(chosen.floor, seed)
            tell(outcome)
            total.add(outcome)
    elif chosen.exhaustive:
        for part in spread(_exhaustive, range(len(floor(1, "every_await").FAULTS)), chosen.processes):
            total.merge(part)
    else:
        jobs = [(chosen.floor, seeds[at : at + CHUNK]) for at in range(0, len(seeds), CHUNK)]
        for done, part in enumerate(spread(_chunk, jobs, chosen.processes), 1):
            total.merge(part)
            if part.failing:
                print(f"broken: {', '.join(map(str, part.failing))}", file=sys.stderr, flush=True)
            if done % 50 == 0:
                words = f"{total.schedules} schedules, {time.monotonic() - began:.0f} s, {len(total.failing)} broken"
                print(words, file=sys.stderr, flush=True)
    for seed in sorted(total.failing)[:SHOWN]:
        if not chosen.exhaustive:
            tell(shrink(chosen.floor, play(chosen.floor, seed)))
    return _result(chosen, total, time.monotonic() - began)


def _result(chosen: argparse.Namespace, total: Sum, seconds: float) -> Result:
    cells = dict.fromkeys(floor(chosen.floor, "cells").reachable(), 0) | dict(total.cells)
    few = sorted(cell for cell, times in cells.items() if times < chosen.least)
    if few:
        print(f"met less than {chosen.least} times: {', '.join(few)}", file=sys.stderr)
    ok = not total.failing and not few and total.schedules > 0 and total.copies <= total.uncertain
    kinds = total.kinds
    return Result(
        ok, total.schedules, kinds["lost"], kinds["premature"], kinds["misdelivered"], kinds["order"], total.copies,
        total.uncertain, cells, seconds, tuple(sorted(total.failing)), {"letters": total.letters},
    )  # fmt: skip
