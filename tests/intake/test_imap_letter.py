"""ImapInbox reading and removing one letter, against a server that misbehaves as in RELIABILITY 4d."""

import asyncio
from dataclasses import replace

import pytest

from nemboks.ports import Gone, Refused, Unavailable
from tests.helpers.receipts import header_block, receipt
from tests.intake.imap_peer import sends, silent

LETTER = b"From: kommune@example.dk\r\nSubject: brev 0 * (paren * x\r\n\r\n" + b"Linje * {12}\r\n) NB1 OK\r\n" * 20_000
SIZE = len(LETTER)
OTHER = b"From: kommune@example.dk\r\nSubject: et andet\r\n\r\nhej\r\n"


@pytest.fixture
async def inbox(imap, open_inbox):
    imap.letters = {3: LETTER, 9: OTHER}
    inbox = open_inbox()
    await inbox.list()
    return inbox


async def whole(inbox, upstream_id="7.3"):
    async with inbox.fetch(upstream_id) as pieces:
        return b"".join([piece async for piece in pieces])


def literal(letter=LETTER, before=b"UID 3 RFC822.SIZE %d " % SIZE, after=b"", announced=None):
    size = len(letter) if announced is None else announced
    return b"* 1 FETCH (" + before + b"BODY[] {%d}\r\n" % size + letter + after + b")\r\n"


OK = b"TAG OK done\r\n"


@pytest.mark.parametrize(
    "reply",
    [
        sends(literal(before=b"", after=b" RFC822.SIZE %d UID 3" % SIZE), OK),
        sends(literal(before=b"FLAGS (\\Seen $x) UID 3 ", after=b" RFC822.SIZE %d" % SIZE), OK),
        sends(b"* 9 FETCH (FLAGS (\\Seen) UID 9)\r\n* 3 EXISTS\r\n", literal(), b"* OK still here\r\n", OK),
        sends(b"* 1 fetch (uid 3 rfc822.size %d body[] {%d}\r\n" % (SIZE, SIZE), LETTER, b")\r\ntag ok\r\n", OK),
        sends(*[literal()[start : start + 997] for start in range(0, SIZE + 100, 997)], OK),
    ],
    ids=["size and UID after", "flags", "news around it", "lower case", "odd pieces"],
)
async def test_a_letter_is_read_by_count(imap, inbox, reply):
    """Attributes may stand anywhere around the octets; nothing inside the octets is taken for IMAP."""
    imap.script["UID FETCH"] = [reply]
    assert await whole(inbox) == LETTER


async def test_a_letter_may_come_byte_by_byte(imap, inbox):
    """Lines and literals may be torn anywhere."""
    answer = b'* 2 FETCH (UID 9 RFC822.SIZE %d FLAGS (\\Seen "x") BODY[] {%d}\r\n' % (len(OTHER), len(OTHER)) + OTHER
    answer += b")\r\n"

    async def slowly(talk):
        for byte in answer + talk.tag + b" OK done\r\n":
            talk.writer.write(bytes([byte]))
            await talk.writer.drain()

    imap.script["UID FETCH"] = [slowly]
    assert await whole(inbox, "7.9") == OTHER


