"""MailboxInboxes: the right inbox for each mailbox, kept, renewed with its credentials, closed in time."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nemboks.clock import RealClock
from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox, Route
from nemboks.intake.imap import ImapInbox
from nemboks.intake.inboxes import MailboxInboxes
from nemboks.intake.rest import RestInbox
from nemboks.intake.rest_calls import RestAccess
from nemboks.ports import Refused, Unavailable, Withheld
from tests.helpers.receipts import receipt
from tests.intake.imap_peer import silent
from tests.intake.rest_peer import ONE, SYSTEM, TOKEN, TWO

AT = datetime(2026, 11, 21, tzinfo=UTC)
ROUTE = Route(1, Address("anna@bageri.example"), "own", AT, "settings")
BAKERY = Mailbox(1, Cvr("13748136"), "Bageriet", Face.REST, ROUTE, AT)
OFFICE = Mailbox(2, Cvr("13748137"), "Kontoret", Face.IMAP, ROUTE, AT)


class Open:
    """A fuse that lets everything through, and notes it."""

    def __init__(self):
        self.asked = []

    async def permit(self, mailbox, upstream_id):
        self.asked.append((mailbox, upstream_id))


class Shut:
    """A fuse that has tripped."""

    async def permit(self, mailbox, upstream_id):
        raise Withheld("tripped", tripped=True)


class Vault:
    """Credentials that a test may change."""

    def __init__(self):
        self.of = {
            1: {"system_id": SYSTEM, "api_token": TOKEN},
            2: {"user": "anna", "password": "hemmelig"},
        }

    async def __call__(self, mailbox):
        return self.of[mailbox.id]


@pytest.fixture
def vault():
    return Vault()


@pytest.fixture
async def inboxes(shelf, imap, pace, vault):
    made = MailboxInboxes(shelf.access, imap.access, vault, pace, RealClock(), Open())
    yield made
    await made.close()


async def test_each_mailbox_gets_its_own(inboxes, imap):
    """REST or IMAP by the mailbox's face, each listing its own letters, each kept."""
    imap.letters = {1: b"A: b\r\n\r\n"}
    rest, mail = await inboxes.of(BAKERY), await inboxes.of(OFFICE)

    assert (type(rest._inbox), type(mail._inbox)) == (RestInbox, ImapInbox)
    assert TWO in [listed.upstream_id for listed in await rest.list()]
    assert len(await mail.list()) == 1
    assert await inboxes.of(BAKERY) is rest
    assert await inboxes.of(OFFICE) is mail


async def test_tasks_at_once_share_one(inboxes):
    """Two tasks that ask at the same time get the same inbox."""
    first, second = await asyncio.gather(inboxes.of(OFFICE), inboxes.of(OFFICE))
    assert first is second


async def test_changed_credentials_make_a_new_one(inboxes, vault):
    """After a change of password the old connection is closed and a new one opened."""
    old = await inboxes.of(OFFICE)
    await old.list()
    vault.of[2] = {"user": "anna", "password": "ny"}
    new = await inboxes.of(OFFICE)

    assert new is not old
    with pytest.raises(Unavailable):
        await old.list()
    with pytest.raises(Refused):
        await new.list()


async def test_what_is_known_is_not_opened_again(inboxes, vault):
    """A mailbox that says that its credentials are the same has the same inbox; one that says otherwise is asked."""
    known = replace(OFFICE, sealing=7)
    old = await inboxes.of(known)
    vault.of[2] = {"user": "anna", "password": "ny"}

    assert await inboxes.of(known) is old
    assert await inboxes.of(replace(OFFICE, sealing=8)) is not old


async def test_a_changed_face_makes_a_new_one(inboxes, vault):
    """A mailbox that moves from REST to IMAP is read there from then on."""
    assert isinstance((await inboxes.of(BAKERY))._inbox, RestInbox)
    vault.of[1] = vault.of[2]
    assert isinstance((await inboxes.of(replace(BAKERY, face=Face.IMAP)))._inbox, ImapInbox)


@pytest.mark.parametrize("given", [{}, {"system_id": SYSTEM}, {"system_id": SYSTEM, "api_token": ""}])
async def test_missing_credentials_refuse_the_mailbox(inboxes, vault, given):
    """Incomplete credentials park this mailbox and say which are missing."""
    vault.of[1] = given
    with pytest.raises(Refused, match="system_id and api_token") as caught:
        await inboxes.of(BAKERY)
    assert caught.value.mailbox


async def test_missing_certificates_are_an_outage(imap, pace, vault):
    """Without a client certificate REST mailboxes are unavailable, IMAP ones are not."""
    rest = RestAccess("https://127.0.0.1:1/", None, None, None)
    inboxes = MailboxInboxes(rest, imap.access, vault, pace, RealClock(), Open())
    with pytest.raises(Unavailable, match="certificate"):
        await inboxes.of(BAKERY)
    assert await (await inboxes.of(OFFICE)).list() == []
    await inboxes.close()


async def test_close_is_quick_and_final(imap, shelf, pace, vault):
    """With a mute server in the middle of a call, closing takes less than two seconds."""
    waits = pace.model_copy(update={"request_seconds": 60.0})
    inboxes = MailboxInboxes(shelf.access, imap.access, vault, waits, RealClock(), Open())
    imap.letters, imap.script["UID FETCH"] = {5: b"From: x\r\n\r\n"}, [silent]
    task = asyncio.create_task((await inboxes.of(OFFICE)).list())
    while not imap.commands("UID FETCH"):
        await asyncio.sleep(0)
    await (await inboxes.of(BAKERY)).list()
    async with asyncio.timeout(2):
        await inboxes.close()
    with pytest.raises(Unavailable):
        await task


def test_secrets_are_not_in_what_is_shown(pace, vault):
    """Neither an access nor an inbox shows a password when printed."""
    inbox = RestInbox(
        None, RestAccess("https://a.example/", None, Path("c"), Path("k")), SYSTEM, TOKEN, pace, RealClock()
    )
    assert TOKEN not in repr(inbox)


@pytest.mark.parametrize(("mailbox", "other"), [(BAKERY, "7.1"), (OFFICE, ONE)], ids=["rest", "imap"])
async def test_a_letter_of_the_other_door_is_not_called_gone(inboxes, imap, shelf, mailbox, other):
    """Settings that change a mailbox's door cannot settle what was found through the old one; nothing is asked."""
    inbox = await inboxes.of(mailbox)
    with pytest.raises(Refused, match="door"):
        async with inbox.fetch(other):
            pass
    with pytest.raises(Refused, match="door") as refused:
        await inbox.acknowledge(receipt(other), False)
    assert not refused.value.mailbox
    assert imap.lines == []
