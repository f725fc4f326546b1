"""After an outage of six hours: 5,000 letters wait, every mailbox has failed for hours, and Digital Post answers again.

The ledger is put into the state in which such an outage leaves it: each mailbox's next look lies somewhere within the
longest back-off of production's pace. The daemon runs with `[rates]`; the seconds count from the first good answer to
the last mail, and no rate may be passed: mails by the mail server's own times, calls by what the simulator has counted,
both in any second (with a call's and a mail's margin, for what is counted is when they end).
"""

import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.ends import fast_sink
from bench.judge import OK, taken
from bench.latency import running
from bench.processes import run
from bench.runs import NEMBOKS, Ground, Run
from bench.simulator import BODY, Simulator, simulator
from nemboks.domain.pace import Pace

COMPANIES, LETTERS = 50, 5_000
FAULT = "rest-list-503"
CALLS, MAILS = 100, 50  # a second, at most
LIMIT_SECONDS, DRAIN_SECONDS = 900.0, 60.0
SECOND = 1.0


def measure(name: str, ground: Ground) -> Iterator[Run]:
    """A run in each round."""
    companies, letters = (4, 40) if ground.small else (COMPANIES, LETTERS)
    longest = 4.0 if ground.small else Pace().upstream_seconds[1]
    for number in range(ground.rounds):
        room = ground.room(name)
        try:
            with simulator(room, companies) as upstream:
                yield _one(name, ground, number, upstream, room, letters, longest)
        finally:
            shutil.rmtree(room)


def _one(
    name: str, ground: Ground, number: int, upstream: Simulator, room: Path, letters: int, longest: float
) -> Run:  # fmt: skip
    for index in range(letters):
        upstream.put(upstream.cvrs[index % len(upstream.cvrs)], number, index, BODY)
    with fast_sink(room, ground.certificates) as end:
        rates = f"[rates]\nupstream = {CALLS}\nmail_server = {MAILS}"
        settings = upstream.settings(room / "state", ground.certificates.ca, end.tls, rates)
        upstream.fault(FAULT)
        run(ground.program("drain", "--config", str(settings)), room, DRAIN_SECONDS)
        _as_after_hours(room / "state" / "nemboks.db", longest)
        with running(settings, room):
            upstream.heal()
            began = time.time()
            most_calls = _until_drained(upstream, began)
        mails = taken(end.folder)
        verdict = upstream.memos(0).judge(mails)
    times = [one.at for one in mails]
    most_mails = most_within(times, SECOND)
    seconds = max(times, default=began) - began
    passed = most_mails > MAILS + 1 or most_calls > CALLS * (1 + SECOND)
    if verdict == OK and (left := upstream.left()):
        verdict = f"{left} left upstream"
    return Run(name, NEMBOKS, number, "a rate was passed" if verdict == OK and passed else verdict, {
        "seconds": seconds, "letters_per_s": letters / max(seconds, 1e-3), "most_mails_per_s": most_mails,
        "most_calls_per_s": most_calls,
    })  # fmt: skip


def _as_after_hours(ledger: Path, longest: float) -> None:
    """Every mailbox has failed for hours; their next looks are spread over the longest back-off."""
    with sqlite3.connect(ledger) as books:
        ids = [row[0] for row in books.execute("SELECT id FROM mailboxes ORDER BY id")]
        for place, id_ in enumerate(ids, 1):
            due = f"+{longest * place / len(ids):.3f} seconds"
            words = (
                "UPDATE mailboxes SET failures = 30, due_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', ?) WHERE id = ?"
            )
            books.execute(words, (due, id_))
    books.close()


def _until_drained(upstream: Simulator, began: float) -> float:
    """The most calls that any second saw; returns when nothing is listed any more, or it takes too long."""
    most, calls, at = 0.0, upstream.calls(), time.time()
    while upstream.left() and time.time() < began + LIMIT_SECONDS:
        time.sleep(SECOND)
        then, before = calls, at
        calls, at = upstream.calls(), time.time()
        most = max(most, (calls - then) / max(SECOND, at - before))
    return most


def most_within(times: Sequence[float], seconds: float) -> int:
    """The most that lie within any so many seconds."""
    ordered, first, most = sorted(times), 0, 0
    for last, at in enumerate(ordered):
        while at - ordered[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
