"""The ledger as an act of people sees it: everything it reads and writes, inside one transaction.

An act is a plain function of Books: it reads, asks `may`, applies a rule of the domain, writes, notes it down and
queues what people are to be told. All of it is committed together, or nothing is (RELIABILITY I20). No await inside.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from nemboks.domain.announcements import Announcement
from nemboks.domain.changes import Change
from nemboks.domain.codes import Code, Codes
from nemboks.domain.estates import Approval, Checked, Estate, EstateDocument
from nemboks.domain.headline import Headline
from nemboks.domain.letter import Event, Letter, Reason, State
from nemboks.domain.mailbox import Cvr, Mailbox, Recipient, Route
from nemboks.domain.pace import Pace
from nemboks.domain.people import Account, Grant, Person
from nemboks.domain.rounds import Round
from nemboks.domain.wishes import Wish
from nemboks.ports.overview import Overview

V = TypeVar("V")
T = TypeVar("T")


class Rows(Protocol[V]):
    """The rows of one kind, as values with an `id`."""

    def add(self, value: V) -> V:
        """The value with the id that it was given."""
        ...

    def put(self, value: V) -> None:
        """Writes the value over the row with its id."""
        ...

    def get(self, id_: int) -> V | None: ...
    def all(self, **equal: Any) -> list[V]:
        """Those whose fields equal these values, in the order of their ids; None means "has none"."""
        ...

    def since(self, field: str, at: datetime) -> list[V]:
        """Those whose time in that field is then or later, in the order of their ids."""
        ...

    def due(self, field: str, at: datetime, **equal: Any) -> list[V]:
        """Of such rows those whose time in that field has come, in the order of their ids."""
        ...


class Books(Protocol):
    @property
    def at(self) -> datetime:
        """The time of this transaction."""
        ...

    @property
    def pace(self) -> Pace: ...
    @property
    def codes_of(self) -> Codes:
        """What makes and compares codes."""
        ...

    @property
    def accounts(self) -> Rows[Account]: ...
    @property
    def people(self) -> Rows[Person]: ...
    @property
    def grants(self) -> Rows[Grant]: ...
    @property
    def changes(self) -> Rows[Change]: ...
    @property
    def codes(self) -> Rows[Code]: ...
    @property
    def estates(self) -> Rows[Estate]: ...
    @property
    def documents(self) -> Rows[EstateDocument]: ...
    @property
    def checked(self) -> Rows[Checked]: ...
    @property
    def approvals(self) -> Rows[Approval]: ...
    @property
    def wishes(self) -> Rows[Wish]: ...
    @property
    def announcements(self) -> Rows[Announcement]: ...
    @property
    def rounds(self) -> Rows[Round]: ...
    @property
    def overview(self) -> Overview: ...

    def mailbox(self, cvr: Cvr) -> Mailbox | None: ...
    def mailbox_of(self, id_: int) -> Mailbox:
        """StoreError if there is none: an id comes from a row."""
        ...

    def mailboxes(self, account: int | None = None) -> list[Mailbox]:
        """All, or those of one account, by CVR."""
        ...

    def add_mailbox(self, mailbox: Mailbox, credentials: Mapping[str, str], by: str) -> Mailbox:
        """A new mailbox with its first route (version 1), due at once. `mailbox.id` is ignored."""
        ...

    def keep(self, mailbox: Mailbox) -> Mailbox:
        """Writes all of the mailbox but its route, its credentials and what listings write (listed_at, trouble)."""
        ...

    def give_credentials(self, mailbox: Mailbox, credentials: Mapping[str, str], by: str = "") -> bool:
        """Whether they are others than before: what the old ones were refused is due now. The same ones change nothing.

        `by`: the person who gave them; "" for the register.
        """
        ...

    def login_of(self, mailbox: Mailbox) -> str:
        """Whose login it is at Digital Post, its user or system id; "" where none can be read. No secret."""
        ...

    def reroute(self, mailbox: Mailbox, route: Route) -> Mailbox:
        """The mailbox with the next version of its route, noted; what the old address put off is due now."""
        ...

    def routes(self, mailbox: Mailbox) -> Sequence[Route]:
        """All versions, the oldest first."""
        ...

    def letter(self, id_: int) -> Letter | None: ...
    def as_it_came(self, letter: Letter) -> Headline | None:
        """The letter's headline with every word in it. HeadlineAltered."""
        ...

    def letters(self, mailbox: Mailbox, *states: State) -> list[Letter]:
        """The mailbox's letters in these states (none named: in all), in the order in which they were found."""
        ...

    def held(self, why: Reason) -> list[Letter]:
        """Every mailbox's letters that are held for this, in the order in which they were found."""
        ...

    def still_frozen(self) -> list[Letter]:
        """Letters held as frozen in mailboxes whose boundary has come, in the order in which they were found."""
        ...

    def move(self, letter: Letter, event: Event) -> Letter:
        """The letter after the event, with its row of history. Raises Stale."""
        ...

    def send_also(self, letter: Letter, recipient: Recipient) -> bool:
        """Whether this is one more recipient for this letter alone; the current route must name it."""
        ...

    def let_through(self) -> Mapping[int, int]:
        """How many letters the delete fuse let through within its window, by the mailbox's id."""
        ...

    def settle_fuse(self, mailbox: Mailbox | None = None) -> None:
        """What the fuse let through so far counts no more: of this mailbox, or of all."""
        ...

    def note(
        self, event: str, mailbox: Mailbox | None = None, by: str = "", letter: Letter | None = None, **particulars: Any
    ) -> None:
        """One row of history. No titles, contents, codes, secrets; addresses only masked."""
        ...

    def tell(self, announcement: Announcement) -> None:
        """Queues it; one with the same key is left alone."""
        ...


class Acts(Protocol):
    """Where acts are committed."""

    async def act(self, fn: Callable[[Books], T]) -> T:
        """What `fn` brings, after the commit; what it raises, after the rollback."""
        ...

    async def ask(self, fn: Callable[[Books], T]) -> T:
        """What `fn` reads; it must not write."""
        ...
