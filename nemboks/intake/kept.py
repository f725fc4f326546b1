"""One IMAP connection that is kept between uses, and how many of them may be.

Promises: one task on it at a time; whoever only listens (IDLE) gives way when somebody wants it; a failure or a cancel
ends the connection, and the next use opens another; after `close` nobody gets one.
Never does: try twice. What failed is tried again by whoever asked, when its time comes.
"""

import asyncio
import resource
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final

from nemboks.intake.imap_wire import CLOSE_SECONDS
from nemboks.intake.session import Session
from nemboks.ports import Clock, Gone, Refused, Unavailable

UNUSED: Final = 256  # connections: some 30 MB, and with the watched ones half of the 1,024 files of a plain process
AWAITED: Final = 744  # more, 90 MB, while letters lie behind them

Opener = Callable[[Callable[[], None]], Awaitable[Session]]


class Room:
    """For connections that are open and in nobody's use. Whoever is done with one when the room is full closes it:
    mailboxes are looked at in turn, so the one unused for longest is the next that is wanted.

    One to a mailbox with letters finds more room: it is wanted soon, for each of them and for its removal, and looks
    run ahead of those.
    """

    def __init__(self, most: int = UNUSED, awaited: int = 0) -> None:
        """`awaited`: so many more if there are letters."""
        self._most, self._awaited = most, awaited
        self._unused: set[KeptConnection] = set()

    def left(self, one: "KeptConnection", letters: bool) -> None:
        """It is unused from now on; whether `letters` are there."""
        if len(self._unused) < self._most + (self._awaited if letters else 0):
            self._unused.add(one)
        else:
            one.give_up("more are kept than there is room for")

    def taken(self, one: "KeptConnection") -> None:
        """It is in use, or over."""
        self._unused.discard(one)


def awaited() -> int:
    """How many more there may be while letters lie behind them, with the files that this process may open."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(0, min(AWAITED, files // 2 - 2 * UNUSED))


class KeptConnection:
    """Opened at its first use."""

    def __init__(
        self, opener: Opener, clock: Clock, unused_seconds: float | None = None, room: Room | None = None
    ) -> None:
        """`opener` gets what to call when the connection stirs. One that nobody used for `unused_seconds` is replaced:
        a firewall may have forgotten it, and the next command would wait for its answer in vain."""
        self._opener, self._clock, self._unused_seconds = opener, clock, unused_seconds
        self._room = room or Room()
        self._turn = asyncio.Lock()
        self._closed = False
        self._used = clock.monotonic()
        self.wanted = 0  # how many wait for the connection while it is held
        self.wake = asyncio.Event()
        self.session: Session | None = None

    def use(self) -> AbstractAsyncContextManager[Session]:
        """The connection for this task alone; an IDLE on it gives way."""
        return _Use(self, urgent=True)

    def listen(self) -> AbstractAsyncContextManager[Session]:
        """The connection for this task, in its turn, and no longer than until another is `wanted`."""
        return _Use(self, urgent=False)

    async def take(self, urgent: bool) -> Session:
        """The open connection, a new one if need be, until it is given `back`; `urgent`: a listener gives way."""
        self.wanted += urgent
        if urgent:
            self.wake.set()
        try:
            await self._turn.acquire()
        finally:
            self.wanted -= urgent
        try:
            self._room.taken(self)
            return await self._opened()
        except BaseException:
            self._turn.release()
            raise

    def back(self, session: Session, error: BaseException | None) -> None:
        """It is free again. Anything but a definite answer ends it."""
        # After a clear answer it goes on; a command that was cut short has ended the connection by itself.
        if error is not None and not isinstance(error, Refused | Gone):
            session.wire.abort("given up after a failure")
        self._used = self._clock.monotonic()
        if self.session is session:
            if session.wire.lost:
                self.session = None
            else:
                self._room.left(self, letters=bool(session.wire.count))
        self._turn.release()

    async def _opened(self) -> Session:
        self._check()
        if self._unused_seconds is not None and self._clock.monotonic() - self._used >= self._unused_seconds:
            self.give_up("it was not used for long")
        session = self.session
        if session is None or session.wire.lost:
            session = await self._opener(self._stirred)
            if self._closed:
                await session.wire.end("closed by us")
                self._check()
            self.session = session
        return session

    def _stirred(self) -> None:
        self.wake.set()
        if self.session is not None and self.session.wire.lost:
            self._room.taken(self)

    def give_up(self, words: str) -> None:
        """The connection, if there is one, is ended; the next use opens another."""
        session, self.session = self.session, None
        if session is not None:
            session.wire.abort(words)

    def _check(self) -> None:
        if self._closed:
            raise Unavailable("this mailbox's connection is closed")

    async def close(self) -> None:
        """The connection is ended; whoever uses it gets Unavailable, now and later."""
        self._closed = True
        self._room.taken(self)
        session, self.session = self.session, None
        if session is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    if not self._turn.locked():
                        await session.log_out()
            await session.wire.end("closed by us")


class _Use(AbstractAsyncContextManager[Session]):
    """A task's turn on a connection."""

    def __init__(self, kept: KeptConnection, urgent: bool) -> None:
        self._kept, self._urgent = kept, urgent
        self._session: Session | None = None

    async def __aenter__(self) -> Session:
        self._session = await self._kept.take(self._urgent)
        return self._session

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        assert self._session is not None
        self._kept.back(self._session, error)
