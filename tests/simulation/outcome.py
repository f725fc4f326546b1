"""What one simulated schedule came to: the same value for both floors."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["lost", "premature", "misdelivered", "order", "copies", "stuck", "other"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`breaches` names each broken promise with its words; `faults` what was injected, in order, for shrinking."""

    seed: int
    breaches: tuple[tuple[Kind, str], ...] = ()
    letters: int = 0
    copies: int = 0  # beyond the first, of all letters
    uncertain: int = 0  # ends that nobody knows
    cells: Counter[str] = field(default_factory=Counter)  # "fault × step": how often it fired
    faults: tuple[str, ...] = ()
    trace_hash: str = ""
    trace: tuple[str, ...] = ()  # the last events, for people

    @property
    def ok(self) -> bool:
        return not self.breaches

    def of(self, kind: Kind) -> int:
        """How many breaches are of this kind."""
        return sum(k == kind for k, _ in self.breaches)
