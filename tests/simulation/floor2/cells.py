"""Which faults can meet which steps on this floor: what a long run has to have fired."""

from collections.abc import Iterator

from tests.simulation.floor2.plan import CELLS


def reachable() -> Iterator[str]:
    """Every cell that a long run must have fired; kills meet what they meet."""
    yield from (f"{fault} × {step}" for step, fault in CELLS)
