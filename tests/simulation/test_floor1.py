"""Floor 1 in the ordinary run: seeded schedules, determinism, a slice of the exhaustive part."""

import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.helpers.fake_inbox import Removal
from tests.simulation.floor1.cells import reachable
from tests.simulation.floor1.every_await import exhaustive
from tests.simulation.floor1.plan import drawn
from tests.simulation.floor1.run import schedule

SCHEDULES = 60  # .ci/run plays many more
TWICE = 20
HASHES = (
    f"from tests.simulation.floor1.run import schedule\nprint(*(schedule(seed).trace_hash for seed in range({TWICE})))"
)


def test_seeded_schedules_keep_every_promise() -> None:
    """No letter lost, receipted early, astray, out of order, copied without a count, or stuck after healing."""
    outcomes = [schedule(seed) for seed in range(SCHEDULES)]
    assert [(x.seed, x.breaches) for x in outcomes if not x.ok] == []
    assert all(x.copies <= x.uncertain for x in outcomes)
    fired = sum((x.cells for x in outcomes), Counter[str]())
    assert sum(x.letters for x in outcomes) > 3 * SCHEDULES and len(fired) > 100
    assert not [cell for cell in fired if cell.startswith(("kill", "sigterm")) and cell.split()[-1] not in STEPS]


STEPS = {cell.split()[-1] for cell in reachable() if cell.startswith("kill")} | {"anywhere"}


def test_a_seed_brings_the_same_run_in_every_process() -> None:
    """Two processes with different hash seeds see the same events at the same times."""
    told = []
    for seed in ("1", "4711"):
        environ = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", HASHES], capture_output=True, text=True, env=environ, timeout=300)
        assert done.returncode == 0, done.stderr
        told.append(done.stdout.split())
    assert told[0] == told[1] and len(set(told[0])) == TWICE


def test_left_out_faults_do_not_happen() -> None:
    """`only` keeps the schedule and lets in no other fault: what a shrinker needs."""
    seed = next(seed for seed in range(50) if len(schedule(seed).faults) > 3)
    first = schedule(seed).faults[0]
    assert schedule(seed, only=[]).faults == ()
    assert schedule(seed, only=[first]).faults == (first,)


def test_a_death_before_any_step_of_a_letters_way_is_survived() -> None:
    """A slice of the exhaustive part: every 23rd step, without a fault and with a lost reply to the dot."""
    outcomes = list(exhaustive(23, faults=("", "S18", "H05"), removals=(Removal.ON_RECEIPT, Removal.FORGETS)))
    assert len(outcomes) > 30
    assert [x.breaches for x in outcomes if not x.ok] == []
    assert all(x.faults[-1:] == ("kill@1",) or not x.faults or "@1" in x.faults[0] for x in outcomes)


@pytest.mark.parametrize("seed", [3, 77])
def test_plans_stay_within_what_the_issue_asks(seed: int) -> None:
    """One to four mailboxes, three to fourteen letters, days at most."""
    plan = drawn(seed)
    assert 1 <= len(plan.boxes) <= 4 and 3 <= len(plan.postings) <= 14 and plan.span <= 3 * 86_400
