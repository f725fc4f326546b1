"""The courier and aiosmtpd: another reading of the same rules, with a login."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from nemboks.clock import RealClock
from nemboks.delivery.courier import ServerAccess, ServerCourier
from nemboks.domain.proof import Stage
from tests.helpers.smtp_server import HELO, LETTER, QUICK, RECIPIENT, SENDER, Certificates, make_mail

pytestmark = [
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
    pytest.mark.filterwarnings("ignore:Session.login_data:DeprecationWarning"),
]


@dataclass
class Peer:
    """An aiosmtpd that wants `flour`."""

    certificates: Certificates
    envelopes: list[Envelope] = field(default_factory=list)
    logins: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook at the dot."""
        self.envelopes.append(envelope)
        return "250 2.0.0 kept"

    def authenticate(
        self, server: object, session: object, envelope: object, how: str, data: LoginPassword
    ) -> AuthResult:
        """aiosmtpd's hook at the login."""
        self.logins += 1
        return AuthResult(success=data.password == b"flour", handled=False)

    @asynccontextmanager
    async def running(self, implicit: bool) -> AsyncIterator[int]:
        """The port it listens at."""

        def protocol() -> SMTP:
            return SMTP(
                self, hostname="mail.bakery.example", authenticator=self.authenticate, auth_required=True,
                auth_require_tls=not implicit, require_starttls=not implicit,
                tls_context=None if implicit else self.certificates.context,
            )  # fmt: skip

        loop = asyncio.get_running_loop()
        context = self.certificates.context if implicit else None
        server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            await server.wait_closed()
            if busy := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(busy, timeout=5)  # its own, which still have to notice that we left


async def yes() -> bool:
    """The fence holds."""
    return True


@pytest.mark.parametrize("implicit", [True, False], ids=["implicit", "starttls"])
async def test_letters_arrive_after_a_login(implicit: bool, certificates: Certificates) -> None:
    """Three letters go over one logged-in connection."""
    peer = Peer(certificates)
    async with peer.running(implicit) as port:
        access = ServerAccess("localhost", port, implicit, certificates.ca_file, "bakery", "flour", internal=True)
        courier = ServerCourier({"own": access}, QUICK, RealClock(), HELO)
        reports = [await courier.deliver(make_mail(LETTER, 5), 10, yes) for _ in range(3)]
        await courier.close()

    assert [(report.stage, report.reply and report.reply.code) for report in reports] == [(Stage.DOT, 250)] * 3
    assert [envelope.content for envelope in peer.envelopes] == [LETTER] * 3
    assert (peer.envelopes[0].mail_from, peer.envelopes[0].rcpt_tos) == (SENDER, [RECIPIENT])
    assert peer.logins == 1


@pytest.mark.parametrize("implicit", [True, False], ids=["implicit", "starttls"])
async def test_a_wrong_password(implicit: bool, certificates: Certificates) -> None:
    """A wrong password is tried once and reported with the server's words."""
    peer = Peer(certificates)
    async with peer.running(implicit) as port:
        access = ServerAccess("localhost", port, implicit, certificates.ca_file, "bakery", "salt", internal=True)
        courier = ServerCourier({"own": access}, QUICK, RealClock(), HELO)
        report = await courier.deliver(make_mail(), 10, yes)
        await courier.close()

    assert report.stage is Stage.LOGIN
    assert report.reply
    assert (report.reply.code, report.reply.enhanced) == (535, "5.7.8")
    assert peer.logins == 1
    assert peer.envelopes == []
