"""Contents that are not, or not any more, those of the letter that Digital Post was asked for (RELIABILITY H15)."""

import pytest

from nemboks.domain.events import Reason, Released
from nemboks.domain.letter import State
from nemboks.ports import Unavailable
from tests.helpers.fake_inbox import Removal
from tests.journey.town import Town, memo, uuid

S = State


async def test_the_same_id_with_other_contents_is_held_until_a_person_takes_them() -> None:
    """After lost contents upstream brings another letter under the id; once released it goes with its own identity."""
    town = Town()
    letter = await town.waiting()
    town.contents.files.clear()
    town.inbox.put(uuid(1), memo(title="Ny"))
    states = [await town.step() for _ in range(2)]
    assert states == [S.FOUND, S.HELD]
    assert town.letter.why == Reason.OTHER_CONTENTS

    await town.letters.move(town.letter, Released("anna", town.clock.now()))
    states = [await town.step() for _ in range(3)]
    assert states == [S.FOUND, S.WAITING, S.FORWARDED]
    assert town.letter.headline is not None and letter.headline is not None
    assert town.letter.headline.sha256 != letter.headline.sha256


@pytest.mark.parametrize("removal", list(Removal))
async def test_a_letter_that_once_came_with_anothers_contents_is_fetched_anew(removal: Removal) -> None:
    """Digital Post gave another's contents once; after a release the right ones are asked for, and go."""
    town = Town(removal=removal)
    await town.posted(memo(2))
    assert await town.step() is S.HELD
    kept = town.letter.contents

    town.inbox.put(uuid(1), memo())
    await town.letters.move(town.letter, Released("anna", town.clock.now()))
    assert [await town.step() for _ in range(3)] == [S.FOUND, S.WAITING, S.FORWARDED]
    assert town.letter.contents != kept and list(town.contents.files) == [town.letter.contents.file]


async def test_anothers_contents_stay_where_nothing_else_comes() -> None:
    """They may be the only ones there are: held again, sealed as before, until upstream answers otherwise."""
    town = Town()
    await town.posted(memo(2))
    assert await town.step() is S.HELD
    kept = town.letter.contents

    town.inbox.letters.clear()
    for _ in range(2):
        await town.letters.move(town.letter, Released("anna", town.clock.now()))
        assert [await town.step() for _ in range(2)] == [S.FOUND, S.HELD]
        assert (town.letter.why, town.letter.contents) == (Reason.OTHER_CONTENTS, kept)
        assert list(town.contents.files) == [kept.file]

    town.inbox.plant("fetch", Unavailable("down"))
    await town.letters.move(town.letter, Released("anna", town.clock.now()))
    assert [await town.step() for _ in range(2)] == [S.FOUND, S.FOUND]
    assert (town.letter.why, list(town.contents.files)) == ("unavailable", [kept.file])
