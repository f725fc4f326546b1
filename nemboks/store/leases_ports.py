"""Letters, Mailboxes and Deliveries for one of several workers: what is due is leased to whoever is told of it.

Promises: a look and a fetch end with a write only if nobody else was given the mailbox or the letter meanwhile. What a
fetch brought is a fact and is written whoever brings it, as long as the letter's state allows it: its bytes may be the
only ones (DESIGN 3, collected).
A letter that rests, or that this worker has no room for, is anybody's from the same commit on.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from nemboks.domain.delivery import Delivery
from nemboks.domain.letter import Event, FetchBegun, Hold, Letter, Postponed, Stale, State, Vanished
from nemboks.domain.mailbox import Cvr, Mailbox
from nemboks.ports import Clock, Listed
from nemboks.store import deliveries as of_copies
from nemboks.store import letters as of_letters
from nemboks.store import mailbox_rows as of_mailboxes
from nemboks.store.deliveries import SqlDeliveries
from nemboks.store.leases import ANNOUNCEMENT, COPY, LETTER, MAILBOX, NOTICE, WEBHOOK, Leases, free
from nemboks.store.leases_people import LeasedAnnouncements, LeasedIncidents, LeasedStream
from nemboks.store.letters import SqlLetters
from nemboks.store.mailboxes import SqlMailboxes
from nemboks.store.reader import Reader
from nemboks.store.ready import Ready
from nemboks.store.schema import deliveries, letters, mailboxes
from nemboks.store.vault import Vault
from nemboks.store.writer import Tx, Writer

NOBODY: Final = ""  # a holder's name that no worker has
STATES: Final = (State.FOUND, State.WAITING, State.HANDED_OVER, State.FORWARDED)
_LETTERS: Final = {
    state: of_letters.due_where(*of_letters.MAY_BE_DUE.get(state, ()), free(LETTER, letters.c.id)) for state in STATES
}
_MAILBOXES: Final = of_mailboxes.due_where(free(MAILBOX, mailboxes.c.id))
_COPIES: Final = of_copies.due_where(free(COPY, deliveries.c.id))


class LeasedLetters(SqlLetters):
    """The ledger of letters, as one of several workers sees it."""

    def __init__(
        self, writer: Writer, reader: Reader, clock: Clock, vault: Vault, leases: Leases,
        wanted: Callable[[Letter], bool],
    ) -> None:  # fmt: skip
        """`wanted`: whether we go on with a letter that is due as it was just moved; asked from any thread."""
        super().__init__(writer, reader, clock, vault)
        self._leases, self._wanted = leases, wanted
        self.listed: set[int] = set()  # mailboxes whose lease ended with the commit of their listing
        self.left: set[int] = set()  # letters whose lease ended with their latest move

    async def due(
        self, state: State, now: datetime, limit: int, without: Collection[int] = (), busy: Collection[str] = ()
    ) -> Sequence[Letter]:
        """Letters as SqlLetters.due has them that no other worker has, ours from now on."""
        values = {
            "state": state, "now": now, "most": limit, "without": list(without), "busy": list(busy),
            "me": self._leases.holder,
        }  # fmt: skip
        ask = _LETTERS[state]
        if not await self._reader.read(lambda tx: ask.first(tx, {**values, "most": 1})):
            return ()
        return await self._writer.unit(lambda tx: self._given(tx, ask, values))

    async def found(
        self, mailbox: Mailbox, listed: Sequence[Listed], at: datetime, due_at: datetime, unusable: int = 0,
        asked_at: datetime | None = None,
    ) -> int:  # fmt: skip
        """As SqlLetters.found. Raises Stale if another worker was given the mailbox since we were."""

        def look(tx: Tx) -> int:
            if not self._leases.held(tx, MAILBOX, mailbox.id):
                raise Stale(f"mailbox {mailbox.id}: another worker looks into it")
            self._leases.let_go(tx, MAILBOX, mailbox.id)
            return of_letters.note_listing(tx, mailbox, listed, at, due_at, unusable, asked_at)

        new = await self._writer.unit(look)
        self.listed.add(mailbox.id)
        return new

    def _given(self, tx: Tx, ask: Ready, values: dict[str, Any]) -> list[Letter]:
        rows = of_letters.letters_of(tx, ask, values)
        self._leases.take(tx, LETTER, [row.id for row in rows])
        return rows

    def _step(self, tx: Tx, letter: Letter, event: Event) -> Letter:
        if letter.state is State.FOUND and _is_the_holders(event) and not self._leases.held(tx, LETTER, letter.id):
            raise Stale(f"letter {letter.id}: another worker fetches it")
        after = super()._step(tx, letter, event)
        self.left.discard(letter.id)
        if self._goes_to_others(letter, after):
            self._leases.let_go(tx, LETTER, letter.id)
            self.left.add(letter.id)
        return after

    def _goes_to_others(self, before: Letter, after: Letter) -> bool:
        if after.due_at is None or after.state is State.SENDING:  # nobody asks for it
            return False
        return after.due_at > self._clock.now() or (after.state is not before.state and not self._wanted(after))


class LeasedMailboxes(SqlMailboxes):
    """The mailboxes that we serve, as one of several workers sees them."""

    def __init__(self, writer: Writer, reader: Reader, vault: Vault, clock: Clock, leases: Leases) -> None:
        super().__init__(writer, reader, vault, clock)
        self._leases = leases

    async def due(self, now: datetime, limit: int) -> Sequence[Mailbox]:
        """Mailboxes whose next look has come and that no other worker has, ours from now on."""
        values = {"now": now, "most": limit, "me": self._leases.holder}
        if not await self._reader.read(lambda tx: _MAILBOXES.first(tx, {**values, "most": 1})):
            return ()

        def given(tx: Tx) -> list[Mailbox]:
            rows = of_mailboxes.mailboxes_of(tx, _MAILBOXES, values)
            self._leases.take(tx, MAILBOX, [row.id for row in rows])
            return rows

        return await self._writer.unit(given)


class LeasedDeliveries(SqlDeliveries):
    """Letters' further recipients, as one of several workers sees them. Attempts have fences: this saves work only."""

    def __init__(self, writer: Writer, reader: Reader, clock: Clock, leases: Leases) -> None:
        super().__init__(writer, reader, clock)
        self._leases = leases

    async def due(
        self, now: datetime, limit: int, without: Collection[int] = (), busy: Collection[str] = ()
    ) -> Sequence[Delivery]:
        """Deliveries as SqlDeliveries.due has them that no other worker has, ours from now on."""
        values = {
            "now": now, "most": limit, "without": list(without), "busy": list(busy), "me": self._leases.holder
        }  # fmt: skip
        if not await self._reader.read(lambda tx: _COPIES.first(tx, {**values, "most": 1})):
            return ()

        def given(tx: Tx) -> list[Delivery]:
            rows = of_copies.deliveries_of(tx, _COPIES, values)
            self._leases.take(tx, COPY, [row.id for row in rows])
            return rows

        return await self._writer.unit(given)


