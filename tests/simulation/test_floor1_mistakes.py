"""Each mistake planted in the real program is seen by the seed that is known to meet it."""

import pytest

from tests.simulation.floor1.mistakes import EXPECTED, MISTAKES
from tests.simulation.floor1.run import schedule

SEEN_BY = {  # the first seed that sees it
    "a_5yz_ends_the_letter": 3,
    "a_redirect_goes_by_local_time": 75,
    "ack_before_the_commit": 0,
    "confirmed_before_the_reply": 0,
    "contents_go_before_the_receipt": 0,
    "fetched_before_it_is_known": 27,
    "it_is_tried_again_at_once": 3,
    "silence_is_success": 39,
    "the_deadline_is_ignored": 4,
    "the_fence_is_not_checked": 240,
    "the_first_part_is_enough": 30,
    "the_plan_is_asked_only_at_the_poll": 252,
    "the_route_is_read_only_at_the_claim": 15,
    "what_an_address_has_is_forgotten": 383,
}
SOON = 800  # a change of the program moves the seeds; the issue asks for 2,000


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_a_planted_mistake_is_seen(mistake: str) -> None:
    """With it a schedule ends in a broken promise of the kind that it breaks; without it the same one is well."""
    seeds = (*range(SEEN_BY[mistake], SOON), *range(SEEN_BY[mistake]))
    kinds = set(EXPECTED[mistake])
    seed = next((x for x in seeds if {kind for kind, _ in schedule(x, mistake).breaches} & kinds), None)
    assert seed is not None, "no seed sees it"
    assert schedule(seed).ok
