"""The demo's judge can fail: each mistake that is planted in the real daemon is seen, by the count meant for it.

The rest of the runs, and the same ones over the other faces and policies: `./x torture planted`.
"""

from pathlib import Path

import pytest

from tests.planted.daemon import MISTAKES
from tests.planted.runs import SIGHTS, Sight, look, seen

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("sight", [x for x in SIGHTS if x.quick], ids=lambda x: x.mistake)
def test_the_judge_sees_a_planted_mistake(sight: Sight, tmp_path: Path) -> None:
    """The demo ends with 1, is not ok, and the count that stands for the mistake is above zero."""
    code, result = look(sight, tmp_path)

    assert seen(sight, code, result), {k: v for k, v in result.items() if k != "letters"}


def test_every_mistake_is_looked_for() -> None:
    """No mistake lies in the drawer without a run that must see it."""
    assert set(MISTAKES) == {x.mistake for x in SIGHTS}
