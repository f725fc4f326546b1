"""A parser's buffer is 64 kB: it ends with its letter, and does not wait for the collector."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import suppress
from xml.parsers import expat

import pytest

from nemboks.content.errors import Unreadable
from nemboks.content.xml_guard import GuardedXml


class Deaf:
    def start(self, space: str, name: str, attributes: Mapping[str, str]) -> None:
        pass

    def text(self, text: str) -> None:
        pass

    def end(self) -> None:
        pass


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    "pieces",
    [(b"<a>", b"x" * 70_000, b"</a>"), (b"<a>", b"x" * 70_000), (b"<a>" + b" " * 70_000 + b"</b>", b" " * 70_000), ()],
    ids=["whole", "left in its midst", "broken", "nothing of it"],
)
def test_a_letter_leaves_no_parser_behind(pieces: tuple[bytes, ...]) -> None:
    xml = GuardedXml(Deaf())
    with suppress(Unreadable):
        for piece in pieces:
            xml.feed(piece)
        if pieces[-1:] == (b"</a>",):
            xml.close()
    del xml
    assert not [x for x in gc.get_objects() if isinstance(x, expat.XMLParserType)]


def test_what_has_ended_is_not_read_again() -> None:
    """A second reading over the same octets would bring every document twice."""
    xml = GuardedXml(Deaf())
    xml.feed(b"<a/>")
    xml.close()
    for more in (xml.close, lambda: xml.feed(b" " * 70_000)):
        with pytest.raises(Unreadable, match="has ended"):
            more()
