"""Replies are read strictly, however they are cut."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as some

from nemboks.delivery.replies import MOST_BYTES, TEXT_LENGTH, ReplyReader, make_reply

TALK = b"250-mail\r\n250 ok\r\n354\r\n550 5.1.1 no\n"


@given(some.lists(some.integers(0, len(TALK)), max_size=8))
def test_cuts_change_nothing(cuts: list[int]) -> None:
    """The same replies come out wherever the bytes were cut."""
    borders = [0, *sorted(cuts), len(TALK)]
    reader = ReplyReader()
    replies = [reply for a, b in itertools.pairwise(borders) for reply in reader.feed(TALK[a:b])]

    assert [(reply.code, reply.text) for reply in replies] == [(250, "mail ok"), (354, ""), (550, "no")]
    assert not reader.halfway


@given(some.binary(max_size=300))
def test_anything_may_come(data: bytes) -> None:
    """Whatever a server sends, the reader brings well-formed replies or breaks, and never raises."""
    reader = ReplyReader()

    for reply in reader.feed(data):
        assert 200 <= reply.code <= 599
        assert reply.text.isprintable()


@pytest.mark.parametrize(
    "line", [b"25O ok", b" 250", b"+25", b"2_5", b"250ok", b"199 a", b"600 a", b"", b"250 a\rb", b"\xd9\xa2\xd9\xa5"]
)
def test_nonsense_breaks_for_good(line: bytes) -> None:
    """After a line that is no reply nothing is read, but what was whole before it counts."""
    reader = ReplyReader()

    assert [reply.code for reply in reader.feed(b"421 bye\r\n" + line + b"\r\n250 ok\r\n")] == [421]
    assert reader.broken
    assert reader.feed(b"250 ok\r\n") == []


@pytest.mark.parametrize("flood", [b"a" * (MOST_BYTES + 1), b"250 " + b"a" * MOST_BYTES + b"\r\n", b"250-a\r\n" * 101])
def test_a_reply_ends_in_time(flood: bytes) -> None:
    """Neither a long line nor many lines are kept."""
    reader = ReplyReader()

    assert reader.feed(flood) == []
    assert "without an end" in reader.broken


def test_text_is_short_and_private() -> None:
    """An echoed letter is cut, and nobody's number survives at the cut."""
    reply = make_reply(554, ["x" * (TEXT_LENGTH - 7) + " 010101-0000 jens@bakery.example"])

    assert len(reply.text) <= TEXT_LENGTH
    assert "010101" not in reply.text
    assert "jens" not in reply.text
