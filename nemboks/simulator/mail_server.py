"""The pretend mail server of all companies: one port with implicit TLS, one where STARTTLS is required.

Promises: no mail command without TLS; the 250 after the dot is written only when the mail's file is complete and
stamped; every fault of the SMTP families shows exactly where its name says. It never relays anything, and it holds no
mail in memory. Lines may be longer than RFC 5321 4.5.3.1.6 allows: it is the client's letters that are under test.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, AnyStr

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from nemboks.simulator.certificates import Certificates, Pair
from nemboks.simulator.companies import Server
from nemboks.simulator.config_text import MAIL_USER
from nemboks.simulator.deposit import MAX_BYTES, Deposit, TooBigError
from nemboks.simulator.faults import SMTP_REPLIES, Switchboard, smtp_reply
from nemboks.simulator.mail_body import mail_body
from nemboks.simulator.mail_facts import read_mail
from nemboks.simulator.mailroom import Handover, Mailroom

SILENCE_SECONDS = 60
CODES = tuple(SMTP_REPLIES)
ACCEPTED = "250 2.0.0 Ok: taken"
MULTILINE = "250-2.0.0 Ok\r\n250-2.0.0 taken in three lines\r\n250 2.0.0 thank you"


class MailServer:
    """Both ports; `start` and `stop` belong to one loop."""

    def __init__(self, faults: Switchboard, mailroom: Mailroom, certificates: Certificates, password: str) -> None:
        self.faults = faults
        self.mailroom = mailroom
        self.connections: set[Connection] = set()
        self.closed: set[str] = set()  # mailboxes that somebody had and nobody has any more
        self._password = password
        self._right = _context(certificates.server)
        self._right.sni_callback = self._choose_certificate
        self._wrong = _context(certificates.wrong)
        self._servers: list[asyncio.Server] = []

    async def start(self) -> dict[Server, int]:
        """The ports, by kind."""
        loop = asyncio.get_running_loop()
        for kind, tls in (("implicit", self._right), ("starttls", None)):
            self._servers.append(await loop.create_server(self._factory(kind), "127.0.0.1", 0, ssl=tls))
        implicit, starttls = (server.sockets[0].getsockname()[1] for server in self._servers)
        return {"implicit": implicit, "starttls": starttls}

    async def stop(self) -> None:
        """Nothing; the ports are closed and every connection is broken off."""
        for server in self._servers:
            server.close()
        for connection in list(self.connections):
            connection.drop()

    def check_login(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any) -> AuthResult:
        """Success for the one user there is."""
        right = isinstance(login, LoginPassword) and login == (MAIL_USER.encode(), self._password.encode())
        return AuthResult(success=right, handled=False)

    def _factory(self, kind: str) -> Callable[[], "Connection"]:
        return lambda: Connection(self, kind, self._right)

    def _choose_certificate(self, tls: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        # Asked in each handshake, with a server name or without, so the fault heals without a restart.
        if self.faults.hit("smtp-certificate-wrong"):
            tls.context = self._wrong


class _Hooks:
    """What aiosmtpd asks its handler."""

    async def handle_EHLO(
        self, server: "Connection", session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return server.offer(responses)

    async def handle_RCPT(
        self, server: "Connection", session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in server.owner.closed:
            return smtp_reply("rcpt", 550)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_exception(self, error: Exception) -> str:
        return "451 4.3.0 error in processing"


class Connection(SMTP):
    """One client. The commands are aiosmtpd's; faults and the reading of the body are ours."""

    line_length_limit = 1 << 17  # also how much aiosmtpd's reader holds; the body is read in pieces of this size

    def __init__(self, owner: MailServer, kind: str, tls: ssl.SSLContext) -> None:
        self.owner = owner
        self._kind = kind
        self._greeted = False
        self._hides_tls: bool | None = None
        super().__init__(
            _Hooks(),
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="ESMTP simulated",
            tls_context=tls if kind == "starttls" else None,
            require_starttls=kind == "starttls",
            # On the implicit port aiosmtpd does not know that the connection is encrypted.
            auth_require_tls=kind == "starttls",
            authenticator=owner.check_login,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.owner.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.owner.connections.discard(self)
        super().connection_lost(error)

    def drop(self) -> None:
        """Nothing; the connection is gone, whatever it was doing."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    def offer(self, responses: list[str]) -> list[str]:
        """The EHLO reply: aiosmtpd's, with PIPELINING (RFC 2920), and without STARTTLS when that fault is on."""
        if self._hides_tls is None and self._kind == "starttls" and not self._encrypted():
            self._hides_tls = self.owner.faults.hit("smtp-starttls-missing")
        offered = [line for line in responses if not (self._hides_tls and line.endswith("STARTTLS"))]
        return [offered[0], "250-PIPELINING", *offered[1:]]

    async def push(self, status: AnyStr) -> None:
        """Nothing; the reply is written. The first one of a connection is the greeting."""
        if not self._greeted:
            self._greeted = True
            if await self._refuse("greeting"):
                self._close()
                return
        await super().push(status)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if self._hides_tls:
            await self.push("502 5.5.1 STARTTLS is not implemented")
        else:
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        mechanism, space, rest = (arg or "").partition(" ")
        await super().smtp_AUTH(mechanism.upper() + space + rest)  # RFC 4954: the name's case does not matter

    async def smtp_MAIL(self, arg: str | None) -> None:
        if not await self._refuse("mail"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        if not (self._in_transaction() and await self._refuse("rcpt")):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:
        if arg or not self._has_recipient():
            await super().smtp_DATA(arg)
        elif not await self._refuse("data"):
            with self.owner.mailroom.new_deposit() as deposit:
                await self._take_mail(deposit)

    async def _take_mail(self, deposit: Deposit) -> None:
        faults = self.owner.faults
        glued = faults.hit("smtp-data-glued")
        await self.push("354 go ahead" + ("\r\n250 2.0.0 fake" if glued else ""))
        if faults.hit("smtp-body-cut"):
            await self._reader.read(1024)
            self.drop()
            return
        too_big = not await self._read_body(deposit)
        if glued or too_big:
            self.envelope = Envelope()
            await self.push(smtp_reply("dot", 451) if glued else "552 5.3.4 message too big")
            return
        await self._answer_dot(deposit)

    async def _read_body(self, deposit: Deposit) -> bool:
        """True when the whole body is in the file; False when it was too big and thrown away."""
        fits = True
        async for piece in mail_body(self._reader):
            self._reset_timeout()
            if fits:
                try:
                    deposit.write(piece)
                except TooBigError:
                    fits = False
        return fits

    async def _answer_dot(self, deposit: Deposit) -> None:
        faults, mailroom = self.owner.faults, self.owner.mailroom
        stored = deposit.flush()
        handover = self._handover()
        facts = await read_mail(stored.path)
        self.envelope = Envelope()
        if await self._refuse("dot"):
            return
        for ending in ("cut", "silence"):
            for fate in ("kept", "lost"):
                if faults.hit(f"smtp-dot-{ending}-{fate}"):
                    if fate == "kept":
                        mailroom.accept(deposit, handover, facts, kept_only=True)
                    if ending == "silence":
                        self._reset_timeout()
                        await asyncio.sleep(SILENCE_SECONDS)
                    self.drop()
                    return
        mailroom.accept(deposit, handover, facts)
        await self.push(MULTILINE if faults.hit("smtp-dot-multiline") else ACCEPTED)

    async def _refuse(self, stage: str) -> bool:
        """True when a fault has answered instead of us; a 421 ends the connection."""
        code = self.owner.faults.hit_code(f"smtp-{stage}", CODES)
        if code is None:
            return False
        await super().push(smtp_reply(stage, code))
        if code == 421:
            self._close()
        return True

    def _close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def _encrypted(self) -> bool:
        return self.transport is not None and self.transport.get_extra_info("ssl_object") is not None

    def _in_transaction(self) -> bool:
        return self.envelope is not None and self.envelope.mail_from is not None

    def _has_recipient(self) -> bool:
        return self.envelope is not None and bool(self.envelope.rcpt_tos)

    def _handover(self) -> Handover:
        assert self.envelope is not None and self.transport is not None
        tls = self.transport.get_extra_info("ssl_object")
        sender = self.envelope.mail_from or ""
        return Handover(
            mail_from="" if sender == "<>" else sender,
            recipients=tuple(self.envelope.rcpt_tos),
            tls_version=tls.version() if tls else None,
            server=self._kind,
        )


def _context(pair: Pair) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(pair.cert, pair.key)
    return context