@dataclass(frozen=True, slots=True)
class Idle:
    """What is due and nobody's: mailboxes to look into, letters by what is next for them."""

    mailboxes: Sequence[Cvr]
    letters: Sequence[tuple[int, State]]
    copies: Sequence[int]  # the letters whose further recipients wait


class Share:
    """One worker's view of a ledger that it shares with others."""

    def __init__(
        self, writer: Writer, reader: Reader, clock: Clock, vault: Vault, seconds: float,
        wanted: Callable[[Letter], bool],
    ) -> None:  # fmt: skip
        self.leases = Leases(writer, seconds)
        self.letters = LeasedLetters(writer, reader, clock, vault, self.leases, wanted)
        self.mailboxes = LeasedMailboxes(writer, reader, vault, clock, self.leases)
        self.deliveries = LeasedDeliveries(writer, reader, clock, self.leases)
        self.announcements = LeasedAnnouncements(writer, reader, self.leases)
        self.incidents = LeasedIncidents(writer, reader, self.leases)
        self.stream = LeasedStream(writer, reader, self.leases)
        self._reader, self._clock = reader, clock

    @property
    def sending(self) -> dict[str, set[int]]:
        """What leaves for people and machines now, by kind."""
        return {
            ANNOUNCEMENT: self.announcements.hand.rows,
            NOTICE: self.incidents.hand.rows,
            WEBHOOK: self.stream.hand.rows,
        }

    async def idle(self, most: int) -> Idle:
        """What is due and leased to nobody: of each kind at most so many, oldest due first."""
        now = self._clock.now()
        return await self._reader.read(lambda tx: _idle(tx, now, most))


def _idle(tx: Tx, now: datetime, most: int) -> Idle:
    values = {"now": now, "most": most, "me": NOBODY, "without": (), "busy": ()}
    due = [(row["id"], state) for state in STATES for row in _LETTERS[state].all(tx, {**values, "state": state})]
    boxes = of_mailboxes.mailboxes_of(tx, _MAILBOXES, values)
    return Idle([box.cvr for box in boxes], due, [row["letter_id"] for row in _COPIES.all(tx, values)])


def _is_the_holders(event: Event) -> bool:
    """Whether the event of a letter to be fetched rests on nobody else fetching it. What was fetched does not."""
    if isinstance(event, Hold):
        return event.contents is None
    return isinstance(event, FetchBegun | Postponed | Vanished)
