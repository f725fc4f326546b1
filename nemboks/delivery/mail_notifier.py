"""Tells people by mail: the Notifier and Announcer ports on top of the couriers.

Promises: verified TLS or not at all, as for a letter; told only when the server said 2yz at the dot. A second copy
after an uncertain ending has the same Message-ID. Never judges whether the path is a good one (domain/circles.py).
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from nemboks.domain.circles import address_of
from nemboks.domain.mailbox import Address
from nemboks.domain.pace import Pace
from nemboks.domain.verdict import Verdict, verdict
from nemboks.ports import Courier, Mail, Message, NotTold, Worded

# content/notice_mail.py and announcement_mail.py; adapters do not import content
Compose = Callable[[Message, Address], bytes]
ComposeWorded = Callable[[Worded, Address], bytes]
_ACCOUNT = "notices"  # connections are shared among notices, never with a company's letters


class MailNotifier:
    """The Notifier of "mail" paths. `server`: what sends them, a name in [servers] or "direct"."""

    def __init__(self, courier: Courier, server: str, sender: Address, pace: Pace, compose: Compose) -> None:
        self._post, self._compose = _Post(courier, server, sender, pace), compose

    async def tell(self, message: Message) -> str:
        """The mail server's reply. Raises NotTold for anything but a 2yz at the dot."""
        to = _address(message.notice.path)
        return await self._post.send(to, self._compose(message, self._post.sender))

    async def close(self) -> None:
        """Nothing: the courier belongs to the one who made it."""


class MailAnnouncer:
    """The Announcer of "mail" paths, likewise."""

    def __init__(self, courier: Courier, server: str, sender: Address, pace: Pace, compose: ComposeWorded) -> None:
        self._post, self._compose = _Post(courier, server, sender, pace), compose

    async def announce(self, worded: Worded) -> str:
        """The mail server's reply. Raises NotTold for anything but a 2yz at the dot."""
        to = _address(worded.announcement.path)
        return await self._post.send(to, self._compose(worded, self._post.sender))


@dataclass(frozen=True, slots=True)
class _Post:
    courier: Courier
    server: str
    sender: Address
    pace: Pace

    async def send(self, to: Address, raw: bytes) -> str:
        mail = Mail(_ACCOUNT, self.server, self.sender, to, len(raw), False, _pieces(raw))
        report = await self.courier.deliver(mail, self.pace.attempt_seconds + self.pace.allowance(len(raw)), _always)
        if verdict(report) is Verdict.ACCEPTED and report.reply is not None:
            return str(report.reply)
        raise NotTold(f"{report.server}: {report.reply or report.words or 'no reply'}")


def _address(path: str) -> Address:
    try:
        address = address_of(path)
    except ValueError:
        address = None
    if address is None:
        raise NotTold("the path is not an address")
    return address


async def _pieces(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


async def _always() -> bool:
    """A notice may always go: no row is claimed for it."""
    return True
