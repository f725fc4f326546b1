"""RELIABILITY 4e against Debian's Postfix that takes the letter in the end: later, in parts, or without our knowing."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from nemboks.domain.events import Reason
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Face
from tests.content.memos import File
from tests.delivery.line import Line
from tests.delivery.postfix_peer import SIZE_LIMIT, Postfix, running_postfix
from tests.helpers.postfix_policy import Greylist, policy
from tests.peers.house import GREYLISTED, TOO_LARGE, UNCERTAIN, Fate, House, fate_of, house

pytestmark = [pytest.mark.peer, pytest.mark.timeout(180)]

DATA = "-o smtpd_tls_wrappermode=yes -o smtpd_discard_ehlo_keywords=chunking"
SEVEN_BITS = "-o smtpd_tls_wrappermode=yes -o smtpd_discard_ehlo_keywords=chunking,8bitmime"
EIGHT_BITS = "From: a@skat.example\r\nSubject: x\r\nMessage-ID: <1@skat.example>\r\n\r\nÆbler\r\n".encode()


class Times:
    """The pretend clock that the greylist goes by; each test's own."""

    house: House | None = None

    def now(self) -> float:
        return self.house.clock.monotonic() if self.house else 0.0


@pytest.fixture(scope="module")
def times() -> Times:
    """Which house's time it is."""
    return Times()


@pytest.fixture(scope="module")
def greylist(times: Times) -> Greylist:
    """What the policy service goes by."""
    return Greylist(times.now)


@pytest.fixture(scope="module")
def postfix(greylist: Greylist) -> Iterator[Postfix]:
    """A Postfix with a greylist."""
    with policy(greylist) as port:
        asks = f"check_policy_service inet:127.0.0.1:{port}"
        grey = f"{DATA} -o {{ smtpd_recipient_restrictions = {asks} }}"
        with running_postfix({"data": DATA, "grey": grey, "seven_bits": SEVEN_BITS}) as running:
            yield running


@pytest.fixture
async def opened(postfix: Postfix, times: Times, tmp_path) -> AsyncIterator[Any]:
    """Opens a house whose own server is one of Postfix's services, until the test ends."""
    async with AsyncExitStack() as stack:

        async def one(service: str, port: int = 0, **changes: Any) -> House:
            access = postfix.access(service, **({"port": port} if port else {}))
            times.house = await stack.enter_async_context(house(tmp_path, {"own": access}, **changes))
            return times.house

        yield one
        times.house = None


async def arrived(postfix: Postfix, message_id: str, count: int) -> list[bytes]:
    """The mails with this Message-ID, once so many of them lie in the mailbox."""
    async with asyncio.timeout(20):
        while len(found := [x for x in postfix.letters() if f"Message-ID: {message_id}".encode() in x]) < count:
            await asyncio.sleep(0.05)
    return found


async def id_of(home: House) -> str:
    """The Message-ID of the only letter's (first) mail."""
    copy = (await home.letter()).copy
    assert copy
    return copy.message_id


async def test_s11_a_greylist_is_waited_for(opened, greylist: Greylist) -> None:
    """Greylisted: nobody is alarmed, it is tried after five minutes and not before, and then it arrives."""
    home = await opened("grey")
    first = await home.sent()
    assert (first.state, first.why) == (State.WAITING, "temporary")
    assert await home.told() == {}
    assert (await home.step()).state is State.FORWARDED
    assert (await home.step()).state is State.ACKNOWLEDGED
    assert greylist.early == 0
    assert home.clock.monotonic() >= 300


async def test_s11_a_greylist_that_goes_on(opened, greylist: Greylist) -> None:
    """One that sends us away for hours is told as late."""
    home = await opened("grey", sender="other@nemboks.example")
    await home.sent()
    assert await fate_of(home) == GREYLISTED


@pytest.mark.parametrize("kept", [True, False])
async def test_s18_cut_after_the_dot(kept: bool, postfix: Postfix, opened) -> None:
    """Cut between the dot and its answer: uncertain; the copy that follows is the same to the octet."""
    async with Line(postfix.ports["data"]).running() as line:
        home = await opened("data", line.port)

        async def fall_silent() -> None:
            line.deaf, line.mute = kept, not kept
            cuts.append(asyncio.create_task(cut()))

        async def cut() -> None:
            await line.swallowed.wait()  # the 250, or the dot
            line.cut()

        cuts: list[asyncio.Task[None]] = []
        home.courier.before = fall_silent
        await home.post()
        letter = await home.step()
        await asyncio.gather(*cuts)
        assert letter.uncertain == 1
        assert await fate_of(home) == UNCERTAIN
        line.deaf = line.mute = False
        home.courier.before = None
        after = await home.step()
        await home.courier.close()

    assert after.state is State.FORWARDED
    mails = await arrived(postfix, await id_of(home), 2 if kept else 1)
    bodies = {mail[mail.index(b"From:") :] for mail in mails}
    assert (len(mails), len(bodies)) == (2 if kept else 1, 1)


