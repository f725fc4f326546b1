"""A mailbox behind Digital Post's IMAP face.

Promises: implicit, verified TLS 1.2 or newer or no connection; one kept connection, one task on it at a time (kept.py);
a refused log-in is not tried again for a while. A letter's key is its UIDVALIDITY and UID; a letter is removed only
after its identity was checked again (M05).
Never does: STARTTLS, a log-in before TLS, a removal without UIDPLUS.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import NoReturn

from nemboks.domain.pace import Pace
from nemboks.domain.proof import Receipt
from nemboks.intake.hosts import Hosts
from nemboks.intake.imap_wire import End, ImapWire
from nemboks.intake.kept import KeptConnection, Room
from nemboks.intake.letter_stream import WHOLE, LetterStream
from nemboks.intake.patience import Patience
from nemboks.intake.removals import Removals
from nemboks.intake.responses import refusal
from nemboks.intake.session import Session
from nemboks.intake.tls_files import TlsFileUnusable, trusted_context
from nemboks.intake.words import said
from nemboks.ports import Clock, Gone, InboxError, Listed, Refused, Unavailable

_KEY = re.compile(r"([0-9]{1,10})\.([0-9]{1,10})")
_trusting = cache(trusted_context)  # one for all connections that trust the same: to read the system's takes 16 ms


@dataclass(frozen=True, slots=True)
class ImapAccess:
    """Where the IMAP face is; `ca_file` None means the system's store."""

    host: str
    port: int
    ca_file: Path | None


class ImapInbox:
    """The Inbox port over IMAP."""

    def __init__(
        self, access: ImapAccess, user: str, password: str, pace: Pace, clock: Clock,
        room: Room | None = None, hosts: Hosts | None = None,
    ) -> None:  # fmt: skip
        """`room`: for the connections of all such inboxes together; `hosts`: what they know of their servers."""
        self._pace = pace
        self._connection = KeptConnection(Door(access, user, password, pace, clock, hosts).open, clock, room=room)
        self._removals = Removals(self._connection)

    @property
    def keeps(self) -> bool:
        """True: a peek changes nothing upstream."""
        return True

    @property
    def unusable(self) -> int:
        """None: a UID is a number."""
        return 0

    async def list(self) -> Sequence[Listed]:
        """All letters by ascending UID, with the time they arrived (INTERNALDATE)."""
        async with self._connection.use() as session:
            wire = session.wire
            await session.refresh()
            wire.arrived = False
            return [] if wire.count == 0 else await session.list()

    @asynccontextmanager
    async def fetch(self, upstream_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The letter's octets in pieces of at most 128 kB; complete when the iterator ends."""
        validity, uid = _key(upstream_id)
        async with self._connection.use() as session:
            if session.validity is None:
                await session.select()
            if session.validity == validity:
                with session.command(f"UID FETCH {uid} {WHOLE}") as out:
                    letter = LetterStream(out, (uid,))
                    if await letter.begins():
                        yield letter
                        return
            await self._missing(session, validity, uid)

    async def _missing(self, session: Session, validity: int, uid: int) -> NoReturn:
        """Raises Gone, but only after a fresh look: the connection's picture of the mailbox may be old."""
        await session.select()
        if session.validity == validity and await session.present((uid,)):
            raise Unavailable("the letter was not there a moment ago")
        raise Gone("no letter stands under this UID")

    async def acknowledge(self, receipt: Receipt, repeated: bool) -> str:
        """Removes exactly the receipt's letter; brings words. Gone when it is not there any more."""
        return await self._removals.remove(*_key(receipt.upstream_id), receipt)

    async def news(self) -> None:
        """Returns when letters may have come since the last list or news. Waits for ever where IDLE is not offered."""
        while True:
            session = self._connection.session
            if session is not None and session.wire.lost:
                # Said once instead of connecting again: a server that drops every IDLE must not be hammered.
                self._connection.session = None
                session.wire.check()
            async with self._connection.listen() as session:
                if session.wire.arrived:
                    session.wire.arrived = False
                    return
                if "IDLE" not in session.capabilities:
                    break
                if session.validity is None:
                    await session.select()
                await session.idle(partial(self._stirred, session))
        await asyncio.Event().wait()

    async def _stirred(self, session: Session) -> None:
        """Returns when the connection is wanted or has news, at the latest when IDLE is due for renewal."""
        kept = self._connection
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.idle_seconds):
                while not (kept.wanted or session.wire.arrived or session.wire.lost):
                    kept.wake.clear()
                    await kept.wake.wait()

    async def close(self) -> None:
        """The connection is ended; whoever uses it gets Unavailable, now and later."""
        await self._connection.close()


