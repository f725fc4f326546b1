"""Our own ledger and spool: letters, their further recipients, mailboxes, contents."""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nemboks.domain.delivery import Delivery, DeliveryEvent
from nemboks.domain.headline import Sealed
from nemboks.domain.letter import Event, Letter, State
from nemboks.domain.mailbox import Mailbox, Recipient
from nemboks.domain.proof import Report
from nemboks.ports.inbox import Listed


class ContentsGone(Exception):
    """The sealed contents are missing, cut or altered."""


class HeadlineAltered(Exception):
    """The headline as it came, which lies sealed where words of it are masked, was altered or is another letter's."""


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

    def seal(self, letter: int, once: bool = False) -> AbstractAsyncContextManager[Sealing]:
        """A new sealing. `once`: the letter may come only once, so StoreFull, before it is asked for, unless there is
        room for the largest one."""
        ...

    def open(self, letter: int, sealed: Sealed) -> AsyncGenerator[bytes, None]:
        """The letter's bytes in pieces. Raises ContentsGone; a cut shows at the latest with the last piece."""
        ...

    async def left(self, letter: int) -> Sequence[Sealed]:
        """What sealings of the letter with `once` left here, whole or not, newest first: where several workers share
        the contents, the row may name another's."""
        ...

    async def destroy(self, sealed: Sealed) -> None: ...


@dataclass(frozen=True, slots=True)
class Attempted:
    """What the ledger keeps of one attempt."""

    number: int
    part: int
    address: str
    server: str
    report: Report | None
    dot_begun: bool = False  # the server may have the mail, whatever the report says


class Letters(Protocol):
    """The ledger of letters. Each call is one committed transaction, with its event rows (D15)."""

    async def found(
        self, mailbox: Mailbox, listed: Sequence[Listed], at: datetime, due_at: datetime, unusable: int = 0,
        asked_at: datetime | None = None,
    ) -> int:  # fmt: skip
        """How many letters were new. Commits FOUND (due at once) for those, makes VANISHED ones that are listed due
        again, and notes the complete listing on the mailbox (`listed_at`, no trouble, next look at `due_at`), all in
        one transaction. A repeated id, in the listing or in the ledger, is harmless. `unusable`: how many more
        entries it had, which name no letter; where they are fewer than before, a new letter may be one of those and
        has no `not_before`. `at`: when we had it; `asked_at`: when it was asked for (None: at once), for a letter that
        comes in between may be missing from it. Stale, and nothing noted, where the mailbox was given another login
        since it was read: with that one it is due already."""
        ...

    async def move(self, letter: Letter, event: Event) -> Letter:
        """The letter after the event, committed. Raises Stale if the rules refuse it, or if the mailbox is paused or
        its route has changed when the event is Claimed or DotBegun. Once begun, a cancel does not stop it."""
        ...

    async def due(
        self,
        state: State,
        now: datetime,
        limit: int,
        without: Collection[int] = (),
        busy: Collection[str] = (),
    ) -> Sequence[Letter]:
        """Letters in the state whose due time has come, oldest due first; none of the mailboxes in `without`, nor of
        those whose route leads to a destination in `busy` (Route.destination).

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

    async def unread(self, mailbox: Mailbox, ids: Sequence[str]) -> bool:
        """Whether a letter listed under one of these ids is not read yet: not known here, or only FOUND. It may be the
        twin of any letter."""
        ...

    async def get(self, letter_id: int) -> Letter | None: ...
    async def attempt(self, letter: int, number: int) -> Attempted | None:
        """One attempt of the letter's primary, as it was recorded."""
        ...

    async def stranded(self, now: datetime, since: datetime, limit: int) -> Sequence[Letter]:
        """Letters found before `since`, undelivered, whose route has a fallback that has no delivery yet."""
        ...

    async def finished_copies(self, given_up: datetime, limit: int) -> Sequence[Letter]:
        """ACKNOWLEDGED letters that still have contents, and nobody waits for them: every delivery is done or over, or
        the acknowledgement is older than `given_up`. None of a mailbox with a legal hold."""
        ...


class Mailboxes(Protocol):
    """The mailboxes we serve."""

    async def due(self, now: datetime, limit: int) -> Sequence[Mailbox]:
        """Mailboxes whose next look has come, paused ones too: listing touches nothing upstream."""
        ...

    async def all(self) -> Sequence[Mailbox]: ...
    async def listening(self, now: datetime, without: Collection[int], limit: int) -> Sequence[Mailbox]:
        """Mailboxes that can tell of new post themselves and are not parked, without these, at most so many."""
        ...

    async def get(self, mailbox: int) -> Mailbox: ...
    async def some(self, ids: Collection[int]) -> Sequence[Mailbox]:
        """The mailboxes with these ids, in no order."""
        ...

    async def shared(self, mailbox: Mailbox) -> bool:
        """Whether another CVR's letters go to the same address: then each subject says whose it is."""
        ...

    async def postpone(self, mailbox: Mailbox, due_at: datetime, trouble: str, parked: bool) -> Mailbox:
        """After a listing that failed: next look at `due_at`; `parked` keeps its letters from upstream until then.
        Changes nothing if the mailbox was listed, or given another login, since it was seen so: that is newer."""
        ...


class Deliveries(Protocol):
    """A letter's further recipients. Each call is one committed transaction, with its event rows."""

    async def plan(self, letter: Letter, recipients: Sequence[Recipient], at: datetime) -> Sequence[Delivery]:
        """The letter's deliveries after these recipients were added; one that is there already is left as it is."""
        ...

    async def of(self, letter: int) -> Sequence[Delivery]: ...
    async def get(self, delivery: int) -> Delivery: ...
    async def due(
        self, now: datetime, limit: int, without: Collection[int] = (), busy: Collection[str] = ()
    ) -> Sequence[Delivery]:
        """WAITING deliveries whose time has come, whose letter still has contents, and whose mailbox is not paused."""
        ...

    async def move(self, delivery: Delivery, event: DeliveryEvent) -> Delivery:
        """The delivery after the event, committed. Raises Stale as Letters.move does; a claim and its dot need the
        route's current version to name this recipient."""
        ...

    async def overdue(self, now: datetime, grace_seconds: float, sole: bool) -> Sequence[Delivery]:
        """As Letters.overdue."""
        ...
