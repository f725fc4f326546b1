"""ImapInbox beside real servers: odd letters, other clients at work, and nothing changed that we did not mean to."""

import asyncio
import imaplib
import ssl
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from nemboks.clock import RealClock
from nemboks.content.message import MessageReader
from nemboks.intake.imap import ImapAccess, ImapInbox
from nemboks.ports import Gone
from tests.helpers.dovecot import PASSWORD as DOVECOT_PASSWORD
from tests.helpers.dovecot import dovecot
from tests.helpers.receipts import receipt
from tests.intake.pymap_peer import PASSWORD, USER, pymap_peer

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LETTER = b"From: kommune@example.dk\r\nSubject: Brev\r\n\r\nhej\r\n"
ODD = {
    "no body": b"From: kommune@example.dk\r\nSubject: Brev\r\n\r\n",
    "no blank line": b"From: kommune@example.dk\r\nSubject: Brev\r\n",
    "no header": b"\r\nhej\r\n",
    "no line end": b"From: kommune@example.dk\r\n\r\nhej",
    "folded": b"From: kommune@example.dk\r\nSubject: Brev\r\n  med\r\n\tmere\r\n\r\nhej\r\n",
    "8 bit": b"Subject: \xc3\xa6\xc3\xb8\xc3\xa5 \xff\r\n\r\n\xc3\xa6\xff\r\n",
    "dots": b"Subject: x\r\n\r\n.\r\n..\r\n)\r\n* BYE\r\n",
    "long": b"Subject: x\r\n\r\n" + b"y" * 500_000 + b"\r\n",
    "space line": b"Subject: x\r\n \r\nX: y\r\n\r\nhej\r\n",
    "no colon": b"Subject: x\r\nikke et felt\r\nX: y\r\n\r\nhej\r\n",
}


@asynccontextmanager
async def _pymap(folder, pace):
    async with pymap_peer(folder) as peer:
        inbox = ImapInbox(peer.access, USER, PASSWORD, pace, RealClock())
        try:
            yield inbox, peer.put
        finally:
            await inbox.close()


@asynccontextmanager
async def _dovecot(folder, pace):
    with dovecot() as server:

        async def put(letter, at):
            server.put("anna", letter, at)

        access = ImapAccess("localhost", server.port, server.ca_file)
        inbox = ImapInbox(access, "anna", DOVECOT_PASSWORD, pace, RealClock())
        try:
            yield inbox, put
        finally:
            await inbox.close()


@pytest.fixture(params=[_pymap, pytest.param(_dovecot, marks=pytest.mark.peer)], ids=["pymap", "dovecot"])
async def neighbour(request, tmp_path, pace):
    async with request.param(tmp_path, pace) as made:
        yield made


async def test_odd_letters_are_known_again(neighbour, request):
    """What the reader of a letter notes as its identity is what the server shows before the removal."""
    inbox, put = neighbour
    pymap = "pymap" in request.node.name  # it has an idea of its own of where these two's header ends
    odd = {name: letter for name, letter in ODD.items() if not (pymap and name in ("no blank line", "space line"))}
    for letter in odd.values():
        await put(letter, AT)
    for name, listed in zip(odd, await inbox.list(), strict=True):
        reader = MessageReader()
        async with inbox.fetch(listed.upstream_id) as pieces:
            async for piece in pieces:
                reader.feed(piece)
        noted = reader.close()
        given = replace(receipt(listed.upstream_id), size=noted.size, header_sha256=noted.header_sha256)
        assert "removed" in await inbox.acknowledge(given, repeated=False), name
    assert await inbox.list() == []


class Other:
    """Another client of the same mailbox, with a library of its own; calls run in a thread."""

    def __init__(self, server) -> None:
        context = ssl.create_default_context(cafile=server.ca_file)
        self._client = imaplib.IMAP4_SSL("localhost", server.port, ssl_context=context)
        self._client.login("anna", DOVECOT_PASSWORD)
        self._client.select("INBOX")

    def do(self, *command: str) -> list[bytes]:
        status, data = self._client.uid(*command)
        assert status == "OK"
        return data

    def close(self) -> None:
        self._client.logout()


@pytest.mark.peer
async def test_other_clients_at_work(pace):
    """While another client removes and marks, UIDs stay true; its marks are neither used nor set nor expunged by us."""
    with dovecot() as server:
        for number in range(5):
            server.put("anna", LETTER + b"%d" % number, AT)
        inbox = ImapInbox(
            ImapAccess("localhost", server.port, server.ca_file), "anna", DOVECOT_PASSWORD, pace, RealClock()
        )
        try:
            ids = [listed.upstream_id for listed in await inbox.list()]
            uids = [each.split(".")[1] for each in ids]
            other = await asyncio.to_thread(Other, server)
            await asyncio.to_thread(other.do, "STORE", uids[0], "+FLAGS", "(\\Deleted)")
            await asyncio.to_thread(other.do, "EXPUNGE", uids[0])
            await asyncio.to_thread(other.do, "STORE", uids[1], "+FLAGS", "(\\Deleted)")

            with pytest.raises(Gone):
                async with inbox.fetch(ids[0]) as pieces:
                    await anext(pieces)
            async with inbox.fetch(ids[4]) as pieces:
                assert b"".join([piece async for piece in pieces]) == LETTER + b"4"
            assert "removed" in await inbox.acknowledge(receipt(ids[2], LETTER + b"2"), repeated=False)
            assert [listed.upstream_id for listed in await inbox.list()] == [ids[3], ids[4]]
            flags = await asyncio.to_thread(other.do, "FETCH", f"{uids[1]},{uids[3]}:{uids[4]}", "(FLAGS)")
            await asyncio.to_thread(other.close)
        finally:
            await inbox.close()

    assert len(flags) == 3  # the one marked by the other client is still there
    assert not any(b"\\Seen" in line for line in flags)
