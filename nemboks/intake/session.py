"""One logged-in IMAP connection and the five things we do on it: select, list, fetch, remove, idle (more: search.py).

Promises: letters are named by UID only; a removal is a check of identity, STORE \\Deleted and UID EXPUNGE of exactly
that UID; every wait has an end; a command that is left before its tagged line ends the connection.
Never does: EXPUNGE, CLOSE, EXAMINE, or set \\Seen.
"""

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from nemboks.domain.pace import Pace
from nemboks.domain.proof import Receipt
from nemboks.intake import responses
from nemboks.intake.letter_stream import HEADER, LetterStream
from nemboks.intake.patience import Patience
from nemboks.intake.responses import refusal
from nemboks.intake.sieve import End, Exchange, Go, Sieve, Text
from nemboks.ports import Clock, Gone, InboxError, Listed, Refused, Unavailable

_SMALL_BYTES: Final = 1 << 20  # of all but a letter: a line or two
_LINES: Final = 200_000  # of a listing: a mailbox far beyond any other
_LARGEST_UID: Final = (1 << 32) - 1  # RFC 3501 9: nz-number
_CHATTER: Final = 1000  # untagged lines around anything smaller


class Session:
    """Used by one task at a time."""

    def __init__(self, sieve: Sieve, capabilities: frozenset[str], pace: Pace, clock: Clock) -> None:
        self.sieve, self.capabilities = sieve, capabilities
        self.validity: int | None = None  # UIDVALIDITY of the selected INBOX
        self._pace, self._clock = pace, clock

    @asynccontextmanager
    async def command(self, line: str) -> AsyncIterator[Exchange]:
        """An exchange; left before its end, it takes the connection with it: nobody could tell what still comes."""
        out = self.sieve.send(line, Patience(self._pace, self._clock))
        try:
            yield out
        finally:
            if not out.ended:
                self.sieve.abort("given up in the middle of an answer")

    async def run(self, line: str) -> tuple[Sequence[bytes], End]:
        """The untagged lines and the tagged one of a command whose answer is small."""
        lines: list[bytes] = []
        async with self.command(line) as out:
            while True:
                event = await response(out)
                if isinstance(event, End):
                    return lines, event
                lines.append(event[0])
                if len(lines) > _CHATTER:
                    raise Unavailable("the IMAP server talks without end")

    async def select(self) -> None:
        """INBOX is selected for reading and removing. Refused when it cannot be, for the whole mailbox."""
        self.validity = None
        lines, end = await self.run("SELECT INBOX")
        if end.status != "OK":
            raise refusal(end, "SELECT", mailbox=True)
        if b"[READ-ONLY]" in end.text.upper():
            raise Refused("the IMAP inbox may only be read: letters could not be removed", mailbox=True)
        found = [m for line in lines if (m := re.match(rb"\* OK \[UIDVALIDITY ([0-9]{1,10})\]", line, re.I))]
        if not found or any(b"[UIDNOTSTICKY]" in line.upper() for line in lines):
            raise Refused("the IMAP server gives its letters no lasting numbers (UIDVALIDITY)", mailbox=True)
        self.validity = int(found[-1][1])

    async def list(self) -> Sequence[Listed]:
        """All letters by ascending UID; those marked \\Deleted are on their way out already."""
        letters: dict[int, Listed] = {}
        lines = 0
        async with self.command("UID FETCH 1:* (UID INTERNALDATE RFC822.SIZE FLAGS)") as out:
            while not isinstance(event := await response(out), End):
                lines += 1
                if lines > _LINES:
                    raise Unavailable("the list of letters does not end")
                if lines % 100 == 0:  # thousands may lie ready at once: the rest of the program is let in between
                    await self._clock.sleep(0)
                if not responses.is_fetch(event[0]):
                    continue
                found = responses.attributes(event[0])
                uid, flags = responses.number(found.get("UID")), found.get("FLAGS")
                if uid is None or "INTERNALDATE" not in found:
                    continue  # news of a flag that somebody set meanwhile
                if uid > _LARGEST_UID:
                    raise Unavailable(f"the IMAP server gives a letter the number {uid}, which no letter can have")
                if isinstance(flags, tuple) and any(str(flag).lower() == "\\deleted" for flag in flags):
                    continue
                date = responses.internal_date(found["INTERNALDATE"])
                letters[uid] = Listed(f"{self.validity}.{uid}", date)
        if event.status != "OK":
            raise Unavailable(str(refusal(event, "the list")))
        return [letters[uid] for uid in sorted(letters)]

    async def present(self, uid: int) -> bool:
        """Whether a message stands under this UID."""
        lines, end = await self.run(f"UID FETCH {uid} (UID)")
        if end.status != "OK":
            raise Unavailable(str(refusal(end, "the look for a letter")))
        found = [responses.attributes(line) for line in lines if responses.is_fetch(line)]
        return any(responses.number(each.get("UID")) == uid for each in found)

    async def check_identity(self, uid: int, receipt: Receipt) -> None:
        """Nothing, when the receipt's letter stands under the UID. Raises Gone, or Refused for another message."""
        digest = hashlib.sha256()
        async with self.command(f"UID FETCH {uid} {HEADER}") as out:
            header = LetterStream(out, uid, "HEADER")
            if not await header.begins():
                raise Gone("no letter stands under this UID any more")
            async for piece in header:
                digest.update(piece)
        if header.letter_size != receipt.size or digest.hexdigest() != receipt.header_sha256:
            raise Refused("another message stands under this UID: nothing was removed")

    async def remove(self, uid: int) -> str:
        """Removes this UID and no other; brings words. After the STORE every failure is Unavailable: half is done."""
        _, end = await self.run(f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")
        if end.status != "OK":
            raise refusal(end, "the removal")
        _, end = await self.run(f"UID EXPUNGE {uid}")
        if end.status != "OK":
            raise Unavailable(str(refusal(end, "the removal")))
        if await self.present(uid):
            raise Unavailable("the letter still stands there after its removal")
        return f"removed (UID EXPUNGE {uid})"

    async def idle(self, until: Callable[[], Awaitable[None]]) -> None:
        """Returns when `until` does, or raises Unavailable when the connection ends first (RFC 2177)."""
        async with self.command("IDLE") as out:
            while not isinstance(event := await out.next(), Go):
                if isinstance(event, End):
                    raise Unavailable(str(refusal(event, "IDLE")))
            await until()
            if not out.ended:
                self.sieve.write("DONE")
            out.renew(Patience(self._pace, self._clock))
            while not isinstance(await out.next(), End):
                pass

    async def log_out(self) -> None:
        """Takes leave; whether the server does too does not matter."""
        with suppress(InboxError):
            await self.run("LOGOUT")


async def response(out: Exchange, most: int = _SMALL_BYTES) -> tuple[bytes, Sequence[bytes]] | End:
    """One whole response, literals beside its text; or the end. Only for small ones, of `most` octets."""
    text, literals, size = b"", [b""], 0
    while True:
        event = await out.next()
        match event:
            case End():
                return event
            case Text(more, literal):
                text += more
                if literal is None:
                    return text, literals[1:]
                literals.append(b"")
            case bytes():
                literals[-1] += event
            case _:
                continue
        size += len(event) if isinstance(event, bytes) else len(event.text)
        if size > most:
            raise Unavailable("the IMAP server sent more than was asked for")
