"""Delivers a letter: the Courier port, over connections that all couriers share.

Promises: verified TLS or nothing; always a Report, whatever the server does; the dot only after `before_dot` said
True; nothing is ever sent twice within one call, except an envelope whose connection proved dead before MAIL was
answered. A cancel, and an exception of ours, close the connection and pass.
"""

import asyncio
import functools
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nemboks.delivery.access import ServerAccess, Stopped
from nemboks.delivery.logins import Logins
from nemboks.delivery.oauth import TokenAccess, Tokens
from nemboks.delivery.smtp import Smtp
from nemboks.delivery.spares import Spares
from nemboks.delivery.tls import make_context
from nemboks.delivery.wire import Dialler
from nemboks.domain.mailbox import DIRECT
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Report, Stage
from nemboks.ports import Clock, Courier, Mail

__all__ = ["Carrier", "Couriers", "ServerAccess", "ServerCourier"]

BeforeDot = Callable[[], Awaitable[bool]]


@dataclass(slots=True)
class _Attempt:
    """The connection that an attempt uses now."""

    access: ServerAccess
    mail: Mail
    smtp: Smtp


class Carrier:
    """Carries mails to servers whose access is known: connections, logins and TLS rules of all couriers."""

    def __init__(self, pace: Pace, clock: Clock, helo: str) -> None:
        self._pace = pace
        self._clock = clock
        self._helo = helo
        self._spares = Spares(pace.spare_seconds)
        self._logins = Logins(pace.login_seconds, clock)
        self._tokens: dict[TokenAccess, Tokens] = {}
        self._contexts: dict[tuple[Path | None, bool], ssl.SSLContext] = {}

    async def deliver_to(self, access: ServerAccess, mail: Mail, seconds: float, before_dot: BeforeDot) -> Report:
        """What happened at this server; as the port's `deliver`. OSError if its `ca_file` cannot be read.

        Nothing of `mail.pieces` was taken if the report's stage is before BODY: another server may be tried.
        """
        begun = self._clock.monotonic()
        attempt = _Attempt(access, mail, self._fresh(access))
        reply, words = None, ""
        try:
            await self._up_to_the_dot(attempt, seconds)
            if not await before_dot():
                raise Stopped("stopped before the dot")
            if self._clock.monotonic() - begun > seconds:
                raise Stopped("the time was up before the dot")
            reply = await attempt.smtp.finish()
        except Stopped as end:
            reply, words = end.reply, end.words
        finally:
            self._spares.give((mail.account, mail.server, access), attempt.smtp)
        progress, took = attempt.smtp.progress, self._clock.monotonic() - begun
        return Report(
            progress.stage, access.address, reply, progress.tls, words, took, access.way, access.trusted, progress.limit
        )

    def prepare(self, access: ServerAccess) -> ssl.SSLContext:
        """The TLS rules of a server, made once. OSError if its `ca_file` cannot be read."""
        key = access.ca_file, access.dane is not None
        if key not in self._contexts:
            self._contexts[key] = make_context(*key)
        return self._contexts[key]

    def dialler(self, access: ServerAccess) -> Dialler:
        """What opens a connection to this server; a login that it tries counts with all others. OSError as above."""
        turn = functools.partial(self._logins.turn, f"{access.username}@{access.address}")
        tokens = self._tokens.setdefault(access.oauth, Tokens(access.oauth, self._clock)) if access.oauth else None
        return Dialler(access, self.prepare(access), self._helo, self._pace, turn, tokens)

    async def close(self) -> None:
        """Take leave of idle connections; those in use end with their letter."""
        await self._spares.close()

    def _fresh(self, access: ServerAccess) -> Smtp:
        return Smtp(self.dialler(access))

    async def _up_to_the_dot(self, attempt: _Attempt, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds) as limit:
                if not await self._announced_on_a_spare(attempt):
                    attempt.smtp = self._fresh(attempt.access)
                    await attempt.smtp.open()
                    await attempt.smtp.envelope(attempt.mail)
                await attempt.smtp.body(attempt.mail)
        except TimeoutError:
            if not limit.expired():
                raise
            raise Stopped(f"not ready for the dot within {seconds:g} s") from None

    async def _announced_on_a_spare(self, attempt: _Attempt) -> bool:
        """Whether a kept connection took the envelope. A dead one is no reason to fail: no byte of the letter went."""
        mail = attempt.mail
        while spare := self._spares.take((mail.account, mail.server, attempt.access)):
            attempt.smtp = spare
            if spare.fit:
                try:
                    await spare.envelope(mail, again=True)
                except Stopped:
                    # What ends a kept connection before MAIL was taken may be for what went over it before.
                    if spare.progress.stage is not Stage.MAIL or spare.usable:
                        raise
                else:
                    return True
            spare.abort()
        return False


class ServerCourier:
    """The Courier port for the settings' servers: recipients' own ones and relays. OSError for a bad `ca_file`."""

    def __init__(self, servers: Mapping[str, ServerAccess], pace: Pace, clock: Clock, helo: str) -> None:
        self._servers = dict(servers)
        self._carrier = Carrier(pace, clock, helo)
        for access in self._servers.values():
            self._carrier.prepare(access)

    async def deliver(self, mail: Mail, seconds: float, before_dot: BeforeDot) -> Report:
        """What happened; see the port."""
        access = self._servers.get(mail.server)
        if access is None:  # a route may outlive the settings it was made under
            return Report(Stage.CONNECT, mail.server, words=f"there is no [servers.{mail.server}] in the settings")
        return await self._carrier.deliver_to(access, mail, seconds, before_dot)

    async def close(self) -> None:
        """Take leave of idle connections; those in use end with their letter."""
        await self._carrier.close()


class Couriers:
    """The Courier port for all mails: each goes to the courier that knows its server."""

    def __init__(self, servers: Courier, direct: Courier) -> None:
        self._servers, self._direct = servers, direct

    async def deliver(self, mail: Mail, seconds: float, before_dot: BeforeDot) -> Report:
        """What happened; see the port."""
        courier = self._direct if mail.server == DIRECT else self._servers
        return await courier.deliver(mail, seconds, before_dot)

    async def close(self) -> None:
        """Close both."""
        await self._servers.close()
        await self._direct.close()
