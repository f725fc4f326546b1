"""How many IMAP connections are kept: a thousand companies must not be a thousand open files."""

import asyncio

import pytest

from nemboks.clock import RealClock
from nemboks.intake.imap import ImapInbox
from nemboks.intake.kept import Room, awaited
from tests.intake.imap_peer import LETTER, sends


@pytest.fixture
async def three(imap, pace):
    """Three inboxes of one account that may keep two unused connections between them."""
    room = Room(2)
    inboxes = [ImapInbox(imap.access, "anna", "hemmelig", pace, RealClock(), room) for _ in range(3)]
    yield inboxes
    for inbox in inboxes:
        await inbox.close()


async def _open(imap, number):
    async with asyncio.timeout(5):
        while len([x for x in imap.writers if not x.is_closing()]) != number:
            await asyncio.sleep(0.01)


async def test_who_is_done_when_the_room_is_full_closes(three, imap):
    """Mailboxes are looked at in turn: two of three keep their connection, and only the third logs in every time."""
    for _ in range(4):
        for inbox in three:
            assert await inbox.list() == []
    assert imap.connections == 2 + 4
    await _open(imap, 2)


async def test_one_in_use_never_gives_way(three, imap):
    """A letter that is on its way is finished, whoever else is looked at meanwhile."""
    anna, bo, ida = three
    imap.letters = {3: LETTER}
    await anna.list()
    async with anna.fetch("7.3") as pieces:
        for inbox in (bo, ida, bo, ida):
            await inbox.list()
        got = b"".join([piece async for piece in pieces])

    assert (got, imap.connections) == (LETTER, 3)
    await _open(imap, 2)


async def test_one_that_was_closed_takes_no_room(three, imap):
    anna, bo, ida = three
    await anna.list()
    await anna.close()
    for inbox in (bo, ida, bo, ida):
        await inbox.list()
    assert imap.connections == 3


async def test_one_that_was_lost_takes_no_room(three, imap):
    anna, bo, ida = three
    await anna.list()
    imap.drop()
    await asyncio.sleep(0.1)
    for inbox in (bo, ida, bo, ida):
        await inbox.list()
    assert imap.connections == 3


async def test_one_with_letters_finds_more_room(imap, pace):
    """Looks run ahead of what they found: whose letters wait is not connected to anew for each of them."""
    imap.letters = {3: LETTER}
    room = Room(0, awaited=2)
    inboxes = [ImapInbox(imap.access, "anna", "hemmelig", pace, RealClock(), room) for _ in range(3)]
    for inbox in inboxes:
        assert len(await inbox.list()) == 1
    await _open(imap, 2)
    async with inboxes[0].fetch("7.3") as pieces:
        assert b"".join([piece async for piece in pieces]) == LETTER
    assert imap.connections == 3

    imap.letters = {}
    for inbox in inboxes[:2]:
        imap.script["NOOP"] = [sends(b"* 1 EXPUNGE\r\nTAG OK done\r\n")]
        assert await inbox.list() == []
    await _open(imap, 0)
    for inbox in inboxes:
        await inbox.close()


@pytest.mark.parametrize(("files", "more"), [(1024, 0), (1500, 238), (4096, 744), (1 << 20, 744), (64, 0)])
def test_the_room_leaves_half_of_the_files_to_all_else(monkeypatch, files, more):
    monkeypatch.setattr("resource.getrlimit", lambda _: (files, files))
    assert awaited() == more
