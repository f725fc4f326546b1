"""What every Inbox promises: one suite over REST, IMAP (pymap, Dovecot) and the fake that journeys are tested with."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from nemboks.clock import RealClock
from nemboks.domain.pace import Pace
from nemboks.intake.imap import ImapAccess, ImapInbox
from nemboks.intake.rest import RestInbox
from nemboks.intake.rest_calls import open_client
from nemboks.ports import Gone, Inbox, Refused, Unavailable
from tests.helpers.dovecot import PASSWORD as DOVECOT_PASSWORD
from tests.helpers.dovecot import dovecot
from tests.helpers.fake_inbox import FakeInbox
from tests.helpers.receipts import receipt
from tests.intake.pymap_peer import PASSWORD, USER, pymap_peer
from tests.intake.rest_peer import SYSTEM, TOKEN, rest_peer

PACE = Pace.demo().model_copy(update={"request_seconds": 5.0})
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@dataclass
class Upstream:
    """One kind of upstream with its inbox."""

    inbox: Inbox
    put: Callable[[bytes, datetime], Awaitable[None]]
    fail: Callable[[], None]  # from now on nothing answers
    stranger: Inbox | None = None  # an inbox with wrong credentials
    tells: bool = True  # whether news comes by itself


@asynccontextmanager
async def _fake(folder):
    inbox, numbers = FakeInbox(), count(1)

    async def put(letter, at):
        inbox.put(f"letter-{next(numbers)}", letter, at)

    def fail():
        for call in ("list", "fetch", "acknowledge"):
            inbox.plant(call, Unavailable("outage"))

    yield Upstream(inbox, put, fail)


@asynccontextmanager
async def _rest(folder):
    numbers = count(1)
    async with rest_peer(folder) as peer, open_client(peer.access) as client:

        async def put(letter, at):
            peer.usual.letters[f"5C1B6D1E-9D5B-4C5E-8C0E-{next(numbers):012X}"] = letter

        def inbox(token):
            return RestInbox(client, peer.access, SYSTEM, token, PACE, RealClock())

        yield Upstream(inbox(TOKEN), put, peer.kill, inbox("wrong"), tells=False)


@asynccontextmanager
async def _imap(access, user, password, put, fail):
    inbox, stranger = (ImapInbox(access, user, word, PACE, RealClock()) for word in (password, "wrong"))
    try:
        yield Upstream(inbox, put, fail, stranger)
    finally:
        await inbox.close()
        await stranger.close()


@asynccontextmanager
async def _pymap(folder):
    async with pymap_peer(folder) as peer, _imap(peer.access, USER, PASSWORD, peer.put, peer.stop) as upstream:
        yield upstream


@asynccontextmanager
async def _dovecot(folder):
    with dovecot() as server:
        access = ImapAccess("localhost", server.port, server.ca_file)

        async def put(letter, at):
            server.put("anna", letter, at)

        async with _imap(access, "anna", DOVECOT_PASSWORD, put, server.kill) as upstream:
            yield upstream


def _name(make):
    return make.__name__[1:]


REAL = [_rest, _pymap, pytest.param(_dovecot, marks=pytest.mark.peer)]


@pytest.fixture(params=[_fake, *REAL], ids=_name)
async def upstream(request, tmp_path) -> AsyncIterator[Upstream]:
    async with request.param(tmp_path) as made:
        yield made


def letter(number: int, size: int = 1000) -> bytes:
    head = f"From: kommune@example.dk\r\nSubject: Brev {number}\r\nMessage-ID: <{number}@example.dk>\r\n\r\n".encode()
    line = b"Kaere Anna, her er brev nummer %d.\r\n" % number
    return head + line * (size // len(line))


async def whole(inbox: Inbox, upstream_id: str) -> bytes:
    async with inbox.fetch(upstream_id) as pieces:
        return b"".join([piece async for piece in pieces])


async def ids(inbox: Inbox) -> list[str]:
    return [listed.upstream_id for listed in await inbox.list()]


async def filled(upstream: Upstream, number: int) -> list[str]:
    for n in range(number):
        await upstream.put(letter(n), AT + timedelta(minutes=n))
    return await ids(upstream.inbox)


async def test_an_empty_mailbox_lists_nothing(upstream):
    """A mailbox without letters is a listing, not an error."""
    assert list(await upstream.inbox.list()) == []
    assert upstream.inbox.unusable == 0


async def test_all_letters_are_listed_oldest_first(upstream):
    """A listing is complete, in order, in keys of one spelling, and may be repeated."""
    listed = await filled(upstream, 5)

    assert len(set(listed)) == 5
    assert [each.lower() for each in listed] == listed
    assert await ids(upstream.inbox) == listed
    assert [await whole(upstream.inbox, each) for each in listed] == [letter(n) for n in range(5)]


async def test_available_at_is_the_truth_or_nothing(upstream):
    """Where the list carries the time of arrival, it is aware UTC; else it is None."""
    await filled(upstream, 1)
    [listed] = await upstream.inbox.list()
    assert listed.available_at in (None, AT)


async def test_a_letter_comes_whole_in_small_pieces(upstream):
    """The bytes are upstream's own, in pieces of at most 128 kB, as often as asked."""
    await upstream.put(letter(1, 1_000_000), AT)
    [one] = await ids(upstream.inbox)
    async with upstream.inbox.fetch(one) as pieces:
        got = [piece async for piece in pieces]

    assert b"".join(got) == letter(1, 1_000_000)
    assert max(map(len, got)) <= 128 << 10
    assert await whole(upstream.inbox, one) == letter(1, 1_000_000)


