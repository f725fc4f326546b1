"""Scene 5: the company's domain is gone. Somebody who can still be reached hears of it, once, and once of its end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from functools import partial
from pathlib import Path

import pytest

from nemboks.content.notice_mail import compose_notice
from nemboks.delivery.mail_notifier import MailNotifier
from nemboks.delivery.resolver import Resolver
from nemboks.delivery.targets import DirectAccess
from nemboks.domain.incidents import Notice
from nemboks.domain.letter import State
from nemboks.domain.mailbox import DIRECT
from nemboks.domain.pace import Pace
from nemboks.ports import Courier
from tests.delivery.postfix_peer import Postfix, running_postfix
from tests.helpers.dns_server import DnsServer
from tests.helpers.smtp_server import HELO
from tests.peers.house import ADDRESS, NOTICES, SECOND, SENDER, House, house, path_of

pytestmark = [pytest.mark.peer, pytest.mark.timeout(240)]

LETTERS = 20
GONE = "somebody.example. A 127.0.0.1\n"
BACK = "bakery.example. MX 10 localhost.\nlocalhost. A 127.0.0.1\n"
MAIN = "virtual_mailbox_domains = bakery.example, hjemme.example\n"
MAILBOXES = "post@bakery.example post/\nanna@hjemme.example anna/\n"
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    """Where Anna has her private mailbox, and, once it is back, the bakery its own."""
    services = {"mx": "-o smtpd_tls_security_level=may", NOTICES: "-o smtpd_tls_wrappermode=yes"}
    with running_postfix(services, MAIN, {"mailboxes": MAILBOXES}) as running:
        yield running


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    """Which knows nothing of the bakery."""
    async with DnsServer(GONE).running() as running:
        yield running


@pytest.fixture
async def home(postfix: Postfix, dns: DnsServer, tmp_path: Path) -> AsyncIterator[House]:
    """Anna's letters go to her domain's own servers; notices go by a real mail server."""

    def notifier(courier: Courier) -> MailNotifier:
        return MailNotifier(courier, NOTICES, SENDER, Pace(), compose_notice)

    access = DirectAccess(HELO, postfix.ports["mx"], postfix.home / "ca.pem", internal=True)
    servers = {NOTICES: postfix.access(NOTICES)}
    resolver = Resolver([dns.address], seconds=1)
    async with house(tmp_path, servers, resolver, access, server=DIRECT, notify=notifier) as running:
        yield running


async def notices(home: House) -> list[Notice]:
    """All that people were to be told, the oldest first."""
    return sorted(await home.store.incidents.notices(100), key=lambda one: one.id)


async def pass_by(home: House, seconds: float, step: float) -> None:
    """So much time, with the chores of people done every `step` seconds."""
    until = home.clock.monotonic() + seconds
    while home.clock.monotonic() < until:
        home.clock.advance(step)
        await home.tell()


async def try_all(home: House) -> set[tuple[State, str]]:
    """How the letters stand after each was tried again, when its time had come."""
    for letter in await home.letters():
        await home.step(letter.id)
    return {(letter.state, letter.why) for letter in await home.letters()}


async def mails(postfix: Postfix, user: str, count: int) -> list[str]:
    """The subjects in a mailbox, once so many lie there."""
    async with asyncio.timeout(20):
        while len(found := list((postfix.home / "mail" / user / "new").glob("*"))) < count:
            await asyncio.sleep(0.05)
    parse = partial(message_from_bytes, policy=default)
    return [str(parse(file.read_bytes())["Subject"]) for file in found]


async def test_one_notice_for_twenty_letters_and_one_solved(home: House, dns: DnsServer, postfix: Postfix) -> None:
    """20 letters to a dead domain: within a minute one notice of 20 to the second contact, none to the dead domain;
    when it is back and all are delivered, one "solved"."""
    await home.post(LETTERS)
    refused_at = home.clock.now()
    assert await try_all(home) == {(State.WAITING, "address")}
    await home.tell()
    await pass_by(home, 60, 5)
    (first,) = await notices(home)
    assert (first.path, first.kind, first.cause, first.count) == (path_of(SECOND), "stopped", "address", LETTERS)
    assert first.sent_at
    assert first.sent_at - refused_at < MINUTE
    (told,) = await mails(postfix, "anna", 1)

    assert await try_all(home) == {(State.WAITING, "address")}  # the second look, and hours of quiet
    await pass_by(home, 3 * 3_600, 300)
    assert len(await notices(home)) == 1
    assert not home.removed()

    dns.zone = BACK
    assert await try_all(home) == {(State.FORWARDED, "")}
    await pass_by(home, 2 * 3_600, 300)
    assert [(one.path, one.kind, one.count) for one in await notices(home)] == [
        (path_of(SECOND), "stopped", LETTERS), (path_of(SECOND), "solved", LETTERS)
    ]  # fmt: skip
    assert set(await mails(postfix, "anna", 2)) > {told}
    delivered = await mails(postfix, "post", LETTERS)
    assert len(delivered) == LETTERS
    assert not {told} & set(delivered)


async def test_the_notice_waits_for_no_other_letter(home: House) -> None:
    """A single letter is enough, and its first refusal: the second look only makes it "stopped" for certain."""
    await home.post()
    refused_at = home.clock.now()
    await home.step()
    await home.tell()
    await pass_by(home, 60, 5)
    (notice,) = await notices(home)

    assert (await home.letter()).failures == 1
    assert notice.sent_at
    assert notice.sent_at - refused_at < MINUTE
    assert ADDRESS not in notice.path
