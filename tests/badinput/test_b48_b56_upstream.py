"""Bad inputs B48 to B56: what Digital Post, or something in its place, answers."""

import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nemboks.clock import RealClock
from nemboks.domain.events import Reason
from nemboks.domain.letter import State
from nemboks.domain.pace import Pace
from nemboks.intake.imap import ImapInbox
from nemboks.intake.rest_calls import retry_after
from nemboks.ports import Refused, Unavailable
from tests.content.memos import Memo, read
from tests.intake import imap_peer as imap
from tests.intake.rest_peer import (
    ONE,
    TWO,
    MemoShelf,
    Respond,
    RestPeer,
    answer,
    opened,
    page,
    rest_peer,
    says,
    sends,
    whole,
)
from tests.journey.town import Town, memo, uuid

PACE = Pace.demo().model_copy(update={"request_seconds": 5.0})
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[RestPeer]:
    """The scripted Digital Post, with a letter."""
    async with rest_peer(tmp_path, MemoShelf({ONE: b"<m/>"})) as peer:
        yield peer


async def listed(peer: RestPeer, *responses: Respond) -> list[str]:
    """The ids of a listing that is answered so."""
    peer.script = list(responses)
    async with opened(peer, PACE) as inbox:
        return [one.upstream_id for one in await inbox.list()]


@pytest.mark.parametrize("strange", ["a/b", "a%2fb?c=d#e", "../../etc/passwd", "-rf", "a:b;c", "~"])
async def test_b48_strange_ids_are_opaque(shelf: RestPeer, strange: str) -> None:
    """Such an id is asked for as it is: it never leads to another path or letter."""
    shelf.usual = MemoShelf({strange: b"<strange/>"})
    async with opened(shelf, PACE) as inbox:
        assert [one.upstream_id for one in await inbox.list()] == [strange]
        await _fetched_as(shelf, inbox, strange)


async def _fetched_as(shelf: RestPeer, inbox: object, strange: str) -> None:
    shelf.script = [sends(answer(200, b"<strange/>", "application/xml"))]
    assert await whole(inbox, strange) == b"<strange/>"  # type: ignore[arg-type]
    assert shelf.calls[-1].path == f"memos/{strange}"


@pytest.mark.parametrize(
    "strange",
    [
        "",
        ".",
        "..",
        "a\0b",
        "a\nb",
        "x" * 256,
        "x" * 10_240,
        "brev🍎",
        "brev å",
        "\ud800",
        7,
        None,
        True,
        [ONE],
        {},
        {"id": ONE, "availableAt": "0000-00-00"},
    ],
)
async def test_b48_what_is_no_id(shelf: RestPeer, strange: object) -> None:
    """What can be neither a path nor a key is counted and asked for by nobody; the other letters are listed."""
    shelf.script = [says(200, page([ONE, strange, TWO]))]  # type: ignore[list-item]
    async with opened(shelf, PACE) as inbox:
        assert [one.upstream_id for one in await inbox.list()] == [ONE, TWO]
        assert inbox.unusable == 1
    assert len(shelf.calls) == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"content": ["a"], "content": [], "number": 0, "totalPages": 1}',
        b'{"content": [], "number": NaN, "totalPages": 1}',
        b'{"content": [], "number": 0, "totalPages": Infinity}',
        b'{"content": ["a"], "number": 1e999, "totalPages": 1}',
        b'{"content": ' + b"[" * 100_000,
        b'{"content": ["' + ONE.encode() + b'"], "totalPages": ' + b"9" * 5000 + b"}",
    ],
    ids=["a key twice", "NaN", "Infinity", "1e999", "deep", "a long number"],
)
async def test_b49_json_that_two_readers_read_differently(shelf: RestPeer, body: bytes) -> None:
    """Such a page is no list: it is asked for again later, and no letter counts as gone because of it."""
    with pytest.raises(Unavailable, match="the list of letters is not JSON"):
        await listed(shelf, sends(answer(200, body)))


@pytest.mark.parametrize(
    "date",
    [
        "00-Jan-0000 00:00:00 +0000",
        "31-Dec-9999 23:59:59 -1200",
        "21-Nov-2026 10:00:00",
        "0000-00-00",
        "99-Foo-2026 1:2:3 Z",
    ],
)
async def test_b50_times_that_are_none(tmp_path: Path, date: str) -> None:
    """The letter is listed all the same, in its place by UID; when it came is then what we saw ourselves."""
    lines = b'* 1 FETCH (UID 4 INTERNALDATE "%s" RFC822.SIZE 9 FLAGS ())\r\n' % date.encode()
    last = b'* 2 FETCH (UID 5 INTERNALDATE "21-Nov-2026 10:00:00 +0100" RFC822.SIZE 9 FLAGS ())\r\nTAG OK done\r\n'
    async with imap.imap_peer(tmp_path) as peer:
        peer.letters = {4: imap.LETTER, 5: imap.LETTER}
        peer.script["UID FETCH"] = [imap.sends(lines + last)]
        inbox = ImapInbox(peer.access, "anna", "hemmelig", PACE, RealClock())
        try:
            first, second = await inbox.list()
        finally:
            await inbox.close()

    assert (first.upstream_id, first.available_at) == ("7.4", None)
    assert (second.upstream_id, second.available_at) == ("7.5", NOW)


