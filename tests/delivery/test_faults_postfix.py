"""RELIABILITY 4e against Debian's Postfix: each fault's report, and what becomes of the letter by production's waits.

The sender's name chooses the stage and the answer, by Postfix's access maps.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from nemboks.clock import RealClock
from nemboks.delivery.access import ServerAccess
from nemboks.delivery.courier import ServerCourier
from nemboks.domain.letter import State
from nemboks.domain.proof import Report, Stage
from tests.delivery.ending import Ending, ending
from tests.delivery.faulty_postfix import BAD, faulty_postfix
from tests.delivery.line import Line
from tests.delivery.postfix_peer import SIZE_LIMIT, Postfix
from tests.helpers.dovecot import PASSWORD
from tests.helpers.smtp_server import HELO, LETTER, QUICK, make_mail

pytestmark = [pytest.mark.peer, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    """One Postfix for all of them: to start it takes a second."""
    with faulty_postfix() as running:
        yield running


Deliver = Callable[..., Awaitable[Report]]


@pytest.fixture
async def deliver(postfix: Postfix) -> AsyncIterator[Deliver]:
    """Delivers one mail to a service, or by an access, and takes leave."""

    async def yes() -> bool:
        return True

    async def one(to: str | ServerAccess = "data", before_dot=yes, pace=QUICK, **changes: object) -> Report:
        access = postfix.access(to) if isinstance(to, str) else to
        courier = ServerCourier({"own": access}, pace, RealClock(), HELO)
        try:
            return await courier.deliver(make_mail(**changes), 30, before_dot)
        finally:
            await courier.close()

    yield one


def said(report: Report) -> tuple[Stage, int | None, str]:
    """Where it ended and with which codes."""
    return report.stage, report.reply and report.reply.code, report.reply.enhanced if report.reply else ""


def by(stage: str, code: str) -> dict[str, str]:
    """The sender that Postfix answers so."""
    return {"sender": f"{stage}-{code.replace(' ', '')}@sender.example"}


@pytest.mark.parametrize(("code", "enhanced"), [(421, "4.3.2"), (450, "4.7.1"), (554, "5.7.1")])
async def test_s04_greeting(code: int, enhanced: str, deliver: Deliver) -> None:
    """A greeting of 421, 4yz or 554 is temporary: the letter waits a minute."""
    report = await deliver(f"greeting_{code}")

    assert said(report) == (Stage.GREETING, code, enhanced)
    assert ending(report) == Ending(State.WAITING, "temporary", 60)


async def test_s05_ehlo_refused(deliver: Deliver) -> None:
    """A refused EHLO is temporary; there is no falling back to HELO, which knows no TLS."""
    report = await deliver("ehlo_550")

    assert said(report) == (Stage.GREETING, 550, "5.7.1")
    assert ending(report) == Ending(State.WAITING, "temporary", 60)


async def test_s06_starttls_is_not_offered(deliver: Deliver) -> None:
    """A server without STARTTLS gets nothing."""
    report = await deliver("clear")

    assert said(report) == (Stage.TLS, None, "")
    assert "offers no STARTTLS" in report.words
    assert ending(report) == Ending(State.WAITING, "tls", 3600)


async def test_s06_starttls_is_stripped(postfix: Postfix, deliver: Deliver) -> None:
    """Somebody on the line takes STARTTLS out of the answer: not a byte of MAIL crosses it."""
    async with Line(postfix.ports["starttls"], strip=b"STARTTLS").running() as line:
        report = await deliver(postfix.access("starttls", port=line.port))

    assert said(report) == (Stage.TLS, None, "")
    assert ending(report) == Ending(State.WAITING, "tls", 3600)
    assert line.sent == f"EHLO {HELO}\r\n".encode()


@pytest.mark.parametrize("way", ["", "_starttls"])
@pytest.mark.parametrize("name", BAD)
async def test_s07_bad_certificates(name: str, way: str, postfix: Postfix, deliver: Deliver) -> None:
    """A certificate of another name, of another time or of nobody we know: nothing is sent, people see why."""
    async with Line(postfix.ports[name + way]).running() as line:
        report = await deliver(postfix.access(name + way, port=line.port))

    assert said(report) == (Stage.TLS, None, "")
    assert report.words.startswith("the certificate was not accepted: ")
    assert report.tls is None
    assert ending(report) == Ending(State.WAITING, "tls", 3600)
    assert b"MAIL" not in line.sent


async def test_s07_tls_1_0_only(postfix: Postfix, deliver: Deliver) -> None:
    """A server that knows nothing newer than TLS 1.0 gets nothing."""
    async with Line(postfix.ports["tls10"]).running() as line:
        report = await deliver(postfix.access("tls10", port=line.port))

    assert said(report) == (Stage.TLS, None, "")
    assert ending(report) == Ending(State.WAITING, "tls", 3600)
    assert b"MAIL" not in line.sent


async def test_s09_login(postfix: Postfix, deliver: Deliver) -> None:
    """A wrong password is tried once in half an hour, however many letters wait; the right one delivers."""
    wrong = postfix.access("login", username="post", password="salt")
    courier = ServerCourier({"own": wrong}, QUICK, RealClock(), HELO)

    async def never() -> bool:
        raise AssertionError

    first, second = [await courier.deliver(make_mail(), 30, never) for _ in range(2)]
    await courier.close()
    report = await deliver(postfix.access("login", username="post", password=PASSWORD))

    assert said(first) == said(second) == (Stage.LOGIN, 535, "5.7.8")
    assert second.words == "not tried again so soon after a refused login"
    assert ending(first) == Ending(State.WAITING, "login", 1800 * 1.2)
    assert (postfix.home / "log").read_text().count("authentication failed") == 1
    assert ending(report).state is State.FORWARDED


@pytest.mark.parametrize(
    ("code", "why", "seconds"),
    [("421 4.3.2", "temporary", 60), ("451 4.3.0", "temporary", 60), ("550 5.7.1", "policy", 600),
     ("552 5.3.4", "too_large", 600), ("530 5.7.0", "login", 1800 * 1.2)],
)  # fmt: skip
async def test_s10_mail(code: str, why: str, seconds: float, deliver: Deliver) -> None:
    """MAIL is refused: temporary, by policy, for its size, or for want of a login."""
    report = await deliver(**by("mail", code))

    assert said(report) == (Stage.MAIL, int(code[:3]), code[4:])
    assert ending(report) == Ending(State.WAITING, why, seconds)


@pytest.mark.parametrize("code", ["450 4.2.0", "451 4.7.1"])
async def test_s11_greylisted(code: str, deliver: Deliver) -> None:
    """Greylisting is temporary; the next try comes after five minutes, not before."""
    report = await deliver(**by("rcpt", code))
    after = ending(report)

    assert said(report) == (Stage.RCPT, int(code[:3]), code[4:])
    assert (after.state, after.why) == (State.WAITING, "temporary")
    assert after.seconds
    assert 300 <= after.seconds <= 360


@pytest.mark.parametrize("code", ["452 4.2.2", "552 5.2.2"])
async def test_s12_mailbox_full(code: str, deliver: Deliver) -> None:
    """A full mailbox is temporary, whichever class its code has: half an hour."""
    report = await deliver(**by("rcpt", code))

    assert said(report) == (Stage.RCPT, int(code[:3]), code[4:])
    assert ending(report) == Ending(State.WAITING, "full", 1800)


async def test_s13_unknown_recipient(deliver: Deliver) -> None:
    """No such recipient: a second look after ten minutes, then one every six hours, for the letter lies upstream."""
    report = await deliver(recipient="nobody@bakery.example")

    assert said(report) == (Stage.RCPT, 550, "5.1.1")
    assert ending(report) == Ending(State.WAITING, "address", 600)
    assert ending(report, failures=1, why="address") == Ending(State.WAITING, "address", 21_600)


async def test_s14_moved(deliver: Deliver) -> None:
    """A recipient who has moved is never followed."""
    report = await deliver(recipient="moved@bakery.example")

    assert said(report) == (Stage.RCPT, 551, "5.1.6")
    assert ending(report).why == "address"


@pytest.mark.parametrize(
    ("code", "why"), [("554 5.7.1", "policy"), ("503 5.5.1", "policy"), ("421 4.3.2", "temporary")]
)
async def test_s15_data_refused(code: str, why: str, deliver: Deliver) -> None:
    """The recipient is taken and DATA refused: the class is the code's."""
    report = await deliver(**by("data", code))

    assert said(report) == (Stage.DATA, int(code[:3]), code[4:])
    assert ending(report).why == why
    assert ending(report).state is State.WAITING


