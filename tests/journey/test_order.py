"""In which order the letters of one mailbox go out."""

from datetime import timedelta

from nemboks.domain.letter import State
from nemboks.journey.collect import collect
from tests.journey.town import Town, memo, uuid


async def test_the_letter_that_came_first_goes_first_though_its_fetch_took_longest() -> None:
    """Two letters of one listing are fetched at a time; the second is here sooner, and waits behind the first."""
    town = Town()
    for number in (1, 2):
        town.inbox.put(uuid(number), memo(number))
    await town.look()
    first, second = sorted(town.letters.rows.values(), key=lambda letter: letter.id)

    await collect(second, await town.world.mailboxes.get(second.mailbox), town.world)
    town.clock.advance(2)
    await collect(first, await town.world.mailboxes.get(first.mailbox), town.world)

    due = await town.letters.due(State.WAITING, town.clock.now(), 10)
    assert [letter.id for letter in due] == [first.id, second.id]


async def test_a_letter_is_due_at_once_though_the_clock_was_put_back_since_it_was_found() -> None:
    """Its place in the order never makes it wait."""
    town = Town()
    letter = await town.posted()
    town.clock.advance(-timedelta(hours=1).total_seconds())
    await collect(letter, await town.world.mailboxes.get(letter.mailbox), town.world)
    assert [x.id for x in await town.letters.due(State.WAITING, town.clock.now(), 10)] == [letter.id]


async def test_a_service_of_process_waits_behind_no_other_letter_of_its_day() -> None:
    """A term runs from it: of a backlog it goes first, though an ordinary letter came before it."""
    town = Town()
    town.inbox.put(uuid(1), memo(1))
    await town.look()
    town.clock.advance(3600)
    town.inbox.put(uuid(2), memo(2, legal="true"))
    await town.look()
    for letter in sorted(town.letters.rows.values(), key=lambda letter: letter.id):
        await collect(letter, await town.world.mailboxes.get(letter.mailbox), town.world)

    due = await town.letters.due(State.WAITING, town.clock.now(), 10)
    assert [letter.headline.legal for letter in due if letter.headline] == [True, False]
