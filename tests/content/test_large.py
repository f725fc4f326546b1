"""Letters as large as Digital Post allows, in memory that does not grow with them."""

import base64
import tracemalloc
from hashlib import sha256

import pytest

from nemboks.content.compose import Seen
from nemboks.content.memo import MemoReader
from nemboks.content.message import MessageReader
from tests.content.memos import File, Memo, writer
from tests.content.test_message import HEADER

LARGEST = 95_000_000
ROOM = 8_000_000


def memo_pieces():
    """A MeMo of 95 MB, made as it goes."""
    before, after = Memo(files=[File(content="@@@")]).xml().split(b"@@@")
    lines = (base64.b64encode(bytes(range(57))) + b"\n") * 3_400
    yield before
    for _ in range(LARGEST // len(lines)):
        yield lines
    yield after


def message_pieces():
    """A message of 95 MB, made as it goes."""
    lines = (b"x" * 76 + b"\r\n") * 3_360
    yield HEADER
    for _ in range(LARGEST // len(lines)):
        yield lines


@pytest.mark.slow
@pytest.mark.parametrize(("reader", "pieces"), [(MemoReader(), memo_pieces), (MessageReader(), message_pieces)])
def test_memory_does_not_grow_with_the_letter(reader, pieces):
    """Reading and composing 95 MB take a few MB more than reading nothing."""
    tracemalloc.start()
    for piece in pieces():
        reader.feed(piece)
    headline = reader.close()
    mail = writer(headline, seen=Seen(HEADER))
    size, digest = len(mail.head()), sha256()
    for piece in pieces():
        out = mail.feed(piece)
        size += len(out)
        digest.update(out)
    size += len(mail.close())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert headline.size > LARGEST - 1_000_000
    assert size == mail.size
    assert peak < ROOM
