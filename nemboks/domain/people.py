"""Who may do what for a mailbox: accounts, persons, dated grants, and the one question `may`.

Promises: a right comes from a grant that is in force at the time, for that mailbox; nothing else gives one. From the
registration of an estate on, the people of before have no right that moves post; from its effective time on they no
longer see new letters.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from nemboks.domain.mailbox import Address, Mailbox


class GrantRole(StrEnum):
    """What a grant makes of a person, in the words that people see (UX 2)."""

    OWNER = "ejer"
    ADMINISTRATOR = "administrator"
    READER = "laeser"  # sees the log
    ACCOUNTANT = "revisor"  # many CVRs; no contents, no routes of a client's own
    KURATOR = "kurator"  # one CVR, from a date
    SUPPORT = "support"  # explains without reading; starts flows, never moves a route
    OPERATIONS = "drift"  # runs Nemboks; approves estates; no customer's data


class Action(StrEnum):
    SEE_STATUS = "see_status"  # counts and states, the board, explain
    SEE_LETTERS = "see_letters"  # the log: sender, times, states
    SEE_TITLES = "see_titles"
    SEE_CONTENTS = "see_contents"  # a letter's mails, opened with the master key
    RETRY = "retry"  # try again now; fetch now
    HOLD = "hold"  # hold, release, dismiss a letter
    PAUSE = "pause"  # pause, resume
    ROUTE = "route"  # rules, copies, holiday redirect
    ADDRESS = "address"  # ask for another address, cancel such a wish, roll back
    GRANT = "grant"
    CUSTODY = "custody"  # shadow, go live, keep_days
    LOGIN = "login"  # give another login at Digital Post
    LEGAL_HOLD = "legal_hold"
    ADD = "add"  # a CVR of the person's own account
    ACCOUNT = "account"  # make one
    PLAN = "plan"  # cancel one's own, and undo that
    PLAN_SET = "plan_set"
    ESTATE_OPEN = "estate_open"  # register a case, add its documents, tick its list
    ESTATE_APPROVE = "estate_approve"  # approve, refuse, reverse, close
    ESTATE_SEE = "estate_see"  # the case and its inventory
    FUSE = "fuse"
    DOMAINS = "domains"  # what is remembered of the domains that mail goes to
    AUDIT = "audit"


A, R = Action, GrantRole
_SEES: Final = frozenset({A.SEE_STATUS, A.SEE_LETTERS, A.SEE_TITLES})
_RUNS: Final = _SEES | {A.RETRY, A.HOLD, A.PAUSE, A.ROUTE, A.ADDRESS, A.CUSTODY, A.LOGIN, A.LEGAL_HOLD}
RIGHTS: Final[Mapping[GrantRole, frozenset[Action]]] = {
    R.OWNER: _RUNS | {A.GRANT, A.ADD, A.PLAN, A.AUDIT, A.SEE_CONTENTS},
    R.ADMINISTRATOR: _RUNS | {A.GRANT, A.ADD, A.SEE_CONTENTS},
    R.READER: _SEES,
    R.ACCOUNTANT: frozenset({A.SEE_STATUS, A.SEE_LETTERS, A.SEE_TITLES, A.RETRY, A.PAUSE, A.CUSTODY, A.LOGIN, A.ADD}),
    # Also what the people of before left behind, a pause or a shadow mode, is the kurator's to end: nobody else may.
    R.KURATOR: _RUNS | {A.ESTATE_SEE},
    R.SUPPORT: frozenset({A.SEE_STATUS, A.SEE_LETTERS, A.ESTATE_OPEN}),
    R.OPERATIONS: frozenset({
        A.SEE_STATUS, A.FUSE, A.DOMAINS, A.AUDIT, A.ACCOUNT, A.PLAN_SET, A.ESTATE_OPEN, A.ESTATE_APPROVE, A.ESTATE_SEE,
    }),
}  # fmt: skip
EVERYWHERE: Final = frozenset({R.SUPPORT, R.OPERATIONS})  # grants of these name no mailbox
OF_BEFORE: Final = frozenset({R.OWNER, R.ADMINISTRATOR, R.READER, R.ACCOUNTANT})  # who an estate takes over from
# What the people of before keep while an estate is open: they may look at what was, and nothing else.
_LEFT_TO_THEM: Final = _SEES
# What the operator may do who runs the program for nobody else: all, at mailboxes that belong to no account.
OPERATORS_OWN: Final = frozenset(A)
# And for customers: what running Nemboks takes. An estate needs two named persons, whoever sits at the keyboard.
_AT_CUSTOMERS: Final = RIGHTS[R.OPERATIONS] - {A.ESTATE_APPROVE} | RIGHTS[R.SUPPORT]


@dataclass(frozen=True, slots=True)
class Account:
    """A customer. Times are UTC; `ends_at` is when a cancelled plan stops serving."""

    id: int  # 0: not written yet
    name: str
    email: Address  # the account's own; changed only by the flow of changes.py
    created_at: datetime
    language: str = "da"
    second_contact: Address | None = None  # told when the e-mail cannot be; better at another domain
    plan: str = ""  # a name in the settings' [plans]; "" where the operator sells none
    paid_until: datetime | None = None
    cancelled_at: datetime | None = None  # of a cancel that runs; None again when the end was told of
    ends_at: datetime | None = None
    digest: bool = False  # a digest of all its clients every morning
    email_probation_until: datetime | None = None  # the e-mail was changed lately: it can be taken back


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who acts, by the name that `--as` and the history give."""

    id: int
    name: str  # unique: letters, digits, . - _ and @
    created_at: datetime
    account: int | None = None  # None: of the house (support, drift)
    email: Address | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A dated right of a person for one mailbox (for EVERYWHERE: None, all). In force in [since, until)."""

    id: int
    person: int
    role: GrantRole
    since: datetime
    given_by: str
    mailbox: int | None = None
    account: int | None = None  # of an owner or administrator: every mailbox of the account, those to come too
    until: datetime | None = None
    ended_by: str = ""

    def in_force(self, at: datetime) -> bool:
        """Whether the right exists at that time; the end is the first moment without it."""
        return self.since <= at and (self.until is None or at < self.until)

    def covers(self, mailbox: Mailbox | None) -> bool:
        """Whether the right is one for this mailbox (None: for what is no mailbox's, such as the fuse of all)."""
        if self.role in EVERYWHERE:
            return True
        if mailbox is None:
            return self.account is not None
        return self.mailbox == mailbox.id or (self.account is not None and self.account == mailbox.account)

    def covers_all_of(self, account: Account) -> bool:
        """Whether the right is one for the whole account, the mailboxes to come too."""
        return self.role in EVERYWHERE or self.account == account.id


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. `operator`: whoever sits at the machine's own keyboard and names nobody with `--as`."""

    name: str  # as the history has it
    person: Person | None = None
    grants: tuple[Grant, ...] = ()
    operator: bool = False


def may(actor: Actor, action: Action, mailbox: Mailbox | None, at: datetime) -> bool:
    """Whether the actor may do this for the mailbox at that time. Access is decided here and in `may_for` only."""
    if actor.operator:
        return action in _operators(mailbox)
    return _here(actor, at) and any(_gives(grant, action, mailbox, at) for grant in actor.grants)


def may_for(actor: Actor, action: Action, account: Account, at: datetime) -> bool:
    """Whether the actor may do this for the account itself: its e-mail, its plan, its people, a new CVR of it."""
    if actor.operator:
        return action in _AT_CUSTOMERS | {A.ADD}
    return _here(actor, at) and any(
        grant.in_force(at) and grant.covers_all_of(account) and action in RIGHTS[grant.role] for grant in actor.grants
    )


def may_give(actor: Actor, role: GrantRole, mailbox: Mailbox | None, account: Account | None, at: datetime) -> bool:
    """Whether the actor has all that a grant of this role would give there: nobody gives more than they have."""
    if actor.operator:
        return mailbox is not None and mailbox.account is None
    if not _here(actor, at):
        return False
    return RIGHTS[role] <= frozenset().union(*(RIGHTS[one.role] for one in givers(actor, mailbox, account, at)))


def givers(actor: Actor, mailbox: Mailbox | None, account: Account | None, at: datetime) -> list[Grant]:
    """The actor's grants that let them give others a right, for the mailbox or else for the whole account."""
    return [
        one
        for one in actor.grants
        if one.in_force(at)
        and A.GRANT in RIGHTS[one.role]
        and (one.covers(mailbox) if mailbox else account is not None and one.covers_all_of(account))
    ]


def unowned_at(grants: Iterable[Grant], at: datetime) -> datetime | None:
    """The first moment, then or later, in which none of these is an owner's in force; None if there is none such."""
    owners = [one for one in grants if one.role is R.OWNER]
    while True:
        now = [one for one in owners if one.in_force(at)]
        if not now:
            return at
        ends = [one.until for one in now if one.until is not None]
        if len(ends) < len(now):
            return None
        at = max(ends)


def _here(actor: Actor, at: datetime) -> bool:
    return actor.person is not None and (actor.person.ended_at is None or at < actor.person.ended_at)


def _gives(grant: Grant, action: Action, mailbox: Mailbox | None, at: datetime) -> bool:
    if not grant.in_force(at) or not grant.covers(mailbox):
        return False
    if mailbox is not None and mailbox.frozen_at is not None and grant.role in OF_BEFORE:
        return action in _LEFT_TO_THEM
    return action in RIGHTS[grant.role]


def _operators(mailbox: Mailbox | None) -> frozenset[Action]:
    """At the machine itself: everything of a mailbox that belongs to no account, else what running it takes."""
    if mailbox is None or mailbox.account is None:
        # An estate needs two named persons also where the operator serves only himself.
        return OPERATORS_OWN - {A.ESTATE_APPROVE}
    return _AT_CUSTOMERS


def new_letters_hidden(actor: Actor, mailbox: Mailbox, at: datetime) -> datetime | None:
    """From when on (by `available_at`) the mailbox's letters are hidden from the actor; None: they see all."""
    if mailbox.boundary_at is None or actor.operator:
        return None
    others = [one for one in actor.grants if one.in_force(at) and one.covers(mailbox) and one.role not in OF_BEFORE]
    return None if others else mailbox.boundary_at
