"""One letter as it comes out of an IMAP FETCH: its octets in pieces, and nothing believed that does not add up.

Promises: the iterator ends normally only when the server said OK, the UID is the one asked for and the octets are
RFC822.SIZE many; a cut, a lying literal or a second letter in the answer raises Unavailable.
"""

import re
from collections.abc import AsyncIterator
from typing import Final

from nemboks.intake import responses
from nemboks.intake.session import LETTER_BYTES, refusal
from nemboks.intake.sieve import PIECE_BYTES, End, Exchange, Go, Text
from nemboks.ports import Refused, Unavailable

_CHATTER: Final = 1000  # untagged lines around the letter
WANTED: Final = "(UID RFC822.SIZE BODY.PEEK[])"
_BEGINS = re.compile(rb"BODY\[\] \{([0-9]+)\}$", re.I)


class LetterStream(AsyncIterator[bytes]):
    """The pieces, at most 128 kB each."""

    def __init__(self, out: Exchange, uid: int) -> None:
        self._out, self._uid = out, uid
        self._text = b""  # the response without its octets: attributes may stand before and after them
        self._left, self._size = 0, 0
        self._quoted: bytes | None = None

    async def begins(self) -> bool:
        """Whether there is such a letter. Raises Refused for one beyond 160 MB."""
        for _ in range(_CHATTER):
            event = await self._out.next()
            if isinstance(event, End):
                if event.status != "OK":
                    raise Unavailable(str(refusal(event, "the letter")))
                return False
            if isinstance(event, Text) and responses.is_fetch(event.text) and self._is_letter(event):
                return True
        raise Unavailable("the IMAP server talks without end")

    def _is_letter(self, event: Text) -> bool:
        self._text = event.text
        if event.literal is not None:
            if _BEGINS.search(event.text) is None:
                raise Unavailable("the IMAP server sent something else than the letter")
            if event.literal > LETTER_BYTES:
                raise Refused(f"the letter is larger than {LETTER_BYTES >> 20} MB")
            self._left = self._size = event.literal
            return True
        found = responses.attributes(event.text)
        if "BODY[]" not in found:
            return False  # news of a flag that somebody set meanwhile
        body = found["BODY[]"]
        if not isinstance(body, bytes):
            raise Unavailable("the IMAP server has the letter but not its text")
        self._quoted, self._size = body, len(body)
        return True

    async def __anext__(self) -> bytes:
        if self._quoted:
            piece, self._quoted = self._quoted[:PIECE_BYTES], self._quoted[PIECE_BYTES:]
            return piece
        if self._left:
            event = await self._out.next()
            if not isinstance(event, bytes):
                raise Unavailable("the IMAP server's letter ended early")
            self._left -= len(event)
            return event
        await self._ends()
        raise StopAsyncIteration

    async def _ends(self) -> None:
        """Returns when all adds up."""
        rest_due = self._quoted is None
        lines = 0
        while not isinstance(event := await self._out.next(), End):
            lines += 1
            if lines > _CHATTER or isinstance(event, bytes) or (isinstance(event, Text) and event.literal is not None):
                raise Unavailable("the IMAP server sent more than the letter")
            if isinstance(event, Text) and rest_due:
                self._text, rest_due = self._text + event.text, False
            elif isinstance(event, Go):
                raise Unavailable("the IMAP server lost its thread")
        found = responses.attributes(self._text)
        if event.status != "OK":
            raise Unavailable(str(refusal(event, "the letter")))
        size = responses.number(found.get("RFC822.SIZE"))
        if responses.number(found.get("UID")) != self._uid or size != self._size:
            raise Unavailable(f"the IMAP server sent {self._size} octets of a letter of {size}")
