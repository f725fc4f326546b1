"""The one line with which every long run ends, for people and for machines."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

SCHEMA = "nemboks.torture/1"


@dataclass(frozen=True, slots=True)
class Result:
    """What a long run came to. `schedules` is how many runs, points or kills; `cells` how often each was met."""

    ok: bool
    schedules: int
    lost: int = 0
    premature: int = 0
    misdelivered: int = 0
    orders: int = 0  # first attempts out of turn
    copies: int = 0  # beyond the first
    uncertain: int = 0
    cells: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    failing_seeds: tuple[int, ...] = ()
    more: Mapping[str, object] = field(default_factory=dict)  # what only this run measures

    def line(self) -> str:
        """One JSON object on one line."""
        told = asdict(self)
        more = told.pop("more")
        told |= {"cells": dict(sorted(self.cells.items())), "seconds": round(self.seconds, 1)}
        return json.dumps({"schema": SCHEMA, **told, **more}, ensure_ascii=False)

    def __str__(self) -> str:
        words = "ok" if self.ok else f"NOT OK: seeds {', '.join(map(str, self.failing_seeds[:20]))}"
        more = "".join(f", {name} {value}" for name, value in self.more.items() if not isinstance(value, dict | list))
        return (
            f"{self.schedules} runs in {self.seconds:.0f} s: lost {self.lost}, premature {self.premature}, "
            f"misdelivered {self.misdelivered}, out of order {self.orders}, copies {self.copies} of {self.uncertain} "
            f"uncertain ends, {len(self.cells)} cells{more}: {words}"
        )
