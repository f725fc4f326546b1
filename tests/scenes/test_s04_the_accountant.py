"""Scene 4: copies for others. A full mailbox among them delays nobody, and who has the letter never gets it again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from email import message_from_bytes
from functools import partial

import pytest

from nemboks.domain.delivery import Delivery, DeliveryState
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Address, Recipient, Role
from nemboks.journey.further import clear_contents
from tests.content.memos import File
from tests.delivery.line import Line
from tests.helpers.relay import ACCOUNTANT, COMPANY, FULL, MAILDIR, SECOND_MAILDIR, MailTown, mail_town
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
    assert heard == ["late copy 1", "still copy 1", "still copy 1"]  # each morning at eight
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


async def test_only_the_missing_part_is_sent_again(town: MailTown, tmp_path) -> None:
    """Of a letter in parts the accountant's server takes one and is cut off in the next: that one alone is repeated."""
    files = [File(bytes([number]) * 400_000, f"{number}.bin", "application/octet-stream", role=role)
             for number, role in enumerate(["MainDocument", "AdditionalDocument", "AdditionalDocument"])]  # fmt: skip
    accountant = Recipient(Role.COPY, Address(SECOND_MAILDIR), "line")
    async with Line(town.company.ports["mx"]).running() as line:
        servers = {"own": town.own(), "line": replace(town.own(), port=line.port)}
        async with house(tmp_path, servers, others=(accountant,), address=Address(MAILDIR)) as home:
            letter = await home.sent(files=files)
            for _ in range(letter.parts):
                letter = await home.step()
            assert letter.state is State.FORWARDED, letter.words
            seen = await tried_until_it_is_there(home, line)

    waiting = DeliveryState.WAITING
    assert seen == [
        (waiting, "too_large", 0), (waiting, "too_large", 1), (waiting, "temporary", 1), (waiting, "temporary", 2),
        (DeliveryState.DELIVERED, "", 3),
    ]  # fmt: skip
    async with asyncio.timeout(20):
        while len(mails := town.parts(SECOND_MAILDIR)) < 3:
            await asyncio.sleep(0.05)
    names = [message_from_bytes(mail)["Message-ID"] for mail in mails]
    assert len(names) == len(set(names)) == 3


async def tried_until_it_is_there(home: House, line: Line) -> list[tuple[DeliveryState, str, int]]:
    """State, why and confirmed parts after each try; the third one is cut off right before its dot."""

    async def cut() -> None:
        line.cut()
        await asyncio.sleep(0.1)  # until we have noticed

    seen: list[tuple[DeliveryState, str, int]] = []
    for _ in range(5):
        home.courier.before = cut if len(seen) == 2 else None
        (one,) = await home.further()
        seen.append((one.state, one.why, len(one.proofs)))
        home.clock.advance(60)
    assert not one.uncertain
    return seen
