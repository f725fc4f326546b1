"""One letter, or its header, as it comes out of an IMAP FETCH: in pieces, and nothing believed that does not add up.

Promises: the iterator ends normally only when the server said OK, the UID is the one asked for and the octets are
RFC822.SIZE many; a cut, a lying literal or a second letter in the answer raises Unavailable.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Collection
from typing import Final

from nemboks.intake import responses
from nemboks.intake.imap_wire import PIECE_BYTES, End, Exchange, Go, Text
from nemboks.intake.responses import refusal
from nemboks.ports import Refused, Unavailable

_CHATTER: Final = 1000  # untagged lines around the letter
LETTER_BYTES: Final = 160 << 20  # the largest lawful letter is 99.5 MB (DIGITAL-POST 1.6)
WHOLE: Final = "(UID RFC822.SIZE BODY.PEEK[])"
HEADER: Final = "(UID RFC822.SIZE BODY.PEEK[HEADER])"


class LetterStream(AsyncIterator[bytes]):
    """The pieces, at most 128 kB each."""

    def __init__(self, out: Exchange, uids: Collection[int], section: str = "") -> None:
        """`section`: "" for the whole letter, "HEADER" for its header block."""
        self._out, self._uids = out, uids
        self._section = f"BODY[{section}]"
        self.letter_size: int | None = None  # RFC822.SIZE, known at the end
        self.uid: int | None = None  # likewise
        self._text = b""  # the response without its octets: attributes may stand before and after them
        self._left, self._size = 0, 0
        self._quoted: bytes | None = None

    async def begins(self) -> bool:
        """Whether there is such a letter. Raises Refused for one beyond 160 MB."""
        for _ in range(_CHATTER):
            event = await self._out.next()
            if isinstance(event, End):
                if event.status != "OK" and b"[EXPUNGEISSUED]" not in event.text.upper():  # RFC 5530
                    raise Unavailable(str(refusal(event, "the letter")))
                return False
            if isinstance(event, Text) and responses.is_fetch(event.text) and self._is_letter(event):
                return True
        raise Unavailable("the IMAP server talks without end")

    def _is_letter(self, event: Text) -> bool:
        self._text = event.text
        if event.literal is not None:
            if not event.text.upper().endswith(f"{self._section} {{{event.literal}}}".encode()):
                raise Unavailable("the IMAP server sent something else than the letter")
            if event.literal > LETTER_BYTES:
                raise Refused(f"the letter is larger than {LETTER_BYTES >> 20} MB")
            self._left = self._size = event.literal
            return True
        found = responses.attributes(event.text)
        body = found.get(self._section)
        if not isinstance(body, bytes):
            # News of a flag that somebody set meanwhile; or NIL, which is what Dovecot says of a letter that another
            # client has just removed.
            return False
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
        await self._closes()
        lines = 0
        while not isinstance(event := await self._out.next(), End):
            lines += 1
            if lines > _CHATTER or isinstance(event, bytes) or (isinstance(event, Text) and event.literal is not None):
                raise Unavailable("the IMAP server sent more than the letter")
            if isinstance(event, Go):
                raise Unavailable("the IMAP server lost its thread")
        if event.status != "OK":
            raise Unavailable(str(refusal(event, "the letter")))

    async def _closes(self) -> None:
        """Returns when the response is over and is the one of a letter that was asked for."""
        if self._quoted is None:
            rest = await self._out.next()
            if not isinstance(rest, Text) or rest.literal is not None:
                raise Unavailable("the IMAP server's letter has no end")
            self._text += rest.text
        found = responses.attributes(self._text)
        self.letter_size = responses.number(found.get("RFC822.SIZE"))
        self.uid = responses.number(found.get("UID"))
        whole = self._section == "BODY[]"
        if self.uid not in self._uids or (whole and self.letter_size != self._size):
            raise Unavailable(f"the IMAP server sent {self._size} octets of a letter of {self.letter_size}")


class _OneOf(LetterStream):
    """Its iterator ends with its response: others may follow."""

    async def _ends(self) -> None:
        await self._closes()


async def several(out: Exchange, uids: Collection[int], section: str) -> AsyncGenerator[LetterStream, None]:
    """The letters of one FETCH, in the server's order, each read whole before the next; `uid` is known at its end.

    Ends when the server said OK. Raises Unavailable, also for a letter that comes twice.
    """
    left = set(uids)
    while await (one := _OneOf(out, left, section)).begins():
        yield one
        if one.uid is None:
            raise AssertionError("a letter was left before its end")
        left.discard(one.uid)
