"""The courier and Postfix from Debian."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from nemboks.clock import RealClock
from nemboks.delivery.courier import ServerCourier
from nemboks.domain.proof import Report, Stage
from tests.delivery.postfix_peer import SERVICES, SIZE_LIMIT, Postfix, running_postfix
from tests.helpers.smtp_server import HELO, LETTER, QUICK, make_mail

pytestmark = [pytest.mark.peer, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    """One Postfix for all tests here: it takes a second to start."""
    with running_postfix() as running:
        yield running


@pytest.fixture
async def courier(postfix: Postfix) -> AsyncIterator[ServerCourier]:
    """A courier that knows each of its services by name."""
    pace = QUICK.model_copy(update={"dot_seconds": 30.0, "reply_seconds": 30.0})
    courier = ServerCourier({name: postfix.access(name) for name in SERVICES}, pace, RealClock(), HELO)
    yield courier
    await courier.close()


async def yes() -> bool:
    """The fence holds."""
    return True


def judged(report: Report) -> tuple[Stage, int, str]:
    """Stage, code and enhanced code."""
    assert report.reply, report
    return report.stage, report.reply.code, report.reply.enhanced


async def arrived(postfix: Postfix, end: bytes) -> bytes:
    """The letter that ends so, once it lies in the mailbox."""
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        for letter in postfix.letters():
            if letter.endswith(end):
                return letter
        await asyncio.sleep(0.05)
    raise AssertionError((postfix.home / "log").read_text())


@pytest.mark.parametrize("service", ["data", "bdat", "starttls"])
async def test_letters_arrive(service: str, postfix: Postfix, courier: ServerCourier) -> None:
    """Two letters over one connection are taken, and lie in the mailbox as they were sent."""
    for name in (b"one", b"two"):
        letter = LETTER + b"\r\n.\r\n..dots " * 20_000 + service.encode() + name + b"\r\n"
        report = await courier.deliver(make_mail(letter, 70_000, server=service), 30, yes)
        assert judged(report) == (Stage.DOT, 250, "2.0.0")
        kept = await arrived(postfix, service.encode() + name + b"\n")
        # Postfix adds header fields that a letter lacks; its mailbox has bare LF
        assert kept.partition(b"\n\n")[2].replace(b"\n", b"\r\n") == letter.partition(b"\r\n\r\n")[2]

    assert report.tls
    assert report.tls.verified_name == "localhost"


@pytest.mark.parametrize("service", ["data", "bdat"])
async def test_eight_bits_arrive(service: str, postfix: Postfix, courier: ServerCourier) -> None:
    """Danish letters go as they are."""
    letter = LETTER + "rødgrød med fløde ".encode() + service.encode() + b"\r\n"
    report = await courier.deliver(make_mail(letter, server=service, eight_bit=True), 30, yes)

    assert judged(report)[1] == 250
    assert "rødgrød".encode() in await arrived(postfix, b" " + service.encode() + b"\n")


@pytest.mark.parametrize("service", ["data", "bdat", "starttls"])
async def test_refusals(service: str, courier: ServerCourier) -> None:
    """Unknown recipients and foreign domains are refused at RCPT; the connection serves the next letter."""
    unknown = await courier.deliver(make_mail(server=service, recipient="nobody@bakery.example"), 30, yes)
    foreign = await courier.deliver(make_mail(server=service, recipient="post@elsewhere.example"), 30, yes)
    taken = await courier.deliver(make_mail(server=service), 30, yes)

    assert judged(unknown) == (Stage.RCPT, 550, "5.1.1")
    assert judged(foreign) == (Stage.RCPT, 554, "5.7.1")
    assert judged(taken)[:2] == (Stage.DOT, 250)
    assert unknown.reply
    assert "n***@bakery.example" in unknown.reply.text


@pytest.mark.parametrize(
    ("service", "stage"), [("data", Stage.MAIL), ("sizeless", Stage.DOT), ("sizeless_bdat", Stage.BODY)]
)
async def test_a_letter_too_large(service: str, stage: Stage, courier: ServerCourier) -> None:
    """A letter over the limit is refused before MAIL, in the body or at the dot, with the same code."""
    letter = LETTER * (SIZE_LIMIT // len(LETTER) + 1)
    report = await courier.deliver(make_mail(letter, 65_536, server=service), 30, yes)

    assert judged(report) == (stage, 552, "5.3.4")


async def test_no_dot_no_letter(postfix: Postfix, courier: ServerCourier) -> None:
    """Where the fence says no, Postfix keeps nothing."""

    async def no() -> bool:
        return False

    for service in ("data", "bdat"):
        report = await courier.deliver(make_mail(LETTER + b"not finished\r\n", server=service), 30, no)
        assert report.stage is Stage.BODY
    report = await courier.deliver(make_mail(LETTER + b"afterwards\r\n", server="data"), 30, yes)
    await arrived(postfix, b"afterwards\n")

    assert not any(letter.endswith(b"not finished\n") for letter in postfix.letters())
