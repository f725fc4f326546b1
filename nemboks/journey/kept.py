"""A letter that was fetched: read while it comes, and found again where an earlier fetch was cut off behind it.

Promises: of what an earlier fetch sealed nothing counts that is not whole; the letter's own contents go before
another's, and what can be read before what cannot.
Never does: ask upstream, or write anything.
"""

from contextlib import aclosing
from dataclasses import dataclass

from nemboks.content.errors import Unreadable
from nemboks.content.memo import MemoReader
from nemboks.content.message import MessageReader
from nemboks.domain.headline import Headline, Kind, Sealed
from nemboks.domain.letter import Letter
from nemboks.domain.mailbox import Face
from nemboks.journey.world import World
from nemboks.ports import ContentsGone


@dataclass(frozen=True, slots=True)
class Got:
    """A whole letter, sealed; and what was read of it, or why it could not be."""

    headline: Headline | Unreadable
    sealed: Sealed


def found_over(letter: Letter) -> Face:
    """By which door the letter was found: its mailbox may have got the other one since. Over IMAP its id is UIDVALIDITY
    and UID with a dot between, over REST a UUID, which has none."""
    return Face.IMAP if "." in letter.upstream_id else Face.REST


class Reading:
    """A reader that lets the rest of an unreadable letter pass: its bytes may be the only ones there are."""

    def __init__(self, letter: Letter) -> None:
        self._reader: MemoReader | MessageReader = MemoReader() if found_over(letter) is Face.REST else MessageReader()
        self._fault: Unreadable | None = None

    def feed(self, piece: bytes) -> None:
        try:
            if self._fault is None:
                self._reader.feed(piece)
        except Unreadable as e:
            self._fault = e

    def close(self) -> Headline | Unreadable:
        try:
            return self._fault or self._reader.close()
        except Unreadable as e:
            return e


def is_anothers(headline: Headline, letter: Letter) -> bool:
    """Whether these contents are not the letter's that upstream was asked for; a mere message names none."""
    return headline.kind is not Kind.MESSAGE and headline.message_uuid != letter.upstream_id.lower()


def is_right(got: Got, letter: Letter) -> bool:
    """Whether nothing better could be fetched."""
    return not isinstance(got.headline, Unreadable) and not is_anothers(got.headline, letter)


async def kept(letter: Letter, world: World) -> Got | None:
    """The letter that an earlier fetch, ours or another worker's, sealed whole before it was cut off.

    None when there is none to go on with. The row names one seal at most, the latest that was begun; a worker that was
    slower than that one may have left the only whole one.
    """
    best: Got | None = None
    named = () if letter.contents is None else (letter.contents,)
    for sealed in dict.fromkeys((*named, *await world.contents.left(letter.id))):
        got = await _read(letter, sealed, world)
        if got is not None and is_right(got, letter):
            return got
        if best is None or (got is not None and isinstance(best.headline, Unreadable)):
            best = got
    return best


async def _read(letter: Letter, sealed: Sealed, world: World) -> Got | None:
    """What was sealed there; None unless it is whole."""
    reading = Reading(letter)
    try:
        async with aclosing(world.contents.open(letter.id, sealed)) as pieces:
            async for piece in pieces:
                reading.feed(piece)
    except ContentsGone:
        return None
    return Got(reading.close(), sealed)