@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT])
async def test_s16_421_at_every_stage(stage: Stage, deliver: Deliver) -> None:
    """A server that has to go is temporary at every stage; at the dot too nothing was delivered."""
    report = await deliver(**by(stage.name.lower(), "421 4.3.2"))

    assert said(report) == (stage, 421, "4.3.2")
    assert ending(report) == Ending(State.WAITING, "temporary", 60)


@pytest.mark.parametrize("kept", [True, False])
async def test_s18_cut_after_the_dot(kept: bool, postfix: Postfix, deliver: Deliver) -> None:
    """Cut between the dot and its answer, nobody knows: uncertain, whether Postfix has the letter or not."""
    end = b"cut %d\r\n" % kept
    async with Line(postfix.ports["data"]).running() as line:

        async def before_dot() -> bool:
            line.deaf, line.mute = kept, not kept
            return True

        task = asyncio.create_task(
            deliver(postfix.access("data", port=line.port), before_dot=before_dot, letter=LETTER + end)
        )
        await asyncio.wait_for(line.swallowed.wait(), 20)  # the 250, or the dot
        line.cut()
        report = await task

    assert said(report) == (Stage.DOT, None, "")
    assert ending(report) == Ending(State.WAITING, "uncertain", 900)
    if kept:
        await arrived(postfix, end)
    else:
        await deliver("data", letter=LETTER + b"after\r\n")
        await arrived(postfix, b"after\r\n")
        assert not any(letter.endswith(end.replace(b"\r", b"")) for letter in postfix.letters())


