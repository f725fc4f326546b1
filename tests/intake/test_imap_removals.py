"""Removal of letters by IMAP: exactly those of the receipts, together, and nobody is told more than is known."""

import asyncio
from contextlib import nullcontext
from dataclasses import replace

import pytest

from nemboks.ports import Gone, Refused, Unavailable
from tests.helpers.receipts import header_block, receipt
from tests.intake.imap_peer import LETTER, OTHER, SIZE, sends
from tests.intake.test_imap_letter import OK


async def test_only_the_one_uid_is_removed(imap, inbox):
    """A removal is identity, STORE, UID EXPUNGE of the one UID; plain EXPUNGE and CLOSE are never said."""
    imap.deleted.add(9)  # somebody else's mark: a plain EXPUNGE would take it too
    imap.lines.clear()
    assert "UID EXPUNGE 3" in await inbox.acknowledge(receipt("7.3", LETTER), repeated=False)

    assert imap.letters == {9: OTHER}
    assert imap.lines == [
        b"SELECT INBOX",
        b"UID FETCH 3 (UID RFC822.SIZE BODY.PEEK[HEADER])",
        b"UID STORE 3 +FLAGS.SILENT (\\Deleted)",
        b"UID EXPUNGE 3",
        b"UID FETCH 3 (UID)",
    ]


@pytest.mark.parametrize(
    "changed",
    [{"size": SIZE + 1}, {"header_sha256": "00" * 32}, {"header_sha256": ""}],
    ids=["size", "header", "no digest"],
)
async def test_another_message_under_the_uid_stays(imap, inbox, changed):
    """When size or header differ from what was confirmed, nothing is stored and nothing removed (M05)."""
    with pytest.raises(Refused, match="another message") as caught:
        await inbox.acknowledge(replace(receipt("7.3", LETTER), **changed), repeated=False)

    assert not caught.value.mailbox
    assert imap.commands("UID STORE") == []


async def test_a_missing_letter_is_gone_without_a_store(imap, inbox):
    """No message under the UID: Gone, and nothing was marked."""
    del imap.letters[3]
    with pytest.raises(Gone):
        await inbox.acknowledge(receipt("7.3", LETTER), repeated=True)
    assert imap.commands("UID STORE") == []


async def test_after_a_changed_uidvalidity_nothing_is_removed(imap, inbox):
    """After a change of UIDVALIDITY the old number names no letter, and nothing is removed (M03)."""
    imap.validity = 8
    with pytest.raises(Gone, match="UIDVALIDITY"):
        await inbox.acknowledge(receipt("7.3", LETTER), repeated=False)
    assert imap.commands("UID STORE") == []


async def test_without_uidplus_nothing_is_removed(imap, open_inbox):
    """A server without UIDPLUS refuses the mailbox: plain EXPUNGE would take others' letters (M06)."""
    imap.letters, imap.capabilities = {3: LETTER}, "IMAP4rev1"
    inbox = open_inbox()
    with pytest.raises(Refused, match="UIDPLUS") as caught:
        await inbox.acknowledge(receipt("7.3", LETTER), repeated=False)
    assert caught.value.mailbox
    assert imap.letters == {3: LETTER}


@pytest.mark.parametrize(("before", "behind"), [("IMAP4rev1", "IMAP4rev1 uidplus"), ("IMAP4rev1 UIDPLUS", "IMAP4rev1")])
async def test_what_the_log_ins_answer_says_of_the_server_counts(imap, open_inbox, before, behind):
    """A server may tell with its OK what it can do for this account (RFC 3501 6.2.3); then nobody asks again."""
    imap.letters, imap.capabilities = {3: LETTER}, before
    imap.script["LOGIN"] = [sends(f"TAG OK [CAPABILITY {behind}] in\r\n".encode())]
    inbox = open_inbox()
    with nullcontext() if "uidplus" in behind else pytest.raises(Refused, match="UIDPLUS"):
        await inbox.acknowledge(receipt("7.3", LETTER), repeated=False)
    assert imap.commands("CAPABILITY") == []
    assert bool(imap.letters) is ("uidplus" not in behind)


@pytest.mark.parametrize(
    ("command", "reply", "error"),
    [
        ("UID STORE", sends(b"TAG NO not allowed\r\n"), Refused),
        ("UID STORE", sends(b"TAG NO [INUSE] later\r\n"), Unavailable),
        ("UID STORE", sends(close=True), Unavailable),
        ("UID EXPUNGE", sends(b"TAG NO not allowed\r\n"), Unavailable),
        ("UID EXPUNGE", sends(b"TAG OK did nothing\r\n"), Unavailable),
        ("UID EXPUNGE", sends(close=True), Unavailable),
    ],
)
async def test_a_removal_that_is_not_done_may_be_repeated(imap, inbox, command, reply, error):
    """A definite no before the mark is Refused, everything after it Unavailable; the repetition succeeds."""
    imap.script[command] = [reply]
    with pytest.raises(error):
        await inbox.acknowledge(receipt("7.3", LETTER), repeated=False)
    await inbox.acknowledge(receipt("7.3", LETTER), repeated=True)
    assert imap.letters == {9: OTHER}


async def test_an_expunge_whose_answer_was_lost_is_gone(imap, inbox):
    """Removed, but never heard of it: the repetition finds no such letter."""

    async def lost(talk):
        await imap._uid_expunge(replace(talk, tag=b"* OK"))
        talk.writer.transport.abort()

    imap.script["UID EXPUNGE"] = [lost]
    with pytest.raises(Unavailable):
        await inbox.acknowledge(receipt("7.3", LETTER), repeated=False)
    with pytest.raises(Gone):
        await inbox.acknowledge(receipt("7.3", LETTER), repeated=True)


