"""Which branches of the rooms that decide no test takes: `./x torture coverage [--fail-under 100]`.

Measured are the rules, the journey, the letters' part of the store and the talk with a mail server (`[tool.coverage]`
in pyproject.toml names the files), by the quickest tests that reach them. What cannot happen is not in the code, so
nothing is excused but what only types need. The run fails below the wanted figure, and when a test fails.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coverage

from tests.torture.result import Result

TESTS = (
    "tests/domain", "tests/journey", "tests/store", "tests/contracts", "tests/desk",
    *(f"tests/delivery/test_{name}.py" for name in (
        "conversations", "connections", "direct", "logins", "oauth", "own_server", "rare_turns", "relay", "replies",
        "tls", "wire",
    )),
    *(f"tests/workers/test_{name}.py" for name in ("announced", "given_once", "told")),
)  # fmt: skip
ALIKE = ("--hypothesis-seed=0", "--no-header")  # a branch that chance takes now and then is not one that is tested
# Slow, and of another room; and what measures time, which means nothing while every line is traced.
NOT = ("--ignore=tests/store/test_audit.py", "--deselect=tests/domain/test_redact.py::test_time_is_linear")


@dataclass(frozen=True, slots=True)
class Room:
    """How much of a package was reached; `gaps` are its files that were not reached whole, in words."""

    name: str
    branches: int
    lines: int
    missing: int  # of both
    gaps: tuple[str, ...]

    @property
    def percent(self) -> float:
        """Rounded down, so that 100 means all."""
        of = self.branches + self.lines
        return int(1000 * (of - self.missing) / of) / 10 if of else 0.0


def measure(folder: Path, tests: Sequence[str], workers: int) -> tuple[int, Mapping[str, Any]]:
    """The tests' exit code, and what they reached, as coverage.py reports it in JSON."""
    kept = folder / "data"
    run = ["coverage", "run", "-m", "pytest", "-n", str(workers), "-q", "-p", "no:cacheprovider"]
    environment = os.environ | {"COVERAGE_FILE": str(kept)}
    code = subprocess.run([sys.executable, "-m", *run, *ALIKE, *NOT, *tests], env=environment).returncode
    reached = coverage.Coverage(data_file=str(kept))
    reached.combine()
    found = folder / "found.json"
    reached.json_report(outfile=str(found))
    return code, json.loads(found.read_text(encoding="utf-8"))


def rooms(found: Mapping[str, Any]) -> list[Room]:
    """The measured packages, by name."""
    files: dict[str, dict[str, Any]] = {}
    for name, seen in found["files"].items():
        files.setdefault(str(Path(name).parent), {})[name] = seen
    return [_room(name, files[name]) for name in sorted(files)]


def _room(name: str, files: Mapping[str, Any]) -> Room:
    sums = [seen["summary"] for seen in files.values()]
    missing = sum(one["missing_lines"] + one["missing_branches"] for one in sums)
    gaps = tuple(gap for file, seen in sorted(files.items()) if (gap := _gap(file, seen)))
    return Room(
        name, sum(one["num_branches"] for one in sums), sum(one["num_statements"] for one in sums), missing, gaps
    )


def _gap(file: str, seen: Mapping[str, Any]) -> str:
    """The file with what was not reached: lines, and branches as FROM->TO (`exit`: out of the function)."""
    lines = set(seen["missing_lines"])
    # A branch to or from a line that was not reached says nothing that the line does not.
    branches = (one for one in seen["missing_branches"] if not lines & set(one))
    told = [*map(str, sorted(lines)), *(f"{start}->{end if end > 0 else 'exit'}" for start, end in branches)]
    return f"{file}: {', '.join(told)}" if told else ""


def _table(measured: Sequence[Room]) -> Iterator[str]:
    for room in measured:
        yield f"{room.name:<20} {room.lines:5} lines {room.branches:5} branches {room.percent:5.1f} %"
        yield from (f"    {gap}" for gap in room.gaps)


def main(arguments: Sequence[str]) -> int:
    """0 when every room reaches the figure and no test failed, else 1."""
    parser = argparse.ArgumentParser(prog="./x torture coverage", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fail-under", type=float, default=100.0, metavar="PERCENT", help="of each room (100)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes (2)")
    parser.add_argument("tests", nargs="*", default=TESTS, help="other tests than the quickest that reach all")
    wanted = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nemboks-coverage-") as folder:
        code, found = measure(Path(folder), wanted.tests, wanted.workers)
    measured = rooms(found)
    print("\n".join(_table(measured)))
    if code:
        print("a test failed: what it would have reached is not counted", file=sys.stderr)
    ok = code == 0 and bool(measured) and all(room.percent >= wanted.fail_under for room in measured)
    more = {
        "lines": sum(room.lines for room in measured),
        "branches": sum(room.branches for room in measured),
        "missing": sum(room.missing for room in measured),
        "percent": {room.name: room.percent for room in measured},
    }
    print(Result(ok=ok, schedules=1, seconds=time.monotonic() - began, more=more).line())
    return 0 if ok else 1