async def arrived(postfix: Postfix, end: bytes) -> None:
    """Returns when a letter that ends so lies in the mailbox."""
    async with asyncio.timeout(20):
        while not any(letter.endswith(end.replace(b"\r", b"")) for letter in postfix.letters()):
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("code", "why", "seconds"),
    [("451 4.3.0", "temporary", 60), ("554 5.7.1", "policy", 600), ("552 5.3.4", "too_large", 600)],
)
async def test_s20_dot_refused(code: str, why: str, seconds: float, deliver: Deliver) -> None:
    """A refusal at the dot is definite: nothing was delivered; 552 means too large."""
    report = await deliver(**by("dot", code))

    assert said(report) == (Stage.DOT, int(code[:3]), code[4:])
    assert ending(report) == Ending(State.WAITING, why, seconds)


async def test_s26_larger_than_announced(postfix: Postfix, deliver: Deliver) -> None:
    """A letter over the announced size: MAIL is not even sent, and the report says what the limit is."""
    report = await deliver(letter=LETTER * (SIZE_LIMIT // len(LETTER) + 1))

    assert said(report) == (Stage.MAIL, 552, "5.3.4")
    assert report.limit == SIZE_LIMIT
    assert ending(report) == Ending(State.WAITING, "too_large", 600)
    assert ending(report, failures=2, why="too_large") == Ending(State.HELD, "too_large", None)


async def test_s27_seven_bits(deliver: Deliver) -> None:
    """A server without 8BITMIME is not sent eight bits; the other form goes at once, and is taken."""
    report = await deliver("seven_bits", letter=LETTER + "ø\r\n".encode(), eight_bit=True)
    other = await deliver("seven_bits")

    assert said(report) == (Stage.MAIL, 554, "5.6.3")
    assert ending(report) == Ending(State.WAITING, "conversion", 0)
    assert ending(other).state is State.FORWARDED
