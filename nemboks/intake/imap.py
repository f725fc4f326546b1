"""A mailbox behind Digital Post's IMAP face; the only importer of aioimaplib.

Promises: implicit, verified TLS 1.2 or newer or no connection; one kept connection, one task on it at a time (kept.py);
a refused log-in is not tried again for a while. A letter's key is its UIDVALIDITY and UID; a letter is removed only
after its identity was checked again (M05).
Never does: STARTTLS, a log-in before TLS, a removal without UIDPLUS.
"""

import asyncio
import logging
import re
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, NoReturn

import aioimaplib

from nemboks.domain.pace import Pace
from nemboks.domain.proof import Receipt
from nemboks.intake.kept import CLOSE_SECONDS, KeptConnection, Room
from nemboks.intake.letter_stream import WHOLE, LetterStream
from nemboks.intake.removals import Removals
from nemboks.intake.responses import refusal
from nemboks.intake.session import Session
from nemboks.intake.sieve import End, Sieve
from nemboks.intake.tls_files import TlsFileUnusable, trusted_context
from nemboks.intake.words import said
from nemboks.ports import Clock, Gone, InboxError, Listed, Refused, Unavailable

_CAPABILITIES = re.compile(rb"\[CAPABILITY ([^]]+)\]", re.I)  # RFC 3501 6.2.3
_KEY = re.compile(r"([0-9]{1,10})\.([0-9]{1,10})")
_trusting = cache(trusted_context)  # one for all connections that trust the same: to read the system's takes 16 ms

# The library formats whatever it receives for its debug log, log-ins among it.
logging.getLogger("aioimaplib").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class ImapAccess:
    """Where the IMAP face is; `ca_file` None means the system's store."""

    host: str
    port: int
    ca_file: Path | None


class ImapInbox:
    """The Inbox port over IMAP."""

    def __init__(
        self, access: ImapAccess, user: str, password: str, pace: Pace, clock: Clock, room: Room | None = None
    ) -> None:
        """`room`: for the connections of all such inboxes together."""
        self._pace = pace
        self._connection = KeptConnection(Door(access, user, password, pace, clock).open, clock, room=room)
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
            sieve = session.sieve
            await session.refresh()
            sieve.arrived = False
            return [] if sieve.count == 0 else await session.list()

    @asynccontextmanager
    async def fetch(self, upstream_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The letter's octets in pieces of at most 128 kB; complete when the iterator ends."""
        validity, uid = _key(upstream_id)
        async with self._connection.use() as session:
            if session.validity is None:
                await session.select()
            if session.validity == validity:
                async with session.command(f"UID FETCH {uid} {WHOLE}") as out:
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
            if session is not None and session.sieve.lost:
                # Said once instead of connecting again: a server that drops every IDLE must not be hammered.
                self._connection.session = None
                session.sieve.check()
            async with self._connection.listen() as session:
                if session.sieve.arrived:
                    session.sieve.arrived = False
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
                while not (kept.wanted or session.sieve.arrived or session.sieve.lost):
                    kept.wake.clear()
                    await kept.wake.wait()

    async def close(self) -> None:
        """The connection is ended; whoever uses it gets Unavailable, now and later."""
        await self._connection.close()


class Door:
    """Opens connections of one account; the log-in and the library's part of it are here."""

    def __init__(self, access: ImapAccess, user: str, password: str, pace: Pace, clock: Clock) -> None:
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
        over = asyncio.Event()
        engine: Any = None
        try:
            context = _trusting(self._access.ca_file)
            async with asyncio.timeout(self._pace.request_seconds):
                engine = aioimaplib.IMAP4(
                    self._access.host, self._access.port, timeout=self._pace.request_seconds, ssl_context=context,
                    conn_lost_cb=lambda _: over.set(),
                )  # fmt: skip
                return await self._logged_in(engine, over, notify)
        except BaseException as error:
            await _dropped(engine, over)
            if isinstance(error, Refused):
                self._refused = self._clock.monotonic(), str(error)
            if isinstance(error, InboxError) or not isinstance(error, Exception):
                raise
            # The library's own words may hold the command, and with it the password: only the system's are used.
            raise Unavailable(_reason(error)) from (error if isinstance(error, OSError) else None)

    async def _logged_in(self, engine: Any, over: asyncio.Event, notify: Callable[[], None]) -> Session:
        await _unless(over, engine, engine.wait_hello_from_server())
        sieve = Sieve(engine.protocol, engine.protocol.transport, notify)
        # The library quotes the password, but not the user name (RFC 3501 9: both are astring).
        user = '"' + self._user.replace("\\", "\\\\").replace('"', '\\"') + '"'
        try:
            answer = await _unless(over, engine, engine.login(user, self._password))
            if answer.result != "OK":
                text = said(b" ".join(answer.lines[-1:]), self._password).encode()
                raise refusal(End(answer.result, text), "the log-in", mailbox=True)
            told = _CAPABILITIES.search(b" ".join(answer.lines[-1:]))  # most servers do, which spares a command
            if told is None:
                await _unless(over, engine, engine.protocol.capability())
            names = told[1].decode("ascii", "replace").split() if told else engine.protocol.capabilities
        except ConnectionError:
            sieve.check()
            raise
        sieve.arrived = True  # what came while we were away is news
        return Session(sieve, frozenset(map(str.upper, names)), self._pace, self._clock)


async def _unless(over: asyncio.Event, engine: Any, work: Coroutine[Any, Any, Any]) -> Any:
    """What the library's call brings. ConnectionError when the connection ends first: the library would not notice."""
    task, end = asyncio.ensure_future(work), asyncio.ensure_future(over.wait())
    try:
        await asyncio.wait({task, end}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ConnectionError("it closed the connection before the log-in")
    finally:
        # Its task for the greeting holds a lock while it asks for capabilities, and a Condition swallows cancels
        # until it has that lock: cancelled alone, the call would never end.
        left = [end] if task.done() else [end, task, *engine.protocol.tasks]
        for each in left:
            each.cancel()
        await asyncio.gather(*left, return_exceptions=True)


async def _dropped(engine: Any, over: asyncio.Event) -> None:
    """Leaves no socket behind."""
    if engine is not None and engine.protocol.transport is not None:
        engine.protocol.transport.abort()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await over.wait()


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
