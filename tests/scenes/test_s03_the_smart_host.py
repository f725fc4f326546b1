"""Scene 3: a smart host in between. Its 250 confirms nothing; a notice of delivery, or the mail itself, does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from nemboks.domain.events import Reason
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Address, Options
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Evidence
from nemboks.journey.returned import read_returns
from nemboks.journey.world import Returning
from tests.content.memos import File
from tests.helpers.relay import COMPANY, FULL, HOLE, MAILDIR, PLAIN, RETURN_DOMAIN, MailTown, mail_town
from tests.peers.house import SECOND, House, house, path_of

pytestmark = [pytest.mark.peer, pytest.mark.timeout(240)]

IMAP = Pace().model_copy(update={"request_seconds": 10.0})
LANDING = Options(second_contact=SECOND, landing="bageri")
Opens = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture(scope="module")
def town() -> Iterator[MailTown]:
    """Smart host, company's server, mailboxes."""
    with mail_town() as running:
        yield running


@pytest.fixture
def opens(town: MailTown, tmp_path) -> Opens:
    """Opens a house that sends through the smart host, or to the company's own server."""

    @asynccontextmanager
    async def opened(service: str = "submission", address: str = COMPANY, **changes: Any) -> AsyncIterator[House]:
        box, landings = town.return_box(IMAP), town.landings(IMAP)
        servers = {"smart": town.smart_host(service), "own": town.own()}
        wishes = {"server": "smart", "address": Address(address), "landings": landings, **changes}
        try:
            async with house(tmp_path, servers, returning=Returning(RETURN_DOMAIN, b"k" * 32, box), **wishes) as home:
                yield home
        finally:
            await box.close()
            await landings.close()

    return opened


async def returned(home: House) -> None:
    """Returns when something came back and was acted on."""
    async with asyncio.timeout(30):
        while not await read_returns(home.world):
            await asyncio.sleep(0.1)


async def taken_by_the_smart_host(home: House) -> None:
    """The 250 is a hand-over: the letter waits, and lies untouched in Digital Post."""
    letter = await home.sent()
    assert letter.state is State.HANDED_OVER, letter.words
    assert letter.confirmation is None
    assert_untouched(home)


def assert_untouched(home: House) -> None:
    assert not home.removed()
    assert len(home.inbox.letters) == 1


async def test_a_notice_of_delivery_confirms(town: MailTown, opens: Opens) -> None:
    """The company's own server says that it delivered: confirmed by that, and then receipted."""
    async with opens(address=MAILDIR) as home:
        await taken_by_the_smart_host(home)
        await returned(home)
        letter = await home.get()
        assert letter.state is State.FORWARDED
        assert letter.confirmation
        assert letter.confirmation.evidence is Evidence.DSN
        assert (await home.step()).state is State.ACKNOWLEDGED
        assert len(home.inbox.receipts) == 1
        assert letter.copy
        assert any(letter.copy.message_id.encode() in mail for mail in town.company.letters())


async def test_each_part_is_waited_for(opens: Opens) -> None:
    """A letter in parts: each is handed over after the one before it is confirmed, and the receipt follows the last."""
    files = [File(bytes([number]) * 400_000, f"{number}.bin", "application/octet-stream", role=role)
             for number, role in enumerate(["MainDocument", "AdditionalDocument", "AdditionalDocument"])]  # fmt: skip
    async with opens(address=MAILDIR) as home:
        assert (await home.sent(files=files)).why == "too_large"
        letter = await home.step()
        for part in range(1, letter.parts + 1):
            assert (letter.state, letter.part) == (State.HANDED_OVER, part)
            await returned(home)
            assert_untouched(home)
            if part < letter.parts:
                assert (await home.get()).state is State.WAITING
                letter = await home.step()
        letter = await home.get()
        assert letter.confirmation
        assert (letter.state, letter.parts, len(letter.proofs)) == (State.FORWARDED, 3, 2)
        assert {one.evidence for one in (*letter.proofs, letter.confirmation)} == {Evidence.DSN}
        assert (await home.step()).state is State.ACKNOWLEDGED


