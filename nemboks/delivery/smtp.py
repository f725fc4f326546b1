"""One connection's transactions: envelope, body, dot (RFC 5321, 1870, 2920, 3030, 6152).

Promises: one recipient per transaction; the dot (or `BDAT 0 LAST`) is written by `finish` alone, as a write of its
own, and only while nothing unread lies before it; a reply is matched to its command by counting. `usable` is True
only between two transactions whose every reply was read: whatever else happens, a cancel too, leaves it False and
the owner closes the connection.

Never: a dot after a refused recipient, even if DATA was answered 354 (RFC 2920 3.1 would have us send an empty one).
"""

import asyncio
from collections.abc import Callable, Generator
from dataclasses import replace
from types import coroutine

from nemboks.delivery.access import Progress, Stopped
from nemboks.delivery.commands import Cutter, Stuffing, envelope_commands
from nemboks.delivery.stream import Wire
from nemboks.delivery.wire import Dialler, dial
from nemboks.domain.proof import Reply, Stage
from nemboks.ports import Mail

PIECE = 131_072  # bytes; 256 kB cost a third more processor time
UNANSWERED = 16  # BDAT commands; so many replies fit into any socket buffer
QUIT_SECONDS = 5.0


class Smtp:
    """One connection to one server, for one letter at a time."""

    def __init__(self, dialler: Dialler) -> None:
        self.progress = Progress()
        self.usable = False
        self._dialler = dialler
        self._pace = dialler.pace
        self._wire: Wire | None = None
        self._stuffing = Stuffing()
        self._chunking = False
        self._over = True  # no letter is half said: there was none, or the last one was taken
        self._owed = 0  # replies to BDAT that are still to come

    async def open(self) -> None:
        """Connect, verify, log in. Raises Stopped, as everything here does when the server will not."""
        self._wire = await dial(self._dialler, self.progress)
        self.usable = True

    async def envelope(self, mail: Mail, again: bool = False) -> None:
        """Announce the letter. A refusal whose replies were all read leaves the connection usable.

        `again`: on a connection that carried a letter before. One that the server took is over for both sides
        (RFC 5321 4.1.1.4); only one that it refused it is told to forget.
        """
        self.progress = replace(self.progress, stage=Stage.MAIL)
        self._stuffing, self._owed = Stuffing(), 0
        self._chunking = "chunking" in self._line.offers
        commands = envelope_commands(mail, self._line.offers, self._dialler.access.way)
        # A kept connection that takes longer than a new one would is not worth waiting for.
        first = self._pace.connect_seconds if again else self._pace.reply_seconds
        self.usable = False
        if not self._over:
            await self._forget(first)
        self._over = False
        if "pipelining" in self._line.offers:
            await self._pipelined(commands, first)
        else:
            await self._in_turn(commands, first)
        self.progress.stage = Stage.BODY

    async def body(self, mail: Mail) -> None:
        """Send all of the letter but its dot; returns when our buffers are empty. Exceptions of `pieces` pass."""
        size = 0
        cutter = Cutter(PIECE)
        async for piece in mail.pieces:
            size += len(piece)
            for part in cutter.add(piece):
                await self._send(part)
        if cutter.rest:
            await self._send(cutter.rest)
        if size != mail.size:
            raise ValueError(f"a letter of {mail.size} bytes brought {size}")
        await self._answered(0)
        with _Patience(self._pace.reply_seconds, "the server did not read on") as until:
            await self._line.drain(until)
        await _breath()
        await _breath()  # a signal that came meanwhile is heard before anybody asks whether the dot may go
        self._hear()

    async def finish(self) -> Reply:
        """The answer to the dot: 2yz, 4yz or 5yz. If Stopped is raised at Stage.DOT, nobody knows."""
        await _breath()
        await _breath()  # the loop looks at the socket in the first turn and reads it before the second
        self._hear()
        if not self._line.quiet:
            raise Stopped("half a reply before the dot")
        self.progress.stage = Stage.DOT
        self._line.write(b"BDAT 0 LAST\r\n" if self._chunking else self._stuffing.dot)
        reply = await self._reply(self._pace.dot_seconds)
        farewell = self._line.take()  # a server that closes after each letter may say so at once (RFC 5321 3.8)
        if not self._line.quiet or (farewell and farewell.code != 421):
            raise Stopped(f"more than one answer to the dot, the first {reply.code}")
        if reply.code // 100 == 3:
            raise Stopped(f"the dot was answered {reply.code}")
        self._over = reply.code // 100 == 2
        self.usable = not farewell and reply.code != 421 and not self._line.lost
        return reply

    @property
    def fit(self) -> bool:
        """Whether another letter may be tried here: the server was silent since the last."""
        return self.usable and self._line.quiet and not self._line.lost

    def watch(self, stirred: Callable[[], None] | None) -> None:
        """What is called when the server says something or goes, until there is another letter; None: nothing."""
        self._line.stirred = stirred

    async def quit(self) -> None:
        """Take leave and close; what the server makes of it does not matter."""
        self._line.write(b"QUIT\r\n")
        try:
            await self._reply(QUIT_SECONDS)
        except Stopped:
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Close at once."""
        self.usable = False
        if self._wire is not None:
            self._wire.abort()

    @property
    def _line(self) -> Wire:
        assert self._wire is not None, "open() comes first"
        return self._wire

    async def _forget(self, seconds: float) -> None:
        """The server forgets the letter that it refused. A no, or more than one answer, says nothing of the next."""
        self._line.write(b"RSET\r\n")
        reply = await self._reply(seconds)
        if reply.code // 100 != 2 or not self._line.quiet:
            raise Stopped(f"a kept connection answered RSET with {reply.code}")

    async def _in_turn(self, commands: list[tuple[Stage, bytes]], seconds: float) -> None:
        for stage, command in commands:
            self.progress.stage = stage
            if unasked := self._line.take():  # else every answer from here on would be taken for the one before it
                raise _refusal(unasked)
            self._line.write(command)
            reply = await self._reply(seconds)
            if not _goes_on(stage, reply):
                self.usable = _plain_no(reply)
                raise _refusal(reply)
            seconds = self._pace.reply_seconds

    async def _pipelined(self, commands: list[tuple[Stage, bytes]], seconds: float) -> None:
        self._line.write(b"".join(command for _, command in commands))
        for done, (stage, _) in enumerate(commands, 1):
            self.progress.stage = stage
            reply = await self._reply(seconds)
            if not _goes_on(stage, reply):
                self.usable = _plain_no(reply) and await self._all_refused(len(commands) - done)
                raise _refusal(reply)
            seconds = self._pace.reply_seconds

    async def _all_refused(self, count: int) -> bool:
        """Whether the replies behind a refusal came and end the transaction: a 354 would wait for a letter."""
        try:
            replies = [await self._reply(self._pace.reply_seconds) for _ in range(count)]
        except Stopped:
            return False
        return not replies or (_plain_no(replies[-1]) and self._line.quiet)

    async def _send(self, piece: bytes) -> None:
        if self._chunking:
            await self._answered(UNANSWERED - 1 if "pipelining" in self._line.offers else 0)
            self._line.write(b"BDAT %d\r\n%b" % (len(piece), piece))  # a write each would be a TLS record each
            self._owed += 1
        else:
            self._line.write(self._stuffing.add(piece))
        await _breath()  # a fast server would otherwise keep the loop for the whole letter
        self._hear()
        if self._line.clogged:
            with _Patience(self._pace.reply_seconds, "the server did not read on") as until:
                while self._line.clogged:
                    await self._line.change(until)
                    self._hear()

    async def _answered(self, most: int) -> None:
        """Returns when at most so many BDAT commands are without an answer."""
        self._hear()
        if self._owed <= most:
            return
        with _Patience(self._pace.reply_seconds, "no answer to BDAT") as until:
            while self._owed > most:
                await self._line.change(until)
                self._hear()

    def _hear(self) -> None:
        """Take what the server said meanwhile: answers to BDAT, else nothing is due. A 250 here confirms nothing."""
        while reply := self._line.take():
            if self._owed == 0 and reply.code < 400:
                raise Stopped(f"an answer before the dot: {reply.code}")
            if reply.code // 100 != 2:
                raise _refusal(reply)
            self._owed -= 1
        if self._line.lost:
            raise Stopped(self._line.lost)

    async def _reply(self, seconds: float) -> Reply:
        if (reply := self._line.take()) is not None:  # of a pipelined command: it came with the one before
            return reply
        with _Patience(seconds, "no answer") as until:
            return await self._line.reply(until)


def _goes_on(stage: Stage, reply: Reply) -> bool:
    return reply.code == 354 if stage is Stage.DATA else reply.code // 100 == 2


def _plain_no(reply: Reply) -> bool:
    """Whether the server refuses and stays (421: it goes, RFC 5321 3.8)."""
    return reply.code >= 400 and reply.code != 421


def _refusal(reply: Reply) -> Stopped:
    if reply.code >= 400:
        return Stopped("", reply)
    return Stopped(f"an answer that does not belong there ({reply.code})")


class _Patience:
    """Until when one wait may last, in the loop's time; Stopped in the place of its TimeoutError."""

    __slots__ = ("_seconds", "_words")

    def __init__(self, seconds: float, words: str) -> None:
        self._seconds, self._words = seconds, words

    def __enter__(self) -> float:
        return asyncio.get_running_loop().time() + self._seconds

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, TimeoutError):
            raise Stopped(f"{self._words} within {self._seconds:g} s") from None


@coroutine
def _breath() -> Generator[None, None, None]:
    """One turn of the loop for everybody else."""
    yield
