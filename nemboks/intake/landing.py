"""Whether a mail arrived: a look into the company's own mailbox, by Message-ID.

Promises: every folder is opened with EXAMINE, so no flag of any mail changes; a look ends within the pace's
request_seconds; junk and bin are told from the rest by their special use (RFC 6154), or else by the names that servers
and mail programs give them, and what lies below them counts as them.
A mail that is marked \\Deleted where it lies counts as in the bin: some filters move by copying and marking.
A folder of all mail (\\All) may show junk too (RFC 6154 2): what is found there is looked for in junk and bin as well.
Never does: read a mail's contents, look into shared or other users' folders, or into sent mail and drafts.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from nemboks.domain.mailbox import Mailbox
from nemboks.domain.pace import Pace
from nemboks.intake.imap import Door, ImapAccess
from nemboks.intake.kept import KeptConnection
from nemboks.intake.search import Folder, examine, folders, quoted, search
from nemboks.intake.session import Session
from nemboks.ports import Clock, Landed, Place, Refused, Unavailable

_WHOLE_ID: Final = re.compile(r"(?=.{1,500}$)<[!-;=?-~]+@[!-;=?-~]+>")
_MOST_FOLDERS: Final = 200  # of a mailbox without \All; a look stays a matter of seconds

# \Spam stands in Gmail's older XLIST. Names: Dovecot, Cyrus, Exchange and Outlook (Danish and English), Apple Mail.
_SPECIAL: Final = {"\\junk": Place.JUNK, "\\spam": Place.JUNK, "\\trash": Place.BIN}
_NAMES: Final = {
    **dict.fromkeys(
        ("junk", "spam", "junk e-mail", "junk email", "junk mail", "bulk mail", "bulk", "uønsket mail",
         "uønsket e-mail", "uønsket post", "karantæne", "quarantine"), Place.JUNK,
    ),
    **dict.fromkeys(
        ("trash", "bin", "deleted items", "deleted messages", "deleted", "slettet post", "slettede elementer",
         "slettede meddelelser", "slettet", "papirkurv", "recycle bin"), Place.BIN,
    ),
}  # fmt: skip
_OUR_OWN: Final = {"\\sent", "\\drafts"}  # what the company wrote


@dataclass(frozen=True, slots=True)
class Login:
    """An IMAP account."""

    access: ImapAccess
    user: str
    password: str = field(repr=False)

    def connection(self, pace: Pace, clock: Clock) -> KeptConnection:
        """Not open yet; replaced when nobody has used it for spare_seconds."""
        door = Door(self.access, self.user, self.password, pace, clock)
        return KeptConnection(door.open, clock, pace.spare_seconds)


class ImapLandings:
    """The Landings port over IMAP; `logins` by their names in the settings' [landings]."""

    def __init__(self, logins: Mapping[str, Login], pace: Pace, clock: Clock) -> None:
        self._pace = pace
        self._kept = {name: login.connection(pace, clock) for name, login in logins.items()}

    async def look(self, mailbox: Mailbox, message_id: str) -> Landed | None:
        """Where the mail lies, None if it is not there. Raises Unavailable, or Refused when we may not look."""
        kept = self._kept.get(mailbox.options.landing)
        if kept is None:
            raise Refused(f"the settings have no [landings.{mailbox.options.landing}]", mailbox=True)
        try:
            async with kept.use() as session, asyncio.timeout(self._pace.request_seconds):
                return await _look(session, message_id)
        except TimeoutError:
            raise Unavailable("the look into the mailbox took too long") from None

    async def close(self) -> None:
        """Every connection is ended."""
        await asyncio.gather(*(kept.close() for kept in self._kept.values()))


async def _look(session: Session, message_id: str) -> Landed | None:
    # The search is for a part of the field (RFC 3501 6.4.4), and a message that goes as it is brings its sender's own
    # Message-ID: one such as "@" would be found in any mail. Its brackets make it whole (RFC 5322 3.6.4).
    if not _WHOLE_ID.fullmatch(message_id):
        raise Refused("this Message-ID cannot be searched for")
    criteria = f"HEADER Message-ID {quoted(message_id)}"
    sights = _Sights()
    for folder, place in plan(await folders(session)):
        if sights.enough(place) or not await examine(session, folder):
            continue
        if await search(session, criteria):
            marked = not await search(session, f"UNDELETED {criteria}")
            sights.saw(folder, Place.BIN if marked else place)
    return sights.best()


class _Sights:
    """What was seen so far in one look. A place of None stands for \\All: the mail lies somewhere."""

    def __init__(self) -> None:
        self._seen: dict[Place | None, Folder] = {}

    def saw(self, folder: Folder, place: Place | None) -> None:
        self._seen.setdefault(place, folder)

    def enough(self, place: Place | None) -> bool:
        """Whether a look into such a folder could tell nothing better."""
        seen = self._seen
        return Place.INBOX in seen or (Place.JUNK in seen and place is not Place.INBOX) or place in seen

    def best(self) -> Landed | None:
        for place in (Place.INBOX, Place.JUNK, Place.BIN, None):
            if place in self._seen:
                return Landed(place or Place.INBOX, self._seen[place].name)
        return None


def plan(listed: Sequence[Folder]) -> Iterator[tuple[Folder, Place | None]]:
    """The folders in the order of the look, each with what a mail in it means; None for \\All.

    The inbox, the rest (or \\All in its place), junk, the bin: a mail that a person saves from junk while we look is
    missed and found the next time; in the other order, one that is filtered meanwhile would count as in the inbox.
    """
    marked = [(folder, _own_place(folder)) for folder in listed]
    heads = [(folder.levels, place) for folder, place in marked if place in (Place.JUNK, Place.BIN)]
    everything = [folder for folder in listed if folder.attributes & {"\\all", "\\allmail"}]
    groups: dict[Place, list[Folder]] = {place: [] for place in Place}
    for folder in listed:
        if folder in everything or folder.attributes & _OUR_OWN:
            continue
        above = [place for levels, place in heads if folder.levels[: len(levels)] == levels]
        groups[above[0] if above else Place.INBOX].append(folder)
    rest = sorted(groups[Place.INBOX], key=lambda folder: (not _is_inbox(folder), "\\archive" not in folder.attributes))
    yield from ((folder, Place.INBOX) for folder in rest[: 1 if everything else _MOST_FOLDERS])
    yield from ((folder, None) for folder in everything)
    for place in (Place.JUNK, Place.BIN):
        yield from ((folder, place) for folder in groups[place])


def _is_inbox(folder: Folder) -> bool:
    return folder.raw.upper() == "INBOX"


def _own_place(folder: Folder) -> Place:
    if _is_inbox(folder):
        return Place.INBOX
    special = [_SPECIAL[each] for each in folder.attributes if each in _SPECIAL]
    named = [_NAMES[level.casefold()] for level in folder.levels if level.casefold() in _NAMES]
    return next(iter(special + named), Place.INBOX)