async def test_the_header_may_come_quoted(imap, inbox):
    """The identity check reads a header block as literal or as string."""
    size, header = len(OTHER), header_block(OTHER)
    answers = [b"* 2 FETCH (UID 9 BODY[HEADER] {%d}\r\n" % len(header) + header + b" RFC822.SIZE %d)\r\n" % size, OK]
    imap.script["UID FETCH"] = [sends(*answers)]
    assert await inbox.acknowledge(receipt("7.9", OTHER), repeated=False)


async def test_a_header_of_megabytes_is_no_hindrance(imap, inbox):
    """The identity check needs no memory: a letter with an absurd header can still be removed."""
    imap.letters[9] = big = b"X: " + b"a" * 3_000_000 + b"\r\n\r\nhej\r\n"
    assert await inbox.acknowledge(receipt("7.9", big), repeated=False)


# --- several at a time ----------------------------------------------------------------------------------------------


THIRD = LETTER.replace(b"Subject: ", b"Subject: third ", 1)


async def together(inbox, *asked):
    """What became of each removal, when all of them waited for a connection that somebody had: words, or the error."""
    async with inbox.fetch("7.9") as pieces:
        tasks = [asyncio.create_task(inbox.acknowledge(receipt(id_, octets), False)) for id_, octets in asked]
        await asyncio.sleep(0)
        assert b"".join([piece async for piece in pieces]) == OTHER
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_removals_that_wait_for_one_connection_go_together(imap, inbox):
    """One look, one STORE, one UID EXPUNGE for those that came while another was under way; each has its own words."""
    imap.letters |= {4: THIRD, 5: LETTER}
    told = await together(inbox, ("7.3", LETTER), ("7.4", THIRD), ("7.5", LETTER))

    assert told == [f"removed (UID EXPUNGE {uid})" for uid in (3, 4, 5)]
    assert imap.letters == {9: OTHER}
    assert [line for line in imap.lines if b"STORE" in line or b"EXPUNGE" in line] == [
        b"UID STORE 3,4,5 +FLAGS.SILENT (\\Deleted)", b"UID EXPUNGE 3,4,5",
    ]  # fmt: skip


async def test_among_several_only_those_that_are_the_receipts_go(imap, inbox):
    """One is gone, one is another message, one is numbered otherwise: each is told so, and the fourth is removed."""
    imap.letters |= {4: THIRD}
    asked = [("7.3", LETTER), ("7.4", LETTER), ("7.8", LETTER), ("6.3", LETTER)]
    told = await together(inbox, *asked)

    assert "UID EXPUNGE 3" in told[0]
    assert [type(one) for one in told[1:]] == [Refused, Gone, Gone]
    assert imap.letters == {4: THIRD, 9: OTHER}


@pytest.mark.parametrize("command", ["UID FETCH", "UID STORE", "UID EXPUNGE"])
async def test_when_the_line_is_cut_nobody_knows_of_any_of_them(imap, inbox, command):
    """All that went together are Unavailable, and may be repeated together."""
    imap.letters |= {4: THIRD}
    first = [] if command != "UID FETCH" else [imap._uid_fetch]  # that of the letter that has the connection
    imap.script[command] = [*first, sends(close=True)]
    told = await together(inbox, ("7.3", LETTER), ("7.4", THIRD))
    assert [type(one) for one in told] == [Unavailable] * 2

    assert [type(one) for one in await together(inbox, ("7.3", LETTER), ("7.4", THIRD))] == [str] * 2
    assert imap.letters == {9: OTHER}


async def test_who_is_cancelled_before_his_turn_has_nothing_removed(imap, inbox):
    """A stop takes back what nobody has asked the server for yet; the others go on."""
    imap.letters |= {4: THIRD}
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(talk):
        started.set()
        await go_on.wait()
        await imap._select(talk)

    imap.script["SELECT"] = [slow]
    first = asyncio.create_task(inbox.acknowledge(receipt("7.3", LETTER), False))
    await started.wait()
    second = asyncio.create_task(inbox.acknowledge(receipt("7.4", THIRD), False))
    await asyncio.sleep(0)
    second.cancel()
    go_on.set()

    assert "UID EXPUNGE 3" in await first
    with pytest.raises(asyncio.CancelledError):
        await second
    assert imap.letters == {4: THIRD, 9: OTHER}


async def test_who_is_cancelled_with_the_connection_in_hand_leaves_the_others_in_doubt(imap, inbox):
    """The command may have been heard: those who went along are told that nobody knows."""
    imap.letters |= {4: THIRD}
    started = asyncio.Event()

    async def silent(talk):
        started.set()

    imap.script["UID EXPUNGE"] = [silent]
    async with inbox.fetch("7.9") as pieces:
        both = ("7.3", LETTER), ("7.4", THIRD)
        tasks = [asyncio.create_task(inbox.acknowledge(receipt(*one), False)) for one in both]
        await asyncio.sleep(0)
        assert [piece async for piece in pieces]
    await started.wait()
    tasks[0].cancel()
    told = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(one) for one in told] == [asyncio.CancelledError, Unavailable]


async def test_who_has_his_answer_needs_no_connection_any_more(imap, inbox):
    """The connection is not to be used again after the removal, and no other is to be had: the letters are gone."""
    imap.letters |= {4: THIRD}

    async def last_words(talk):
        await imap._uid_fetch(talk)
        inbox._connection._unused_seconds = 0.0
        imap.greeting = b"* BYE no more\r\n"

    imap.script["UID FETCH"] = [imap._uid_fetch, imap._uid_fetch, last_words]
    told = await together(inbox, ("7.3", LETTER), ("7.4", THIRD))

    assert told == ["removed (UID EXPUNGE 3)", "removed (UID EXPUNGE 4)"]
