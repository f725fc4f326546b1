"""ImapInbox waiting for news: what wakes it, what does not, and that it is never in the way."""

import asyncio

import pytest

from nemboks.ports import Gone, Unavailable
from tests.intake.imap_peer import sends, silent

LETTER = b"From: kommune@example.dk\r\n\r\nhej\r\n"


async def waiting(imap, inbox):
    """A task in news, with IDLE out."""
    await inbox.list()
    task = asyncio.create_task(inbox.news())
    async with asyncio.timeout(5):
        await imap.idling.wait()
    imap.idling.clear()
    return task


async def test_only_more_letters_are_news(imap, open_inbox):
    """RECENT, flags, removals, "still here" and the same number again do not wake; one letter more does."""
    imap.letters = {1: LETTER, 2: LETTER}
    inbox = open_inbox()
    task = await waiting(imap, inbox)
    imap.tell(b"* 2 EXISTS\r\n* 0 RECENT\r\n* OK Still here\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 2 EXPUNGE\r\n")
    done, _ = await asyncio.wait({task}, timeout=0.1)
    assert not done

    imap.tell(b"* 2 EXISTS\r\n")
    async with asyncio.timeout(5):
        await task


async def test_idle_is_renewed(imap, open_inbox):
    """IDLE is said anew after idle_seconds (RFC 2177, M09)."""
    inbox = open_inbox(idle_seconds=0.05)
    task = await waiting(imap, inbox)
    async with asyncio.timeout(5):
        await imap.idling.wait()
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_idle_gives_way_and_comes_back(imap, open_inbox):
    """A call ends the IDLE at once with DONE, runs on the same connection, and IDLE is taken up again."""
    inbox = open_inbox(idle_seconds=600.0)
    task = await waiting(imap, inbox)
    async with asyncio.timeout(5):
        await inbox.list()
        await imap.idling.wait()

    assert imap.connections == 1
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_letter_that_comes_during_a_call_is_news(imap, open_inbox):
    """An EXISTS outside IDLE is remembered."""
    imap.letters = {5: LETTER}
    inbox = open_inbox()
    await inbox.list()
    imap.script["UID FETCH"] = [sends(b"* 2 EXISTS\r\nTAG OK x\r\n")]
    await inbox.list()
    async with asyncio.timeout(5):
        await inbox.news()


async def test_a_letter_that_comes_right_behind_the_answer_to_select_is_listed(imap, open_inbox):
    """Into a mailbox that was empty a moment before: IDLE would say nothing of it any more."""
    inbox = open_inbox()
    assert await inbox.list() == []
    imap.letters = {3: LETTER}
    empty = b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\nTAG OK [READ-WRITE] in\r\n"
    imap.script["SELECT"] = [sends(empty + b"* 1 EXISTS\r\n")]

    assert [x.upstream_id for x in await inbox.list()] == ["7.3"]


async def test_a_letter_that_a_step_of_ours_saw_come_is_news(imap, open_inbox):
    """The mailbox was selected on the way to another letter: of what came just before no IDLE tells any more."""
    imap.letters = {3: LETTER, 9: LETTER}
    inbox = open_inbox()
    await inbox.list()
    imap.letters[12] = LETTER
    with pytest.raises(Gone):
        async with inbox.fetch("7.5"):
            pass

    async with asyncio.timeout(5):
        await inbox.news()
    assert len(await inbox.list()) == 3


async def test_an_idle_that_is_cut_is_told_once(imap, open_inbox):
    """A connection lost in IDLE is noticed at once, as an outage."""
    task = await waiting(imap, open_inbox())
    imap.drop()
    with pytest.raises(Unavailable):
        async with asyncio.timeout(5):
            await task


async def test_a_server_that_refuses_idle_is_an_outage(imap, open_inbox):
    """NO to IDLE, or silence instead of the plus sign, ends the wait."""
    inbox = open_inbox(request_seconds=0.5)
    for reply in (sends(b"TAG NO not now\r\n"), silent):
        await inbox.list()
        imap.script["IDLE"] = [reply]
        with pytest.raises(Unavailable):
            await inbox.news()


async def test_without_idle_news_waits(imap, open_inbox):
    """A server without IDLE is never asked for it, and the wait blocks nobody."""
    imap.capabilities = "IMAP4rev1 UIDPLUS"
    inbox = open_inbox()
    await inbox.list()
    task = asyncio.create_task(inbox.news())
    async with asyncio.timeout(5):
        await inbox.list()
    done, _ = await asyncio.wait({task}, timeout=0.05)
    assert not done
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert imap.commands("IDLE") == []
