"""Mistakes that a run must find: each is the program with one promise of the wire left out."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from nemboks.delivery import smtp, wire
from nemboks.delivery.access import Progress, Stopped
from nemboks.domain.proof import Receipt, Reply, Stage, TlsFacts
from nemboks.intake import imap, session
from nemboks.intake.imap_wire import Exchange, ImapWire
from nemboks.ports import Gone, Refused

Patches = Iterator[Any]


def _plain_expunge() -> Patches:
    """EXPUNGE instead of UID EXPUNGE: what others marked goes too."""
    send = ImapWire.send

    def careless(self: ImapWire, command: str, patience: Any) -> Exchange:
        return send(self, re.sub(r"^UID EXPUNGE [\d,]+$", "EXPUNGE", command), patience)

    yield mock.patch.object(ImapWire, "send", careless)


def _sequence_numbers() -> Patches:
    """STORE by the number in the list instead of the UID."""
    send = ImapWire.send

    def careless(self: ImapWire, command: str, patience: Any) -> Exchange:
        return send(self, re.sub(r"^UID STORE", "STORE", command), patience)

    yield mock.patch.object(ImapWire, "send", careless)


def _uidvalidity_ignored() -> Patches:
    """The UID alone names a letter, and whoever lies there now is taken for it."""

    async def acknowledge(self: imap.ImapInbox, receipt: Receipt, repeated: bool) -> str:
        _, uid = imap._key(receipt.upstream_id)
        async with self._connection.use() as one:
            await one.select()
            if not await one.present((uid,)):
                raise Gone("not there")
            await one.remove((uid,))
            return "removed"

    yield mock.patch.object(imap.ImapInbox, "acknowledge", acknowledge)


def _identity_unchecked() -> Patches:
    """Whoever lies under the UID is taken for the letter."""

    look = session.Session.strangers

    async def strangers(self: session.Session, receipts: Any) -> Any:
        return {uid: why for uid, why in (await look(self, receipts)).items() if not isinstance(why, Refused)}

    yield mock.patch.object(session.Session, "strangers", strangers)


def _quit_with_the_dot() -> Patches:
    """QUIT is written together with the dot (Postfix, HISTORY 20051229)."""
    write = smtp.Wire.write

    def hasty(self: smtp.Wire, data: bytes) -> None:
        write(self, data + b"QUIT\r\n" if data in (b".\r\n", b"\r\n.\r\n", b"BDAT 0 LAST\r\n") else data)

    yield mock.patch.object(smtp.Wire, "write", hasty)


def _silence_is_success() -> Patches:
    """No answer to the dot within the time is taken for a 250."""
    finish = smtp.Smtp.finish

    async def hopeful(self: smtp.Smtp) -> Reply:
        try:
            return await finish(self)
        except Stopped:
            if self.progress.stage is Stage.DOT:
                return Reply(250, "2.0.0", "surely")
            raise

    yield mock.patch.object(smtp.Smtp, "finish", hopeful)


def _early_reply_counts() -> Patches:
    """What the server said before the dot is taken for the answer to it."""

    def deaf(self: smtp.Smtp) -> None:
        if self._owed:
            _real_hear(self)

    yield mock.patch.object(smtp.Smtp, "_hear", deaf)
    yield mock.patch.object(smtp.Wire, "quiet", property(lambda self: True))


_real_hear = smtp.Smtp._hear


def _chunk_confirms() -> Patches:
    """The 250 to a chunk is taken for the answer to the last one: answers are not counted."""

    async def unanswered(self: smtp.Smtp, most: int) -> None:
        self._owed = 0

    def deaf(self: smtp.Smtp) -> None:
        self._owed = 0

    yield mock.patch.object(smtp.Smtp, "_answered", unanswered)
    yield mock.patch.object(smtp.Smtp, "_hear", deaf)
    yield mock.patch.object(smtp.Wire, "quiet", property(lambda self: True))


def _goes_on_in_clear() -> Patches:
    """A server without STARTTLS is spoken to all the same."""
    start = wire._start_tls
    facts = TlsFacts("TLSv1.3", "none", "nobody", "00" * 32)

    async def opportunistic(engine: Any, access: Any, pace: Any, progress: Progress) -> None:
        if engine.supports_extension("starttls"):
            await start(engine, access, pace, progress)
        else:
            progress.tls = facts

    yield mock.patch.object(wire, "_start_tls", opportunistic)


def _dot_uncommitted() -> Patches:
    """The dot is sent without asking."""
    finish = smtp.Smtp.body

    async def hasty(self: smtp.Smtp, mail: Any) -> None:
        await finish(self, mail)
        await asyncio.sleep(0)
        self._line.write(b"" if self._chunking else self._stuffing.dot)

    yield mock.patch.object(smtp.Smtp, "body", hasty)


MISTAKES: dict[str, Callable[[], Patches]] = {
    "plain_expunge": _plain_expunge,
    "sequence_numbers": _sequence_numbers,
    "uidvalidity_ignored": _uidvalidity_ignored,
    "identity_unchecked": _identity_unchecked,
    "quit_with_the_dot": _quit_with_the_dot,
    "silence_is_success": _silence_is_success,
    "early_reply_counts": _early_reply_counts,
    "chunk_confirms": _chunk_confirms,
    "goes_on_in_clear": _goes_on_in_clear,
    "dot_uncommitted": _dot_uncommitted,
}


@contextlib.contextmanager
def planted(mistake: str | None) -> Iterator[None]:
    """The program with the mistake, until the block ends. KeyError for one that is not known."""
    with contextlib.ExitStack() as stack:
        for patch in MISTAKES[mistake]() if mistake else ():
            stack.enter_context(patch)
        yield
