"""The Books port on the ledger: one transaction as an act of people sees it.

Promises: everything goes through the same doors as the daemon's own moves; history is written with it.
Never: commits (the writer does, for the whole act or not at all).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from nemboks.domain.announcements import Announcement
from nemboks.domain.changes import Change
from nemboks.domain.codes import Code, Codes
from nemboks.domain.estates import Approval, Checked, Estate, EstateDocument
from nemboks.domain.guard import until_a_person
from nemboks.domain.headline import Headline
from nemboks.domain.letter import Event, Letter, Reason, State
from nemboks.domain.mailbox import Cvr, Mailbox, Recipient, Route
from nemboks.domain.pace import Pace
from nemboks.domain.people import Account, Grant, Person
from nemboks.domain.rounds import Round
from nemboks.domain.wishes import Wish
from nemboks.store import deliveries, desk_schema, events, headlines, moves, permits
from nemboks.store.kept import Kept
from nemboks.store.mailbox_rows import (
    IN_ORDER,
    INSERT,
    OF_ACCOUNT,
    VERSIONS,
    id_of,
    mailboxes_of,
    of_cvr,
    one,
    route_from,
)
from nemboks.store.mailboxes import same_credentials, whose_login
from nemboks.store.overview import SqlOverview
from nemboks.store.rerouting import reroute, try_refused, write_route
from nemboks.store.rows import letter_of
from nemboks.store.schema import letters, mailboxes
from nemboks.store.vault import Vault
from nemboks.store.writer import Tx

# What an act may write of a mailbox; its route, its credentials and what listings write have doors of their own.
KEPT: Final = (
    "name", "options", "account", "reference", "consent", "life", "looked_up_at", "curator", "custody", "frozen_at",
    "boundary_at", "serves_until", "due_at", "paused_at", "paused_by",
)  # fmt: skip
WRITE: Final = update(mailboxes).where(mailboxes.c.id == bindparam("b_id"))
OF_MAILBOX: Final = select(letters).where(letters.c.mailbox_id == bindparam("mailbox")).order_by(letters.c.id)
IN_STATES: Final = OF_MAILBOX.where(letters.c.state.in_(bindparam("states", expanding=True)))
HELD: Final = (
    select(letters).where(letters.c.state == State.HELD, letters.c.why == bindparam("why")).order_by(letters.c.id)
)
BEHIND: Final = (
    select(letters)
    .join_from(letters, mailboxes)
    .where(letters.c.state == State.HELD, letters.c.why == Reason.FROZEN.value)
    .where(mailboxes.c.boundary_at <= bindparam("now"))
    .order_by(letters.c.id)
)
ONE: Final = select(letters).where(letters.c.id == bindparam("id"))
SEALED: Final = select(mailboxes.c.credentials).where(mailboxes.c.id == bindparam("id"))


class SqlBooks:
    """Books on one open transaction."""

    def __init__(self, tx: Tx, vault: Vault, codes_of: Codes, pace: Pace, at: datetime) -> None:
        self._tx, self._vault, self._codes_of, self._at = tx, vault, codes_of, at
        self._pace = pace
        self.accounts: Kept[Account] = Kept(tx, desk_schema.accounts, Account)
        self.people: Kept[Person] = Kept(tx, desk_schema.people, Person)
        self.grants: Kept[Grant] = Kept(tx, desk_schema.grants, Grant)
        self.changes: Kept[Change] = Kept(tx, desk_schema.changes, Change)
        self.codes: Kept[Code] = Kept(tx, desk_schema.codes, Code)
        self.estates: Kept[Estate] = Kept(tx, desk_schema.estates, Estate)
        self.documents: Kept[EstateDocument] = Kept(tx, desk_schema.estate_documents, EstateDocument)
        self.checked: Kept[Checked] = Kept(tx, desk_schema.estate_checks, Checked)
        self.approvals: Kept[Approval] = Kept(tx, desk_schema.approvals, Approval)
        self.wishes: Kept[Wish] = Kept(tx, desk_schema.wishes, Wish)
        self.announcements: Kept[Announcement] = Kept(tx, desk_schema.announcements, Announcement)
        self.rounds: Kept[Round] = Kept(tx, desk_schema.rounds, Round)
        self.overview = SqlOverview(tx)

    @property
    def at(self) -> datetime:
        """The time of this transaction."""
        return self._at

    @property
    def pace(self) -> Pace:
        """The waits of people's acts."""
        return self._pace

    @property
    def codes_of(self) -> Codes:
        """What makes and compares codes."""
        return self._codes_of

    def mailbox(self, cvr: Cvr) -> Mailbox | None:
        """The mailbox of this CVR."""
        return of_cvr(self._tx, cvr)

    def mailbox_of(self, id_: int) -> Mailbox:
        """The mailbox with this id. StoreError if there is none."""
        return one(self._tx, id_)

    def mailboxes(self, account: int | None = None) -> list[Mailbox]:
        """All, or those of one account, by CVR."""
        if account is None:
            return mailboxes_of(self._tx, IN_ORDER, {})
        return mailboxes_of(self._tx, OF_ACCOUNT, {"account": account})

    def add_mailbox(self, mailbox: Mailbox, credentials: Mapping[str, str], by: str) -> Mailbox:
        """A new mailbox with its first route, due at once."""
        kept = {name: getattr(mailbox, name) for name in KEPT}
        row = {
            **kept, "cvr": mailbox.cvr, "face": mailbox.face, "credentials": self._sealed(mailbox, credentials),
            "due_at": self._at, "trouble": "", "failures": 0, "declared": False,
            "receipts_held": until_a_person(mailbox),
        }  # fmt: skip
        self._tx.execute(INSERT, row)
        id_ = id_of(self._tx, mailbox.cvr)
        made = replace(mailbox, id=id_)
        self.note("mailbox_added", made, by, face=mailbox.face.value, declared=False, consent=mailbox.consent.value)
        write_route(self._tx, id_, replace(mailbox.route, version=1))
        return one(self._tx, id_)

    def keep(self, mailbox: Mailbox) -> Mailbox:
        """Writes what an act may write of a mailbox."""
        values = {name: getattr(mailbox, name) for name in KEPT}
        values["receipts_held"] = until_a_person(mailbox)
        self._tx.execute(WRITE.values(values), {"b_id": mailbox.id})
        return one(self._tx, mailbox.id)

    def give_credentials(self, mailbox: Mailbox, credentials: Mapping[str, str], by: str = "") -> bool:
        """Whether they are others than before: then they are sealed under the mailbox's CVR."""
        known = self._tx.execute(SEALED, {"id": mailbox.id}).scalar_one()
        if same_credentials(self._vault, mailbox.cvr, known, credentials):
            return False
        self._tx.execute(WRITE.values(credentials=self._sealed(mailbox, credentials)), {"b_id": mailbox.id})
        self.note("credentials_given", mailbox, by)
        try_refused(self._tx, mailbox.id, by or "register", self._at)
        return True

    def login_of(self, mailbox: Mailbox) -> str:
        """Whose login it is at Digital Post, its user or system id; "" where none can be read. No secret."""
        sealed = self._tx.execute(SEALED, {"id": mailbox.id}).scalar_one()
        return whose_login(self._vault, mailbox.cvr, sealed)

    def reroute(self, mailbox: Mailbox, route: Route) -> Mailbox:
        """The mailbox with the next version of its route."""
        return reroute(self._tx, mailbox, route)

    def routes(self, mailbox: Mailbox) -> Sequence[Route]:
        """All versions, the oldest first."""
        return [route_from(row._mapping) for row in self._tx.execute(VERSIONS, {"mailbox": mailbox.id})]

    def letter(self, id_: int) -> Letter | None:
        """The letter with this id."""
        row = self._tx.execute(ONE, {"id": id_}).first()
        return letter_of(row) if row else None

    def as_it_came(self, letter: Letter) -> Headline | None:
        """The letter's headline with every word in it. HeadlineAltered, KeyMissing."""
        return headlines.as_it_came(letter.headline, letter.id, self._vault) if letter.headline else None

    def letters(self, mailbox: Mailbox, *states: State) -> list[Letter]:
        """The mailbox's letters in these states, or all."""
        values: dict[str, Any] = {"mailbox": mailbox.id}
        if not states:
            return [letter_of(row) for row in self._tx.execute(OF_MAILBOX, values)]
        return [letter_of(row) for row in self._tx.execute(IN_STATES, {**values, "states": list(states)})]

    def held(self, why: Reason) -> list[Letter]:
        """Every mailbox's letters that are held for this, in the order in which they were found."""
        return [letter_of(row) for row in self._tx.execute(HELD, {"why": why.value})]

    def still_frozen(self) -> list[Letter]:
        """Letters that are held as frozen in mailboxes whose boundary has come."""
        return [letter_of(row) for row in self._tx.execute(BEHIND, {"now": self._at})]

    def move(self, letter: Letter, event: Event) -> Letter:
        """The letter after the event. Raises Stale."""
        return moves.move(self._tx, letter, event, self._at)

    def send_also(self, letter: Letter, recipient: Recipient) -> bool:
        """Whether this is one more recipient for this letter alone."""
        return deliveries.plan_new(self._tx, letter, [recipient], self._at) > 0

    def let_through(self) -> Mapping[int, int]:
        """How many letters the delete fuse let through within its window, by the mailbox's id."""
        return permits.per_mailbox(self._tx, self._at)

    def settle_fuse(self, mailbox: Mailbox | None = None) -> None:
        """What the fuse let through so far counts no more."""
        permits.settle(self._tx, mailbox)

    def note(
        self, event: str, mailbox: Mailbox | None = None, by: str = "", letter: Letter | None = None, **particulars: Any
    ) -> None:
        """One row of history."""
        told = {"by": by, **particulars} if by else particulars
        events.add(
            self._tx,
            events.row(mailbox.id if mailbox else None, event, self._at, told, letter.id if letter else None),
        )

    def tell(self, announcement: Announcement) -> None:
        """Queues it; one with the same key is left alone."""
        if not self.announcements.all(key=announcement.key):
            self.announcements.add(announcement)

    def _sealed(self, mailbox: Mailbox, credentials: Mapping[str, str]) -> bytes:
        return self._vault.seal(json.dumps(dict(credentials)).encode(), f"mailbox:{mailbox.cvr}")
