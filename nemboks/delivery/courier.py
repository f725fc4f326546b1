"""Delivers a letter to the company's own mail server: the Courier port.

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
from nemboks.delivery.smtp import Smtp
from nemboks.delivery.spares import Spares
from nemboks.delivery.tls import make_context
from nemboks.delivery.wire import Dialler
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Report, Stage
from nemboks.ports import Clock, Mail

__all__ = ["OwnServerCourier", "ServerAccess"]


@dataclass(slots=True)
class _Attempt:
    """The connection that an attempt uses now."""

    mail: Mail
    smtp: Smtp


class OwnServerCourier:
    """The Courier port for servers that are the recipients' own. OSError if a server's `ca_file` cannot be read."""

    def __init__(self, servers: Mapping[str, ServerAccess], pace: Pace, clock: Clock, helo: str) -> None:
        self._servers = dict(servers)
        self._pace = pace
        self._clock = clock
        self._helo = helo
        self._spares = Spares(pace.spare_seconds)
        self._logins = Logins(pace.login_seconds, clock)
        files = {access.ca_file for access in self._servers.values()}
        self._contexts: dict[Path | None, ssl.SSLContext] = {file: make_context(file) for file in files}

    async def deliver(self, mail: Mail, seconds: float, before_dot: Callable[[], Awaitable[bool]]) -> Report:
        """What happened; see the port."""
        begun = self._clock.monotonic()
        if mail.server not in self._servers:  # a route may outlive the settings it was made under
            return Report(Stage.CONNECT, mail.server, words=f"there is no [servers.{mail.server}] in the settings")
        attempt = _Attempt(mail, self._fresh(mail))
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
            self._spares.give((mail.account, mail.server), attempt.smtp)
        progress, server = attempt.smtp.progress, self._servers[mail.server].address
        return Report(progress.stage, server, reply, progress.tls, words, self._clock.monotonic() - begun)

    async def close(self) -> None:
        """Take leave of idle connections; those in use end with their letter."""
        await self._spares.close()

    def _fresh(self, mail: Mail) -> Smtp:
        access = self._servers[mail.server]
        turn = functools.partial(self._logins.turn, mail.server)
        return Smtp(Dialler(access, self._contexts[access.ca_file], self._helo, self._pace, turn))

    async def _up_to_the_dot(self, attempt: _Attempt, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds) as limit:
                if not await self._announced_on_a_spare(attempt):
                    attempt.smtp = self._fresh(attempt.mail)
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
        while spare := self._spares.take((mail.account, mail.server)):
            attempt.smtp = spare
            if await spare.reset():
                try:
                    await spare.envelope(mail)
                except Stopped as end:
                    gone = end.reply is None or end.reply.code == 421
                    if not (gone and spare.progress.stage is Stage.MAIL and not spare.usable):
                        raise
                else:
                    return True
            spare.abort()
        return False
