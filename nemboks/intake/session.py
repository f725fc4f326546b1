"""One logged-in IMAP connection and what we do on it: select, refresh, list, fetch, remove, idle (more: search.py).

Promises: letters are named by UID only; a removal is a check of identity, STORE \\Deleted and UID EXPUNGE of exactly
those UIDs; every wait has an end; a command that is left before its tagged line ends the connection.
Never does: EXPUNGE, CLOSE, EXAMINE, or set \\Seen.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Final

from nemboks.domain.pace import Pace
from nemboks.domain.proof import Receipt
from nemboks.intake import responses
from nemboks.intake.imap_wire import End, Exchange, Go, ImapWire, Text
from nemboks.intake.letter_stream import HEADER, several
from nemboks.intake.patience import Patience
from nemboks.intake.responses import refusal
from nemboks.ports import Clock, Gone, InboxError, Listed, Refused, Unavailable

_VALIDITY: Final = re.compile(rb"\* OK \[UIDVALIDITY ([0-9]{1,10})\]", re.I)
_TOLD: Final = re.compile(rb"\[CAPABILITY ([^]]+)\]", re.I)
_CAPABILITIES: Final = re.compile(rb"\* CAPABILITY (.+)", re.I)
_SMALL_BYTES: Final = 1 << 20  # of all but a letter: a line or two
_LINES: Final = 200_000  # of a listing: a mailbox far beyond any other
_LARGEST_UID: Final = (1 << 32) - 1  # RFC 3501 9: nz-number
_CHATTER: Final = 1000  # untagged lines around anything smaller
_SELECTED_SECONDS: Final = 900.0  # a mailbox is selected anew after so long: a server may keep its news to itself


class Session:
    """Used by one task at a time."""

    def __init__(self, wire: ImapWire, pace: Pace, clock: Clock) -> None:
        self.wire = wire
        self.capabilities: frozenset[str] = frozenset()  # in upper case
        self.validity: int | None = None  # UIDVALIDITY of the selected INBOX
        self._selected_at = 0.0  # monotonic
        self._pace, self._clock = pace, clock

    def command(self, line: str) -> Exchange:
        """An exchange, to be used in a `with`."""
        return self.wire.send(line, Patience(self._pace, self._clock))

    async def run(self, line: str) -> tuple[Sequence[bytes], End]:
        """The untagged lines and the tagged one of a command whose answer is small."""
        lines: list[bytes] = []
        with self.command(line) as out:
            while True:
                event = await response(out)
                if isinstance(event, End):
                    return lines, event
                lines.append(event[0])
                if len(lines) > _CHATTER:
                    raise Unavailable("the IMAP server talks without end")

    async def ask_capabilities(self, login: End) -> None:
        """Those that hold after the log-in: as its answer told, which most servers' does and spares a command
        (RFC 3501 6.2.3), or asked for. Raises Unavailable."""
        told, end = _TOLD.search(login.text), login
        if told is None:
            lines, end = await self.run("CAPABILITY")
            told = next((found for line in lines if (found := _CAPABILITIES.fullmatch(line))), None)
        if told is None or end.status != "OK":
            raise Unavailable("the IMAP server does not tell what it can")
        self.capabilities = frozenset(told[1].decode("ascii", "replace").upper().split())

    async def select(self) -> None:
        """INBOX is selected for reading and removing. Refused when it cannot be, for the whole mailbox."""
        wire = self.wire
        before, arrived = wire.count, wire.arrived
        self.validity = wire.count = None
        self._selected_at = self._clock.monotonic()
        lines, end = await self.run("SELECT INBOX")
        if end.status != "OK":
            raise refusal(end, "SELECT", mailbox=True)
        # Of what came just before it no IDLE will tell any more.
        wire.arrived = arrived or before is None or wire.count is None or wire.count > before
        if b"[READ-ONLY]" in end.text.upper():
            raise Refused("the IMAP inbox may only be read: letters could not be removed", mailbox=True)
        found = [m for line in lines if (m := _VALIDITY.match(line))]
        if not found or any(b"[UIDNOTSTICKY]" in line.upper() for line in lines):
            raise Refused("the IMAP server gives its letters no lasting numbers (UIDVALIDITY)", mailbox=True)
        self.validity = int(found[-1][1])

    async def refresh(self) -> None:
        """The wire's count is of now: by NOOP, whose answer tells what came and went (RFC 3501 6.1.2), or by SELECT.
        Raises as `select`."""
        old = self._clock.monotonic() - self._selected_at >= _SELECTED_SECONDS
        known = self.validity is not None and self.wire.count is not None and not old
        if not (known and await self._news() and self.wire.count is not None):
            await self.select()

    async def _news(self) -> bool:
        """Whether the server told what came and went; nobody but the wire wants to know what."""
        return (await self._each("NOOP", lambda _: None)).status == "OK"

    async def _each(self, line: str, take: Callable[[bytes], None]) -> End:
        """The end of a command whose answer may be long; `take` is handed each of its lines as it comes."""
        lines = 0
        with self.command(line) as out:
            while not isinstance(event := await response(out), End):
                lines += 1
                if lines > _LINES:
                    raise Unavailable("the IMAP server's answer does not end")
                if lines % 100 == 0:  # thousands may lie ready at once: the rest of the program is let in between
                    await self._clock.sleep(0)
                take(event[0])
        return event

    async def list(self) -> Sequence[Listed]:
        """All letters by ascending UID; those marked \\Deleted are on their way out already."""
        letters: dict[int, Listed] = {}

        def take(line: bytes) -> None:
            found = responses.attributes(line) if responses.is_fetch(line) else {}
            uid, flags = responses.number(found.get("UID")), found.get("FLAGS")
            if uid is None or "INTERNALDATE" not in found:
                return  # news of a flag that somebody set meanwhile
            if uid > _LARGEST_UID:
                raise Unavailable(f"the IMAP server gives a letter the number {uid}, which no letter can have")
            if isinstance(flags, tuple) and any(str(flag).lower() == "\\deleted" for flag in flags):
                return
            letters[uid] = Listed(f"{self.validity}.{uid}", responses.internal_date(found["INTERNALDATE"]))

        end = await self._each("UID FETCH 1:* (UID INTERNALDATE RFC822.SIZE FLAGS)", take)
        if end.status != "OK":
            raise Unavailable(str(refusal(end, "the list")))
        return [letters[uid] for uid in sorted(letters)]

    async def present(self, uids: Collection[int]) -> set[int]:
        """Under which of these UIDs a message stands."""
        lines, end = await self.run(f"UID FETCH {_set(uids)} (UID)")
        if end.status != "OK":
            raise Unavailable(str(refusal(end, "the look for a letter")))
        found = [responses.attributes(line) for line in lines if responses.is_fetch(line)]
        numbers = {responses.number(each.get("UID")) for each in found}
        return {uid for uid in uids if uid in numbers}

    async def strangers(self, receipts: Mapping[int, Receipt]) -> dict[int, InboxError]:
        """Why a UID's letter may not be removed: Gone, or Refused where another message than the receipt's stands."""
        found: dict[int, InboxError] = {uid: Gone("no letter stands under this UID any more") for uid in receipts}
        command = f"UID FETCH {_set(receipts)} {HEADER}"
        with self.command(command) as out:
            async with aclosing(several(out, receipts, "HEADER")) as headers:
                async for header in headers:
                    digest = hashlib.sha256()
                    async for piece in header:
                        digest.update(piece)
                    assert header.uid is not None
                    receipt = receipts[header.uid]
                    if (header.letter_size, digest.hexdigest()) == (receipt.size, receipt.header_sha256):
                        del found[header.uid]
                    else:
                        found[header.uid] = Refused("another message stands under this UID: nothing was removed")
        return found

    async def remove(self, uids: Collection[int]) -> set[int]:
        """Removes these UIDs and no others; brings those that stand there all the same.

        Raises what the server said before anything was marked; after the STORE every failure is Unavailable.
        """
        _, end = await self.run(f"UID STORE {_set(uids)} +FLAGS.SILENT (\\Deleted)")
        if end.status != "OK":
            raise refusal(end, "the removal")
        _, end = await self.run(f"UID EXPUNGE {_set(uids)}")
        if end.status != "OK":
            raise Unavailable(str(refusal(end, "the removal")))
        return await self.present(uids)

    async def idle(self, until: Callable[[], Awaitable[None]]) -> None:
        """Returns when `until` does, or raises Unavailable when the connection ends first (RFC 2177)."""
        with self.command("IDLE") as out:
            while not isinstance(event := await out.next(), Go):
                if isinstance(event, End):
                    raise Unavailable(str(refusal(event, "IDLE")))
            await until()
            if not out.ended:
                self.wire.write("DONE")
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


def _set(uids: Collection[int]) -> str:
    """A sequence set of these UIDs alone (RFC 3501 9): a range could hold another's letter."""
    return ",".join(str(uid) for uid in sorted(uids))
