"""RestInbox against real TLS and every misbehaviour of RELIABILITY 4c that an adapter meets."""

import asyncio
import gzip
import json
import re
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import trustme

from nemboks.clock import RealClock
from nemboks.intake.rest import RestInbox
from nemboks.intake.rest_calls import RestAccess, open_client, retry_after
from nemboks.ports import Gone, InboxError, Refused, Unavailable
from tests.helpers.receipts import receipt
from tests.intake.rest_peer import (
    SYSTEM,
    TOKEN,
    MemoShelf,
    answer,
    page,
    rest_peer,
    says,
    sends,
    silent,
    write_certificates,
)  # fmt: skip

ONE = "5c1b6d1e-9d5b-4c5e-8c0e-0c6d0c3f4a01"
TWO = "5c1b6d1e-9d5b-4c5e-8c0e-0c6d0c3f4a02"
MEMO = b"<memo:Message>" + b"x" * 300_000 + b"</memo:Message>"
LETTER = answer(200, MEMO, "application/xml")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@asynccontextmanager
async def opened(peer, pace, token=TOKEN):
    async with open_client(peer.access, pace.request_seconds) as client:
        yield RestInbox(client, peer.access, SYSTEM, token, pace, RealClock())


async def whole(inbox, upstream_id=ONE):
    async with inbox.fetch(upstream_id) as pieces:
        return b"".join([piece async for piece in pieces])


@pytest.fixture
async def shelf(tmp_path):
    async with rest_peer(tmp_path, MemoShelf({ONE: MEMO, TWO: b"<m/>"})) as peer:
        yield peer


# --- the list -------------------------------------------------------------------------------------------------------


async def test_every_page_is_read(shelf, pace):
    """A list of many pages comes back whole and in upstream's order."""
    ids = [f"5c1b6d1e-9d5b-4c5e-8c0e-{n:012x}" for n in range(25)]
    shelf.usual = MemoShelf(dict.fromkeys(ids, b"<m/>"), page_size=10)
    async with opened(shelf, pace) as inbox:
        assert [listed.upstream_id for listed in await inbox.list()] == ids


async def test_ids_are_folded_and_listed_once(shelf, pace):
    """An id that comes twice, in a page, over pages or in another case, is one letter."""
    shelf.script = [says(200, page([ONE.upper(), ONE.upper()], 0, 2)), says(200, page([ONE, TWO], 1, 2))]
    async with opened(shelf, pace) as inbox:
        assert [listed.upstream_id for listed in await inbox.list()] == [ONE, TWO]


async def test_an_upper_case_id_is_asked_for_as_listed(shelf, pace):
    """Paths and receipts spell the id as upstream did, whatever the case."""
    shelf.usual = MemoShelf({ONE.upper(): MEMO})
    async with opened(shelf, pace) as inbox:
        await inbox.list()
        assert await whole(inbox) == MEMO
        await inbox.acknowledge(receipt(ONE), repeated=False)

    assert [call.path for call in shelf.calls[1:]] == [f"memos/{ONE.upper()}", f"memos/{ONE.upper()}/receipt"]
    assert json.loads(shelf.calls[-1].body)["messageUUID"] == ONE.upper()


async def test_a_page_that_repeats_ends_the_list(shelf, pace):
    """A service that forgets the page number does not hold us for ever."""
    shelf.usual = says(200, page([ONE, TWO], 0, 99))
    async with opened(shelf, pace) as inbox:
        assert len(await inbox.list()) == 2
    assert len(shelf.calls) == 2


async def test_a_list_without_totals_follows_next(shelf, pace):
    """Where a page tells no totals, `next` says whether there is more."""
    shelf.script = [
        says(200, {"content": [ONE], "next": {"page": 1}}),
        says(200, {"content": [TWO], "next": None}),
    ]
    async with opened(shelf, pace) as inbox:
        assert len(await inbox.list()) == 2


