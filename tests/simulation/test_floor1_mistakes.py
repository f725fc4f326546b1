"""Each mistake planted in the real program is seen by the seed that is known to meet it."""

import pytest

from tests.simulation.floor1.mistakes import EXPECTED, MISTAKES
from tests.simulation.floor1.run import schedule

SEEN_BY = {  # the first seed that sees it
    "a_5yz_ends_the_letter": 1,
    "a_redirect_goes_by_local_time": 12,
    "ack_before_the_commit": 2,
    "confirmed_before_the_reply": 0,
    "contents_go_before_the_receipt": 0,
    "fetched_before_it_is_known": 12,
    "it_is_tried_again_at_once": 1,
    "silence_is_success": 3,
    "the_deadline_is_ignored": 64,
    "the_fence_is_not_checked": 91,
    "the_first_part_is_enough": 31,
    "the_plan_is_asked_only_at_the_poll": 252,
    "the_route_is_read_only_at_the_claim": 7,
}


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_a_planted_mistake_is_seen(mistake: str) -> None:
    """With it the schedule ends in a broken promise of the kind that it breaks; without it all is well."""
    seed = SEEN_BY[mistake]
    assert {kind for kind, _ in schedule(seed, mistake).breaches} & set(EXPECTED[mistake])
    assert schedule(seed).ok
