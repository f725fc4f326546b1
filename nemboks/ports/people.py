"""What people are told: of troubles, of acts and dates, by which paths; and the stream of events."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from nemboks.domain.announcements import Announcement
from nemboks.domain.incidents import Incident, Notice, Sick


class Incidents(Protocol):
    """The store's memory of what is wrong and what was said about it. Each call is one committed transaction."""

    async def sick(self, now: datetime, late_before: datetime) -> Sequence[Sick]:
        """Every letter, delivery and mailbox that something is wrong with now: troubled, held, bounced, silent, or
        undelivered since before `late_before`. Nothing that is only on its way."""
        ...

    async def open(self) -> Sequence[Incident]:
        """Incidents that are not closed."""
        ...

    async def keep(
        self, incidents: Sequence[Incident], notices: Sequence[Notice], known: Sequence[Incident] | None = None
    ) -> bool:
        """Writes changed and new incidents (id 0) and new notices, together. A notice that is there (same incident,
        kind, path and number) is left alone. A new one that tells all (TELLS_ALL) takes the place of those about the
        same incident that its path has not taken yet: they are due no more.

        False, and nothing is written, if another worker has changed what is `known` to be open."""
        ...

    async def due(self, now: datetime, limit: int, without: Collection[str] = ()) -> Sequence[Notice]:
        """Notices that are to be sent now, the oldest first; none along these paths."""
        ...

    def claim(self, notice: Notice) -> AbstractAsyncContextManager[bool]:
        """As Announcements.claim."""
        ...

    async def sent(self, notice: Notice, words: str, at: datetime) -> None: ...
    async def failed(self, notice: Notice, words: str, due_at: datetime) -> None:
        """Not sent; tried again then. A notice is never dropped in silence."""
        ...

    async def notices(self, limit: int) -> Sequence[Notice]:
        """The latest notices, for people."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """A notice in words, with the names that people know its letters by."""

    notice: Notice
    subject: str
    text: str  # lines end in LF
    cvrs: tuple[str, ...] = ()
    references: tuple[str, ...] = ()  # of the first letters


class Notifier(Protocol):
    """One kind of path to people: mail or webhook."""

    async def tell(self, message: Message) -> str:
        """The receiver's words when it took it. Raises NotTold otherwise."""
        ...

    async def close(self) -> None: ...


class NotTold(Exception):
    """The notice was not taken; the message is for people, without secrets."""


class Announcements(Protocol):
    """What is to be said of acts and dates, and what was; acts queue it (Books.tell). Each call is committed."""

    async def due(self, now: datetime, limit: int, without: Collection[str] = ()) -> Sequence[Announcement]:
        """Announcements that are to be sent now, the longest due first; none along these paths."""
        ...

    def claim(self, announcement: Announcement) -> AbstractAsyncContextManager[bool]:
        """Whether it is ours to send until the block ends: as far as we know nobody else sends it, or another one along
        its path, nor has anybody done anything about it since it was read."""
        ...

    async def sent(self, announcement: Announcement, words: str, at: datetime) -> None: ...
    async def failed(self, announcement: Announcement, words: str, due_at: datetime | None) -> None:
        """Not sent; tried again then. None: it would help nobody any more, and the words say why."""
        ...

    async def latest(self, limit: int) -> Sequence[Announcement]:
        """The latest announcements, for people."""
        ...


@dataclass(frozen=True, slots=True)
class Worded:
    """An announcement in words."""

    announcement: Announcement
    subject: str
    text: str = field(repr=False)  # may hold a code; lines end in LF


class Announcer(Protocol):
    """One kind of path to people, for announcements."""

    async def announce(self, worded: Worded) -> str:
        """The receiver's words when it took it. Raises NotTold otherwise."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """One row of history as the stream of events shows it (`nemboks.event/1`): no titles, no contents, no addresses."""

    id: int
    at: datetime
    cvr: str
    letter: int | None
    event: str
    from_state: str | None
    to_state: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a webhook has been told; one that fails is tried again at `due_at`, from the same place."""

    webhook: str
    event: int = 0  # the last one it took
    due_at: datetime | None = None
    failures: int = 0
    words: str = ""


class Listener(Protocol):
    """A webhook that is told every event. At least once: an event's id tells a repeat."""

    async def listen(self, events: Sequence[Told]) -> str:
        """The receiver's words when it took them all. Raises NotTold otherwise."""
        ...


class Stream(Protocol):
    """The events, in order, and how far each webhook has come."""

    async def after(self, event: int, webhook: str, limit: int) -> Sequence[Told]:
        """Events after this one, of the mailboxes that name the webhook, in order."""
        ...

    async def cursor(self, webhook: str) -> Cursor:
        """A webhook that is new begins with what happens from now on."""
        ...

    def claim(self, cursor: Cursor) -> AbstractAsyncContextManager[bool]:
        """Whether the webhook is ours to call until the block ends: as far as we know nobody else calls it, nor has it
        come any further."""
        ...

    async def keep_cursor(self, cursor: Cursor) -> None:
        """A webhook that has come further by now stays there."""
        ...
