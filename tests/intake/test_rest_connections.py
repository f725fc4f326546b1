"""RestInbox: its connections to Digital Post, which serve call after call and company after company."""

import asyncio
import json
import ssl
import time
from dataclasses import replace

import pytest
import trustme

from nemboks.intake.network import Client
from nemboks.intake.rest_calls import open_client
from nemboks.ports import Unavailable
from tests.helpers.circles import nothing_left
from tests.helpers.receipts import receipt
from tests.intake.rest_peer import MEMO, ONE, TWO, answer, opened, page, says, sends, silent

IN_TIME = 5.0  # seconds by the wall; nothing here takes one


def _then(first, later, seconds=0.0):
    """Answers with `first`, and says `later` when nobody has asked."""

    async def respond(call, writer):
        writer.write(first)
        await writer.drain()
        asyncio.get_running_loop().call_later(seconds, writer.write, later)

    return respond


async def _until(condition):
    async with asyncio.timeout(IN_TIME):
        while not condition():
            await asyncio.sleep(0.01)


async def _asked(server, context, silence):
    async with Client("127.0.0.1", server.sockets[0].getsockname()[1], context) as client:
        try:
            await client.ask(b"GET / HTTP/1.1\r\n\r\n", silence, asyncio.get_running_loop().time() + IN_TIME)
        finally:
            assert client.connections == 0


async def test_calls_share_a_connection(shelf, pace):
    """One call after the other goes over the same one."""
    async with opened(shelf, pace) as inbox:
        for _ in range(3):
            await inbox.list()
    assert (len(shelf.calls), shelf.connections) == (3, 1)


async def test_what_nobody_asked_for_is_no_answer(shelf, pace):
    """A 408 that a server says to a silent connection must not become the answer to the next call, whoever's it is."""
    listed = json.dumps(page([ONE])).encode()
    shelf.script = [_then(answer(200, listed), answer(408, b'{"code": "X", "message": "late"}'), 0.05)]
    async with opened(shelf, pace) as inbox:
        assert [one.upstream_id for one in await inbox.list()] == [ONE]
        await asyncio.sleep(0.3)
        shelf.script = [says(200, page([TWO]))]
        assert [one.upstream_id for one in await inbox.list()] == [TWO]
    assert shelf.connections == 2


@pytest.mark.parametrize(
    ("behind", "connections"),
    [(answer(200, json.dumps(page([TWO])).encode()), 2), (b"HTTP/1.1 200 O", 2), (b"{}", 2), (b"\r\n", 1)],
)
async def test_what_stands_behind_an_answer_is_no_answer(shelf, pace, behind, connections):
    """Neither an answer that is said twice in one breath nor its beginning reaches the next call, whoever's it is. A
    stray end of a line says nothing."""
    shelf.script = [sends(answer(200, json.dumps(page([ONE])).encode()) + behind)]
    async with opened(shelf, pace) as inbox:
        assert [one.upstream_id for one in await inbox.list()] == [ONE]
        shelf.letters.clear()
        assert await inbox.list() == []
    assert (len(shelf.calls), shelf.connections) == (2, connections)


@pytest.mark.parametrize("raw", [b"Content-Length: 2\r\n\r\n{}", b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"])
async def test_a_204_with_a_body_costs_nobody_a_call(shelf, pace, raw):
    """It has none (RFC 9110 15.3.5), and what a server sends all the same is not the beginning of the next answer."""
    shelf.script = [sends(b"HTTP/1.1 204 No Content\r\n" + raw)]
    async with opened(shelf, pace) as inbox:
        assert "204" in await inbox.acknowledge(receipt(ONE), repeated=False)
        assert len(await inbox.list()) == 2


@pytest.mark.parametrize("what", ["an answer", "the end"])
async def test_what_came_while_we_were_busy_is_no_answer(shelf, pace, what):
    """The loop had no time to read it: a commit of the ledger's may hold it up."""
    listed = answer(200, json.dumps(page([TWO])).encode())

    async def respond(call, writer):
        writer.write(answer(200, json.dumps(page([ONE])).encode()))
        later = writer.close if what == "the end" else lambda: writer.write(listed)
        asyncio.get_running_loop().call_later(0.1, later)

    async def ours():
        async with opened(shelf, pace) as inbox:
            first = [one.upstream_id for one in await inbox.list()]
            time.sleep(0.4)
            return first, await inbox.list()

    shelf.script = [respond]
    shelf.letters.clear()
    assert await asyncio.to_thread(asyncio.run, ours()) == ([ONE], [])
    assert (len(shelf.calls), shelf.connections) == (2, 2)


async def test_more_calls_than_connections_wait_for_their_turn(shelf, pace):
    """Forty at once have twenty connections, and each has its answer."""
    go = asyncio.Event()

    async def respond(call, writer):
        await go.wait()
        await shelf.usual(call, writer)

    shelf.script = [respond] * 20
    async with opened(shelf, pace) as inbox:
        calls = [asyncio.create_task(inbox.list()) for _ in range(40)]
        await _until(lambda: len(shelf.calls) == 20)
        await asyncio.sleep(0.05)
        assert (len(shelf.calls), shelf.connections) == (20, 20)
        go.set()
        assert [len(listed) for listed in await asyncio.gather(*calls)] == [2] * 40
        await _until(lambda: shelf.live == 8)  # so many are kept
    assert shelf.connections == 20


async def test_waiting_for_a_turn_ends_in_time(shelf, pace):
    """With all connections taken by calls that nobody answers."""
    shelf.script = [silent] * 20
    async with opened(shelf, pace) as slow, opened(shelf, pace.model_copy(update={"request_seconds": 0.2})) as quick:
        quick._calls._client = slow._calls._client
        calls = [asyncio.create_task(slow.list()) for _ in range(20)]
        await _until(lambda: len(shelf.calls) == 20)
        with pytest.raises(Unavailable, match="in time"):
            await quick.list()
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        assert len(await quick.list()) == 2


async def test_a_closed_answer_reads_nothing_more(shelf, pace):
    """Its connection is the next call's, which may be another company's; and a second close gives no second seat."""
    async with opened(shelf, pace) as inbox:
        async with inbox.fetch(ONE) as first:
            assert b"".join([piece async for piece in first])
        async with inbox.fetch(TWO):
            with pytest.raises(Unavailable, match="is closed"):
                await anext(first)
    assert shelf.connections == 1


async def test_closing_ends_what_is_under_way(shelf, pace):
    """And nothing begins behind it."""
    shelf.script = [silent]
    async with opened(shelf, pace) as inbox:
        call = asyncio.create_task(inbox.list())
        await _until(lambda: shelf.calls)
        inbox._calls._client.close()
        for attempt in (call, inbox.list()):
            with pytest.raises(Unavailable, match="we are stopping"):
                await attempt


async def test_words_before_the_encryption_end_the_connection():
    """They would be read as if they had come encrypted."""

    async def hasty(reader, writer):
        writer.write(answer(200, b"{}"))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hasty, "127.0.0.1", 0)
    async with server:
        with pytest.raises(OSError, match=r"(?i)wrong.version|record"):
            await _asked(server, ssl.create_default_context(), 5.0)
        await asyncio.sleep(0.1)


async def test_a_name_that_is_none_is_an_outage(shelf, pace):
    """Whatever the settings let through."""
    shelf.access = replace(shelf.access, base_url="https://api..example/")
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Unavailable, match="its name is none"):
            await inbox.list()


