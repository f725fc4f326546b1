"""The lives of the daemon under torture: fed, troubled, ended; then the healing, the draining and the judgement."""

import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.processes.daemon import BIN, READY, Daemon, DaemonEnded, nemboks
from tests.processes.gather import facts
from tests.processes.ledger import Ledger
from tests.processes.oracle import ACKNOWLEDGED, Verdict, judge
from tests.processes.post import Feeder
from tests.processes.servers import freeze
from tests.processes.town import Town
from tests.processes.troubles import Trouble, any_trouble
from tests.torture.result import Result

DRAIN_SECONDS = 600.0  # RELIABILITY 7: drained ten minutes after the healing
MOMENTS = (
    "letter_found", "letter_collected", "letter_claimed", "letter_dot_begun", "letter_dot_begun", "letter_confirmed",
    "letter_confirmed", "letter_acknowledged", "letter_acknowledged", "letter_later", "letter_attempt_ended",
)  # fmt: skip
RARE = MOMENTS[-2:]  # these come only after a trouble, so the first or second counts
LAST_SECONDS = 2.0  # a life that ends by the clock ends then at the latest
MOMENT_SECONDS = 3.0  # and one that waits for its moment
LONG = 30  # so many letters leave upstream in a long life, else a slow machine would only ever start
TOGETHER = 3  # troubles at a time
BEHIND = 500  # letters that wait; from then on a life first does CATCH_UP of them, if it can within so many seconds
CATCH_UP, CATCH_UP_SECONDS = 60, 4.0


@dataclass
class Plan:
    """How one life ends."""

    how: str = "delay"  # start, delay, event, stop
    seconds: float = 0.0
    event: str = ""
    count: int = 0
    freeze: float = 0.0  # seconds that the daemon stands still before
    cut: int = 0  # at this dot every connection is reset

    @classmethod
    def of(cls, chance: random.Random) -> "Plan":
        """A life's end by chance."""
        (how,) = chance.choices(("start", "delay", "event", "stop", "long"), (8, 32, 42, 10, 8))
        freeze_ = chance.uniform(0.1, 1.2) if chance.random() < 0.05 else 0.0
        cut = chance.randint(1, 8) if chance.random() < 0.12 else 0
        seconds = chance.uniform(0.005, 0.9 if how == "start" else LAST_SECONDS)
        event = chance.choice(MOMENTS)
        count = chance.randint(1, 2 if event in RARE else 12)
        if how == "long":
            how, event, count = "event", "letter_acknowledged", LONG
        return cls(how, seconds, event, count, freeze_, cut)


@dataclass
class Told:
    """What the run has done so far."""

    kills: int = 0
    stops: int = 0
    stop_seconds: float = 0.0  # the longest
    start_seconds: list[float] = field(default_factory=list)
    cells: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    drained: float = 0.0
    released: Counter[str] = field(default_factory=Counter)