@pytest.mark.parametrize("letter", [b"", b"\r\n", b'a\\b"c', b"\xff\xfe"])
async def test_a_small_letter_may_come_quoted(imap, inbox, letter):
    """A body as a quoted string is a letter too, 8-bit octets included."""
    quoted = letter.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    if b"\r" in letter:
        answer = literal(letter, b"UID 3 RFC822.SIZE %d " % len(letter))
    else:
        answer = b'* 1 FETCH (UID 3 RFC822.SIZE %d BODY[] "%s")\r\n' % (len(letter), quoted)
    imap.script["UID FETCH"] = [sends(answer, OK)]
    assert await whole(inbox) == letter


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (sends(literal()[:5000], close=True), "ended"),
        (sends(literal()[:5000], reset=True), "ended"),
        (sends(b"* 1 FETCH (UID 3 RFC822.SIZE 99 BODY[] {9", close=True), "ended"),
        (sends(literal()[:5000], b"\r\n* BYE going down\r\n", close=True), "ended"),
        (sends(b"* BYE going down for anna@bageri.example\r\n", close=True), "going down for a\\*\\*\\*@"),
        (sends(literal(LETTER[:-5], announced=SIZE - 5), OK), "octets of a letter of"),
        (sends(literal(LETTER + b"abc"), OK), "octets of a letter of"),
        (sends(literal(announced=SIZE - 7), OK), "cannot be read|more than the letter|octets"),
        (sends(literal(before=b"UID 4 RFC822.SIZE %d " % SIZE), OK), "octets of a letter of"),
        (sends(literal(before=b"UID 3 "), OK), "octets of a letter of None"),
        (sends(literal(), literal(), OK), "more than the letter"),
        (sends(b"* 1 FETCH (UID 3 RFC822.SIZE 9 BODY[] NIL)\r\n", OK), "a moment ago"),
        (sends(b"TAG NO [EXPUNGEISSUED] gone\r\n"), "a moment ago"),
        (sends(b"* 1 FETCH (UID 3 BODY[TEXT] {3}\r\nabc)\r\n", OK), "something else"),
        (sends(b"* 1 FETCH (UID 3 (((\r\n", OK), "cannot be read"),
        (sends(b'* 1 FETCH (UID 3 BODY[] "abc)\r\n', OK), "cannot be read"),
        (sends(literal(), b"TAG NO some messages could not be read\r\n"), "could not be read"),
        (sends(b"TAG BAD what?\r\n"), "BAD"),
        (sends(b"TAG NO [SERVERBUG] oh\r\n"), "oh"),
        (sends(b"x" * 3_000_000), "without an end"),
        (sends(b"* OK talk\r\n" * 5000), "without end"),
        (sends(b"XX99 OK not yours\r\n"), "in time|understood"),
    ],
)
async def test_what_does_not_add_up_is_no_letter(imap, inbox, reply, words):
    """Cut, short, long, foreign, doubled or nonsense answers never end quietly; the next fetch is whole."""
    imap.script["UID FETCH"] = [reply]
    with pytest.raises(Unavailable, match=words):
        await whole(inbox)
    assert await whole(inbox) == LETTER


async def test_ten_gigabytes_are_refused(imap, inbox):
    """An absurd size is refused before a byte of it is kept."""
    imap.script["UID FETCH"] = [sends(literal(announced=10 << 30))]
    with pytest.raises(Refused, match="160 MB") as caught:
        await whole(inbox)
    assert not caught.value.mailbox
    assert await whole(inbox) == LETTER


async def test_silence_in_mid_letter_ends_in_time(imap, open_inbox):
    """A server that stops talking is given up at the pace's limit."""
    imap.letters = {3: LETTER}

    async def stalls(talk):
        await talk.send(literal()[:1000])
        await silent(talk)

    inbox = open_inbox(request_seconds=0.5)
    imap.script["UID FETCH"] = [stalls]
    with pytest.raises(Unavailable, match="in time"):
        await whole(inbox)
    assert await whole(inbox) == LETTER


async def test_a_slow_reader_makes_the_server_wait(imap, inbox):
    """Unread pieces stay few: the server is stopped by TCP, not by our memory."""
    imap.letters[3] = big = b"A: b\r\n\r\n" + b"x" * 30_000_000
    async with inbox.fetch("7.3") as pieces:
        first = await anext(pieces)
        for _ in range(50):
            await asyncio.sleep(0)
        held = inbox._connection.session.sieve._out._unread
        size = len(first) + sum([len(piece) async for piece in pieces])

    assert held < 2 << 20
    assert size == len(big)


async def test_another_uidvalidity_is_gone(imap, inbox):
    """A key from before a change of UIDVALIDITY names no letter, whatever has its UID now."""
    imap.validity = 8
    imap.drop()
    with pytest.raises((Gone, Unavailable)):
        await whole(inbox)
    with pytest.raises(Gone):
        await whole(inbox)
    assert await whole(inbox, "8.3") == LETTER


async def test_gone_only_after_a_fresh_look(imap, inbox):
    """A letter that the connection does not see is looked for again after a new SELECT."""
    imap.script["UID FETCH"] = [sends(OK)]
    with pytest.raises(Unavailable, match="a moment ago"):
        await whole(inbox)


# --- removal --------------------------------------------------------------------------------------------------------


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
    """The server says goodbye after the removal and lets nobody in again: the letters were removed all the same."""
    imap.letters |= {4: THIRD}

    async def last_words(talk):
        await imap._uid_fetch(talk)
        talk.writer.transport.abort()
        imap.greeting = b"* BYE no more\r\n"

    imap.script["UID FETCH"] = [imap._uid_fetch, imap._uid_fetch, last_words]
    told = await together(inbox, ("7.3", LETTER), ("7.4", THIRD))

    assert told == ["removed (UID EXPUNGE 3)", "removed (UID EXPUNGE 4)"]