@pytest.mark.parametrize(
    ("said", "created"),
    [
        ("0000-00-00T00:00:00Z", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("i går", None),
        ("2026-11-21T09:00:00", NOW),
    ],
)
def test_b50_times_in_a_letter(said: str, created: datetime | None) -> None:
    """A time that is none is not mentioned; one without a zone is UTC, as the type demands."""
    assert read(Memo(created=said).xml()).created_at == created


async def test_b51_a_letter_for_another_company() -> None:
    """It is held with the reason, is sent to nobody, and stays in Digital Post."""
    town = Town()
    await town.posted(memo(recipient_id="29189846"))

    assert await town.step() is State.HELD
    assert town.letter.why == Reason.WRONG_RECIPIENT
    assert not town.courier.sent and not town.inbox.receipts and uuid(1) in town.inbox.letters


@pytest.mark.parametrize("status", [200, 203])
async def test_b52_a_login_page(shelf: RestPeer, status: int) -> None:
    """HTML in place of a list or a letter is an outage, with words that say what it may be."""
    html = sends(answer(status, b"<html><form>Log ind</form></html>", "text/html"))
    with pytest.raises(Unavailable):
        await listed(shelf, html)
    shelf.script = [html]
    async with opened(shelf, PACE) as inbox:
        with pytest.raises(Unavailable):
            await whole(inbox)


async def test_b53_a_packed_bomb(shelf: RestPeer) -> None:
    """We ask for nothing packed, and nothing is unpacked: of 100 MB that come as 100 kB not one byte is made."""
    bomb = gzip.compress(b"0" * 100_000_000, 9)
    packed = sends(answer(200, bomb, "application/json", Content_Encoding="gzip"))
    with pytest.raises(Unavailable, match="compressed"):
        await listed(shelf, packed)
    assert shelf.calls[0].headers["accept-encoding"] == "identity"
    with pytest.raises(Unavailable, match="not JSON"):  # packed, and not saying so
        await listed(shelf, sends(answer(200, bomb)))


async def test_b53_an_endless_answer(shelf: RestPeer) -> None:
    """A list without an end is cut at 16 MB."""
    head = b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    with pytest.raises(Unavailable, match="larger than 16 MB"):
        await listed(shelf, sends(head, *[b"100000\r\n" + b" " * (1 << 20) + b"\r\n"] * 17))


async def test_b54_a_header_of_a_mebibyte(shelf: RestPeer) -> None:
    """The call ends as an outage; the next one is answered."""
    with pytest.raises(Unavailable, match="broke off"):
        await listed(shelf, sends(answer(200, json.dumps(page([ONE])).encode(), X_Long="x" * (1 << 20))))
    assert await listed(shelf) == [ONE]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", ["https://evil.example/apis/v1/memos/", "http://127.0.0.1:9/", "//evil.example"])
async def test_b55_elsewhere(shelf: RestPeer, status: int, place: str) -> None:
    """No redirect is followed, not even nearby: our login would go with it."""
    with pytest.raises(Refused, match="redirect") as seen:
        await listed(shelf, says(status, None, Location=place))
    assert seen.value.mailbox
    assert len(shelf.calls) == 1


@pytest.mark.parametrize(
    "value", ["-1", "tomorrow", "", "1.5", "0x10", "１０", "Sat, 99 Foo 2026 10:00:00 GMT", "1e12"]
)
async def test_b56_waits_that_are_none(shelf: RestPeer, value: str) -> None:
    """They are as good as absent: our own wait counts."""
    assert retry_after(value, NOW) is None
    with pytest.raises(Unavailable) as seen:
        await listed(shelf, says(503, None, Retry_After=value.encode("ascii", "replace").decode()))
    assert seen.value.retry_after is None


@pytest.mark.parametrize("value", ["999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
async def test_b56_a_wait_for_ever(shelf: RestPeer, value: str) -> None:
    """An hour is the longest that we are told to wait."""
    with pytest.raises(Unavailable) as seen:
        await listed(shelf, says(429, None, Retry_After=value))
    assert seen.value.retry_after == 3600


async def test_b56_a_wait_that_is_over(shelf: RestPeer) -> None:
    """A time that has passed is no wait; the control is one that has not."""
    assert retry_after("Sat, 21 Nov 2026 08:00:00 GMT", NOW) is None
    assert retry_after("Sat, 21 Nov 2026 09:00:30 GMT", NOW) == 30
    assert await listed(shelf, says(200, page([ONE, TWO]))) == [ONE, TWO]