async def test_a_list_that_shrinks_is_read_again(shelf, pace):
    """Letters that leave while pages are read shift the rest; the snapshot is taken anew."""
    shelf.script = [says(200, page([ONE], 0, 2, 4)), says(200, page([TWO], 1, 2, 3))]
    async with opened(shelf, pace) as inbox:
        assert [listed.upstream_id for listed in await inbox.list()] == [ONE, TWO]
    assert [call.query["page"] for call in shelf.calls] == ["0", "1", "0"]


async def test_a_list_that_never_settles_is_an_outage(shelf, pace):
    """After three shrinking snapshots the listing is given up for now."""
    shelf.script = [says(200, page([i], n % 2, 2, 9 - n)) for n, i in enumerate([ONE, TWO] * 3)]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Unavailable, match="faster"):
            await inbox.list()


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (sends(answer(200, b"<html>Log ind</html>", "text/html")), "not JSON"),
        (sends(answer(200, b'{"content": [')), "not JSON"),
        (sends(answer(200, b"[" * 100_000)), "not JSON"),
        (sends(answer(200, b"\xff\xfe\x00")), "not JSON"),
        (says(200, [ONE]), "no `content`"),
        (says(200, {"content": {}}), "no `content`"),
        (says(200, page([7])), "no letter's id"),
        (says(200, page([".."])), "no letter's id"),
        (says(200, page(["a" * 256])), "no letter's id"),
        (says(200, page(["a\nb"])), "no letter's id"),
        (sends(answer(200, b" " * (17 << 20))), "larger than 16 MB"),
        (sends(answer(200, gzip.compress(b" " * (64 << 20)), Content_Encoding="gzip")), "compressed"),
        (sends(b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * (1 << 20) + b"\r\n\r\n"), "broke off"),
        (sends(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "broke off"),
        (sends(b"", close=True), "check the client certificate"),
        (sends(b"", reset=True), "broke off|could not be reached"),
        (says(204), "answered 204"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
async def test_a_nonsense_list_is_an_outage(shelf, pace, response, words):
    """Whatever stands in the list's place is Unavailable with words that name it, and the next call works."""
    shelf.script = [response]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Unavailable, match=words):
            await inbox.list()
        assert len(await inbox.list()) == 2


async def test_silence_ends_in_time(shelf, pace):
    """A service that takes the call and never answers is given up at the pace's limit."""
    shelf.script = [silent]
    async with opened(shelf, pace.model_copy(update={"request_seconds": 0.3})) as inbox:
        with pytest.raises(Unavailable, match="in time"):
            await inbox.list()


# --- what statuses mean ---------------------------------------------------------------------------------------------


def _fetch(inbox):
    return whole(inbox)


def _give(inbox):
    return inbox.acknowledge(receipt(ONE), repeated=False)


def _list(inbox):
    return inbox.list()


@pytest.mark.parametrize(
    ("call", "status", "error", "mailbox"),
    [
        (_list, 401, Refused, True), (_list, 403, Refused, True), (_list, 404, Refused, True),
        (_list, 302, Refused, True), (_list, 400, Refused, False), (_list, 429, Unavailable, None),
        (_list, 500, Unavailable, None), (_list, 503, Unavailable, None), (_list, 999, Unavailable, None),
        (_fetch, 403, Refused, True), (_fetch, 404, Gone, None), (_fetch, 410, Gone, None),
        (_fetch, 302, Refused, True), (_fetch, 422, Refused, False), (_fetch, 503, Unavailable, None),
        (_give, 401, Refused, True), (_give, 404, Gone, None), (_give, 409, Gone, None), (_give, 410, Gone, None),
        (_give, 400, Refused, False), (_give, 422, Refused, False), (_give, 429, Unavailable, None),
        (_give, 302, Refused, True), (_give, 202, Unavailable, None), (_give, 503, Unavailable, None),
    ],
)  # fmt: skip
async def test_a_status_means_one_of_three(shelf, pace, call, status, error, mailbox):
    """Each status is one of the port's errors; a refusal says whether it concerns the whole mailbox."""
    shelf.script = [says(status, {"code": "E1", "message": "nej"}, Location="https://elsewhere.example/")]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(InboxError, match=f"answered {status} .*E1 nej") as caught:
            await call(inbox)

    assert type(caught.value) is error
    assert getattr(caught.value, "mailbox", None) == mailbox
    assert len(shelf.calls) == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_may_come_without_a_body(shelf, pace, status):
    """401 and 403 need no ErrorMessage."""
    shelf.script = [says(status)]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Refused, match=f"{status}"):
            await inbox.list()


