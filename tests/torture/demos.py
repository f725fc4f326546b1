"""Whole demos under faults and kills, judged from both ends.

    ./x torture faults          every fault per stage, every removal policy (about 15 minutes)
    ./x torture kills           ten seeds of 300 letters, 30 CVRs, 25 kills
    ./x torture forever         every fault once more, never healing: its letters wait or are held with a reason
    ./x torture planted         the judge itself: real daemons with a mistake in them, each of which must be seen
    ./x torture faults -k smtp  only the runs whose name contains the word

Each run is `./x demo --once --json …` as a user would type it; a run that is not `ok` keeps its folder and says where.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.planted.runs import SIGHTS, Sight, look, seen

REMOVALS = ("on-receipt", "on-delete", "on-fetch", "eventual")
SMALL = ("--count", "60", "--cvrs", "6", "--kill", "3")
CODES = (421, 450, 451, 452, 550, 552)
STAGES = ("greeting", "mail", "rcpt", "data", "dot")
UPSTREAM = (
    *(f"rest-list-{c}" for c in (401, 403, 404, 429, 503)),
    *(f"rest-fetch-{c}" for c in (401, 403, 404, 429, 503)),
    *(f"rest-receipt-{c}" for c in (401, 403, 404, 409, 422, 429, 503)),
    "rest-fetch-reset", "rest-fetch-truncated", "rest-receipt-lost", "rest-list-twice", "rest-receipt-reappear",
)  # fmt: skip
DELETES = tuple(f"rest-delete-{c}" for c in (403, 404, 409, 422, 503))
MAIL = (
    *(f"smtp-{stage}-{code}" for stage in STAGES for code in CODES),
    "smtp-body-cut", "smtp-dot-cut-kept", "smtp-dot-cut-lost", "smtp-dot-silence-kept", "smtp-dot-silence-lost",
    "smtp-data-glued", "smtp-starttls-missing", "smtp-certificate-wrong", "smtp-dot-multiline",
)  # fmt: skip
IMAP = ("imap-login-no", "imap-fetch-cut", "imap-idle-cut", "imap-uidvalidity")


@dataclass(frozen=True)
class Run:
    """One demo: its name in the report and its arguments."""

    name: str
    arguments: tuple[str, ...]


def faults() -> Iterator[Run]:
    """Every removal policy by itself and with every upstream fault; every mail fault; every IMAP fault."""
    for removal in REMOVALS:
        yield Run(removal, (*SMALL, "--removal", removal))
        for name in UPSTREAM:
            yield Run(f"{removal} {name}", (*SMALL, "--removal", removal, "--fault", name))
    for name in DELETES:
        yield Run(f"on-delete {name}", (*SMALL, "--removal", "on-delete", "--fault", name))
    for name in MAIL:
        yield Run(name, (*SMALL, "--inbox", "both", "--fault", name))
    for name in IMAP:
        yield Run(name, (*SMALL, "--inbox", "imap", "--fault", name))


def kills() -> Iterator[Run]:
    """Ten seeds of the large run."""
    for seed in range(1, 11):
        arguments = ("--count", "300", "--cvrs", "30", "--inbox", "both", "--kill", "25", "--seed", str(seed))
        yield Run(f"seed {seed}", arguments)


def forever() -> Iterator[Run]:
    """Every fault that never heals, without kills: the end is told by the reasons."""
    few = ("--count", "12", "--cvrs", "4", "--inbox", "both")
    for name in (*UPSTREAM, *DELETES, *MAIL, *IMAP):
        removal = "on-delete" if name in DELETES else "on-receipt"
        yield Run(f"{name}:forever", (*few, "--removal", removal, "--fault", f"{name}:forever"))


RUNS = {"faults": faults, "kills": kills, "forever": forever}


def play(run: Run) -> bool:
    """Whether the run was ok and had all its kills; prints its line."""
    folder = Path(tempfile.mkdtemp(prefix="nemboks-torture-"))
    command = [sys.executable, "-m", "nemboks.cli.demo", "--once", "--json", "--state", str(folder), *run.arguments]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    seconds = time.monotonic() - began
    try:
        result = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        result = {"ok": False, "kills": 0, "error": done.stderr[-400:]}
    fine = bool(result["ok"]) and done.returncode == 0 and result["kills"] == _kills_of(run)
    _tell(fine, run.name, seconds, result, folder)
    return fine


def _kills_of(run: Run) -> int:
    return int(dict(zip(run.arguments[::2], run.arguments[1::2], strict=True)).get("--kill", 0))


def watch(sight: Sight) -> bool:
    """Whether the demo's judge saw the planted mistake; prints its line."""
    folder = Path(tempfile.mkdtemp(prefix="nemboks-planted-"))
    began = time.monotonic()
    try:
        code, result = look(sight, folder)
        fine = seen(sight, code, result)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        fine, result = False, {"error": str(error)[-400:]}
    _tell(fine, sight.name, time.monotonic() - began, result, folder)
    return fine


def _tell(fine: bool, name: str, seconds: float, result: dict[str, Any], folder: Path) -> None:
    counts = " ".join(f"{k}={v}" for k, v in result.items() if k not in ("schema", "ok", "letters", "seconds"))
    where = "" if fine else f"  {folder}"
    print(f"{'ok  ' if fine else 'FAIL'} {name:<36} {seconds:6.1f} s  {counts}{where}", flush=True)
    if fine:
        shutil.rmtree(folder)
    else:
        (folder / "result.json").write_text(json.dumps(result))


def main(arguments: Sequence[str]) -> int:
    """0 when every chosen run was as it must be, and there was one."""
    plain = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(prog="./x torture", description=__doc__, formatter_class=plain)
    parser.add_argument("what", choices=(*RUNS, "planted"))
    parser.add_argument("-k", default="", help="only runs whose name contains this")
    parser.add_argument("-n", type=int, default=0, help="runs at a time (default: 1 for kills, else 3)")
    chosen = parser.parse_args(arguments)
    began = time.monotonic()
    with ThreadPoolExecutor(chosen.n or (1 if chosen.what == "kills" else 3)) as pool:
        if chosen.what == "planted":
            fine = list(pool.map(watch, (x for x in SIGHTS if chosen.k in x.name)))
        else:
            fine = list(pool.map(play, (x for x in RUNS[chosen.what]() if chosen.k in x.name)))
    print(f"{time.monotonic() - began:.0f} s")
    print(f"{fine.count(True)} passed, {fine.count(False)} failed")
    return 0 if all(fine) and fine else 1
