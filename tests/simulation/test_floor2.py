"""Floor 2: the real adapters over a virtual network lose, double and mislead no letter; and what would is found."""

import os
import subprocess
import sys

import pytest

from tests.simulation.floor2.mistakes import MISTAKES
from tests.simulation.floor2.plan import CELLS, TABLE, make_plan
from tests.simulation.floor2.run import schedule
from tests.simulation.outcome import Outcome

SCHEDULES = 30
# Where each mistake was seen first; a run of `./x torture simulate` finds them from any seed on.
FOUND_AT = {
    "plain_expunge": 1,
    "sequence_numbers": 1,
    "uidvalidity_ignored": 151,
    "identity_unchecked": 235,
    "quit_with_the_dot": 1,
    "silence_is_success": 39,
    "early_reply_counts": 389,
    "chunk_confirms": 10,
    "goes_on_in_clear": 68,
    "dot_uncommitted": 1,
}


def told(outcome: Outcome) -> str:
    """What a person needs who looks after a broken promise."""
    return "\n".join((f"seed {outcome.seed}", *map(str, outcome.breaches), *outcome.faults, *outcome.trace))


def hashes(command: str, hash_seed: str) -> bytes:
    """What a process of its own prints."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command_line = [sys.executable, "-c", command]
    return subprocess.run(command_line, env=environment, capture_output=True, check=True, timeout=100).stdout


@pytest.mark.parametrize("first", range(0, SCHEDULES, 10))
def test_no_schedule_breaks_a_promise(first: int) -> None:
    """Whatever the network, the mail servers and Digital Post do: nothing lost, early, astray or copied uncounted."""
    outcomes = [schedule(seed) for seed in range(first, first + 10)]
    for outcome in outcomes:
        assert outcome.ok, told(outcome)
        assert outcome.copies <= outcome.uncertain and outcome.letters
    assert sum(len(outcome.faults) for outcome in outcomes) > 10, "hardly anything went wrong"


def test_a_seed_brings_the_same_run_in_every_process() -> None:
    """A counterexample can be shown again: the order of sets and the lengths of signatures play no part."""
    command = (
        "from tests.simulation.floor2.run import schedule; print([schedule(n).trace_hash for n in range(101, 107)])"
    )
    runs = [hashes(command, seed) for seed in ("1", "77")]
    assert runs[0] == runs[1] and len(runs[0]) > 6 * 64


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_oracle_finds_the_mistake(mistake: str) -> None:
    """A run that could not fail would prove nothing."""
    assert not schedule(FOUND_AT[mistake], mistake).ok


@pytest.mark.parametrize("seed", sorted(set(FOUND_AT.values())))
def test_without_the_mistake_its_seed_is_well(seed: int) -> None:
    """What is found is the mistake, and not a fault of the seed's."""
    outcome = schedule(seed)
    assert outcome.ok, told(outcome)


def test_a_run_without_its_faults_has_none() -> None:
    """A counterexample is made smaller by leaving faults out: what is named happens, and nothing else."""
    whole = schedule(112)
    assert len(whole.faults) > 4
    assert schedule(112, only=()).faults == ()
    one = schedule(112, only=whole.faults[:1])
    assert one.faults == whole.faults[:1]


def test_every_cell_comes_round() -> None:
    """Each fault of the table is some seed's first one, so that a long run meets all of them."""
    planned = {
        (target.step, target.fault)
        for seed in range(1, 8 * len(CELLS))
        for target in make_plan(seed, TABLE, None).targets[:1]
    }
    assert planned == set(CELLS) and len(CELLS) == len(planned)
