"""Many runs, few figures: medians over the rounds, ratios taken round by round, and what the issue asks for."""

import operator
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench import contenders, growth
from bench.judge import OK
from bench.runs import NEMBOKS, Run

RATIO = "x"


@dataclass(frozen=True)
class Row:
    """A contender's medians in a scenario. `figures["x"]` is the ratio to the base, where both have run."""

    scenario: str
    contender: str
    verdict: str
    figures: Mapping[str, float]


@dataclass(frozen=True)
class Aim:
    """A figure that was asked for."""

    scenario: str
    contender: str
    figure: str
    sign: str
    value: float

    def met(self, measured: float) -> bool:
        holds: Mapping[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge}
        return holds[self.sign](measured, self.value)


STATUS, TEN_THOUSAND, HUNDRED_THOUSAND = "nemboks status", "10,000 CVRs", "100,000 CVRs"
AIMS = (
    Aim("rest", NEMBOKS, "cpu_ms_per_letter", "<=", 3.0),
    Aim("rest-large", NEMBOKS, "over_idle_mb", "<=", 40),
    Aim("imap", NEMBOKS, RATIO, ">=", 4.5),
    Aim("imap", NEMBOKS, "cpu_ms_per_letter", "<=", 1.9),
    Aim("imap", NEMBOKS, "over_idle_mb", "<=", 60),
    Aim("imap-one", NEMBOKS, RATIO, ">=", 4.5),
    Aim("imap-each", NEMBOKS, RATIO, ">=", 2.4),
    Aim("imap-empty", NEMBOKS, RATIO, ">=", 1.5),
    Aim("imap-large", NEMBOKS, RATIO, ">=", 4.0),
    Aim("imap-large", NEMBOKS, "over_idle_mb", "<=", 40),
    Aim("imap-postfix", NEMBOKS, RATIO, ">=", 8.0),
    Aim("poll", "REST, keep-alive", "cpu_ms_per_poll", "<=", 0.15),
    Aim("poll", "IMAP, kept connection", "cpu_ms_per_poll", "<=", 0.15),
    Aim("idle", TEN_THOUSAND, "core_percent", "<=", 2.0),
    Aim("idle", TEN_THOUSAND, "kb_per_cvr", "<=", 3.0),
    Aim("idle", HUNDRED_THOUSAND, "start_s", "<=", 10.0),
    Aim("growth", "1,000,000 letters", RATIO, "<=", 1.10),
    Aim("start", STATUS, "seconds", "<=", 0.5),
)


def rows(runs: Sequence[Run]) -> list[Row]:
    """One for each scenario and contender, in the order in which they first ran."""
    pairs = dict.fromkeys((run.scenario, run.contender) for run in runs)
    return [_row([run for run in runs if (run.scenario, run.contender) == pair], runs) for pair in pairs]


def _row(own: Sequence[Run], every: Sequence[Run]) -> Row:
    scenario, contender = own[0].scenario, own[0].contender
    names = dict.fromkeys(name for run in own for name in run.figures)
    figures = {name: statistics.median(run.figures[name] for run in own if name in run.figures) for name in names}
    if ratios := list(_ratios(own, every)):
        figures[RATIO] = statistics.median(ratios)
    verdicts = dict.fromkeys(run.verdict for run in own)
    return Row(scenario, contender, "; ".join(word for word in verdicts if word != OK) or OK, figures)


def _ratios(own: Sequence[Run], every: Sequence[Run]) -> Iterable[float]:
    """How many times as fast as the base in the same round; for the ledger, how many times its cost."""
    scenario = own[0].scenario
    ledger = scenario == "growth"
    base, figure = (growth.BASE, "cpu_us_per_letter") if ledger else (contenders.BASE, "seconds")
    bases = {run.round: run.figures[figure] for run in every if (run.scenario, run.contender) == (scenario, base)}
    for run in own:
        if run.round in bases:
            yield run.figures[figure] / bases[run.round] if ledger else bases[run.round] / run.figures[figure]


def aims(found: Iterable[Row]) -> list[dict[str, Any]]:
    """Each aim whose figure was measured, and whether it is met."""
    by = {(row.scenario, row.contender): row.figures for row in found}
    return [
        {"scenario": aim.scenario, "contender": aim.contender, "figure": aim.figure, "sign": aim.sign,
         "aim": aim.value, "measured": measured, "met": aim.met(measured)}
        for aim in AIMS
        if (measured := by.get((aim.scenario, aim.contender), {}).get(aim.figure)) is not None
    ]  # fmt: skip
