"""RestInbox fetching and acknowledging one letter, against an upstream that misbehaves."""

import asyncio
import gzip
import json

import pytest

from nemboks.ports import Gone, Refused, Unavailable
from tests.helpers.clock import PretendClock
from tests.helpers.receipts import receipt
from tests.intake.rest_peer import (
    MEMO,
    ONE,
    MemoShelf,
    answer,
    opened,
    rest_peer,
    says,
    sends,
    whole,
)

LETTER = answer(200, MEMO, "application/xml")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("response", "error", "words"),
    [
        (sends(LETTER[:-1000], close=True), Unavailable, "broke off"),
        (sends(LETTER[:2000], reset=True), Unavailable, "broke off|could not be reached"),
        (sends(CHUNKED + b"5\r\nabcde\r\n9\r\nabc", close=True), Unavailable, "broke off"),
        (sends(b"HTTP/1.1 200 OK\r\n\r\n<m/>", close=True), Unavailable, "without a length"),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n<m/>"), Unavailable, "broke off"),
        (sends(answer(206, MEMO, "application/xml")), Unavailable, "206"),
        (sends(answer(200, b"<html>Log ind</html>", "text/html; charset=utf-8")), Unavailable, "text/html"),
        (says(200, {}), Unavailable, "application/json"),
        (sends(answer(200, gzip.compress(MEMO), Content_Encoding="gzip")), Unavailable, "compressed"),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 500000000\r\n\r\n"), Refused, "larger than 160 MB"),
    ],
)  # fmt: skip
async def test_a_letter_that_is_not_whole_never_ends_quietly(shelf, pace, response, error, words):
    """Cut, compressed, partial, oversized or foreign answers raise, and the next fetch works."""
    shelf.script = [response]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(error, match=words):
            await whole(inbox)
        assert await whole(inbox) == MEMO


async def test_an_endless_letter_is_refused(shelf, pace, monkeypatch):
    """A chunked body beyond the limit is cut off there."""
    monkeypatch.setattr("nemboks.intake.rest.LETTER_BYTES", 1 << 20)
    chunk = b"20000\r\n" + b"x" * 0x20000 + b"\r\n"
    shelf.script = [sends(CHUNKED, *[chunk] * 16, close=True)]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Refused, match="larger than 1 MB"):
            await whole(inbox)


async def test_pieces_are_small(shelf, pace):
    """No piece is larger than 128 kB."""
    async with opened(shelf, pace) as inbox, inbox.fetch(ONE) as pieces:
        assert max([len(piece) async for piece in pieces]) <= 128 << 10


