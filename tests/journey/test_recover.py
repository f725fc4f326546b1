"""What recovery ends and what it leaves alone; replies that come late; contents that are lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.events import AttemptEnded, ContentsLost, DotBegun, Later
from nemboks.domain.letter import Stale, State
from nemboks.domain.proof import Stage
from nemboks.journey.recover import recover
from tests.helpers import builders as make
from tests.helpers.fake_courier import refused
from tests.helpers.fake_inbox import Removal
from tests.journey.town import SlowCourier, Town, memo, uuid, with_courier

S = State


# --- recovery ---


@pytest.mark.parametrize(("at_dot", "why", "count"), [(False, "cut", 0), (True, "uncertain", 1)])
async def test_a_restart_ends_what_nobody_holds(at_dot: bool, why: str, count: int) -> None:
    """Before dot_begun cut, after it uncertain and counted; the due time is in the future either way."""
    town = Town()
    letter = await town.waiting()
    soon = town.clock.now() + timedelta(minutes=1)
    letter = await town.letters.move(letter, make.claimed(town.clock.now()))
    if at_dot:
        await town.letters.move(letter, DotBegun(1))
    assert await recover(town.world, sole=True) == 1
    assert (town.letter.state, town.letter.why, town.letter.uncertain) == (S.WAITING, why, count)
    assert town.letter.due_at is not None and town.letter.due_at >= soon


async def test_without_a_restart_an_attempt_is_ended_only_when_its_time_is_over() -> None:
    """At the deadline before dot_begun; after it the reply wait comes on top."""
    for at_dot, seconds in ((False, 1200), (True, 1800)):
        town = Town()
        letter = await town.letters.move(await town.waiting(), make.claimed(town.clock.now(), 1200))
        if at_dot:
            await town.letters.move(letter, DotBegun(1))
        town.clock.advance(seconds - 1)
        assert await recover(town.world) == 0
        town.clock.advance(1)
        assert await recover(town.world) == 1


async def test_a_250_that_comes_after_recovery_still_counts() -> None:
    """A confirmation is a fact: the letter is forwarded, and the uncertain end stays counted."""
    town = Town()
    await town.waiting()

    async def overtaken() -> None:
        town.clock.advance(7200)
        assert await recover(town.world) == 1

    with_courier(town, SlowCourier(after=overtaken))
    assert await town.step() is S.FORWARDED
    assert town.letter.uncertain == 1 and AttemptEnded in town.events()


async def test_a_refusal_that_comes_after_recovery_changes_nothing() -> None:
    """Another attempt may be open by then; the row keeps what recovery said."""
    town = Town()
    await town.waiting()

    async def overtaken() -> None:
        town.clock.advance(7200)
        await recover(town.world)

    with_courier(town, SlowCourier(after=overtaken)).courier.endings.append(refused(Stage.DOT, 451))
    with pytest.raises(Stale):
        await town.step()
    assert (town.letter.why, town.letter.uncertain) == ("uncertain", 1)


# --- contents ---


@pytest.mark.parametrize("harm", ["missing", "cut", "altered"])
async def test_lost_contents_are_fetched_again_and_the_mail_stays_the_same(harm: str) -> None:
    """No dot goes out with them; Message-ID, Date and seed are kept."""
    town = Town()
    letter = await town.waiting()
    assert letter.contents is not None
    owner, contents = town.contents.files.pop(letter.contents.file)
    if harm != "missing":
        town.contents.files[letter.contents.file] = (owner, contents[:500] if harm == "cut" else contents[::-1])

    assert [await town.step() for _ in range(3)] == [S.FOUND, S.WAITING, S.FORWARDED]
    assert ContentsLost in town.events() and Later not in town.events()
    assert town.letter.copy == letter.copy and len(town.courier.sent) == 1


async def test_contents_lost_while_upstream_lost_the_letter_too_vanish_aloud() -> None:
    """Nothing else is left to do; it is never called delivered."""
    town = Town(removal=Removal.FORGETS)
    await town.waiting()
    town.contents.files.clear()
    assert [await town.step() for _ in range(4)] == [S.FOUND, S.FOUND, S.FOUND, S.VANISHED]
    assert not town.courier.sent


async def test_contents_that_are_not_the_headlines_never_reach_a_dot() -> None:
    """The digest is compared while streaming; what lies here in its place is thrown away."""
    town = Town()
    letter = await town.waiting()
    other = memo(title="En anden")
    async with town.contents.seal(letter.id) as sealing:
        await sealing.write(other)
        sealed = await sealing.finish(durable=True)
    town.letters.rows[letter.id] = replace(letter, contents=sealed)
    assert [await town.step() for _ in range(3)] == [S.FOUND, S.WAITING, S.FORWARDED]
    assert len(town.courier.sent) == 1 and uuid(1).encode() in town.courier.sent[0].letter
