"""RestInbox: what is an HTTP answer and what is none (RFC 9112)."""

import json

import pytest

from nemboks.ports import Unavailable
from tests.intake.rest_peer import MEMO, ONE, answer, opened, page, sends

LISTED = json.dumps(page([ONE])).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n" + answer(200, LISTED),
        b"HTTP/1.1 103 Early Hints\r\nContent-Encoding: gzip\r\n\r\n" + answer(200, LISTED),
        b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"1;a=b\r\n%c\r\n" % octet for octet in LISTED)
        + b"0\r\nContent-Encoding: gzip\r\n\r\n",
    ],
    ids=["100", "103", "chunks"],
)
async def test_a_whole_answer_in_any_form_is_one(shelf, pace, raw):
    """Words before it and behind it are no part of it, and it may come an octet at a time."""
    shelf.script = [sends(raw), sends(*(bytes([octet]) for octet in raw))]
    async with opened(shelf, pace) as inbox:
        for _ in range(3):
            assert ONE in [one.upstream_id for one in await inbox.list()]
    assert shelf.connections == 1


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_an_answer_without_a_length_ends_with_its_connection(shelf, pace, version):
    """RFC 9112 6.3. A letter must have one: that is checked where letters are."""
    shelf.script = [sends(f"HTTP/{version} 200 OK\r\n\r\n".encode() + LISTED, close=True)]
    async with opened(shelf, pace) as inbox:
        assert [one.upstream_id for one in await inbox.list()] == [ONE]
        assert len(await inbox.list()) == 2
    assert shelf.connections == 2


CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        CHUNKS + b"2;" + b"x" * (300 << 10),
        CHUNKS + b"2\r\n{}\r\n0\r\nX: " + b"x" * (300 << 10),
        b"HTTP/1.1 100 Continue\r\n\r\n" * (12 << 10),
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
    ],
    ids=["extension", "trailer", "continue", "upgrade", "two lengths", "too long"],
)
async def test_what_is_no_answer_is_an_outage(shelf, pace, raw):
    """It is neither held in memory for ever, nor believed."""
    shelf.script = [sends(raw)]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Unavailable, match="its answer is no HTTP"):
            await inbox.list()
        assert len(await inbox.list()) == 2
    assert shelf.connections == 2


async def test_a_letter_in_the_smallest_of_chunks_comes_whole(shelf, pace):
    """What stands around the pieces is not counted against it."""
    small = b"".join(b"1\r\n%c\r\n" % octet for octet in MEMO)
    shelf.script = [sends(CHUNKS + small + b"0\r\n\r\n")]
    async with opened(shelf, pace) as inbox, inbox.fetch(ONE) as pieces:
        assert b"".join([piece async for piece in pieces]) == MEMO
