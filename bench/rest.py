"""MeMo letters over REST: the simulator and the mail server in processes of their own, the daemon's own cost.

Start-up is the same command over the same mailboxes while they are empty; it is taken off, and its memory is idle. The
settings are production's but for `[rates] upstream`: at its 100 calls a second, two for a letter, 1,000 letters take 20
seconds whatever the program does.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.ends import fast_sink
from bench.judge import OK, taken
from bench.processes import Usage, run
from bench.runs import NEMBOKS, Ground, Run
from bench.simulator import BODY, UNHURRIED, Simulator, simulator

SECONDS = 300.0


@dataclass(frozen=True)
class Filling:
    """So many companies, so many letters for each, with a main document of so many bytes."""

    companies: int
    each: int
    body: int = BODY


FILLINGS = {"rest": Filling(50, 20), "rest-large": Filling(1, 1, 70_000_000)}
SMALL = Filling(2, 3, 2_000)


def measure(name: str, ground: Ground) -> Iterator[Run]:
    """A run in each round."""
    filling = SMALL if ground.small else FILLINGS[name]
    room = ground.room(name)
    try:
        with simulator(room, filling.companies) as upstream:
            for number in range(ground.rounds):
                start, _ = _drain(upstream, ground, 0)
                sizes = _fill(upstream, filling, number)
                used, verdict = _drain(upstream, ground, len(sizes))
                yield Run(name, NEMBOKS, number, verdict, _figures(used, start, sizes))
    finally:
        shutil.rmtree(room)


def _fill(upstream: Simulator, filling: Filling, seed: int) -> list[int]:
    orders = [(cvr, index) for index in range(filling.each) for cvr in upstream.cvrs]
    return [upstream.put(cvr, seed, index, filling.body)["size"] for cvr, index in orders]


def _drain(upstream: Simulator, ground: Ground, letters: int) -> tuple[Usage, str]:
    """One pass with an empty journal over all mailboxes; the newest so many letters are judged."""
    folder = ground.room("run")
    try:
        with fast_sink(folder, ground.certificates) as end:
            settings = upstream.settings(folder / "state", ground.certificates.ca, end.tls, UNHURRIED)
            used = run(ground.program("drain", "--config", str(settings)), folder, SECONDS)
            verdict = _verdict(upstream, letters, end.folder)
        return used, verdict if used.code == 0 or verdict != OK else f"exit code {used.code}"
    finally:
        shutil.rmtree(folder)


def _verdict(upstream: Simulator, letters: int, sink: Path) -> str:
    verdict = upstream.memos(len(upstream.letters()) - letters).judge(taken(sink))
    left = upstream.left()
    return f"{left} left upstream" if verdict == OK and left else verdict


def _figures(used: Usage, start: Usage, sizes: list[int]) -> dict[str, float]:
    seconds, cpu = max(used.wall - start.wall, 1e-3), max(used.cpu - start.cpu, 0.0)
    return {
        "seconds": seconds, "startup_s": start.wall, "peak_mb": used.peak / 1e6,
        "over_idle_mb": max(0, used.peak - start.peak) / 1e6, "letters_per_s": len(sizes) / seconds,
        "mb_per_s": sum(sizes) / seconds / 1e6, "cpu_ms_per_letter": cpu / len(sizes) * 1e3,
    }  # fmt: skip