async def test_a_drip_ends(shelf, pace):
    """A body that comes a byte at a time is given up although it never pauses for long (H10)."""

    async def drips(call, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        loop = asyncio.get_running_loop()
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            tick = loop.create_future()
            loop.call_later(0.02, tick.set_result, None)
            await tick

    shelf.script = [drips]
    async with opened(shelf, pace.model_copy(update={"request_seconds": 0.5})) as inbox:
        with pytest.raises(Unavailable, match="in time"):
            await whole(inbox)


async def test_a_letter_comes_whole_though_our_own_store_was_away_for_an_hour_in_its_midst(shelf, pace):
    """Only the waiting for Digital Post is Digital Post's: it may not give the letter twice."""
    clock, go = PretendClock(), asyncio.Event()

    async def in_halves(call, writer):
        writer.write(LETTER[: len(LETTER) // 2])
        await go.wait()
        writer.write(LETTER[len(LETTER) // 2 :])

    shelf.script = [in_halves]
    async with opened(shelf, pace, clock=clock) as inbox, inbox.fetch(ONE) as pieces:
        got = await anext(pieces)
        clock.advance(3600)  # what the piece is written to does not answer
        rest = asyncio.create_task(_all(pieces))
        await asyncio.wait([rest], timeout=0.1)
        go.set()
        got += await rest

    assert got == MEMO


async def _all(pieces):
    return b"".join([piece async for piece in pieces])


async def test_a_reader_that_leaves_early_costs_only_its_connection(shelf, pace):
    """What the reader raises comes out unchanged, and the mailbox stays usable."""
    async with opened(shelf, pace) as inbox:
        with pytest.raises(OSError, match="disk full"):
            async with inbox.fetch(ONE) as pieces:
                await anext(pieces)
                raise OSError("disk full")
        assert await whole(inbox) == MEMO


async def test_a_cancel_in_mid_letter_leaves_the_mailbox_usable(shelf, pace):
    """A fetch that is cancelled while it waits closes its connection."""
    shelf.script = [sends(LETTER[:2000])]
    async with opened(shelf, pace) as inbox:
        task = asyncio.create_task(whole(inbox))
        while not shelf.calls:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await whole(inbox) == MEMO


# --- the receipt -----------------------------------------------------------------------------------------------------


async def test_a_receipt_says_completed(shelf, pace):
    """The receipt carries what DIGITAL-POST 2.3 asks for, with the letter's one transmissionId and UTC time."""
    given = receipt(ONE)
    async with opened(shelf, pace) as inbox:
        assert await inbox.acknowledge(given, repeated=False) == "receipt taken (200)"

    assert json.loads(shelf.calls[-1].body) == {
        "transmissionId": given.transmission_id,
        "messageUUID": ONE,
        "errorCode": None,
        "errorMessage": None,
        "timeStamp": "2026-11-21T12:30:15.123Z",
        "receiptStatus": "COMPLETED",
    }
    assert [call.method for call in shelf.calls] == ["POST"]


async def test_a_lost_reply_is_found_out_by_repeating(shelf, pace):
    """A receipt whose reply was lost is Unavailable; repeated with the same id it is Gone."""
    store = shelf.usual

    async def lost(call, writer):
        store._answer(call)
        writer.transport.abort()

    shelf.script = [lost]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Unavailable):
            await inbox.acknowledge(receipt(ONE), repeated=False)
        with pytest.raises(Gone):
            await inbox.acknowledge(receipt(ONE), repeated=True)
    assert len({json.loads(call.body)["transmissionId"] for call in shelf.calls}) == 1


async def test_delete_follows_the_receipt_where_asked_for(tmp_path, pace):
    """With delete_after_receipt the letter is deleted after its receipt was taken."""
    async with (
        rest_peer(tmp_path, MemoShelf({ONE: MEMO}, on_delete=True), delete=True) as peer,
        opened(peer, pace) as inbox,
    ):
        assert await inbox.acknowledge(receipt(ONE), repeated=False) == "receipt taken (200), deleted (204)"
        assert await inbox.list() == []


@pytest.mark.parametrize("status", [401, 403, 409, 422, 429, 503])
async def test_a_refused_delete_is_half_done(tmp_path, pace, status):
    """A refused DELETE after a taken receipt is Unavailable, and the repetition gets through to the DELETE."""
    shelf = MemoShelf({ONE: MEMO}, on_delete=True)
    async with rest_peer(tmp_path, shelf, delete=True) as peer, opened(peer, pace) as inbox:
        peer.script = [shelf, says(status)]
        with pytest.raises(Unavailable, match=f"{status}"):
            await inbox.acknowledge(receipt(ONE), repeated=False)
        assert "409" in await inbox.acknowledge(receipt(ONE), repeated=True)

    assert shelf.letters == {}


async def test_no_delete_without_a_receipt_of_ours(tmp_path, pace):
    """A first receipt that meets "already settled" deletes nothing."""
    async with rest_peer(tmp_path, MemoShelf({ONE: MEMO}), delete=True) as peer, opened(peer, pace) as inbox:
        peer.script = [says(409)]
        with pytest.raises(Gone):
            await inbox.acknowledge(receipt(ONE), repeated=False)
        assert [call.method for call in peer.calls] == ["POST"]


async def test_a_deleted_letter_is_gone(tmp_path, pace):
    """A repeated receipt for a letter that is not there any more is Gone after the DELETE said so."""
    async with rest_peer(tmp_path, delete=True) as peer, opened(peer, pace) as inbox:
        with pytest.raises(Gone):
            await inbox.acknowledge(receipt(ONE), repeated=True)
        assert [call.method for call in peer.calls] == ["POST", "DELETE"]
