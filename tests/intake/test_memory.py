"""The largest letters pass in a few megabytes."""

import re
from pathlib import Path

import pytest

from tests.intake.rest_peer import ONE, answer, opened, sends

MEGABYTE = 1 << 20
PIECE = b"x" * MEGABYTE


def peak(anew: bool = False) -> int:
    """Bytes of the process's highest memory use, since the start or since it was last begun anew."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024


async def read(inbox, upstream_id) -> int:
    async with inbox.fetch(upstream_id) as pieces:
        return sum([len(piece) async for piece in pieces])


@pytest.mark.slow
async def test_seventy_megabytes_over_rest(shelf, pace):
    """A 70 MB letter over REST costs less than 8 MB, peer included."""
    head = answer(200, b"", "application/xml").replace(b"Length: 0", b"Length: %d" % (70 * MEGABYTE))
    async with opened(shelf, pace) as inbox:
        await read(inbox, ONE)  # what libraries take once
        before = peak(anew=True)
        shelf.script = [sends(head, *[PIECE] * 70)]
        assert await read(inbox, ONE) == 70 * MEGABYTE
    assert peak() - before < 8 * MEGABYTE


@pytest.mark.slow
async def test_seventy_megabytes_over_imap(imap, open_inbox):
    """A 70 MB letter over IMAP costs less than 8 MB, peer included."""
    size = 70 * MEGABYTE
    imap.letters = {3: PIECE}
    inbox = open_inbox()
    await read(inbox, "7.3")
    before = peak(anew=True)
    head = b"* 1 FETCH (UID 3 RFC822.SIZE %d BODY[] {%d}\r\n" % (size, size)
    imap.script["UID FETCH"] = [sends_imap(head, 70)]
    assert await read(inbox, "7.3") == size
    assert peak() - before < 8 * MEGABYTE


def sends_imap(head, times):
    async def reply(talk):
        talk.writer.write(head)
        for _ in range(times):
            talk.writer.write(PIECE)
            await talk.writer.drain()
        await talk.send(b")\r\nTAG OK done\r\n")

    return reply
