"""One inbox behind the IMAP face: who lies under which UID."""

from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any, ClassVar

from tests.simulation.floor2.letters import Post

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Box:
    """Letters by ascending UID; `coming` arrive when their time has come."""

    coming: list[Post]
    another: "Callable[[], Post]"  # makes one more letter, for a UID that is given to another
    validity: int = 7
    uids: dict[int, Post] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    by_others: set[int] = field(default_factory=set)  # marked \\Deleted, not by us
    sessions: set[Any] = field(default_factory=set)
    _next: int = 1
    outlives: ClassVar = True  # a kill

    def arrived(self, now: float) -> None:
        """Whoever came since has a UID from now on."""
        for post in [post for post in self.coming if post.since <= now]:
            self.coming.remove(post)
            self.uids[self._next] = post
            self._next += 1

    def arrival(self, now: float) -> None:
        """Letters came: whoever waits is told."""
        self.arrived(now)
        for session in self._told():
            session.tell(b"* %d EXISTS\r\n" % len(self.uids))

    def place(self, uid: int) -> int:
        """The sequence number."""
        return sorted(self.uids).index(uid) + 1

    def drop(self, uid: int) -> None:
        del self.uids[uid]
        self.deleted.discard(uid)
        self.by_others.discard(uid)

    def others_take(self, uid: int) -> None:
        """Another client removes the letter."""
        self.uids[uid].taken = "others"
        self.drop(uid)

    def swap(self, uid: int) -> None:
        """Against all rules another letter lies under the UID from now on."""
        self.uids[uid].taken = "others"
        self.uids[uid] = self.another()
        self.uids[uid].gave_up = True  # found under an id that is known as another letter's: a person's business
        self.deleted.discard(uid)

    def renumber(self) -> None:
        """A new UIDVALIDITY: everybody has another UID, some that of a neighbour."""
        self.validity += 1
        posts = list(self.uids.values())[::-1]
        marked = [self.uids[uid] for uid in self.deleted]
        others = [self.uids[uid] for uid in self.by_others]
        self.uids = dict(enumerate(posts, 1))
        self.deleted = {uid for uid, post in self.uids.items() if post in marked}
        self.by_others = {uid for uid, post in self.uids.items() if post in others}
        self._next = len(posts) + 1
        for session in self._told():
            session.drop()
        self.sessions.clear()

    def heal(self) -> None:
        """The neighbours take their marks back."""
        self.deleted -= self.by_others
        self.by_others.clear()

    def lines(self) -> list[bytes]:
        """The list, as FETCH tells it."""
        found = []
        for number, (uid, post) in enumerate(sorted(self.uids.items()), 1):
            flags = b"\\Deleted" if uid in self.deleted else b"\\Seen" if uid % 2 else b""
            date = post.at.astimezone(UTC).strftime("%d-%b-%Y %H:%M:%S +0000").encode()
            found.append(b'* %d FETCH (UID %d INTERNALDATE "%b" RFC822.SIZE %d FLAGS (%b))\r\n' % (
                number, uid, date, len(post.raw), flags,
            ))  # fmt: skip
        return found

    def _told(self) -> list[Any]:
        """Sessions in the order of their connections: a set of objects has another order in every process."""
        return sorted(self.sessions, key=lambda session: session.line.number)
