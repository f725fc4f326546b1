"""ImapInbox reading and removing one letter, against a server that misbehaves as in RELIABILITY 4d."""

import asyncio

import pytest

from nemboks.intake.imap import ImapInbox
from nemboks.ports import Gone, Refused, Unavailable
from tests.helpers.clock import PretendClock
from tests.intake.imap_peer import LETTER, OTHER, SIZE, sends, silent


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


async def test_a_letter_comes_whole_though_our_own_store_was_away_for_an_hour_in_its_midst(imap, pace):
    """Only the waiting for the server is the server's."""
    clock, go, answer = PretendClock(), asyncio.Event(), literal()

    async def in_halves(talk):
        await talk.send(answer[:9000])
        await go.wait()
        await talk.send(answer[9000:], OK)

    imap.letters, imap.script["UID FETCH"] = {3: LETTER}, [in_halves]
    inbox = ImapInbox(imap.access, "anna", "hemmelig", pace, clock)
    async with inbox.fetch("7.3") as pieces:
        got = await anext(pieces)
        clock.advance(3600)  # what the piece is written to does not answer
        rest = asyncio.create_task(_all(pieces))
        await asyncio.wait([rest], timeout=0.1)
        go.set()
        got += await rest
    await inbox.close()

    assert got == LETTER


async def _all(pieces):
    return b"".join([piece async for piece in pieces])


async def test_a_slow_reader_makes_the_server_wait(imap, inbox):
    """Unread pieces stay few: the server is stopped by TCP, not by our memory."""
    imap.letters[3] = big = b"A: b\r\n\r\n" + b"x" * 30_000_000
    async with inbox.fetch("7.3") as pieces:
        first = await anext(pieces)
        for _ in range(50):
            await asyncio.sleep(0)
        held = inbox._connection.session.wire._out._unread
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