async def test_a_connection_that_ended_meanwhile_is_not_used(shelf, pace):
    """A server that closes after its answer costs a new connection, and no call."""
    shelf.script = [sends(answer(200, json.dumps(page([ONE])).encode()), close=True), says(200, page([TWO]))]
    async with opened(shelf, pace) as inbox:
        await inbox.list()
        await asyncio.sleep(0.3)
        assert [one.upstream_id for one in await inbox.list()] == [TWO]
    assert (len(shelf.calls), shelf.connections) == (2, 2)


async def test_a_letter_waits_upstream_for_a_slow_reader(shelf, pace):
    """Of a letter that is not read not more than a few hundred kB are taken in."""
    sent = 0
    whole = 40 << 20

    async def respond(call, writer):
        nonlocal sent
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {whole}\r\n\r\n".encode())
        while sent < whole:
            writer.write(b"x" * (1 << 18))
            sent += 1 << 18
            await writer.drain()

    shelf.script = [respond]
    async with opened(shelf, pace) as inbox, inbox.fetch(ONE) as pieces:
        read = len(await anext(pieces))
        before = -1
        while before != sent:  # until nothing moves any more
            before = sent
            await asyncio.sleep(0.2)
        assert sent < whole // 2
        async for piece in pieces:
            read += len(piece)
    assert read == whole


async def test_a_letter_left_half_read_costs_its_connection(shelf, pace):
    """What is left of it must not be read as the next answer."""
    shelf.letters[ONE] = MEMO * 20
    async with opened(shelf, pace) as inbox:
        async with inbox.fetch(ONE) as pieces:
            await anext(pieces)
        assert ONE in [one.upstream_id for one in await inbox.list()]
    assert shelf.connections == 2


async def test_an_answer_that_broke_off_still_brings_what_came(shelf, pace):
    """A server that answers before it has the whole call, and leaves: its words count."""
    shelf.script = [sends(answer(503, b'{"code": "E9", "message": "lukket"}', Connection="close"), close=True)]
    async with opened(shelf, pace) as inbox:
        with pytest.raises(Exception, match=r"503 .*E9 lukket"):
            await inbox.list()


async def test_closing_leaves_no_connection(shelf, pace):
    """Whoever closes the client closes what it kept."""
    async with opened(shelf, pace) as inbox:
        await inbox.list()
        assert shelf.live == 1
    await _until(lambda: shelf.live == 0)


async def test_a_certificate_of_another_name_ends_the_connection():
    """It is checked for the name that was asked for; then the connection is closed."""
    authority = trustme.CA()
    serving, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("elsewhere.example").configure_cert(serving)
    authority.configure_trust(trusting)
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0, ssl=serving)
    async with server:
        with pytest.raises(ssl.SSLCertVerificationError):
            await _asked(server, trusting, 5.0)


async def test_a_server_that_does_not_speak_tls_ends_in_time():
    """Silence where a handshake should be is no reason to wait for a minute."""

    async def silent(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        with pytest.raises(TimeoutError):
            await _asked(server, ssl.create_default_context(), 0.2)
        await asyncio.sleep(0.1)  # the server hears of the end


async def test_an_address_that_is_none_is_refused(shelf):
    """A client is only made for an address that can be asked."""
    for base in (
        "https:///apis/",
        "https://",
        "https://høring.example/",
        "http://x.example/",
        "https://u:p@x.example/",
        "https://x.example/a b/",
        "https://x.example/\r\nX-Evil: 1/",
        "https://x.example/?q=1",
    ):
        with pytest.raises(ValueError, match="https"):
            type(shelf.access)(base, None, None, None)
    async with open_client(shelf.access) as client:
        assert client.connections == 0


async def test_a_connection_that_is_over_is_gone_at_once(shelf, pace):
    """Its buffers do not wait for the collector of circles."""
    async with nothing_left():
        async with opened(shelf, pace) as inbox:
            await inbox.list()
        del inbox
