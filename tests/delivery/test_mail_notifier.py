"""A notice goes by mail as a letter does: verified TLS, one recipient, taken only with a 2yz at the dot."""

from dataclasses import replace

import pytest

from nemboks.clock import RealClock
from nemboks.content.announcement_mail import compose_announcement
from nemboks.content.notice_mail import compose_notice
from nemboks.delivery.courier import ServerCourier
from nemboks.delivery.mail_notifier import MailAnnouncer, MailNotifier
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.incidents import Cause, Notice, NoticeKind
from nemboks.domain.mailbox import Address
from nemboks.ports import Message, NotTold, Worded
from tests.helpers.clock import START
from tests.helpers.smtp_server import HELO, QUICK, Certificates, ScriptedServer

SENDER = Address("post@nemboks.example")
NOTICE = Notice(
    7, 3, "key", NoticeKind.STOPPED, Cause.ADDRESS, "mail:da:bo@bogholder.example", 1, 20, (1,), (1, 2), START, "", "",
    "anna@bageri.example", START, START,
)  # fmt: skip
MESSAGE = Message(NOTICE, "Nemboks: 20 breve venter", "20 breve venter.\n\nKør forbi.\n")
WORDED = Worded(
    Announcement(7, "key", Kind.ADDRESS_CODE, "mail:da:bo@bogholder.example", START, START),
    "Nemboks: Her er koden", "Her er koden.\n\nKoden er: 1234 5678\n",
)  # fmt: skip
HELLO, DONE = "@hello PIPELINING", ["@envelope", "B"]


async def tell(
    steps: list[str], certificates: Certificates, message: Message = MESSAGE
) -> tuple[str, bytes, list[str]]:
    """What the server said, the mail it kept, and its envelope, after these steps."""
    server = ScriptedServer([steps], certificates.context)
    async with server.running():
        courier = ServerCourier({"ours": server.access(certificates)}, QUICK, RealClock(), HELO)
        notifier = MailNotifier(courier, "ours", SENDER, QUICK, compose_notice)
        try:
            words = await notifier.tell(message)
        finally:
            await notifier.close()
            await courier.close()
            await server.settled()
    raw = server.heard[0].raw.decode("latin-1")
    return words, server.heard[0].letter or b"", [line for line in raw.splitlines() if line[:4] in ("MAIL", "RCPT")]


async def test_taken(certificates):
    """The mail goes from the service's address to the one person, and the server's reply is what is kept."""
    words, letter, envelope = await tell([HELLO, *DONE, "S 250 2.0.0 queued as 17"], certificates)

    assert "250 2.0.0 queued as 17" == words
    assert ["MAIL FROM:<post@nemboks.example>", "RCPT TO:<bo@bogholder.example>"] == [
        line.partition(" SIZE")[0].partition(" BODY")[0] for line in envelope
    ]
    assert letter.rstrip(b".\r\n") == compose_notice(MESSAGE, SENDER).rstrip(b"\r\n")


@pytest.mark.parametrize("end", ["S 451 4.3.0 later", "S 550 5.7.1 no", "X reset"])
async def test_not_taken(certificates, end):
    """A refusal, and an ending without a reply, are told as not taken, with the server's words."""
    with pytest.raises(NotTold, match=r"localhost:\d+: "):
        await tell([HELLO, *DONE, end], certificates)


async def test_never_unprotected(tmp_path, certificates):
    """A server without a certificate that we trust gets not a byte of the notice."""
    others = Certificates.make(tmp_path)
    server = ScriptedServer([[HELLO]], others.context)
    async with server.running():
        courier = ServerCourier({"ours": server.access(certificates)}, QUICK, RealClock(), HELO)
        with pytest.raises(NotTold, match="certificate"):
            await MailNotifier(courier, "ours", SENDER, QUICK, compose_notice).tell(MESSAGE)
        await courier.close()

    assert b"MAIL" not in b"".join(one.raw for one in server.heard)


async def test_a_path_that_is_no_address():
    """A webhook's notice that comes here is not taken."""
    courier = ServerCourier({}, QUICK, RealClock(), HELO)
    stray = replace(MESSAGE, notice=replace(NOTICE, path="webhook:kontor"))

    with pytest.raises(NotTold):
        await MailNotifier(courier, "ours", SENDER, QUICK, compose_notice).tell(stray)


async def test_a_server_that_left_the_settings():
    """A server that nobody knows any more is told as a failure, not raised."""
    courier = ServerCourier({}, QUICK, RealClock(), HELO)

    with pytest.raises(NotTold, match=r"servers\.ours"):
        await MailNotifier(courier, "ours", SENDER, QUICK, compose_notice).tell(MESSAGE)


async def announce(steps: list[str], certificates: Certificates, worded: Worded = WORDED) -> tuple[str, bytes]:
    """What the server said to an announcement, and the mail it kept, after these steps."""
    server = ScriptedServer([steps], certificates.context)
    async with server.running():
        courier = ServerCourier({"ours": server.access(certificates)}, QUICK, RealClock(), HELO)
        try:
            words = await MailAnnouncer(courier, "ours", SENDER, QUICK, compose_announcement).announce(worded)
        finally:
            await courier.close()
            await server.settled()
    return words, server.heard[0].letter or b""


async def test_an_announcement_taken(certificates):
    """An announcement goes the same way, and the server's reply is what is kept."""
    words, letter = await announce([HELLO, *DONE, "S 250 2.0.0 queued as 18"], certificates)

    assert "250 2.0.0 queued as 18" == words
    assert letter.rstrip(b".\r\n") == compose_announcement(WORDED, SENDER).rstrip(b"\r\n")


@pytest.mark.parametrize("end", ["S 451 4.3.0 later", "S 550 5.7.1 no", "X reset"])
async def test_an_announcement_not_taken(certificates, end):
    """A refusal, and an ending without a reply, are told as not taken; no code is in what is told."""
    with pytest.raises(NotTold, match=r"localhost:\d+: ") as told:
        await announce([HELLO, *DONE, end], certificates)
    assert "1234" not in str(told.value)


@pytest.mark.parametrize("path", ["webhook:kontor", "mail:da:nobody", ""])
async def test_an_announcement_whose_path_is_no_address(path):
    """A path that mail cannot go along is told as a failure, not raised: it must hold up no other."""
    courier = ServerCourier({}, QUICK, RealClock(), HELO)
    stray = replace(WORDED, announcement=replace(WORDED.announcement, path=path))

    with pytest.raises(NotTold, match="not an address"):
        await MailAnnouncer(courier, "ours", SENDER, QUICK, compose_announcement).announce(stray)
