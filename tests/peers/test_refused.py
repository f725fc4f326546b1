"""RELIABILITY 4e against Debian's Postfix, end to end: the letter's state, its next try, and what people are told.

The sender's name chooses the stage and the answer, by Postfix's access maps.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address
from tests.delivery.line import Line
from tests.delivery.postfix_peer import Postfix
from tests.helpers.dovecot import PASSWORD
from tests.helpers.smtp_server import HELO
from tests.peers.faulty import BAD, faulty_postfix
from tests.peers.house import (
    FULL,
    GREYLISTED,
    LOGIN,
    NO_ADDRESS,
    POLICY,
    SECOND,
    TEMPORARY,
    TLS,
    TOO_LARGE,
    Fate,
    House,
    fate_of,
    house,
    path_of,
)

pytestmark = [pytest.mark.peer, pytest.mark.timeout(180)]

Opens = Callable[..., AbstractAsyncContextManager[House]]


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    """One Postfix with every fault that it can be made to have."""
    with faulty_postfix() as running:
        yield running


@pytest.fixture
def opens(postfix: Postfix, tmp_path) -> Opens:
    """Opens a house whose own server is one of Postfix's services."""

    def opened(service: str = "data", **changes: Any) -> AbstractAsyncContextManager[House]:
        access = changes.pop("access", {})
        return house(tmp_path, {"own": postfix.access(service, **access)}, **changes)

    return opened


def by(stage: str, code: str) -> str:
    """The sender whom Postfix answers so at that stage."""
    return f"{stage}-{code.replace(' ', '')}@sender.example"


@pytest.mark.parametrize("service", ["greeting_421", "greeting_450", "greeting_554", "ehlo_550"])
async def test_s04_s05_a_server_that_will_not_talk(service: str, opens: Opens) -> None:
    """A refused greeting or EHLO is temporary whatever its code: a minute, and people hear of it when it is late."""
    async with opens(service) as home:
        await home.sent()
        assert await fate_of(home) == TEMPORARY


async def test_s06_starttls_is_not_offered(opens: Opens) -> None:
    """A server without STARTTLS gets nothing; people are told at once, and it is asked again each hour."""
    async with opens("clear") as home:
        assert "offers no STARTTLS" in (await home.sent()).words
        assert await fate_of(home) == TLS


async def test_s06_starttls_is_stripped(postfix: Postfix, opens: Opens) -> None:
    """Somebody on the line takes STARTTLS away: 0 bytes of MAIL cross it, and people are told."""
    stripping = Line(postfix.ports["starttls"], strip=b"STARTTLS")
    async with stripping.running() as line, opens("starttls", access={"port": line.port}) as home:
        await home.sent()
        assert await fate_of(home) == TLS

    assert line.sent == f"EHLO {HELO}\r\n".encode()


@pytest.mark.parametrize("service", [*BAD, *(f"{name}_starttls" for name in BAD), "tls10"])
async def test_s07_tls_that_proves_nothing(service: str, postfix: Postfix, opens: Opens) -> None:
    """A certificate of another name, another time or nobody we know, or TLS 1.0: 0 bytes of MAIL, people are told."""
    async with Line(postfix.ports[service]).running() as line, opens(service, access={"port": line.port}) as home:
        await home.sent()
        assert await fate_of(home) == TLS
    assert b"MAIL" not in line.sent


async def test_s09_a_wrong_password(postfix: Postfix, opens: Opens) -> None:
    """A refused login is told at once and tried at most twice an hour, however many letters wait."""
    async with opens("login", access={"username": "post", "password": "salt"}) as home:
        for letter in await home.post(5):
            await home.step(letter.id)
        letters = await home.letters()
        told = await home.told()

    assert (postfix.home / "log").read_text().count("authentication failed") == 1
    assert {(letter.state, letter.why) for letter in letters} == {(State.WAITING, "login")}
    assert {(letter.due_at - letter.found_at).total_seconds() for letter in letters if letter.due_at} == {LOGIN.seconds}
    assert told == {path_of(SECOND): ["stopped login 5"]}
    assert not home.removed()


async def test_s09_the_right_password(opens: Opens) -> None:
    """With the right one the letter arrives, and leaves Digital Post."""
    async with opens("login", access={"username": "post", "password": PASSWORD}) as home:
        assert (await home.sent()).state is State.FORWARDED
        assert (await home.step()).state is State.ACKNOWLEDGED
        assert not home.inbox.letters


@pytest.mark.parametrize(
    ("code", "fate"),
    [("421 4.3.2", TEMPORARY), ("451 4.3.0", TEMPORARY), ("550 5.7.1", POLICY), ("552 5.3.4", TOO_LARGE),
     ("530 5.7.0", LOGIN)],
)  # fmt: skip
async def test_s10_s16_mail_refused(code: str, fate: Fate, opens: Opens) -> None:
    """MAIL is refused: for now, by policy, for its size, or for want of a login."""
    async with opens(sender=by("mail", code)) as home:
        await home.sent()
        assert await fate_of(home) == fate


@pytest.mark.parametrize(
    ("code", "fate"),
    [("421 4.3.2", TEMPORARY), ("450 4.2.0", Fate("temporary", 315, late="late late")), ("451 4.7.1", GREYLISTED),
     ("452 4.2.2", FULL), ("552 5.2.2", FULL)],
)  # fmt: skip
async def test_s11_s12_s16_rcpt_refused(code: str, fate: Fate, opens: Opens) -> None:
    """RCPT is refused: for now, greylisted (not before the server says), or the mailbox is full (told at once)."""
    async with opens(sender=by("rcpt", code)) as home:
        await home.sent()
        assert await fate_of(home) == fate


@pytest.mark.parametrize("address", ["nobody@bakery.example", "moved@bakery.example"])
async def test_s13_s14_no_such_recipient(address: str, opens: Opens) -> None:
    """An unknown or moved recipient: told at once, a second look after ten minutes, then one each six hours."""
    async with opens(address=Address(address)) as home:
        await home.sent()
        assert await fate_of(home) == NO_ADDRESS
        again = await home.step()
        assert (again.why, again.failures) == ("address", 2)
        assert again.due_at
        assert (again.due_at - home.clock.now()).total_seconds() == 21_600
        assert await home.told() == {}


@pytest.mark.parametrize(("code", "fate"), [("421 4.3.2", TEMPORARY), ("554 5.7.1", POLICY), ("503 5.5.1", POLICY)])
async def test_s15_s16_data_refused(code: str, fate: Fate, opens: Opens) -> None:
    """The recipient is taken and DATA refused: the class is the code's."""
    async with opens(sender=by("data", code)) as home:
        await home.sent()
        assert await fate_of(home) == fate


@pytest.mark.parametrize(
    ("code", "fate"),
    [("421 4.3.2", TEMPORARY), ("451 4.3.0", TEMPORARY), ("554 5.7.1", POLICY), ("552 5.3.4", TOO_LARGE)],
)
async def test_s20_the_dot_refused(code: str, fate: Fate, opens: Opens) -> None:
    """A refusal at the dot is definite: nothing was delivered, and the letter waits like any other."""
    async with opens(sender=by("dot", code)) as home:
        assert not (await home.sent()).uncertain
        assert await fate_of(home) == fate