async def test_a_landing_confirms(opens: Opens) -> None:
    """Without a word from the smart host the mail is found in the company's mailbox: confirmed by that."""
    async with opens("mute", options=LANDING) as home:
        await taken_by_the_smart_host(home)
        async with asyncio.timeout(30):
            while (letter := await home.step()).state is State.HANDED_OVER:
                assert_untouched(home)
                await asyncio.sleep(0.1)
        assert letter.confirmation
        assert (letter.state, letter.confirmation.evidence) == (State.FORWARDED, Evidence.LANDING)
        assert (await home.step()).state is State.ACKNOWLEDGED


@pytest.mark.parametrize("address", [PLAIN, COMPANY], ids=["without DSN", "by LMTP"])
async def test_passed_on_is_not_delivered(address: str, opens: Opens) -> None:
    """A server that only says it passed the letter on confirms nothing, and Postfix says no more than that of LMTP."""
    async with opens(address=address) as home:
        await taken_by_the_smart_host(home)
        await returned(home)
        letter = await home.get()
        assert (letter.state, letter.confirmation) == (State.HANDED_OVER, None)
        assert (await silence(home)).why == Reason.RELAY_SILENT
        assert_untouched(home)


async def silence(home: House) -> Letter:
    """The letter once nobody waits for a sign any more."""
    while (letter := await home.step()).state is State.HANDED_OVER:
        assert_untouched(home)
    return letter


async def test_a_black_hole_raises_the_alarm(opens: Opens) -> None:
    """What the smart host swallows stays in Digital Post; after four hours it is held, and people are told."""
    async with opens("mute", HOLE, options=LANDING) as home:
        await taken_by_the_smart_host(home)
        letter = await silence(home)
        assert (letter.state, letter.why, letter.due_at) == (State.HELD, Reason.RELAY_SILENT, None)
        assert home.clock.monotonic() == pytest.approx(home.world.pace.silence_seconds, abs=1)
        assert (await home.told())[path_of(SECOND)] == ["stopped silent 1"]
        assert_untouched(home)


async def test_s28_a_smart_host_that_says_what_is_not_so(opens: Opens) -> None:
    """The limit of what can be known: a smart host that says "delivered" and drops the mail (as Postfix's discard
    does) is believed, for nothing that we can see is different; only a company that looks for its post would notice."""
    async with opens(address=HOLE) as home:
        await taken_by_the_smart_host(home)
        await returned(home)
        letter = await home.get()
        assert letter.confirmation
        assert (letter.state, letter.confirmation.evidence) == (State.FORWARDED, Evidence.DSN)


async def test_s29_an_address_that_the_company_does_not_know(opens: Opens) -> None:
    """The smart host took it, the company's server did not: what comes back holds the letter, and people are told."""
    async with opens(address="nobody@bakery.example") as home:
        await taken_by_the_smart_host(home)
        await returned(home)
        letter = await home.get()
        assert (letter.state, letter.why) == (State.HELD, Reason.RETURNED)
        assert "5.1.1" in letter.words
        assert (await home.told())[path_of(SECOND)] == ["stopped returned 1"]
        assert_untouched(home)


async def test_s25_a_bounce_before_the_receipt(town: MailTown, opens: Opens) -> None:
    """The company's server took it and then found the mailbox full: no receipt is given, and people are told."""
    town.fill(FULL)
    async with opens(server="own", address=FULL) as home:
        assert (await home.sent()).state is State.FORWARDED
        await returned(home)
        letter = await home.get()
        assert (letter.state, letter.due_at) == (State.FORWARDED, None)
        assert "5.2.2" in letter.bounced
        assert (await home.told())[path_of(SECOND)] == ["stopped bounced 1"]
        assert await home.store.letters.due(State.FORWARDED, home.clock.now(), 9) == []
        assert_untouched(home)


async def test_s25_a_bounce_after_the_receipt(town: MailTown, opens: Opens) -> None:
    """Too late for Digital Post: it is written on the letter, and people are told at once."""
    town.fill(FULL)
    async with opens(server="own", address=FULL) as home:
        await home.sent()
        assert (await home.step()).state is State.ACKNOWLEDGED
        await returned(home)
        letter = await home.get()
        assert letter.state is State.ACKNOWLEDGED
        assert "5.2.2" in letter.bounced
        assert (await home.told())[path_of(SECOND)] == ["stopped bounced 1"]
