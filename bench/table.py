"""The figures as Markdown tables, for people and for docs/performance.md."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.summary import RATIO, Row

# In the order of the columns: what it is called, and how many decimals say something.
HEADINGS: Mapping[str, tuple[str, int]] = {
    "letters_per_s": ("letters/s", 0), "polls_per_s": ("polls/s", 0), "mb_per_s": ("MB/s", 0),
    RATIO: ("ratio", 2), "seconds": ("seconds", 2), "startup_s": ("start-up s", 2), "start_s": ("start s", 1),
    "start_cpu_s": ("start CPU s", 1), "cpu_s": ("CPU s", 2), "cpu_ms_per_letter": ("CPU ms/letter", 2),
    "cpu_ms_per_poll": ("CPU ms/poll", 3), "connect_cpu_ms": ("CPU ms to connect", 2),
    "cpu_us_per_letter": ("CPU µs/letter", 0), "wall_us_per_letter": ("wall µs/letter", 0),
    "core_percent": ("% of a core", 2), "kb_per_cvr": ("kB/CVR", 2), "kb_per_connection": ("kB/connection", 0),
    "peak_mb": ("peak MB", 0), "over_idle_mb": ("MB over idle", 0), "p50_s": ("p50 s", 2), "p95_s": ("p95 s", 2),
    "ledger_mb": ("ledger MB", 0), "most_mails_per_s": ("most mails in a second", 0),
    "most_calls_per_s": ("most calls in a second", 0),
}  # fmt: skip
HIDDEN = frozenset({"memory_kb"})


def tables(found: Sequence[Row], titles: Mapping[str, str]) -> str:
    """A table for each scenario."""
    parts = []
    for scenario in dict.fromkeys(row.scenario for row in found):
        own = [row for row in found if row.scenario == scenario]
        names = [name for name in HEADINGS if any(name in row.figures for row in own)]
        head = ["", *(HEADINGS[name][0] for name in names), "verdict"]
        lines = [[row.contender, *(_figure(row.figures, name) for name in names), row.verdict] for row in own]
        parts.append(f"### {scenario}: {titles[scenario]}\n\n{_markdown(head, lines)}")
    return "\n\n".join(parts)


def aims_table(found: Iterable[Mapping[str, Any]]) -> str:
    """What was asked for, what was measured."""
    lines = []
    for one in found:
        words, decimals = HEADINGS[one["figure"]]
        sign = {"<=": "≤", ">=": "≥"}[one["sign"]]
        measured = f"{one['measured']:,.{decimals}f}"
        lines.append([one["scenario"], one["contender"], words, f"{sign} {one['aim']:g}", measured,
                      "yes" if one["met"] else "no"])  # fmt: skip
    return _markdown(["scenario", "", "figure", "asked", "measured", "met"], lines)


def _figure(figures: Mapping[str, float], name: str) -> str:
    return f"{figures[name]:,.{HEADINGS[name][1]}f}" if name in figures else ""


def _markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