@pytest.mark.parametrize("strange", ["5c1b6d1e-9d5b-4c5e-8c0e-ffffffffffff", "1.99", "no such letter"])
async def test_a_letter_that_is_not_there_is_gone(upstream, strange):
    """Fetching an unknown letter is Gone, or Refused for an id of the other door; its receipt changes nothing."""
    [one] = await filled(upstream, 1)
    with pytest.raises((Gone, Refused)):
        await whole(upstream.inbox, strange)
    with pytest.raises((Gone, Refused, Unavailable)):
        await upstream.inbox.acknowledge(receipt(strange, letter(0)), repeated=False)
    assert await ids(upstream.inbox) == [one]


async def test_acknowledging_takes_away_exactly_one(upstream):
    """The receipt's letter is gone, all others stay."""
    first, second, third = await filled(upstream, 3)
    words = await upstream.inbox.acknowledge(receipt(second, letter(1)), repeated=False)

    assert words
    assert await ids(upstream.inbox) == [first, third]
    assert await whole(upstream.inbox, third) == letter(2)


async def test_a_receipt_may_be_repeated(upstream):
    """A second receipt for the same letter is Gone and harms nothing."""
    first, second = await filled(upstream, 2)
    given = receipt(first, letter(0))
    await upstream.inbox.acknowledge(given, repeated=False)
    with pytest.raises(Gone):
        await upstream.inbox.acknowledge(given, repeated=True)
    assert await ids(upstream.inbox) == [second]


async def test_leaving_a_letter_early_leaves_the_mailbox_usable(upstream):
    """What the reader raises comes out unchanged; the next fetch is whole."""
    await upstream.put(letter(1, 3_000_000), AT)
    [one] = await ids(upstream.inbox)
    with pytest.raises(OSError, match="disk full"):
        async with upstream.inbox.fetch(one) as pieces:
            await anext(pieces)
            raise OSError("disk full")
    async with upstream.inbox.fetch(one) as pieces:
        await anext(pieces)
    assert await whole(upstream.inbox, one) == letter(1, 3_000_000)


async def test_a_cancel_leaves_the_mailbox_usable(upstream):
    """Cancelling a fetch in mid letter raises CancelledError and nothing else."""
    await upstream.put(letter(1, 3_000_000), AT)
    [one] = await ids(upstream.inbox)
    begun = asyncio.Event()

    async def read():
        async with upstream.inbox.fetch(one) as pieces:
            await anext(pieces)
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(read())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await whole(upstream.inbox, one) == letter(1, 3_000_000)


async def test_an_outage_is_unavailable(upstream):
    """Without an upstream every call is Unavailable, with words."""
    [one] = await filled(upstream, 1)
    upstream.fail()
    with pytest.raises(Unavailable, match=r"\w{4}"):
        await upstream.inbox.list()
    with pytest.raises(Unavailable, match=r"\w{4}"):
        await whole(upstream.inbox, one)
    with pytest.raises(Unavailable, match=r"\w{4}"):
        await upstream.inbox.acknowledge(receipt(one, letter(0)), repeated=False)


@pytest.mark.parametrize("upstream", REAL, ids=_name, indirect=True)
async def test_wrong_credentials_refuse_the_mailbox(upstream):
    """A stranger is refused for the whole mailbox, and the password is not in the words. The fake knows none."""
    with pytest.raises(Refused) as caught:
        await upstream.stranger.list()
    assert caught.value.mailbox
    assert "wrong" not in str(caught.value)


async def test_news_comes_or_waits(upstream):
    """Where upstream can tell, news returns when a letter has come; where not, it waits until cancelled."""
    await upstream.inbox.list()
    with suppress(TimeoutError):  # what may have come before the listing is told once
        async with asyncio.timeout(0.2):
            await upstream.inbox.news()
    task = asyncio.create_task(upstream.inbox.news())
    await upstream.inbox.list()  # everybody else goes first
    assert not task.done()
    if upstream.tells:
        async with asyncio.timeout(10):
            while not task.done():  # pymap tells nothing of a letter that comes while IDLE begins: one more will do
                await upstream.put(letter(1), AT)
                await asyncio.wait({task}, timeout=1)
        await task
        assert await ids(upstream.inbox)
        return
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_news_gives_way(upstream):
    """Listing, fetching and acknowledging go on while somebody waits for news."""
    await upstream.put(letter(0, 500_000), AT)
    await upstream.inbox.list()
    task = asyncio.create_task(_for_ever(upstream.inbox))
    async with asyncio.timeout(5):
        for _ in range(10):
            [one] = await ids(upstream.inbox)
            assert await whole(upstream.inbox, one) == letter(0, 500_000)
        await upstream.inbox.acknowledge(receipt(one, letter(0, 500_000)), repeated=False)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await ids(upstream.inbox) == []


async def _for_ever(inbox: Inbox) -> None:
    while True:
        await inbox.news()


async def test_calls_at_once_do_not_mix(upstream):
    """Many tasks on one mailbox each get their own letter."""
    listed = await filled(upstream, 8)
    got = await asyncio.gather(*(whole(upstream.inbox, each) for each in listed), upstream.inbox.list())
    assert got[:8] == [letter(n) for n in range(8)]


async def test_close_may_be_repeated(upstream):
    """Closing twice, used or not, is quiet."""
    await upstream.inbox.list()
    await upstream.inbox.close()
    await upstream.inbox.close()
