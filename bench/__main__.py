"""Our own benchmark: how fast, how cheap and how small the program is, beside Debian's tools where they are installed.

Examples:
  ./x bench                                    every scenario, three rounds: half an hour
  ./x bench rest poll start --rounds 1
  ./x bench imap --only nemboks,fetchmail --json imap.json --chart imap.svg
  ./x bench --from imap.json                   the tables of an earlier run

Everything runs on loopback, in folders and processes of its own. What is not installed is left out, and said so.
"""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from bench import machine, summary
from bench.certificates import make
from bench.chart import chart
from bench.judge import OK
from bench.processes import Missing
from bench.runs import Ground, Run
from bench.table import aims_table, tables

SCHEMA = "nemboks.bench/1"
# Each scenario's words, and the module whose `measure` runs it.
SCENARIOS = {
    "start": ("the installed command, from start to answer", "bench.start"),
    "poll": ("one look into an empty mailbox on a kept connection", "bench.poll"),
    "rest": ("50 companies, 20 MeMo letters each, over REST into the sink", "bench.rest"),
    "rest-large": ("one MeMo letter of 95 MB", "bench.rest"),
    "latency": ("from available to accepted, one letter after the other", "bench.latency"),
    "outage": ("5,000 letters after an outage of six hours, no faster than the rates allow", "bench.outage"),
    "imap": ("100 mailboxes, 10 letters each, into the sink", "bench.imap"),
    "imap-one": ("1 mailbox, 400 letters", "bench.imap"),
    "imap-each": ("500 mailboxes, 1 letter each", "bench.imap"),
    "imap-empty": ("1,000 empty mailboxes, each connected to anew", "bench.imap"),
    "imap-large": ("one letter of 95 MB", "bench.imap"),
    "imap-postfix": ("40 mailboxes, 5 letters each, into a Postfix that queues durably", "bench.imap"),
    "idle": ("scheduling and store with an Inbox that answers at once, a look every 300 s", "bench.idle"),
    "growth": ("a letter's moves in the ledger, from found to acknowledged", "bench.growth"),
}


def measured(names: Sequence[str], ground: Ground, keep: Callable[[list[Run], dict[str, str]], None]) -> None:
    """Runs them; after each scenario `keep` gets all runs up to then, and why some scenarios were left out."""
    runs: list[Run] = []
    skipped: dict[str, str] = {}
    for name in names:
        try:
            for run in import_module(SCENARIOS[name][1]).measure(name, ground):
                seconds = f" {run.figures['seconds']:8.2f} s" if "seconds" in run.figures else ""
                print(f"{name} round {run.round} {run.contender}:{seconds} {run.verdict}", file=sys.stderr, flush=True)
                runs.append(run)
        except Missing as lacking:
            skipped[name] = str(lacking)
            print(f"{name}: left out, {lacking}", file=sys.stderr)
        keep(runs, skipped)


def report(runs: Sequence[Run], skipped: dict[str, str], facts: dict[str, Any]) -> dict[str, Any]:
    """The JSON object."""
    found = summary.rows(runs)
    return {
        "schema": SCHEMA, "machine": facts, "runs": [asdict(run) for run in runs],
        "summary": [asdict(row) for row in found], "aims": summary.aims(found), "skipped": skipped,
    }  # fmt: skip


def shown(answer: dict[str, Any]) -> str:
    """The report for people."""
    facts = answer["machine"]
    found = [summary.Row(**row) for row in answer["summary"]]
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    head = (
        f"{facts['date']}: {facts['cores']} cores ({facts['processor']}), {facts['memory_gb']} GB, {facts['system']}, "
        f"load {facts['load_before']:.1f} before. {versions}."
    )
    left = [f"Left out: {name} ({words})." for name, words in answer["skipped"].items()]
    titles = {name: words for name, (words, _) in SCENARIOS.items()}
    return "\n\n".join([head, *left, tables(found, titles), "### What was asked", aims_table(answer["aims"])])


def main(words: Sequence[str] | None = None) -> int:
    """0, or 1 when a verdict is not `ok`: then its figures mean nothing."""
    asked = _arguments().parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every process of ours is ended
    earlier = [json.loads(file.read_text()) for file in asked.earlier or ()]
    answer = _together(earlier) if earlier else _measure(asked)
    print(shown(answer))
    _write(asked.json, answer)
    if asked.chart:
        rows = [summary.Row(**row) for row in answer["summary"]]
        asked.chart.write_text(chart(rows, answer["machine"]["date"]))
    return int(any(run["verdict"] != OK for run in answer["runs"]))


def _arguments() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:13} {words}" for name, (words, _) in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="./x bench", description=__doc__, epilog=f"scenarios:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("scenarios", nargs="*", choices=[*SCENARIOS, []], metavar="SCENARIO", help="all without one")
    parser.add_argument("--rounds", type=int, default=3, help="each contender once in a round, in turn (3)")
    parser.add_argument("--only", default="", help="these contenders of the imap scenarios, with commas")
    parser.add_argument("--small", action="store_true", help="only enough to see that it works")
    parser.add_argument("--url", default="", help="growth: a PostgreSQL server where we may make databases")
    parser.add_argument(
        "--profile", type=_absolute, help="rest, imap: add here where the program's CPU goes; for no other figure"
    )
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--chart", type=Path, help="write the chart (SVG) here")
    parser.add_argument("--from", dest="earlier", type=Path, nargs="+", help="measure nothing: show these JSON files")
    return parser


def _measure(asked: argparse.Namespace) -> dict[str, Any]:
    facts = machine.facts()
    with tempfile.TemporaryDirectory(prefix="nemboks-bench-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        folder.chmod(0o755)  # Dovecot's and Postfix's own users walk in
        only = frozenset(filter(None, asked.only.split(",")))
        ground = Ground(folder, make(folder / "tls"), asked.rounds, asked.small, only, asked.url, asked.profile)
        answer = {}

        def keep(runs: list[Run], skipped: dict[str, str]) -> None:
            nonlocal answer
            answer = report(runs, skipped, facts)
            _write(asked.json, answer)  # a long run that is ended early leaves what it has

        measured(asked.scenarios or list(SCENARIOS), ground, keep)
    return answer


def _absolute(word: str) -> Path:
    return Path(word).resolve()  # who writes it runs in a folder of its own


def _write(file: Path | None, answer: dict[str, Any]) -> None:
    if file:
        file.write_text(json.dumps(answer, indent=1, ensure_ascii=False) + "\n")


def _together(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One report of several, of which the first says what machine it was."""
    runs = [Run(**run) for answer in answers for run in answer["runs"]]
    skipped = {name: words for answer in answers for name, words in answer["skipped"].items()}
    return report(runs, skipped, answers[0]["machine"])


if __name__ == "__main__":
    sys.exit(main())
