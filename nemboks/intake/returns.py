"""The box that mail to our return path falls into: bounces and delivery notices.

Promises: reading changes nothing (PEEK); at most the first 1 MiB of a message is fetched; what was acted on is removed,
exactly that UID and no other; what was not understood is flagged (\\Flagged), stays for people and is not read again.
On a server without UIDPLUS a message is only marked \\Deleted: it is passed over from then on, and nobody else's mark
is ever expunged by us. A UID of another UIDVALIDITY is left alone; its message is found again under the new one.
Never does: understand a message. That is content/dsn.py.
"""

import re
from collections.abc import Sequence
from typing import Final

from nemboks.domain.pace import Pace
from nemboks.intake import responses
from nemboks.intake.imap_wire import End
from nemboks.intake.landing import Login
from nemboks.intake.responses import refusal
from nemboks.intake.search import search
from nemboks.intake.session import Session, response
from nemboks.ports import Clock, Refused, ReturnedMail, Unavailable

FIRST_BYTES: Final = 1 << 20
_ROOM: Final = 64 << 10  # for what stands around them
_KEY = re.compile(r"([0-9]{1,10})\.([0-9]{1,10})")


class ImapReturnBox:
    """The ReturnBox port over IMAP."""

    def __init__(self, login: Login, pace: Pace, clock: Clock) -> None:
        self._kept = login.connection(pace, clock)

    async def waiting(self, limit: int) -> Sequence[ReturnedMail]:
        """The first messages, by UID, that are neither flagged nor marked \\Deleted."""
        async with self._kept.use() as session:
            await session.select()
            uids = await search(session, "UNDELETED UNFLAGGED")
            found = [(uid, await _beginning(session, uid)) for uid in uids[:limit]]
            return [ReturnedMail(f"{session.validity}.{uid}", raw) for uid, raw in found if raw is not None]

    async def settle(self, key: str, understood: bool) -> None:
        """The message is removed, or flagged; one that is gone already is fine. Raises InboxError."""
        known = _KEY.fullmatch(key)
        if known is None:
            raise ValueError(f"{key!r} is no key of a message")
        uid = int(known[2])
        async with self._kept.use() as session:
            if session.validity is None:
                await session.select()
            if session.validity != int(known[1]):
                return
            if understood and "UIDPLUS" in session.capabilities:
                left = await session.remove((uid,))
                if left:
                    raise Unavailable("the mail still stands there after its removal")
            else:
                await _mark(session, uid, "\\Deleted" if understood else "\\Flagged")

    async def close(self) -> None:
        """The connection is ended."""
        await self._kept.close()


async def _mark(session: Session, uid: int, flag: str) -> None:
    _, end = await session.run(f"UID STORE {uid} +FLAGS.SILENT ({flag})")
    if end.status != "OK":
        raise refusal(end, "the mark")


async def _beginning(session: Session, uid: int) -> bytes | None:
    """A message's first octets; None when it is gone, none at all when the server cannot give this one."""
    raw: bytes | None = None
    with session.command(f"UID FETCH {uid} (UID BODY.PEEK[]<0.{FIRST_BYTES}>)") as out:
        while not isinstance(event := await response(out, FIRST_BYTES + _ROOM), End):
            text, literals = event
            if not responses.is_fetch(text):
                continue
            found = responses.attributes(text)
            body = found.get("BODY[]<0>")
            if responses.number(found.get("UID")) == uid and body is not None:
                raw = body if isinstance(body, bytes) else b"".join(literals[:1])
    if event.status != "OK":
        error = refusal(event, "a returned message")
        if not isinstance(error, Refused):
            raise error
        return b""  # it would be refused for ever: let people look at it
    return raw
