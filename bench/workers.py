"""How much faster three workers on one PostgreSQL ledger are than one, into a slow mail server: prints JSON.

Usage: ./x python bench/workers.py URL [--letters 300] [--companies 12] [--seconds 0.5] [--rounds 1]

URL is of a PostgreSQL server where we may make databases; each is removed again. The letters lie in the simulator's
mailboxes before the workers start. The mail server thinks about each mail for so many seconds, so one worker's seats
are what slows it down. A rate is that of the middle four fifths of the letters, by the mail server's own clock, so that
start-up and the last letters do not count. Every letter is judged: once, at its own recipient, unchanged.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import certificates
from bench.ends import fast_sink
from bench.place import place
from bench.processes import python, server
from bench.simulator import Simulator, simulator

LIMIT = 600.0  # seconds a run may take
BODY = 5_000


def main(words: list[str]) -> int:
    """0 if every run ended well."""
    parser = argparse.ArgumentParser(prog="bench.workers")
    parser.add_argument("url")
    for name, default in (("letters", 300), ("companies", 12), ("rounds", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seconds", type=float, default=0.5)
    asked = parser.parse_args(words)
    rates: dict[int, list[float]] = {1: [], 3: []}
    verdicts = []
    with tempfile.TemporaryDirectory(prefix="nemboks-bench-") as folder:
        for number in range(asked.rounds):
            for workers, found in rates.items():
                room = Path(folder) / f"{number}-{workers}"
                room.mkdir()
                rate, verdict = _run(room, asked, workers)
                found.append(rate)
                verdicts.append(verdict)
    medians = {workers: statistics.median(found) for workers, found in rates.items()}
    report = {
        "letters": asked.letters, "companies": asked.companies, "sink_seconds": asked.seconds,
        "letters_per_s": medians, "ratio": medians[3] / medians[1], "verdicts": verdicts,
    }  # fmt: skip
    print(json.dumps(report))
    return 0 if set(verdicts) == {"ok"} else 1


def _run(room: Path, asked: Any, workers: int) -> tuple[float, str]:
    """Letters a second, and the verdict, of so many workers on a ledger of their own."""
    ours = certificates.make(room)
    with ExitStack() as stack:
        ledger = stack.enter_context(place(room / "ledger", asked.url))
        upstream = stack.enter_context(simulator(room, asked.companies))
        end = stack.enter_context(fast_sink(room, ours, asked.seconds))
        for index in range(asked.letters):
            upstream.put(upstream.cvrs[index % asked.companies], 1, index, BODY)
        more = f"[store]\nurl = {json.dumps(_url(ledger.url))}\n"
        settings = upstream.settings(room / "state", ours.ca, end.tls, more)
        command = python("nemboks.cli.main", "run", "--role", "worker", "--config", str(settings))
        for number in range(workers):
            stack.enter_context(server(command, room, f"worker{number}"))
        taken = end.folder / "taken"
        _await(upstream, asked.letters, taken)
        times = sorted(json.loads(line)["at"] for line in taken.read_text().splitlines())
        tenth = len(times) // 10
        middle = times[tenth : len(times) - tenth]
        return (len(middle) - 1) / (middle[-1] - middle[0]), _verdict(upstream, end.folder)


def _await(upstream: Simulator, letters: int, taken: Path) -> None:
    """Returns when every letter was taken and receipted. RuntimeError after too long."""
    limit = time.monotonic() + LIMIT
    while len(taken.read_text().splitlines()) < letters or upstream.left():
        if time.monotonic() > limit:
            raise RuntimeError(f"not done in {LIMIT:g} s")
        time.sleep(0.2)


def _verdict(upstream: Simulator, sink: Path) -> str:
    from bench.judge import taken

    return upstream.memos(0).judge(taken(sink))


def _url(conninfo: str) -> str:
    """The settings take libpq's parameters as a URL."""
    from urllib.parse import quote, urlencode

    from psycopg.conninfo import conninfo_to_dict

    facts = {name: str(value) for name, value in conninfo_to_dict(conninfo).items()}
    return "postgresql://?" + urlencode(facts, quote_via=quote)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
