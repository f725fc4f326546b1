"""How many small mistakes in `nemboks/domain` the tests of `tests/domain` see.

    ./x torture mutate                    every file
    ./x torture mutate guard.py -n 2      one file, in two processes

Every mistake of mutants.py is made in a forked process, and the tests that reach it are run there until one fails.
The score is killed / (all - equivalent). Equivalent ones are listed by hand, each with its reason, in
equivalent_mutants.toml; an entry that fits nothing fails the run. The same source and tests give the same figures:
Hypothesis draws from fixed seeds, and a mistake that never ends is stopped by the processor time it used.
"""

import argparse
import ast
import importlib
import os
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tests.torture.mutants import Mutant, mutants
from tests.torture.result import Result

DOMAIN = Path("nemboks/domain")
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
AIM = 0.90  # of the mistakes that make a difference
KILLED, SURVIVED, EQUAL = "killed", "survived", "equivalent"


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mutant of one file, and what became of it."""

    file: str
    mutant: Mutant
    fate: str = ""

    @property
    def name(self) -> tuple[str, str, str]:
        return self.file, self.mutant.where, self.mutant.change

    def __str__(self) -> str:
        return f"{DOMAIN}/{self.file}:{self.mutant.line}  {self.mutant.where or 'module'}: {self.mutant.change}"


def found(files: Sequence[str]) -> Iterator[tuple[Mistake, ast.Module]]:
    """Every mistake, with the tree that it can be put into."""
    for file in files:
        module = importlib.import_module(f"nemboks.domain.{file.removesuffix('.py')}")
        tree = ast.parse((DOMAIN / file).read_text())
        yield from ((Mistake(file, one), tree) for one in mutants(tree, vars(module)))


def equivalents() -> dict[tuple[str, str, str], str]:
    """The reason of each that makes no difference; a change "*" stands for all of its function."""
    rows = tomllib.loads(EQUIVALENT.read_text())["mutant"]
    return {(row["file"], row["where"], change): row["why"] for row in rows for change in row["changes"]}


def is_equal(mistake: Mistake, known: dict[tuple[str, str, str], str]) -> bool:
    file, where, _ = mistake.name
    return mistake.name in known or (file, where, "*") in known


def stale(mistakes: Sequence[Mistake], known: dict[tuple[str, str, str], str]) -> list[str]:
    """Entries of the list that fit no mistake any more."""
    names = {one.name for one in mistakes} | {(one.file, one.mutant.where, "*") for one in mistakes}
    files = {one.file for one in mistakes}
    return [" | ".join(name) for name in known if name[0] in files and name not in names]


def report(mistakes: Sequence[Mistake], seconds: float, as_json: bool, faults: Sequence[str]) -> int:
    """The exit code, after a line for each file and the result were shown."""
    total = Counter(one.fate for one in mistakes)
    score = _score(total)
    if not as_json:
        for file in dict.fromkeys(one.file for one in mistakes):
            fates = Counter(one.fate for one in mistakes if one.file == file)
            print(f"{file:<20} {_score(fates):7.1%} of {sum(fates.values()):4}, {fates[SURVIVED]:3} survive")
    for fault in faults:
        print(f"fits no mistake: {fault}", file=sys.stderr)
    more = {"score": round(score, 4), "killed": total[KILLED], "equivalent": total[EQUAL], "survived": total[SURVIVED]}
    result = Result(score >= AIM and not faults, len(mistakes), seconds=seconds, more=more)
    if not as_json:
        print(f"{len(mistakes)} mistakes in {seconds:.0f} s, {total[EQUAL]} make no difference: {score:.1%} are seen")
    print(result.line())
    return 0 if result.ok else 1


def _score(fates: Counter[str]) -> float:
    return fates[KILLED] / max(1, fates[KILLED] + fates[SURVIVED])


def run(todo: Sequence[tuple[Mistake, ast.Module]], processes: int, as_json: bool) -> list[Mistake]:
    """What became of each, in the same order; survivors are shown. RuntimeError if the tests fail without any."""
    from tests.torture.mutating import NOT_MADE, Laboratory, with_tests  # pytest and Hypothesis are set up there first

    known = equivalents()
    fates: dict[int, str] = {}

    def all_of(laboratory: Laboratory, out: TextIO) -> None:
        running: dict[int, int] = {}
        shown = 0
        for number, (mistake, tree) in enumerate(todo):
            if is_equal(mistake, known):
                fates[number] = EQUAL
            else:
                running[laboratory.begin(mistake.file, mistake.mutant, tree)] = number
            while len(running) >= (processes if number + 1 < len(todo) else 1):
                _reap(running, fates, NOT_MADE)
            while shown in fates:
                if fates[shown] == SURVIVED and not as_json:
                    print(todo[shown][0], file=out, flush=True)
                shown += 1

    with_tests(all_of)
    return [Mistake(one.file, one.mutant, fates[number]) for number, (one, _) in enumerate(todo)]


def _reap(running: dict[int, int], fates: dict[int, str], not_made: int) -> None:
    pid, status = os.wait()
    number = running.pop(pid)
    if os.waitstatus_to_exitcode(status) == not_made:
        raise RuntimeError(f"number {number} could not be made")
    fates[number] = SURVIVED if status == 0 else KILLED


def main(arguments: Sequence[str]) -> int:
    """0 when the aim is reached and every entry of the list fits."""
    parser = argparse.ArgumentParser(prog="./x torture mutate", description="Small mistakes in domain/, and who sees.")
    parser.add_argument("files", nargs="*", metavar="FILE", help="such as guard.py; all of domain/ if none is named")
    parser.add_argument("-n", type=int, default=1, metavar="PROCESSES", dest="processes")
    parser.add_argument("--json", action="store_true", help="only the result's one line")
    chosen = parser.parse_args(arguments)
    files = [Path(one).name for one in chosen.files] or sorted(one.name for one in DOMAIN.glob("*.py"))
    began = time.monotonic()
    todo = list(found(files))
    done = run(todo, chosen.processes, chosen.json)
    return report(done, time.monotonic() - began, chosen.json, stale(done, equivalents()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
