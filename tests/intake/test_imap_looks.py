"""ImapInbox looked into again: what a kept connection is asked, and what is believed of the answer."""

import pytest

from nemboks.ports import Unavailable
from tests.intake.imap_peer import sends, silent

LETTER = b"From: kommune@example.dk\r\n\r\nhej\r\n"


async def test_a_kept_connection_is_asked_for_news_alone(imap, open_inbox):
    """NOOP tells what came and went (RFC 3501 6.1.2); to select the mailbox at each look cost three times as much.

    Only that none is left is not believed of it.
    """
    inbox = open_inbox()
    assert await inbox.list() == []
    imap.letters = {3: LETTER, 4: LETTER}
    assert [x.upstream_id for x in await inbox.list()] == ["7.3", "7.4"]
    imap.letters = {4: LETTER}
    assert [x.upstream_id for x in await inbox.list()] == ["7.4"]
    imap.letters = {}
    assert await inbox.list() == []

    assert [len(imap.commands(word)) for word in ("SELECT", "NOOP", "UID FETCH")] == [2, 3, 2]


async def test_none_left_is_not_believed_of_counting_down(imap, open_inbox):
    """A server told of a new letter first and then of one that went: counted down, none would be left."""
    imap.letters = {3: LETTER}
    inbox = open_inbox()
    await inbox.list()
    imap.script["NOOP"] = [sends(b"* 1 EXISTS\r\n* 1 EXPUNGE\r\nTAG OK nothing more\r\n")]
    imap.letters = {4: LETTER}

    assert [x.upstream_id for x in await inbox.list()] == ["7.4"]


async def test_much_news_is_no_outage(imap, open_inbox):
    """Somebody marked some thousand letters as read since the last look."""
    imap.letters = {3: LETTER}
    inbox = open_inbox()
    await inbox.list()
    read = b"".join(b"* %d FETCH (FLAGS (\\Seen))\r\n" % number for number in range(1, 3_000))
    imap.script["NOOP"] = [sends(read + b"TAG OK nothing more\r\n")]

    assert [x.upstream_id for x in await inbox.list()] == ["7.3"]
    assert imap.connections == 1


@pytest.mark.parametrize("reply", [b"TAG NO not now\r\n", b"TAG BAD what\r\n"])
async def test_a_server_without_noop_is_asked_as_at_first(imap, open_inbox, reply):
    """The look is no failure: the mailbox is selected anew."""
    inbox = open_inbox()
    await inbox.list()
    imap.script["NOOP"] = [sends(reply)]
    imap.letters = {3: LETTER}

    assert [x.upstream_id for x in await inbox.list()] == ["7.3"]
    assert len(imap.commands("SELECT")) == 2


async def test_a_server_that_keeps_its_news_is_found_out(imap, open_inbox, monkeypatch):
    """It tells of nothing that comes: after a quarter of an hour the mailbox is selected anew."""
    inbox = open_inbox()
    await inbox.list()
    imap.script["NOOP"] = [sends(b"TAG OK nothing more\r\n") for _ in range(2)]
    imap.letters = {3: LETTER}
    assert await inbox.list() == []

    monkeypatch.setattr("nemboks.intake.session._SELECTED_SECONDS", 0.0)
    assert [x.upstream_id for x in await inbox.list()] == ["7.3"]


@pytest.mark.parametrize("reply", [silent, sends(close=True), sends(b"* BYE going down\r\n", close=True)])
async def test_a_look_that_meets_a_dead_connection_is_an_outage(imap, open_inbox, reply):
    """A kept connection that died unseen is no empty mailbox; the next look opens another."""
    inbox = open_inbox(request_seconds=1.0)
    await inbox.list()
    imap.letters = {3: LETTER}
    imap.script["NOOP"] = [reply]
    with pytest.raises(Unavailable):
        await inbox.list()

    assert [x.upstream_id for x in await inbox.list()] == ["7.3"]
    assert imap.connections == 2
