"""Mailboxes that tell of news themselves: which are watched, and that no news is lost."""

import asyncio
from datetime import timedelta

from nemboks.domain.mailbox import Face
from nemboks.ports import Refused, Unavailable
from tests.daemon.harness import daemon_of, running, until
from tests.journey.town import Town

LETTER = b"From: kommune@example.dk\r\nSubject: Hej\r\n\r\nhej\r\n"


def _asked(town: Town, call: str) -> int:
    return [name for name, _ in town.inbox.acts].count(call)


async def test_news_that_come_while_the_mailbox_is_looked_into_are_not_lost() -> None:
    """The letter came just after the listing: the mailbox is looked into again, not only at its next poll."""
    town = Town(face=Face.IMAP)
    daemon = daemon_of(town, poll_seconds=3000)
    found = town.letters.found

    async def slow(*arguments):
        if not town.inbox.letters:
            town.inbox.put("7.1", LETTER, town.clock.now())
            await until(lambda: daemon._watch.news)
            await asyncio.sleep(0)
        return await found(*arguments)

    town.letters.found = slow
    async with running(daemon):
        await until(lambda: town.letters.rows)
    assert _asked(town, "list") == 2


async def test_a_parked_mailbox_is_not_watched() -> None:
    """Upstream refuses the CVR: until the park is over, the watch asks for nothing either."""
    town = Town(face=Face.IMAP)
    later = town.clock.now() + timedelta(hours=1)
    town.mailboxes.change(1, parked_until=later, due_at=later)
    daemon = daemon_of(town)
    async with running(daemon):
        await town.clock.sleeping()
        town.clock.advance(30)
        await town.clock.sleeping()
    assert _asked(town, "news") == 0


async def test_a_watch_that_fails_is_tried_again_later_and_harms_nothing() -> None:
    """A refusal and an outage alike: the poll goes on, a later round begins anew."""
    town = Town(face=Face.IMAP)
    town.inbox.plant("news", Refused("no IDLE for you"), Unavailable("cut"))
    daemon = daemon_of(town, poll_seconds=3000)
    async with running(daemon) as task:
        await until(lambda: town.clock.advance(1) and _asked(town, "news") == 3)
        assert not task.done()
