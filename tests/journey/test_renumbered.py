"""The receipt of a letter whose IMAP inbox was numbered anew meanwhile (RELIABILITY M03)."""

from datetime import timedelta

from nemboks.domain.letter import State
from nemboks.domain.mailbox import Face
from nemboks.journey.acknowledge import acknowledge
from nemboks.journey.collect import collect
from tests.helpers.fake_inbox import LostReply
from tests.journey.test_collect import MESSAGE
from tests.journey.town import Town

S = State


async def _forwarded() -> Town:
    town = Town(Face.IMAP)
    town.inbox.put("7.1", MESSAGE)
    await town.look()
    await collect(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    await town.step()
    assert S.FORWARDED is town.letter.state
    return town


async def test_a_letter_that_was_removed_before_the_numbers_changed_is_settled() -> None:
    """Its removal was never answered and its number means nothing any more: it does not wait for ever."""
    town = await _forwarded()
    town.inbox.plant("acknowledge", LostReply())
    seen = [(await town.step(), town.letter.why) for _ in range(4)]

    assert [(S.FORWARDED, "unavailable"), *[(S.FORWARDED, "gone")] * 2, (S.ACKNOWLEDGED, "")] == seen
    assert 1 == len(town.courier.sent)


async def test_a_letter_that_lies_there_under_a_new_number_is_not_called_gone() -> None:
    """However often its old number is asked for; known again, it is removed by the new one and never sent again."""
    town = await _forwarded()
    town.inbox.take("7.1")
    town.inbox.put("8.1", MESSAGE)
    for _ in range(5):
        town.clock.advance(town.seconds_until_due)
        await acknowledge(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
        assert (S.FORWARDED, "still_listed") == (town.letter.state, town.letter.why)
    await town.look()
    (old, new) = town.letters.rows.values()
    town.clock.advance((old.due_at - town.clock.now()) / timedelta(seconds=1) if old.due_at else 0)
    await acknowledge(old, await town.world.mailboxes.get(old.mailbox), town.world)
    assert "still_listed" == town.letters.rows[old.id].why

    await collect(new, await town.world.mailboxes.get(new.mailbox), town.world)
    assert ("8.1", S.FORWARDED) == (town.letter.upstream_id, town.letter.state)
    assert S.ACKNOWLEDGED is await town.step()
    assert ({}, 1) == (town.inbox.letters, len(town.courier.sent))


async def test_a_letter_that_waits_in_the_same_numbering_keeps_no_other_from_being_settled() -> None:
    """The one that is gone cannot be it: a paused mailbox does not ask for receipts for ever."""
    town = await _forwarded()
    (first,) = town.letters.rows
    town.inbox.plant("acknowledge", LostReply())
    town.inbox.put("7.2", MESSAGE)
    await town.look()
    for _ in range(4):
        letter = town.letters.rows[first]
        assert S.FORWARDED is letter.state
        if letter.due_at and letter.due_at > town.clock.now():
            town.clock.advance((letter.due_at - town.clock.now()) / timedelta(seconds=1))
        await acknowledge(letter, await town.world.mailboxes.get(letter.mailbox), town.world)

    assert S.ACKNOWLEDGED is town.letters.rows[first].state