async def test_s18_three_uncertain_ends(postfix: Postfix, opened) -> None:
    """After the third end of which nobody knows, a person decides, and people are told; nothing is receipted."""
    async with Line(postfix.ports["data"]).running() as line:
        home = await opened("data", line.port)

        async def cut() -> None:
            line.mute = True

        home.courier.before = cut
        await home.post()
        for _ in range(3):
            line.mute = False
            line.swallowed.clear()
            step = asyncio.create_task(home.step())
            await line.swallowed.wait()
            line.cut()
            await step
        assert await fate_of(home) == Fate(Reason.THREE_UNCERTAIN, None, "stopped held", own=True, state=State.HELD)


async def test_s26_a_letter_in_parts(postfix: Postfix, opened) -> None:
    """Three documents of 400 kB at a server that takes 1 MB: three mails in order, and one receipt, at the end."""
    files = [File(bytes([number]) * 400_000, f"{number}.bin", "application/octet-stream", role=role)
             for number, role in enumerate(["MainDocument", "AdditionalDocument", "AdditionalDocument"])]  # fmt: skip
    home = await opened("data")
    await home.post(files=files)
    states = []
    while (letter := await home.step()).state is not State.FORWARDED:
        states.append((letter.state, letter.why, len(letter.proofs)))
        assert not home.removed()
    assert (await home.step()).state is State.ACKNOWLEDGED

    assert states[0] == (State.WAITING, "too_large", 0)
    assert states[1:] == [(State.WAITING, "", number) for number in range(1, letter.parts)]
    assert letter.parts > 1
    assert len(home.inbox.receipts) == 1
    assert await home.told() == {}
    sizes = [file.data for mail in await mails_of(postfix, letter.parts) for file in attached(mail)]
    assert sorted(file.data for file in files) == sorted(sizes)


async def mails_of(postfix: Postfix, count: int) -> list[bytes]:
    """The large mails, once so many arrived."""
    async with asyncio.timeout(20):
        while len(found := [mail for mail in postfix.letters() if len(mail) > 400_000]) < count:
            await asyncio.sleep(0.05)
    return found


def attached(mail: bytes) -> list[File]:
    """The documents in a mail."""
    whole = email.message_from_bytes(mail, policy=email.policy.default)
    parts = [part for part in whole.walk() if part.get_content_type() == "application/octet-stream"]
    return [File(part.get_content(), part.get_filename() or "") for part in parts]


async def test_s26_a_document_that_is_too_large(opened) -> None:
    """A single document over the limit stays in Digital Post: held after three looks, with one notice to each."""
    home = await opened("data")
    await home.sent(files=[File(b"x" * (SIZE_LIMIT + 1))])
    assert await fate_of(home) == TOO_LARGE
    await home.step()
    held = await home.step()
    assert (held.state, held.why, held.due_at) == (State.HELD, Reason.TOO_LARGE, None)
    assert await home.told() == {}
    assert not home.removed()


async def test_s27_seven_bits(postfix: Postfix, opened) -> None:
    """A message with eight bits goes wrapped to a server that takes seven, at once and without a word to people."""
    home = await opened("seven_bits", face=Face.IMAP, credentials={"user": "x", "password": "x"})
    first = await home.sent(EIGHT_BITS)
    assert (first.state, first.why, first.due_at) == (State.WAITING, "conversion", home.clock.now())
    assert await home.told() == {}
    assert (await home.step()).state is State.FORWARDED
    (mail,) = await arrived(postfix, await id_of(home), 1)
    assert mail.isascii()
    inner = email.message_from_bytes(mail, policy=email.policy.default)
    assert any(part.get_content_type() == "message/rfc822" or ".eml" in (part.get_filename() or "")
               for part in inner.walk())  # fmt: skip


async def test_s27_our_own_mails_are_seven_bits(opened) -> None:
    """What we compose is 7-bit already, so no server has to take more."""
    home = await opened("seven_bits")
    assert (await home.sent()).state is State.FORWARDED