class Door:
    """Opens connections of one account."""

    def __init__(
        self, access: ImapAccess, user: str, password: str, pace: Pace, clock: Clock, hosts: Hosts | None = None
    ) -> None:
        self._hosts = hosts or Hosts(clock)
        self._access, self._user, self._password, self._pace, self._clock = access, user, password, pace, clock
        self._refused: tuple[float, str] | None = None  # the last log-in, when (monotonic) and with what words

    async def open(self, notify: Callable[[], None]) -> Session:
        """A logged-in connection; `notify` is called when it stirs. Raises InboxError."""
        if not self._access.host:
            raise Unavailable("the settings name no IMAP server")
        if re.search(r"[\x00\r\n]", self._user + self._password):
            raise Refused("the IMAP user name or password holds a line break", mailbox=True)
        if self._refused and self._clock.monotonic() - self._refused[0] < self._pace.login_seconds:
            # Look, letters and watch come here each for itself: together they would lock the account (RELIABILITY I8).
            raise Refused(self._refused[1], mailbox=True)
        wire = ImapWire(Patience(self._pace, self._clock), notify)
        try:
            context = _trusting(self._access.ca_file)
            async with asyncio.timeout(self._pace.request_seconds):
                host, loop = self._access.host, asyncio.get_running_loop()
                line = await self._hosts.connect(host, self._access.port)
                await loop.create_connection(lambda: wire, sock=line, ssl=context, server_hostname=host)
                return await self._logged_in(wire)
        except BaseException as error:
            await wire.end("no log-in")
            if isinstance(error, Refused):
                self._refused = self._clock.monotonic(), str(error)
            if isinstance(error, InboxError) or not isinstance(error, Exception):
                raise
            raise Unavailable(_reason(error)) from (error if isinstance(error, OSError) else None)

    async def _logged_in(self, wire: ImapWire) -> Session:
        greeting = await wire.greeting()
        wire.check()
        if greeting.status != "OK":  # PREAUTH would be another's log-in
            raise Unavailable("the IMAP server does not greet as one")
        session = Session(wire, self._pace, self._clock)
        user, password = _quoted(self._user), _quoted(self._password)
        wire.secrets = self._password, password[1:-1]  # some servers repeat the line that they did not like
        _, end = await session.run(f"LOGIN {user} {password}")
        if end.status != "OK":
            raise refusal(End(end.status, said(end.text, *wire.secrets).encode()), "the log-in", mailbox=True)
        await session.ask_capabilities(end)
        wire.arrived = True  # what came while we were away is news
        return session


def _quoted(word: str) -> str:
    """A quoted string (RFC 3501 9); it must hold no line break."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _reason(error: Exception) -> str:
    if isinstance(error, TlsFileUnusable):
        return str(error)
    if isinstance(error, TimeoutError):
        return "the IMAP server did not answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the IMAP server's certificate cannot be verified: {said(error.verify_message)}"
    if isinstance(error, OSError):
        return f"the IMAP server could not be reached: {said(str(error))}"
    return f"the IMAP server does not speak as it should ({type(error).__name__})"


def _key(upstream_id: str) -> tuple[int, int]:
    """UIDVALIDITY and UID. Raises Refused for an id of another shape: that letter may well lie behind another door."""
    found = _KEY.fullmatch(upstream_id)
    if found is None:
        raise Refused("the letter was found through this mailbox's REST door; set inbox = rest again to finish it")
    return int(found[1]), int(found[2])
