"""Each mistake planted in the real program is seen by the seed that is known to meet it."""

import pytest

from tests.simulation.floor1.mistakes import EXPECTED, MISTAKES
from tests.simulation.floor1.run import schedule

SEEN_BY = {
    "ack_before_the_commit": 7,
}


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_a_planted_mistake_is_seen(mistake: str) -> None:
    """With it the schedule ends in a broken promise of the kind that it breaks; without it all is well."""
    seed = SEEN_BY[mistake]
    assert {kind for kind, _ in schedule(seed, mistake).breaches} & set(EXPECTED[mistake])
    assert schedule(seed).ok
