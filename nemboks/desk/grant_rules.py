"""What stands in the way of giving or ending a right: by whom, for when, for whom, and never the last owner.

Promises: nobody gives more than they have, nor for longer; those who run Nemboks have no rights of a customer, and the
other way round; an account, and a mailbox that has owners of its own, is never without one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from nemboks.content.moments import midnight
from nemboks.content.texts import danish
from nemboks.desk.access import Asking, account_for, box_for, not_allowed
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.people import DECIDING
from nemboks.desk.words import Words
from nemboks.domain.mailbox import Cvr, Mailbox
from nemboks.domain.people import (
    EVERYWHERE,
    Account,
    Action,
    Actor,
    Grant,
    GrantRole,
    Person,
    givers,
    may,
    may_for,
    may_give,
    unowned_at,
)
from nemboks.ports import Books

LAST_OWNER: Final = Words(
    "Det er den sidste ejer. Giv først en anden ejer ret: `nemboks grant add … --role ejer`",
    "this is the last owner. First give another owner a right: `nemboks grant add … --role ejer`",
)
BY_ESTATES: Final = Words(
    "En kurators adgang følger af sagen: se `nemboks estate open` og `nemboks estate close`",
    "a kurator's access follows from the case: see `nemboks estate open` and `nemboks estate close`",
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a right is for: a mailbox, or a whole account; neither: Nemboks itself."""

    mailbox: Mailbox | None = None
    account: Account | None = None  # whose the mailbox is, or the account that was named

    @property
    def whole_account(self) -> Account | None:
        return self.account if self.mailbox is None else None

    def grants(self, books: Books) -> list[Grant]:
        """All that were ever given for just this: of the mailbox alone, or of the account."""
        if self.mailbox is not None:
            return books.grants.all(mailbox=self.mailbox.id)
        return books.grants.all(account=self.account.id) if self.account else []


def scope_for(books: Books, asking: Asking, cvr: Cvr | None, account: str) -> tuple[Actor, Scope]:
    """Who asks and what for, as far as they know of it. NotFound, NotAllowed; RefusedByRule for both or neither."""
    if bool(cvr) == bool(account):
        raise RefusedByRule(Words("Skriv enten --cvr eller --account", "give either --cvr or --account"))
    if cvr:
        actor, box = box_for(books, asking, Action.SEE_STATUS, cvr)
        return actor, Scope(box, books.accounts.get(box.account) if box.account else None)
    actor, found = account_for(books, asking, Action.SEE_STATUS, account)
    return actor, Scope(account=found)


def scope_of(books: Books, grant: Grant) -> Scope:
    """What the right is for."""
    box = books.mailbox_of(grant.mailbox) if grant.mailbox else None
    account = grant.account if box is None else box.account
    return Scope(box, books.accounts.get(account) if account else None)


def may_decide(books: Books, actor: Actor, role: GrantRole, scope: Scope) -> bool:
    """Whether the actor may give this role there, or end it."""
    box, account = scope.mailbox, scope.whole_account
    if role in EVERYWHERE:
        return actor.operator
    if actor.operator:
        return may_give(actor, role, box, account, books.at)
    asked = (
        may(actor, Action.GRANT, box, books.at) if box else account and may_for(actor, Action.GRANT, account, books.at)
    )
    return bool(asked) and may_give(actor, role, box, account, books.at)


def check_giver(books: Books, actor: Actor, role: GrantRole, scope: Scope) -> None:
    """Nothing, if the actor may give it. NotAllowed; RefusedByRule for a kurator's, which a case gives."""
    if role is GrantRole.KURATOR:
        raise RefusedByRule(BY_ESTATES)
    if not may_decide(books, actor, role, scope) and not _first_set_up(books, actor, role, scope):
        raise not_allowed(actor, Action.GRANT)


def check_person(books: Books, person: Person, role: GrantRole) -> None:
    """Nothing, if the person can have it: who runs Nemboks has no right of a customer, nor the other way round."""
    theirs = [one for one in books.grants.all(person=person.id) if one.until is None or one.until > books.at]
    if any((one.role in EVERYWHERE) is not (role in EVERYWHERE) for one in theirs):
        raise RefusedByRule(
            Words(
                f"{person.name} kan ikke både drive Nemboks og have adgang hos en kunde; lav en person til hvert",
                f"{person.name} cannot both run Nemboks and have a customer's right; make one person for each",
            )
        )


def dates_of(books: Books, actor: Actor, scope: Scope, since: datetime | None, until: datetime | None) -> datetime:
    """From when the right is in force; never before now. RefusedByRule for dates that cannot be, or are not theirs."""
    begins = since or books.at
    if midnight(danish(books.at).date()) <= begins < books.at:  # "from today" is meant as from now
        begins = books.at
    if begins < books.at:
        raise RefusedByRule(Words("En ret gives ikke bagud i tiden", "a right is not given backwards in time"))
    if until is not None and until <= begins:
        raise RefusedByRule(Words("Retten ender, før den begynder", "the right ends before it begins"))
    mine = [one.until for one in givers(actor, scope.mailbox, scope.whole_account, books.at)]
    ends = [one for one in mine if one is not None]
    if ends and len(ends) == len(mine) and (until is None or until > max(ends)):
        raise RefusedByRule(
            Words(
                "Din egen ret ender før; giv den ikke for længere tid: --until",
                "your own right ends before that; give it for no longer: --until",
            )
        )
    return begins


def check_owned(books: Books, new: Grant, scope: Scope) -> None:
    """Nothing, if with the new right no moment comes without an owner. RefusedByRule."""
    owners = [*scope.grants(books), new]
    if scope.mailbox and scope.account:
        owners += Scope(account=scope.account).grants(books)
    if new.role is GrantRole.OWNER and unowned_at(owners, books.at) is not None:
        raise RefusedByRule(
            Words(
                "Den første ejer har ret fra nu af og uden slutdato; der må aldrig mangle en ejer",
                "the first owner's right begins now and has no end; there must never be no owner",
            )
        )


def check_left(books: Books, ended: Iterable[Grant]) -> None:
    """Nothing, if without these rights no moment comes without an owner. RefusedByRule."""
    gone = [one for one in ended if one.role is GrantRole.OWNER]
    for grant in gone:
        scope = Scope(books.mailbox_of(grant.mailbox)) if grant.mailbox else scope_of(books, grant)
        left = [one for one in scope.grants(books) if one not in gone]
        if unowned_at(left, books.at) is not None:
            raise RefusedByRule(LAST_OWNER)


def open_grants(books: Books, grants: Sequence[Grant]) -> list[Grant]:
    """Those that are in force or to come."""
    return [one for one in grants if one.until is None or one.until > books.at]


def _first_set_up(books: Books, actor: Actor, role: GrantRole, scope: Scope) -> bool:
    """Whether it is the operator who gives an account its first people; from then on owners do."""
    account = scope.whole_account
    if not actor.operator or account is None or role not in DECIDING:
        return False
    return unowned_at(scope.grants(books), books.at) == books.at