async def test_words_hold_no_secrets_and_are_bounded(shelf, pace):
    """What upstream says is cut, on one line, without our token, addresses or CPR shapes."""
    message = f"token {TOKEN} for anna@bageri.example 010101-0000\r\n" + "a" * 5000
    shelf.script = [says(400, {"code": "E1", "message": message})]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Refused) as caught:
            await inbox.list()

    words = str(caught.value)
    assert "token *** for a***@bageri.example [CPR] aaa" in words
    assert "\n" not in words
    assert len(words) < 400


NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None), ("1", 1), ("0", 0), (" 30 ", 30), ("7200", 3600), ("999999999999", 3600),
        ("9" * 400, None), ("-1", None), ("1.5", None), ("soon", None), ("", None), ("\u0661", None),
        ("Sat, 21 Nov 2026 12:01:00 GMT", 60), ("Sat, 21 Nov 2026 15:00:00 GMT", 3600),
        ("Sat, 21 Nov 2026 11:00:00 GMT", None), ("Sat, 21 Nov 99999 11:00:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after(value, seconds):
    """Seconds or a date are obeyed up to an hour; absurd values are no values."""
    assert retry_after(value, NOW) == seconds


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_reaches_the_caller(shelf, pace, status):
    """A busy service's wish is part of the error."""
    shelf.script = [says(status, Retry_After="7")]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Unavailable) as caught:
            await inbox.list()
    assert caught.value.retry_after == 7


# --- the letter -----------------------------------------------------------------------------------------------------


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


# --- the receipt ----------------------------------------------------------------------------------------------------


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


# --- who we are, whom we trust --------------------------------------------------------------------------------------


async def test_no_cookie_travels(shelf, pace):
    """A session cookie set for one CVR is never sent with another's call on the shared client."""
    shelf.script = [says(200, page([]), Set_Cookie="session=anna; Path=/")]
    async with opened(shelf, pace) as inbox:
        await inbox.list()
        await inbox.list()
    assert all("cookie" not in call.headers for call in shelf.calls)


async def test_a_client_certificate_of_another_house_gets_a_hint(shelf, pace, tmp_path):
    """A certificate that Digital Post does not know shows as an outage that says where to look."""
    chain, key = write_certificates(tmp_path, trustme.CA(), "stranger")
    shelf.access = replace(shelf.access, client_cert_file=chain, client_key_file=key)
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Unavailable, match="check the client certificate"):
            await inbox.list()


async def test_a_server_that_cannot_be_verified_hears_nothing(shelf, pace, tmp_path):
    """Another authority's server certificate ends the call before a byte of it is sent."""
    (tmp_path / "other.pem").write_bytes(trustme.CA().cert_pem.bytes())
    shelf.access = replace(shelf.access, ca_file=tmp_path / "other.pem")
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Unavailable, match=re.compile("certificate verify failed", re.I)):
            await inbox.list()
    assert shelf.calls == []


async def test_nobody_listening_is_an_outage(shelf, pace):
    """A refused connection says so."""
    shelf.kill()
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Unavailable, match="could not be reached"):
            await inbox.list()


def test_a_missing_certificate_file_says_so(shelf, tmp_path):
    """A client certificate that cannot be read is an outage that names the fault."""
    access = replace(shelf.access, client_cert_file=tmp_path / "none.pem")
    with pytest.raises(Unavailable, match="certificate files"):
        open_client(access, 1)


def test_plain_http_is_refused(tmp_path):
    """An address without TLS cannot even be configured (H22)."""
    with pytest.raises(ValueError, match="https"):
        RestAccess("http://127.0.0.1/apis/v1/", None, tmp_path, tmp_path)
