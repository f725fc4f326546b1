"""docs/faults.md: every fault, what must happen, the tests that show it, and the figures of the last long runs.

Run it after a change of the table or of docs/figures.json: `./x python -m tests.faults.page`.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.faults.table import MACHINE, MORE, STEPS, Row, alone

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGE, FIGURES = DOCS / "faults.md", DOCS / "figures.json"
INTRO: Final = """# What may go wrong, and the tests that show what becomes of a letter

This page is written by `./x python -m tests.faults.page` from the table in `tests/faults`, which is checked at each
`./x test`: a cell without a test, or a test that is gone, fails there. The promise behind all of it: no letter is
lost, none leaves Digital Post before its delivery is committed, none goes to the wrong hands, and a second copy comes
only after a counted uncertain end, the same to the octet.
"""
GROUPS: Final = {
    "D": "The ledger", "H": "Digital Post over REST", "M": "Digital Post over IMAP", "S": "Mail servers",
    "T": "Time and people",
}  # fmt: skip
COUNTS: Final = ("schedules", "lost", "premature", "misdelivered", "orders", "copies", "uncertain", "seconds")
NAMED: Final = ("runs", "lost", "too early", "astray", "out of order", "copies", "uncertain ends", "seconds")


def page() -> str:
    """The whole page."""
    return "\n".join([INTRO, *_figures(), *_machine(), *_alone()])


def _figures() -> list[str]:
    runs: Sequence[Mapping[str, Any]] = json.loads(FIGURES.read_text("utf-8"))
    lines = ["## The last long runs", ""]
    if not runs:
        return [*lines, "None is recorded yet.", ""]
    lines += [f"| command | day | {' | '.join(NAMED)} | cells | |", "|" + "---|" * (len(NAMED) + 4)]
    for run in runs:
        result = run["result"]
        numbers = " | ".join(f"{result.get(name, 0):,.10g}" for name in COUNTS)
        well = "ok" if result["ok"] else "NOT OK"
        lines.append(f"| `{run['command']}` | {run['date']} | {numbers} | {len(result.get('cells', {}))} | {well} |")
    return [*lines, ""]


def _machine() -> list[str]:
    steps = ", ".join(f"{letter} {words}" for letter, words in STEPS.items())
    lines = ["## The process and its machine, at every step", "", f"The steps: {steps}.", ""]
    for name, row in MACHINE.items():
        lines += [f"### {row.fault}", "", f"{row.must}{_limit(row)}", ""]
        lines += [f"- {step}: {_tests([one.format(step=step) for one in row.tests])}" for step in STEPS]
        lines += [f"- whatever the step: {_tests(MORE[name])}", ""]
    return lines


def _alone() -> list[str]:
    lines: list[str] = []
    for letter, heading in GROUPS.items():
        lines += [f"## {heading}", "", "| | fault | what must happen | shown by |", "|---|---|---|---|"]
        rows = [row for row in alone() if row.id[0] == letter]
        lines += [f"| {row.id} | {row.fault} | {row.must}{_limit(row)} | {_tests(row.tests)} |" for row in rows]
        lines.append("")
    return lines


def _limit(row: Row) -> str:
    return f" *{row.limit}*" if row.limit else ""


def _tests(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
