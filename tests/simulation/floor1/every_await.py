"""One letter, one fault, and a kill before every single step of the run, one after the other: nothing is chance.

A step of the loop is what runs between two awaits, so this is every place where a process can die that Python can show.
"""

from collections.abc import Iterator

from nemboks.domain.pace import Pace
from tests.helpers import builders as make
from tests.helpers.fake_inbox import Removal
from tests.simulation.floor1.ground import RELAY, Box
from tests.simulation.floor1.plan import Plan, Posting
from tests.simulation.floor1.run import play
from tests.simulation.outcome import Outcome

# No fault; and each that changes the way which a letter takes.
FAULTS = (
    "", "S01", "S07", "S09", "S10", "S11", "S12", "S13", "S15", "S16", "S17", "S18", "S19", "S20", "S22", "S23", "S25",
    "S26", "S27", "H02", "H04", "H05", "H06", "H08", "H11", "H13", "H20", "H24", "Hlost", "Rfailed", "Rsilent",
)  # fmt: skip


def plan_of(fault: str, removal: Removal) -> Plan:
    """One mailbox, one letter of two documents, and this fault, which happens once."""
    server = RELAY if fault.startswith("R") else make.SERVER
    limit = 17_000 if fault == "S26" else 0
    rates = {fault: 1.0} if fault else {}
    post = Posting(0.5, 0, "ordinary", 2, 0)
    return Plan(
        1, (Box(server=server),), (1,), removal, Pace(poll_seconds=600.0), True, 20.0, (post,), (), (), rates, limit
    )


def exhaustive(
    every: int = 1, first: int = 2, faults: tuple[str, ...] = FAULTS, removals: tuple[Removal, ...] = tuple(Removal)
) -> Iterator[Outcome]:
    """What came of each run; `every` n-th step only, from `first` on. Upstream's policy changes from fault to fault."""
    for number, fault in enumerate(faults):
        plan, only = plan_of(fault, removals[number % len(removals)]), {f"{fault}@1"}
        steps: list[int] = []
        yield play(plan, only=only, counted=steps)
        for step in range(first, steps[0] + 1, every):
            yield play(plan, only={*only, "kill@1"}, kill_at=step)
