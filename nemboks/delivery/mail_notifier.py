"""Tells people by mail: the Notifier port on top of the couriers.

Promises: verified TLS or not at all, as for a letter; told only when the server said 2yz at the dot. A second copy
after an uncertain ending has the same Message-ID. Never judges whether the path is a good one (domain/circles.py).
"""

from collections.abc import AsyncIterator, Callable

from nemboks.domain.circles import address_of
from nemboks.domain.mailbox import Address
from nemboks.domain.pace import Pace
from nemboks.domain.verdict import Verdict, verdict
from nemboks.ports import Courier, Mail, Message, NotTold

Compose = Callable[[Message, Address], bytes]  # content/notice_mail.py; adapters do not import content
_ACCOUNT = "notices"  # connections are shared among notices, never with a company's letters


class MailNotifier:
    """The Notifier of "mail" paths. `server`: what sends them, a name in [servers] or "direct"."""

    def __init__(self, courier: Courier, server: str, sender: Address, pace: Pace, compose: Compose) -> None:
        self._courier, self._server, self._sender = courier, server, sender
        self._pace, self._compose = pace, compose

    async def tell(self, message: Message) -> str:
        """The mail server's reply. Raises NotTold for anything but a 2yz at the dot."""
        address = address_of(message.notice.path)
        if address is None:
            raise NotTold("the path is not an address")
        raw = self._compose(message, self._sender)
        mail = Mail(_ACCOUNT, self._server, self._sender, address, len(raw), False, _pieces(raw))
        report = await self._courier.deliver(mail, self._pace.attempt_seconds + self._pace.allowance(len(raw)), _always)
        if verdict(report) is Verdict.ACCEPTED and report.reply is not None:
            return str(report.reply)
        raise NotTold(f"{report.server}: {report.reply or report.words or 'no reply'}")

    async def close(self) -> None:
        """Nothing: the courier belongs to the one who made it."""


async def _pieces(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


async def _always() -> bool:
    """A notice may always go: no row is claimed for it."""
    return True
