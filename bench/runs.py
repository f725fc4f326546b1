"""What every scenario is given, and what it brings: one Run for each contender and round."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.certificates import Certificates
from bench.processes import ROOT, environment, python

CHILD_SECONDS = 900.0
NEMBOKS = "nemboks"


@dataclass(frozen=True)
class Ground:
    """Where a benchmark runs, and how much of it is wanted. `small`: only enough to see that it works."""

    folder: Path
    certificates: Certificates
    rounds: int = 3
    small: bool = False
    only: frozenset[str] = frozenset()  # contenders; all when empty
    url: str = ""  # of a PostgreSQL server for the ledgers of `growth`; a file when empty

    profile: Path | None = None  # what is told of where the program's CPU goes; the figures are worth less then

    def program(self, *words: str) -> list[str]:
        """The command that runs the program with these words."""
        main = python("nemboks.cli.main", *words)
        return main if self.profile is None else [main[0], "-m", "bench.sampler", str(self.profile), *main[2:]]

    def room(self, name: str) -> Path:
        """An empty folder of this name; other users may walk in, as Dovecot's do."""
        number = 0
        while (made := self.folder / f"{name}-{number}").exists():
            number += 1
        made.mkdir(parents=True)
        return made

    def wants(self, contender: str) -> bool:
        return not self.only or contender in self.only


@dataclass(frozen=True)
class Run:
    """One measured run. `verdict` is `ok`, or says what was wrong; then its figures mean nothing."""

    scenario: str
    contender: str
    round: int
    verdict: str
    figures: Mapping[str, float] = field(default_factory=dict)


def asked(module: str, **given: Any) -> dict[str, float]:
    """What a measurement in a process of its own answers: `python -m MODULE JSON` prints JSON as its last line."""
    done = subprocess.run(  # noqa: S603 -- our own module
        [sys.executable, "-m", module, json.dumps(given)], capture_output=True, text=True, check=False, cwd=ROOT,
        timeout=CHILD_SECONDS, env=environment(),
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{module} failed: {done.stderr[-2000:]}")
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer
