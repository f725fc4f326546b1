"""Who may do what for a mailbox or an account: give a right, end it, see them, and let a person leave.

Promises: a right is dated, noted and never deleted; its end counts at the next thing that is asked. The others who
decide there are told of every one that is given or ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from nemboks.desk.access import Asking, actor_of, knows_account, not_allowed
from nemboks.desk.errors import NotFound, RefusedByRule
from nemboks.desk.grant_rules import (
    BY_ESTATES,
    Scope,
    check_giver,
    check_left,
    check_owned,
    check_person,
    dates_of,
    may_decide,
    open_grants,
    scope_for,
    scope_of,
)
from nemboks.desk.people import deciding, person_for, person_of, told_of
from nemboks.desk.words import Item, Words
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.mailbox import Address, Cvr
from nemboks.domain.people import EVERYWHERE, Action, Actor, Grant, GrantRole, Person, may, may_for
from nemboks.ports import Acts, Books


@dataclass(frozen=True, slots=True)
class NewGrant:
    """A right as somebody wants to give it: for a CVR or for a whole account; one of the house names neither."""

    person: str
    role: GrantRole
    cvr: Cvr | None = None
    account: str = ""
    email: Address | None = None  # the person's own
    since: datetime | None = None  # None: now
    until: datetime | None = None  # None: without end


async def grant_add(store: Acts, asking: Asking, new: NewGrant) -> Item:
    """The right, given; the person is made if nobody has the name. NotFound, NotAllowed, RefusedByRule."""

    def act(books: Books) -> Item:
        actor, scope = _wanted(books, asking, new)
        check_giver(books, actor, new.role, scope)
        since = dates_of(books, actor, scope, new.since, new.until)
        person = person_for(books, new.person, new.email, scope.account)
        check_person(books, person, new.role)
        grant = Grant(
            0, person.id, new.role, since, actor.name, scope.mailbox.id if scope.mailbox else None,
            scope.whole_account.id if scope.whole_account else None, new.until,
        )  # fmt: skip
        _new(books, grant)
        check_owned(books, grant, scope)
        made = books.grants.add(grant)
        _note(books, "grant_given", made, person, scope, actor)
        _tell(books, "given", made, person, scope, actor, [])
        return _item(books, made)

    return await store.act(act)


async def grant_end(store: Acts, asking: Asking, number: int) -> Item:
    """The right, ended now. NotFound, NotAllowed; RefusedByRule for a kurator's and for the last owner's.

    Everybody may give up a right of their own.
    """

    def act(books: Books) -> Item:
        actor, grant = actor_of(books, asking), books.grants.get(number)
        if grant is None or not _knows(books, actor, grant):
            raise NotFound(Words(f"Der er ingen ret nummer {number}", f"there is no grant number {number}"))
        scope, own = scope_of(books, grant), actor.person is not None and actor.person.id == grant.person
        if not own and not may_decide(books, actor, grant.role, scope):
            raise not_allowed(actor, Action.GRANT)
        if not open_grants(books, [grant]):
            raise RefusedByRule(Words("Retten er allerede slut", "the right has ended already"))
        _check_end(books, [grant])
        return _item(books, _ended(books, grant, actor))

    return await store.act(act)


async def person_end(store: Acts, asking: Asking, name: str) -> Item:
    """The person, without any right from now on: somebody who leaves. NotFound, NotAllowed, RefusedByRule as above.

    Whoever decides in the person's own account may say so; the operator, of people of the house.
    """

    def act(books: Books) -> Item:
        actor, person = actor_of(books, asking), person_of(books, name)
        theirs = open_grants(books, books.grants.all(person=person.id))
        _check_leaving(books, actor, person, theirs)
        _check_end(books, theirs)
        ended = [_ended(books, one, actor) for one in theirs]
        books.people.put(replace(person, ended_at=books.at))
        books.note("person_ended", by=actor.name, person=person.name, grants=[one.id for one in ended])
        return {"person": person.name, "ended_at": books.at, "grants": [_item(books, one) for one in ended]}

    return await store.act(act)


async def grant_list(
    store: Acts, asking: Asking, cvr: Cvr | None = None, account: str = "", person: str = "", every: bool = False
) -> list[Item]:
    """Rights in force or to come, `every` one that ever was: those of the asker, and of what they see the state of.

    NotFound, NotAllowed for a CVR or an account that they do not.
    """

    def read(books: Books) -> list[Item]:
        found = _asked(books, asking, cvr, account)
        actor = actor_of(books, asking)
        if person:
            wanted = {one.id for one in books.people.all(name=person)}
            found = [one for one in found if one.person in wanted]
        shown = found if every else open_grants(books, found)
        return [_item(books, one) for one in shown if _sees(books, actor, one)]

    return await store.ask(read)


def _wanted(books: Books, asking: Asking, new: NewGrant) -> tuple[Actor, Scope]:
    if new.role not in EVERYWHERE:
        return scope_for(books, asking, new.cvr, new.account)
    if new.cvr or new.account:
        raise RefusedByRule(
            Words(f"{new.role} gælder overalt: udelad --cvr og --account", f"{new.role} names no --cvr or --account")
        )
    return actor_of(books, asking), Scope()


def _new(books: Books, grant: Grant) -> None:
    same = books.grants.all(person=grant.person, role=grant.role, mailbox=grant.mailbox, account=grant.account)
    if any(one.since <= grant.since and _as_long(one, grant) for one in open_grants(books, same)):
        raise RefusedByRule(Words("Personen har den ret allerede", "the person has that right already"))


def _as_long(one: Grant, other: Grant) -> bool:
    return one.until is None or (other.until is not None and other.until <= one.until)


def _check_end(books: Books, grants: Sequence[Grant]) -> None:
    if any(one.role is GrantRole.KURATOR for one in grants):
        raise RefusedByRule(BY_ESTATES)
    check_left(books, grants)


def _check_leaving(books: Books, actor: Actor, person: Person, theirs: Sequence[Grant]) -> None:
    """Foreign people are not there. What they hold in their own account, the actor must be able to end."""
    own = books.accounts.get(person.account) if person.account else None
    if actor.person is not None and actor.person.id == person.id:
        return
    if not actor.operator and not (own and knows_account(actor, own)):
        raise NotFound(Words(f"Der er ingen person {person.name!r}", f"there is no person {person.name!r}"))
    house = actor.operator and own is None
    decides = own is not None and may_for(actor, Action.GRANT, own, books.at)
    inside = [one for one in theirs if (scope_of(books, one).account or own) == own]
    if not house and not (decides and all(may_decide(books, actor, one.role, scope_of(books, one)) for one in inside)):
        raise not_allowed(actor, Action.GRANT)
    if person.ended_at is not None:
        raise RefusedByRule(Words(f"{person.name} er allerede fratrådt", f"{person.name} has left already"))


def _ended(books: Books, grant: Grant, actor: Actor) -> Grant:
    scope, person = scope_of(books, grant), books.people.get(grant.person)
    assert person is not None
    before = _deciding(books, scope)
    after = replace(grant, until=books.at, ended_by=actor.name)
    books.grants.put(after)
    _note(books, "grant_ended", after, person, scope, actor)
    _tell(books, "ended", after, person, scope, actor, before)
    return after


def _asked(books: Books, asking: Asking, cvr: Cvr | None, account: str) -> list[Grant]:
    """The rights for the CVR or the account; without either all that there are."""
    if not cvr and not account:
        return books.grants.all()
    _, scope = scope_for(books, asking, cvr, account)
    found = scope.grants(books)
    if scope.mailbox and scope.account:
        found += books.grants.all(account=scope.account.id)
    return found


def _sees(books: Books, actor: Actor, grant: Grant) -> bool:
    """Whether the actor is shown the right: their own, or one for what they see the state of."""
    if actor.operator or (actor.person is not None and actor.person.id == grant.person):
        return True
    if grant.role in EVERYWHERE:
        return any(one.role is GrantRole.OPERATIONS for one in actor.grants)
    scope = scope_of(books, grant)
    if scope.mailbox:
        return may(actor, Action.SEE_STATUS, scope.mailbox, books.at)
    return scope.account is not None and may_for(actor, Action.SEE_STATUS, scope.account, books.at)


_knows = _sees  # what nobody is shown is not there for them


def _deciding(books: Books, scope: Scope) -> list[Grant]:
    return deciding(books, scope.account.id if scope.account else None, scope.mailbox.id if scope.mailbox else None)


def _note(books: Books, event: str, grant: Grant, person: Person, scope: Scope, actor: Actor) -> None:
    books.note(
        event, scope.mailbox, by=actor.name, grant=grant.id, person=person.name, role=grant.role.value,
        account=scope.whole_account.name if scope.whole_account else None, since=grant.since.isoformat(),
        until=grant.until.isoformat() if grant.until else None,
    )  # fmt: skip


def _tell(
    books: Books, change: str, grant: Grant, person: Person, scope: Scope, actor: Actor, before: Sequence[Grant]
) -> None:
    """The others who decide there, also those who did until now; with nobody else, the account's own e-mail."""
    paths = told_of(books, [*before, *_deciding(books, scope)])
    paths.pop(actor.person.id if actor.person else 0, None)
    told = list(dict.fromkeys(paths.values()))
    if not told and scope.account:
        told = [mail_path(scope.account.language, scope.account.email)]
    box = scope.mailbox
    facts = {
        "company": box.name if box else scope.account.name if scope.account else None,
        "cvr": box.cvr if box else None,
        "who": person.name,
        "role": grant.role.value,
        "change": change,
        "by": actor.person.name if actor.person else actor.name,
        "until": grant.until.isoformat() if grant.until else None,
    }
    if scope.whole_account:
        facts["account"] = scope.whole_account.name
    for path in told:
        key = f"grant {grant.id} {change} {path}"
        kind, mailbox = Kind.GRANT_CHANGED, box.id if box else None
        books.tell(Announcement(0, key, kind, path, books.at, due_at=books.at, mailbox=mailbox, facts=facts))


def _item(books: Books, grant: Grant) -> Item:
    scope, person = scope_of(books, grant), books.people.get(grant.person)
    ended = grant.until is not None and grant.until <= books.at
    return {
        "id": grant.id,
        "person": person.name if person else None,
        "role": grant.role,
        "cvr": scope.mailbox.cvr if scope.mailbox else None,
        "account": scope.whole_account.name if scope.whole_account else None,
        "since": grant.since,
        "until": grant.until,
        "state": "ended" if ended else "in_force" if grant.in_force(books.at) else "later",
        "given_by": grant.given_by,
        "ended_by": grant.ended_by or None,
    }
