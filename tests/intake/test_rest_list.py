"""RestInbox listing, against real TLS and every misbehaviour of RELIABILITY 4c that a list may meet."""

import gzip
import json

import pytest

from nemboks.ports import Unavailable
from tests.helpers.receipts import receipt
from tests.intake.rest_peer import MEMO, ONE, TWO, MemoShelf, answer, opened, page, says, sends, silent, whole


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


async def test_entries_that_are_no_ids_stop_no_letter(shelf, pace):
    """They are counted once each, whatever page they stand on; the next listing without them counts none."""
    strange = ["..", {"id": TWO}]
    shelf.script = [says(200, page([7, ONE, *strange], 0, 2, 7)), says(200, page([*strange, TWO], 1, 2, 7))]
    async with opened(shelf, pace) as inbox:
        assert [listed.upstream_id for listed in await inbox.list()] == [ONE, TWO]
        assert inbox.unusable == 3
        await inbox.list()
        assert inbox.unusable == 0
    assert {call.path for call in shelf.calls} == {"memos/"}


async def test_a_page_of_nothing_else_does_not_end_the_list(shelf, pace):
    """The letters behind pages of entries that are no ids are found; pages of the same entries end the list."""
    shelf.script = [says(200, page([content], n, 3)) for n, content in enumerate(({"id": 1}, {"id": 2}, ONE))]
    async with opened(shelf, pace) as inbox:
        assert [listed.upstream_id for listed in await inbox.list()] == [ONE]
        shelf.script = [says(200, page([None], n, 99)) for n in range(3)]
        assert (await inbox.list(), inbox.unusable, len(shelf.script)) == ([], 1, 1)


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
