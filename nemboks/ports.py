"""What the letter's way needs from the world, and nothing of how it is done.

Adapters translate foreign exceptions at their border, once. Each port has one suite of contract tests that runs
on every adapter and on the fakes.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nemboks.domain.headline import Sealed
from nemboks.domain.letter import Event, Letter, State
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.proof import Receipt, Report


class Clock(Protocol):
    """Time, chance and waiting (D18)."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...
    def chance(self) -> float: ...
    def uuid(self) -> str: ...


# --- Inbox: one CVR's mailbox upstream ------------------------------------------------------------------------------


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


# --- Courier: to the company's mail server --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address. `pieces` brings the RFC 5322 bytes with CRLF, not dot-stuffed, `size` octets in all.

    An exception from `pieces` is ours, not the server's: the courier aborts the connection and lets it through.
    """

    account: str  # connections are reused within one account only
    server: str  # a name in the settings' [servers]
    sender: str
    recipient: str
    size: int
    eight_bit: bool
    pieces: AsyncIterator[bytes]


class Courier(Protocol):
    """Delivers over verified TLS or not at all."""

    async def deliver(self, mail: Mail, seconds: float, before_dot: Callable[[], Awaitable[bool]]) -> Report:
        """What happened; never raises for what servers do.

        `seconds` is the time allowed up to the dot; the wait after it has its own. `before_dot` is asked once, after
        the body is drained; unless it answers True, the dot is never sent and the connection is aborted.
        """
        ...

    async def close(self) -> None: ...


# --- Letters, Mailboxes, Contents: our own ledger and spool ---------------------------------------------------------


class ContentsGone(Exception):
    """The sealed contents are missing, cut or altered."""


class Sealing(Protocol):
    """A letter being sealed. Left without `finish`, nothing of it stays."""

    @property
    def sealed(self) -> Sealed:
        """Where the contents will lie, known before the first byte."""
        ...

    async def write(self, piece: bytes) -> None: ...
    async def finish(self, durable: bool) -> Sealed:
        """The sealed contents; with `durable`, file and directory are on the disk before this returns."""
        ...


class Contents(Protocol):
    """The spool: contents lie sealed from fetch to receipt and nowhere else (D2)."""

    def seal(self, letter: int) -> AbstractAsyncContextManager[Sealing]: ...
    def open(self, letter: int, sealed: Sealed) -> AsyncGenerator[bytes, None]:
        """The letter's bytes in pieces. Raises ContentsGone; a cut shows at the latest with the last piece."""
        ...

    async def destroy(self, sealed: Sealed) -> None: ...


class Letters(Protocol):
    """The ledger of letters. Each call is one committed transaction, with its event rows (D15)."""

    async def found(self, mailbox: Mailbox, listed: Sequence[Listed], at: datetime, due_at: datetime) -> int:
        """How many letters were new. Commits FOUND (due at once) for those, makes VANISHED ones that are listed due
        again, and notes the complete listing on the mailbox (`listed_at`, no trouble, next look at `due_at`), all in
        one transaction. A repeated id, in the listing or in the ledger, is harmless."""
        ...

    async def move(self, letter: Letter, event: Event) -> Letter:
        """The letter after the event, committed. Raises Stale if the rules refuse it, or if the mailbox is paused or
        its route has changed when the event is Claimed or DotBegun. Once begun, a cancel does not stop it."""
        ...

    async def due(self, state: State, now: datetime, limit: int, without: Collection[int] = ()) -> Sequence[Letter]:
        """Letters in the state whose due time has come, oldest due first; none of the mailboxes in `without`.

        Left out as well: of a parked mailbox FOUND, VANISHED and FORWARDED (they need upstream); of a paused one FOUND
        and WAITING (a pause stops fetching and sending, never receipts).
        """
        ...

    async def overdue(self, now: datetime, grace_seconds: float, sole: bool) -> Sequence[Letter]:
        """SENDING letters whose attempt may be ended: the deadline passed (plus grace after dot_begun), or all if
        `sole` (we hold the daemon's lock and have just started)."""
        ...

    async def twin(self, letter: Letter, sha256: str, size: int) -> Letter | None:
        """Another live letter of the mailbox with the same bytes, not acknowledged, under another UIDVALIDITY."""
        ...

    async def rebind(self, twin: Letter, letter: Letter) -> Letter:
        """The twin under the letter's upstream id; the letter's own row, only FOUND, is removed. One transaction."""
        ...


class Mailboxes(Protocol):
    """The mailboxes we serve."""

    async def due(self, now: datetime, limit: int) -> Sequence[Mailbox]:
        """Mailboxes whose next look has come, paused ones too: listing touches nothing upstream."""
        ...

    async def all(self) -> Sequence[Mailbox]: ...

    async def get(self, mailbox: int) -> Mailbox: ...
    async def postpone(self, mailbox: Mailbox, due_at: datetime, trouble: str, parked: bool) -> Mailbox:
        """After a listing that failed: next look at `due_at`; `parked` keeps its letters from upstream until then."""
        ...


class Inboxes(Protocol):
    """Opens the right Inbox for a mailbox, and keeps it open between uses."""

    async def of(self, mailbox: Mailbox) -> Inbox: ...
    async def close(self) -> None: ...
