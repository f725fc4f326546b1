"""The right Inbox for each mailbox, kept open between uses.

Promises: one REST client for all CVRs, one IMAP connection per mailbox, not too many in all; changed credentials mean
a new inbox at the next use, never a call with the old ones; nobody gets an inbox that is not behind the delete fuse.
Credentials stay in memory only, and only here and in the inbox.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from nemboks.domain.mailbox import Face, Mailbox
from nemboks.domain.pace import Pace
from nemboks.intake.fused import FusedInbox
from nemboks.intake.hosts import Hosts
from nemboks.intake.imap import ImapAccess, ImapInbox
from nemboks.intake.kept import Room, awaited
from nemboks.intake.network import Client
from nemboks.intake.rest import RestInbox
from nemboks.intake.rest_calls import RestAccess, open_client
from nemboks.ports import Clock, Fuse, Inbox, Refused

Credentials = Callable[[Mailbox], Awaitable[Mapping[str, str]]]

_CLOSE_SECONDS: Final = 2.0
_NEEDED: Final = {Face.REST: ("system_id", "api_token"), Face.IMAP: ("user", "password")}


@dataclass
class _Kept:
    """An open inbox."""

    key: tuple[str, ...]  # face and credentials
    known: tuple[Face, int]  # the mailbox that had these: as long as it comes so, nobody has to open them
    inbox: Inbox


class MailboxInboxes:
    """The Inboxes port. `credentials` opens a mailbox's: system_id and api_token, or user and password."""

    def __init__(
        self, rest: RestAccess, imap: ImapAccess, credentials: Credentials, pace: Pace, clock: Clock, fuse: Fuse
    ) -> None:
        self._rest, self._imap, self._credentials, self._pace, self._clock = rest, imap, credentials, pace, clock
        self._fuse = fuse
        self._client: Client | None = None
        self._open: dict[int, _Kept] = {}
        self._room, self._hosts = Room(awaited=awaited()), Hosts(clock)

    async def of(self, mailbox: Mailbox) -> Inbox:
        """The mailbox's inbox. Raises Refused when its credentials are not complete, Unavailable as open_client."""
        kept = self._open.get(mailbox.id)
        if kept is not None and mailbox.sealing and kept.known == (mailbox.face, mailbox.sealing):
            return kept.inbox
        given = await self._credentials(mailbox)
        first, second = _NEEDED[mailbox.face]
        if not given.get(first) or not given.get(second):
            raise Refused(f"the mailbox has no {first} and {second}", mailbox=True)
        key = (mailbox.face, given[first], given[second])
        # No await from here to the entry: two tasks asking at once get the same inbox.
        known = (mailbox.face, mailbox.sealing)
        kept = self._open.get(mailbox.id)
        if kept is not None and kept.key == key:
            kept.known = known
            return kept.inbox
        inbox = FusedInbox(self._made(mailbox.face, given[first], given[second]), self._fuse, mailbox)
        self._open[mailbox.id] = _Kept(key, known, inbox)
        if kept is not None:
            await kept.inbox.close()
        return inbox

    def _made(self, face: Face, name: str, secret: str) -> Inbox:
        if face is Face.IMAP:
            return ImapInbox(self._imap, name, secret, self._pace, self._clock, self._room, self._hosts)
        if self._client is None:
            self._client = open_client(self._rest)
        return RestInbox(self._client, self._rest, name, secret, self._pace, self._clock)

    async def close(self) -> None:
        """Everything is closed within two seconds, politely where there is time."""
        inboxes = [kept.inbox for kept in self._open.values()]
        self._open.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await asyncio.gather(*(inbox.close() for inbox in inboxes), return_exceptions=True)
        if self._client is not None:
            self._client.close()
            self._client = None
