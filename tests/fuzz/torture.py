"""Fuzzing, guided by coverage: `./x torture fuzz [NAME ...] [--seconds N] [--json] [--keep]`.

Each parser runs in a process of its own from its kept corpus (tests/fuzz/corpus). What it crashes, hangs or grows on is
written to tests/fuzz/found, and `./x test` fails until that is mended. With --keep, inputs that reach new lines join
the corpus. One input may take a second of processor time, and the process 256 MB, of which some 60 to 90 are Python,
the fuzzer and the program before the first input (told as `baseline_mb`).
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fuzz.keep import keep
from tests.fuzz.parsers import NAMES, parser
from tests.torture.result import Result

HERE: Final = Path(__file__).parent
CORPUS, FOUND = HERE / "corpus", HERE / "found"
MEGABYTES: Final = 256
_HANG_SECONDS: Final = 30  # by the wall: a busy machine may stop us for some seconds, but nothing here ever waits


@dataclass(frozen=True)
class Run:
    """One parser's run."""

    name: str
    inputs: int
    baseline_mb: int
    peak_mb: int
    seconds: float
    found: tuple[str, ...]  # files that broke it
    words: str  # the end of what it said, if it broke

    def __str__(self) -> str:
        end = f"BROKEN by {', '.join(self.found) or 'something else'}\n{self.words}" if self.words else "ok"
        return (
            f"{self.name:<9}{self.inputs:>10} inputs in {self.seconds:.0f} s, memory {self.peak_mb} MB "
            f"({self.baseline_mb} at the start): {end}"
        )


def main(arguments: Sequence[str]) -> int:
    """0 when nothing broke, 1 otherwise."""
    reader = argparse.ArgumentParser(prog="./x torture fuzz", description="Hostile octets for every parser.")
    reader.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all if none is given")
    reader.add_argument("--seconds", type=int, default=60, help="for each parser")
    reader.add_argument("--seed", type=int, default=0, help="the fuzzer's; 0 is a new one each time")
    reader.add_argument("--keep", action="store_true", help="let what reaches new lines join the corpus")
    reader.add_argument("--json", action="store_true", help="nothing but the one line at the end")
    given = reader.parse_args(arguments)
    if unknown := sorted(set(given.names) - set(NAMES)):
        reader.error(f"there is no parser {', '.join(unknown)}; there are {', '.join(NAMES)}")
    begun, runs = time.monotonic(), []
    for name in given.names or NAMES:
        runs.append(fuzz(name, given.seconds, given.seed, given.keep))
        if not given.json:
            print(runs[-1], flush=True)
    broken = [run for run in runs if run.words]
    parsers = {run.name: {"inputs": run.inputs, "baseline_mb": run.baseline_mb, "peak_mb": run.peak_mb} for run in runs}
    result = Result(
        not broken, sum(run.inputs for run in runs), cells={run.name: run.inputs for run in runs},
        seconds=time.monotonic() - begun,
        more={"parsers": parsers, "found": [f"{run.name}/{file}" for run in broken for file in run.found]},
    )  # fmt: skip
    print(result.line())
    return 1 if broken else 0


def fuzz(name: str, seconds: int, seed: int = 0, keeping: bool = False) -> Run:
    """What became of one parser in so many seconds."""
    harness, kept, found = parser(name), CORPUS / name, FOUND / name
    kept.mkdir(parents=True, exist_ok=True)
    found.mkdir(parents=True, exist_ok=True)
    before = set(found.iterdir())
    with tempfile.TemporaryDirectory(prefix="nemboks-fuzz-") as folder:
        work = Path(folder, "work")
        work.mkdir()
        words = Path(folder, "words")
        words.write_text("".join(f"{_entry(word)}\n" for word in harness.WORDS))
        begun = time.monotonic()
        done = subprocess.run(
            [
                sys.executable, "-m", "tests.fuzz.child", name, str(work), str(kept), f"-max_total_time={seconds}",
                f"-rss_limit_mb={MEGABYTES}", f"-timeout={_HANG_SECONDS}", f"-max_len={harness.LONGEST}",
                f"-seed={seed}", f"-dict={words}", f"-artifact_prefix={found}/", "-print_final_stats=1", "-verbosity=1",
            ],
            capture_output=True, cwd=HERE.parents[1], timeout=seconds + 120, check=False,
        )  # fmt: skip
        said = (done.stderr + done.stdout).decode("utf-8", "replace")  # a traceback comes last
        if keeping and not done.returncode:
            keep(harness, kept, list(work.iterdir()))
    return Run(
        name, _number(said, r"stat::number_of_executed_units: (\d+)") or _number(said, r"^#(\d+)"),
        _number(said, r"INITED.*rss: (\d+)Mb"), _number(said, r"stat::peak_rss_mb: +(\d+)"), time.monotonic() - begun,
        tuple(sorted(path.name for path in set(found.iterdir()) - before)), said[-2500:] if done.returncode else "",
    )  # fmt: skip


def _entry(word: bytes) -> str:
    """The word as the fuzzer's dictionary has it."""
    return (
        '"' + "".join(chr(sign) if 32 < sign < 127 and sign not in b'"\\' else f"\\x{sign:02x}" for sign in word) + '"'
    )


def _number(said: str, pattern: str) -> int:
    found = re.findall(pattern, said, re.MULTILINE)
    return int(found[-1]) if found else 0
