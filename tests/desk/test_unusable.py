"""Post that Digital Post shows without an id it could be fetched by: who sees that, and in which words."""

import pytest

from nemboks.desk.explain import explain_cvr
from nemboks.desk.status import status
from nemboks.desk.words import Lang
from tests.desk import troubles_of_box  # noqa: F401 -- fills SCENES
from tests.desk.troubled import SCENES, Trouble
from tests.helpers import builders as make


@pytest.fixture
async def trouble(filled):
    found = Trouble(filled)
    await found.look()
    await SCENES["unusable"](found)
    return found


async def seen(trouble):
    """Whether the asker is told of it by `explain`, and how many `status` shows."""
    found = await explain_cvr(trouble.store, trouble.asking, make.ANNA, Lang.DA)
    whole = await status(trouble.store, trouble.asking, trouble.clock.now())
    number = next(one["unusable"] for one in whole["items"] if one["cvr"] == make.ANNA)
    return "unusable" in [one["id"] for one in found["causes"]], number


async def test_the_company_and_the_operator_see_it(trouble):
    """As they see its letters."""
    assert (True, 1) == await seen(trouble)
    trouble.asking = await trouble.person()
    assert (True, 1) == await seen(trouble)


async def test_after_an_estates_effect_people_of_before_do_not(trouble):
    """It may be new post, which is the receiver's."""
    operator, trouble.asking = trouble.asking, await trouble.person()
    await trouble.box(frozen_at=trouble.clock.now(), boundary_at=trouble.clock.now())

    assert (False, 0) == await seen(trouble)
    trouble.asking = operator
    assert (True, 1) == await seen(trouble)


async def test_of_an_undecided_estate_people_of_before_are_told_the_case_alone(trouble):
    """As of held letters."""
    trouble.asking = await trouble.person()
    await trouble.box(frozen_at=trouble.clock.now())

    assert (False, 1) == await seen(trouble)
