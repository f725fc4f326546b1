"""What every ReturnBox and Landings promises: one suite over Dovecot and the fakes that journeys are tested with."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from nemboks.clock import RealClock
from nemboks.domain.mailbox import Options
from nemboks.domain.pace import Pace
from nemboks.intake.landing import ImapLandings
from nemboks.intake.returns import ImapReturnBox
from nemboks.ports import Landed, Landings, Place, ReturnBox, Unavailable
from tests.helpers import builders as make
from tests.helpers.dovecot_lmtp import company
from tests.helpers.fake_boxes import FakeBox, FakeLandings

PACE = Pace.demo().model_copy(update={"request_seconds": 5.0})
MAILBOX = make.mailbox(options=Options(landing="bageri"))
ID = "<abc.1@nemboks.example>"


@dataclass
class Server:
    """One kind of mail server with what looks into it."""

    box: ReturnBox
    landings: Landings
    deliver: Callable[[str], Awaitable[None]]  # a mail with this Message-ID
    to_junk: Callable[[], Awaitable[None]]
    fail: Callable[[], None]  # from now on nothing answers


def mail(message_id: str) -> bytes:
    return f"From: post@nemboks.example\r\nMessage-ID: {message_id}\r\n\r\nhej\r\n".encode()


@asynccontextmanager
async def _fakes() -> AsyncIterator[Server]:
    box, landings = FakeBox(), FakeLandings()

    async def deliver(message_id: str) -> None:
        box.put(mail(message_id))
        landings.lies[message_id] = Landed(Place.INBOX, "INBOX")

    async def to_junk() -> None:
        landings.lies = {each: Landed(Place.JUNK, "Junk") for each in landings.lies}

    def fail() -> None:
        box.error = box.settle_error = landings.error = Unavailable("outage")

    yield Server(box, landings, deliver, to_junk, fail)


@asynccontextmanager
async def _dovecot() -> AsyncIterator[Server]:
    with company() as server:
        box = ImapReturnBox(server.login, PACE, RealClock())
        landings = ImapLandings({"bageri": server.login}, PACE, RealClock())

        async def deliver(message_id: str) -> None:
            await server.deliver(mail(message_id))

        async def to_junk() -> None:
            await server.do("INBOX", "MOVE", "1:*", "Junk")

        yield Server(box, landings, deliver, to_junk, server.server.kill)
        await box.close()
        await landings.close()


@pytest.fixture(params=[_fakes, pytest.param(_dovecot, marks=pytest.mark.peer)], ids=["fake", "dovecot"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    async with request.param() as made:
        yield made


async def test_what_waits_is_shown_until_it_is_settled(place: Server) -> None:
    """Oldest first, at most so many; reading changes nothing, and settling twice is harmless."""
    for number in range(3):
        await place.deliver(f"<{number}@x.example>")
    first, second = await place.box.waiting(2)
    assert [first, second] == list(await place.box.waiting(2))
    assert mail("<0@x.example>") in first.raw and mail("<1@x.example>") in second.raw
    for _ in range(2):
        await place.box.settle(first.key, understood=True)
        await place.box.settle(second.key, understood=False)
    (third,) = await place.box.waiting(9)
    assert mail("<2@x.example>") in third.raw


async def test_a_mail_is_found_where_it_lies(place: Server) -> None:
    """Not there, in the inbox, in junk; by its own Message-ID only."""
    assert await place.landings.look(MAILBOX, ID) is None
    await place.deliver("<other@nemboks.example>")
    assert await place.landings.look(MAILBOX, ID) is None
    await place.deliver(ID)
    assert Landed(Place.INBOX, "INBOX") == await place.landings.look(MAILBOX, ID)
    await place.to_junk()
    assert Landed(Place.JUNK, "Junk") == await place.landings.look(MAILBOX, ID)


async def test_an_outage_is_unavailable(place: Server) -> None:
    """Never an empty box, never an absent mail."""
    await place.deliver(ID)
    (waiting,) = await place.box.waiting(1)
    await place.landings.look(MAILBOX, ID)
    place.fail()
    for call in (place.box.waiting(1), place.box.settle(waiting.key, True), place.landings.look(MAILBOX, ID)):
        with pytest.raises(Unavailable):
            await call


async def test_closing_twice_is_harmless(place: Server) -> None:
    """Also before the first use."""
    for _ in range(2):
        await place.box.close()
        await place.landings.close()
