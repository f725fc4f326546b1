"""Three installed workers on one ledger: divided work, and what a killed one, a stopped one and a restart leave."""

import signal
import threading
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.helpers.postgres import own
from tests.processes.daemon import READY, Daemon
from tests.workers.town import Workers

pytestmark = [pytest.mark.timeout(150), pytest.mark.slow]
NOTHING = {"lost": 0, "premature_receipts": 0, "misdelivered": 0, "held": 0}
MINUTE = 60.0


class AtItsDot:
    """Sends the signal to the worker when it logs that it begins a dot, from its third one on, once it is `armed`."""

    def __init__(self, number: signal.Signals) -> None:
        self.armed, self.sent, self._number, self._dots = threading.Event(), threading.Event(), number, 0

    def __call__(self, worker: Daemon, event: dict[str, Any]) -> None:
        dot = event.get("event") == "letter_dot_begun"
        self._dots += dot
        if dot and self._dots >= 3 and self.armed.is_set() and not self.sent.is_set():
            worker.signal(self._number)
            self.sent.set()

    def strike(self, town: Workers) -> None:
        """Returns when it was sent; there are letters enough until then."""
        self.armed.set()
        while not self.sent.wait(0.2):
            town.put(10)
            assert len(town.rows) < 400, "it was never in mid-send"


@pytest.mark.parametrize("removal", ["on-receipt", "on-fetch"])
def test_a_killed_a_stopped_worker_and_a_restart_lose_nothing(tmp_path: Path, removal: str) -> None:
    """One is killed and one stopped in mid-send until others have its letters, the server is restarted meanwhile:
    every letter arrives, none is receipted too early, each copy is counted, and nothing lies about for a minute."""
    server = own()
    killed, stopped = AtItsDot(signal.SIGKILL), AtItsDot(signal.SIGSTOP)
    with Workers(tmp_path, server, removal) as town:
        town.settle_in()
        town.put(80)
        third = town.work()
        workers = [third, town.work(killed), town.work(stopped)]
        try:
            assert all(worker.until(READY) for worker in workers)
            killed.strike(town)
            stopped.strike(town)  # from here it may stand still under the ledger's lock, until the restart
            server.stop()
            server.start()
            while len(late(town.url)) < 2:
                assert third.until("letter_attempt_ended", MINUTE)
            workers[2].signal(signal.SIGCONT)
            town.put(8)
            result = town.settled(MINUTE)
            assert {name: result[name] for name in NOTHING} == NOTHING
            assert result["acknowledged"] == result["accepted"] == len(town.rows)
            assert result["copies"] <= result["uncertain"]
            assert max(late(town.url)) < MINUTE
            assert [workers[0].stop(), workers[2].stop()]
        finally:
            for worker in workers:
                worker.signal(signal.SIGCONT)
                worker.end()


def late(url: str) -> list[float]:
    """How long after its deadline each attempt was ended whose holder was gone, in seconds."""
    query = "SELECT deadline_at, ended_at FROM attempts WHERE outcome IN ('cut', 'uncertain')"
    with psycopg.connect(url) as ledger:
        rows = [map(datetime.fromisoformat, row) for row in ledger.execute(query)]
    return [(ended - until).total_seconds() for until, ended in rows]


def test_workers_divide_the_work(tmp_path: Path) -> None:
    """No letter is fetched, claimed or receipted by two of them, and hardly a step is in vain."""
    with Workers(tmp_path, own()) as town:
        town.settle_in()
        town.put(60)
        seen: list[Counter[str]] = [Counter() for _ in range(3)]
        workers = [town.work(lambda _, event, of=of: of.update([event.get("event", "")])) for of in seen]  # type: ignore[misc]
        try:
            assert all(worker.until(READY) for worker in workers)
            result = town.settled()
            for worker in workers:
                worker.stop()
        finally:
            for worker in workers:
                worker.end()

    assert {name: result[name] for name in NOTHING} == NOTHING
    assert (result["copies"], result["uncertain"]) == (0, 0)
    every = sum(seen, Counter())
    assert (every["letter_collected"], every["letter_claimed"]) == (60, 60)
    assert every["letter_acknowledged"] <= 60  # the stop may come between the last commits and their lines
    assert every["letter_stale"] <= 3
