"""One CVR's mailbox upstream: the Inbox port, its three errors, and who opens one."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from nemboks.domain.custody import Consent, Life
from nemboks.domain.mailbox import Cvr, Mailbox
from nemboks.domain.proof import Receipt


class InboxError(Exception):
    """The call did not succeed; the message is for people, without contents, addresses or secrets."""


class Unavailable(InboxError):
    """No answer, or "not now". Whether the call had an effect is unknown. `retry_after` in seconds if upstream said."""

    def __init__(self, words: str, retry_after: float | None = None) -> None:
        super().__init__(words)
        self.retry_after = retry_after


class Refused(InboxError):
    """A definite no without effect. `mailbox`: the whole CVR is refused (401, 403, no login), else this call only."""

    def __init__(self, words: str, mailbox: bool = False) -> None:
        super().__init__(words)
        self.mailbox = mailbox


class Withheld(Refused):
    """Our own delete fuse let nothing out: upstream was not asked. `tripped`: it tripped by this very call."""

    def __init__(self, words: str, tripped: bool = False) -> None:
        super().__init__(words)
        self.tripped = tripped


class Gone(InboxError):
    """Upstream says "no such letter", or "already settled" to a receipt (404, 409, 410; the UID is not there)."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a listing. `available_at` is None where the list does not carry it (REST)."""

    upstream_id: str
    available_at: datetime | None = None


class Inbox(Protocol):
    """One mailbox upstream. Every call may be repeated."""

    @property
    def keeps(self) -> bool:
        """Whether upstream promises to keep a letter after a fetch (IMAP peek: yes; REST pull: not known)."""
        ...

    @property
    def unusable(self) -> int:
        """How many entries of the latest listing name no letter that could be asked for: people are told of them, no
        call is made from them, and the listing is complete without them (SECURITY 8, B48)."""
        ...

    async def list(self) -> Sequence[Listed]:
        """All letters that lie there now, oldest first: one complete snapshot, or an InboxError."""
        ...

    def fetch(self, upstream_id: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The letter's bytes in bounded pieces. A letter that ends early raises Unavailable, never ends quietly."""
        ...

    async def acknowledge(self, receipt: Receipt, repeated: bool) -> str:
        """Gives the receipt (REST) or removes exactly this letter (IMAP); brings upstream's words.

        `repeated`: an earlier call for this letter ended without a definite answer.
        """
        ...

    async def news(self) -> None:
        """Returns when something new may lie there; a mailbox that cannot tell waits until cancelled."""
        ...

    async def close(self) -> None: ...


class Fuse(Protocol):
    """The last door before a letter leaves Digital Post (domain/fuse.py)."""

    async def permit(self, mailbox: int, upstream_id: str) -> None:
        """Returns when it is committed that this letter may leave. Raises Withheld."""
        ...


class Inboxes(Protocol):
    """Opens the right Inbox for a mailbox, and keeps it open between uses."""

    async def of(self, mailbox: Mailbox) -> Inbox: ...
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """How a company stands upstream (DIGITAL-POST 2.5)."""

    name: str
    life: Life
    consent: Consent
    curator: bool = False  # an access of a curator, liquidator or executor is active
    # Of the recipient system by which the company lets us in; empty without consent.
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


class Registry(Protocol):
    """Digital Post's look-up of organisations, asked in our own name and not in a company's."""

    async def look_up(self, cvr: Cvr) -> Standing:
        """Raises InboxError: Gone for a CVR that is not there, Refused when we are not let in, Unavailable."""
        ...
