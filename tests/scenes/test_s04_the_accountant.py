"""Scene 4: copies for others. A full mailbox among them delays nobody, and who has the letter never gets it again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

import pytest

from nemboks.domain.delivery import Delivery, DeliveryState
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Address, Recipient, Role
from nemboks.journey.further import clear_contents
from tests.helpers.relay import ACCOUNTANT, COMPANY, FULL, MAILDIR, MailTown, mail_town
from tests.peers.house import FULL as IS_FULL
from tests.peers.house import SECOND, House, fate_of, house, path_of

pytestmark = [pytest.mark.peer, pytest.mark.timeout(240)]

DAY = 86_400


@pytest.fixture(scope="module")
def town() -> Iterator[MailTown]:
    """The company's server, and mailboxes of which one is full."""
    with mail_town() as running:
        running.fill(FULL)
        assert running.knock(FULL) == 552
        yield running


@pytest.fixture
async def home(town: MailTown, tmp_path) -> AsyncIterator[House]:
    """Anna's letters go to her, and copies to three others."""
    others = tuple(Recipient(Role.COPY, Address(one), "own") for one in (ACCOUNTANT, FULL, MAILDIR))
    async with house(tmp_path, {"own": town.own("quota")}, others=others, address=Address(COMPANY)) as running:
        yield running


def states(deliveries: list[Delivery]) -> dict[str, tuple[DeliveryState, str, int]]:
    """How each recipient stands: state, why, and how often it was tried."""
    return {str(one.address): (one.state, one.why, one.fence) for one in deliveries}


async def copies(mails: Callable[[], list[bytes]], letter: Letter) -> int:
    """How many copies of the letter lie there, once there is one; Postfix says yes before it has put it there."""
    assert letter.copy
    stem = letter.copy.message_id.rpartition(".")[0].rpartition(".")[0].encode()
    async with asyncio.timeout(20):
        while not (found := sum(b"Message-ID: " + stem in mail for mail in mails())):
            await asyncio.sleep(0.05)
    return found


async def test_a_full_mailbox_delays_no_receipt(home: House) -> None:
    """Anna and two others have the letter, the third mailbox is full: the receipt goes at once."""
    assert (await home.sent()).state is State.FORWARDED
    tried = states(await home.further())
    letter = await home.step()

    assert tried == {
        ACCOUNTANT: (DeliveryState.DELIVERED, "", 1), FULL: (DeliveryState.WAITING, "full", 1),
        MAILDIR: (DeliveryState.DELIVERED, "", 1),
    }  # fmt: skip
    assert letter.state is State.ACKNOWLEDGED
    assert home.clock.monotonic() == 0
    assert len(home.inbox.receipts) == 1
    assert letter.contents  # kept for the third
    assert await home.told() == {}


async def test_nobody_gets_it_twice(town: MailTown, home: House) -> None:
    """In two days of tries at the full one, the two who took it are never asked again; people hear of the third."""
    await home.sent()
    await home.further()
    await home.step()
    heard: list[str] = []
    while home.clock.monotonic() < 2 * DAY:
        heard += (await home.told(1_800)).get(path_of(SECOND), [])
        tried = states(await home.further())

    assert tried[ACCOUNTANT] == tried[MAILDIR] == (DeliveryState.DELIVERED, "", 1)
    assert tried[FULL][:2] == (DeliveryState.WAITING, "full")
    assert 10 < tried[FULL][2] < 90
    for mails in (partial(town.letters, ACCOUNTANT), town.company.letters):
        assert await copies(mails, await home.get()) == 1
    assert heard == ["late copy 1", "still copy 1"]
    assert len(home.inbox.receipts) == 1


async def test_a_copy_is_given_up_and_the_contents_go(home: House) -> None:
    """After five days the copy is over: people are told, and nothing of the letter is left here."""
    await home.sent()
    await home.further()
    await home.step()
    home.clock.advance(5 * DAY + 3_600)
    tried = states(await home.further())

    assert tried[FULL][:2] == (DeliveryState.ENDED, "copy_late")
    assert await clear_contents(home.world) == 1
    assert (await home.get()).contents is None
    assert (await home.told())[path_of(SECOND)] == ["stopped copy 1"]


async def test_s12_the_primarys_own_mailbox_is_full(town: MailTown, tmp_path) -> None:
    """Anna's own mailbox is full: half an hour, and the second contact hears of it at once, she herself does not."""
    async with house(tmp_path, {"own": town.own("quota")}, address=Address(FULL)) as home:
        await home.sent()
        assert await fate_of(home) == IS_FULL