class Torture:
    """One run in one town."""

    def __init__(
        self, town: Town, kills: int, letters: int, seed: int, command: Sequence[str] = (str(BIN / "nemboks"),)
    ) -> None:
        self.town, self.kills, self.letters, self.command = town, kills, letters, command
        self.chance, posting = random.Random(seed), random.Random(f"post {seed}")
        self.told = Told()
        self.ledger = Ledger(town.state / "nemboks.db")
        self.feeder = Feeder(lambda: town.post.put(town.companies, posting))
        self._ordered, self._done = 0, 0
        self._troubles: list[tuple[int, Trouble]] = []
        self._beside = ThreadPoolExecutor(1, "slow")
        self._slow: list[Future[object]] = []
        self._daemon: Daemon | None = None

    def close(self) -> None:
        """Nothing of it runs any more; the town still stands."""
        self._beside.shutdown(cancel_futures=True)
        self.feeder.stop()
        if self._daemon is not None:
            self._daemon.end()

    # --- the lives ---

    def run(self) -> None:
        """Every kill. Raises DaemonEnded when the daemon ended by itself."""
        while self.told.kills < self.kills:
            self._trouble()
            self._feed()
            self._life(Plan.of(self.chance))
        if self.letters > self._ordered:
            self.feeder.more(self.letters - self._ordered)

    def _feed(self) -> None:
        """Letters in step with the kills; no more while the posting is behind."""
        wanted = self.letters * (self.told.kills + 1) // self.kills - self._ordered
        if wanted > 0 and self.feeder.waiting < max(50, wanted):
            self.feeder.more(wanted)
            self._ordered += wanted

    def _life(self, plan: Plan) -> None:
        seen: Counter[str] = Counter()
        over, caught_up = threading.Event(), threading.Event()
        if plan.how == "start" or not self._behind():
            caught_up.set()

        def watch(daemon: Daemon, event: dict[str, Any]) -> None:
            name = event.get("event", "")
            seen[name] += 1
            if not caught_up.is_set():
                if name == "letter_acknowledged" and seen[name] == CATCH_UP:
                    seen.clear()
                    caught_up.set()
                return
            if name == "letter_dot_begun" and seen[name] == plan.cut:
                self._cut()
            if plan.how == "event" and name == plan.event and seen[name] == plan.count:
                daemon.signal(signal.SIGKILL)
                over.set()

        self._daemon = daemon = self._start(watch)
        if plan.how == "start":
            over.wait(plan.seconds)
        elif daemon.until(READY):
            self.told.start_seconds.append(daemon.ready_seconds)
            caught_up.wait(CATCH_UP_SECONDS)
            caught_up.set()
            over.wait(MOMENT_SECONDS if plan.how == "event" else plan.seconds)
        elif not over.is_set():  # else its moment came while it recovered
            raise DaemonEnded("it did not become ready")
        self._freeze(daemon, plan.freeze)
        self._stop(daemon) if plan.how == "stop" else self._kill(daemon, plan)

    def _behind(self) -> bool:
        posted = len(self.town.post.posted)
        # Killed within a commit, its journal is the next life's to roll back: nobody may read until then.
        with suppress(sqlite3.OperationalError):
            states = self.ledger.states() if posted > BEHIND else Counter()
            self._done = states[ACKNOWLEDGED] + states["HELD"]  # the latter wait for a person, who comes at the end
        return posted - self._done > BEHIND

    def _start(self, watch: Any = None) -> Daemon:
        return Daemon(self.town.config, self.town.folder / "daemon.log", watch, self.command)

    def _cut(self) -> None:
        self.told.cells["reset at the dot"] += 1
        for name, link in self.town.proxy.links.items():
            if name not in ("rest", "imap"):
                link.drop()

    def _freeze(self, daemon: Daemon, seconds: float) -> None:
        if seconds and daemon.process.poll() is None:
            freeze(daemon.process.pid, signal.SIGSTOP)
            time.sleep(seconds)
            freeze(daemon.process.pid, signal.SIGCONT)
            self.told.cells["SIGSTOP:daemon"] += 1

    def _kill(self, daemon: Daemon, plan: Plan) -> None:
        daemon.kill()
        self.told.kills += 1
        self.told.cells[f"SIGKILL@{'start' if plan.how == 'start' else daemon.last}"] += 1

    def _stop(self, daemon: Daemon) -> None:
        """SIGTERM: it must end with 0, and no dot may be out whose end is not committed."""
        last = daemon.last
        seconds = daemon.stop()
        self.told.stops += 1
        self.told.stop_seconds = max(self.told.stop_seconds, seconds)
        self.told.cells[f"SIGTERM@{last}"] += 1
        if doubts := self.ledger.doubts():
            self.told.problems.append(f"SIGTERM left {doubts} attempts uncertain")

    # --- the troubles ---

    def _trouble(self) -> None:
        """Ends those whose time is over; begins another at times."""
        self._slow = [one for one in self._slow if not _over(one)]
        now = self.told.kills + self.told.stops
        for until, trouble in tuple(self._troubles):
            if until <= now:
                self._troubles.remove((until, trouble))
                self._do(trouble, trouble.end)
        if len(self._troubles) < TOGETHER and self.chance.random() < 0.6:
            trouble = any_trouble(self.town, self.chance)
            self.told.cells[trouble.name] += 1
            self._troubles.append((now + self.chance.randint(1, 3), trouble))
            self._do(trouble, trouble.begin)

    def _do(self, trouble: Trouble, act: Any) -> None:
        if trouble.slow:
            self._slow.append(self._beside.submit(act))
        else:
            act()

    # --- the end ---

    def heal(self) -> None:
        """All faults are off, all servers run, nobody has paused anything."""
        town = self.town
        for _, trouble in self._troubles:
            self._do(trouble, trouble.end)
        self._troubles.clear()
        for one in self._slow:
            one.result(120)
        town.proxy.heal()
        town.say.heal()
        for server in (town.mta, town.boxes, town.upstream):
            freeze(server.pid, signal.SIGCONT)
            server.start()
        town.mta.flush()

    def drain(self, seconds: float = DRAIN_SECONDS) -> None:
        """Returns when all has drained, or time is up; the seconds it took are told."""
        began = time.monotonic()
        self._daemon = self._start()
        if not self._daemon.until(READY):
            raise DaemonEnded("it did not become ready after the healing")
        while time.monotonic() < began + seconds:
            if self._daemon.process.poll() is not None:
                raise DaemonEnded("it ended by itself while it drained")
            if not self.feeder.waiting and self._all_acknowledged():
                break
            self._release()
            time.sleep(0.3)
        self.told.drained = time.monotonic() - began
        self._stop(self._daemon)
        self._queue_empties()

    def _all_acknowledged(self) -> bool:
        states = self.ledger.states()
        return states[ACKNOWLEDGED] == states.total() == len(self.town.post.posted)

    def _release(self) -> None:
        """What is held is released, as a person does it."""
        for number, why in self.ledger.held():
            code, answer = nemboks(self.town.config, "letter", "release", str(number))
            self.told.released[why] += 1
            if code:
                self.told.problems.append(f"letter {number} ({why}) is not released: {answer}")

    def _queue_empties(self) -> None:
        """Returns when Postfix has put everything into the Maildirs, or a minute is over."""
        end = time.monotonic() + 60
        queue = self.town.mta.postfix.home / "queue"
        while time.monotonic() < end and any(_files(queue / name) for name in ("incoming", "active", "deferred")):
            time.sleep(0.1)

    def judged(self, seconds: float, whole: bool) -> Result:
        """The result; never ok unless the run was whole."""
        verdict = judge(facts(self.town))
        code, audit = nemboks(self.town.config, "audit", "verify")
        if code:
            verdict.tell(f"the history is not whole: {audit}")
        told = self.told
        if whole and told.drained >= DRAIN_SECONDS:
            told.problems.append(f"not drained after {told.drained:.0f} s")
        ok = whole and verdict.ok and not told.problems and code == 0
        about = {"removal": self.town.removal, "letters": len(self.town.post.posted), "audit": code == 0}
        return _result(ok, verdict, told, seconds, self.town.seed, about)


def _files(folder: Path) -> bool:
    return any(one.is_file() for one in folder.rglob("*"))


def _over(one: "Future[object]") -> bool:
    """Whether it is done; raises what it raised."""
    if one.done():
        one.result()
    return one.done()


def _result(ok: bool, verdict: Verdict, told: Told, seconds: float, seed: int, about: dict[str, object]) -> Result:
    starts = sorted(told.start_seconds) or [0.0]
    return Result(
        ok, told.kills, verdict.lost, verdict.premature, verdict.misdelivered, verdict.orders, verdict.copies,
        verdict.uncertain, dict(told.cells), seconds, () if ok else (seed,),
        {
            **about, "stops": told.stops, "stop_seconds": round(told.stop_seconds, 2),
            "start_seconds": round(starts[len(starts) // 2], 2), "drained_seconds": round(told.drained, 1),
            "unsettled": verdict.unsettled, "altered": verdict.altered, "torn": verdict.torn,
            "unexplained": verdict.unexplained, "plain": verdict.plain,
            "released": dict(told.released), "problems": [*told.problems, *verdict.problems][:20],
        },
    )  # fmt: skip
