"""RELIABILITY H17: lists that are very long, and lists that never end, over real HTTP."""

import asyncio
import json
import uuid
from dataclasses import dataclass

import pytest

from nemboks.domain.pace import Pace
from nemboks.ports import Unavailable
from tests.intake.rest_peer import Call, answer, opened, rest_peer

PACE = Pace.demo().model_copy(update={"request_seconds": 20.0})


@dataclass
class Pages:
    """A list of so many pages of new letters each; None: there is always another page."""

    pages: int | None
    of: int

    async def __call__(self, call: Call, writer: asyncio.StreamWriter) -> None:
        number = int(call.query["page"])
        ids = [str(uuid.UUID(int=number * self.of + one + 1)) for one in range(self.of)]
        body: dict[str, object] = {"content": ids, "number": number, "next": f"memos/?page={number + 1}"}
        if self.pages is not None:
            body |= {"totalPages": self.pages, "totalElements": self.pages * self.of}
        writer.write(answer(200, json.dumps(body).encode()))
        await writer.drain()


async def test_h17_a_hundred_thousand_letters(tmp_path) -> None:
    """Each is listed, once, in upstream's order."""
    async with rest_peer(tmp_path, Pages(20, 5_000)) as peer, opened(peer, PACE) as inbox:
        listed = await inbox.list()

    assert [one.upstream_id for one in listed] == [str(uuid.UUID(int=one + 1)) for one in range(100_000)]
    assert len(peer.calls) == 20


async def test_h17_a_list_without_an_end(tmp_path) -> None:
    """Always another page of new letters: given up after 200,000, as an outage that says so."""
    async with rest_peer(tmp_path, Pages(None, 20_000)) as peer, opened(peer, PACE) as inbox:
        with pytest.raises(Unavailable, match="does not end"):
            await inbox.list()

    assert len(peer.calls) == 11
