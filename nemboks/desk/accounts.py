"""Customers: an account with its first owner, who they are, and whom to tell when their e-mail fails.

Promises: those who run Nemboks make an account and set its plan; everything else of it is decided by its own people.
Its e-mail is changed by the flow of changes.py only. Another second contact is told of to the one before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from nemboks.content.texts import clean
from nemboks.desk.access import Asking, account_for, actor_of, allowed, knows_account
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.grant_rules import check_person
from nemboks.desk.people import deciding, person_for, told_of
from nemboks.desk.plans import plan_item, sold
from nemboks.desk.words import Item, Words
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import domain_of, mail_path
from nemboks.domain.mailbox import Address
from nemboks.domain.people import Account, Action, Actor, Grant, GrantRole, may_for
from nemboks.domain.plans import NONE_SOLD, Plan
from nemboks.ports import Acts, Books

NAME: Final = 120  # characters


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A customer as the operator describes it; `owner` is the first person, by the name of `--as`."""

    name: str
    email: Address
    owner: str
    owner_email: Address | None = None
    second_contact: Address | None = None
    plan: str = ""
    paid_until: datetime | None = None
    language: str = "da"


async def account_add(store: Acts, asking: Asking, new: NewAccount, plans: Mapping[str, Plan] = NONE_SOLD) -> Item:
    """The new account with its first owner. NotAllowed; RefusedByRule for a name that is taken, or a wrong plan."""

    def act(books: Books) -> Item:
        actor = allowed(books, asking, Action.ACCOUNT)
        _check_new(books, new, plans)
        account = books.accounts.add(
            Account(0, new.name, new.email, books.at, new.language, new.second_contact, new.plan, new.paid_until)
        )
        owner = person_for(books, new.owner, new.owner_email, account)
        check_person(books, owner, GrantRole.OWNER)
        grant = books.grants.add(Grant(0, owner.id, GrantRole.OWNER, books.at, actor.name, account=account.id))
        books.note("account_added", by=actor.name, account=account.name, plan=account.plan, email=new.email.masked)
        books.note(
            "grant_given", by=actor.name, grant=grant.id, person=owner.name, role=grant.role.value, account=account.name
        )
        return _item(books, account, actor)

    return await store.act(act)


async def account_list(store: Acts, asking: Asking) -> list[Item]:
    """The accounts that the asker may know of, by name."""

    def read(books: Books) -> list[Item]:
        actor = actor_of(books, asking)
        seen = [
            one
            for one in books.accounts.all()
            if knows_account(actor, one) and may_for(actor, Action.SEE_STATUS, one, books.at)
        ]
        return [_item(books, one, actor) for one in sorted(seen, key=lambda one: one.name)]

    return await store.ask(read)


async def account_show(store: Acts, asking: Asking, name: str) -> Item:
    """One account: its people, its CVRs, its plan. NotFound, NotAllowed."""

    def read(books: Books) -> Item:
        actor, account = account_for(books, asking, Action.SEE_STATUS, name)
        people = [one for one in books.people.all(account=account.id) if one.ended_at is None]
        return _item(books, account, actor) | {"people": [one.name for one in people]}

    return await store.ask(read)


async def account_contact(store: Acts, asking: Asking, name: str, address: Address) -> Item:
    """The account with its second contact. NotFound, NotAllowed; RefusedByRule for the account's own e-mail.

    The one before, the account's e-mail and its owners are told: whoever takes that place could agree to an address.
    """

    def act(books: Books) -> Item:
        actor, account = account_for(books, asking, Action.ADDRESS, name)
        _another(account.email, address)
        if account.second_contact == address:
            return _item(books, account, actor)
        after = replace(account, second_contact=address)
        books.accounts.put(after)
        was = account.second_contact.masked if account.second_contact else None
        books.note("second_contact_set", by=actor.name, account=account.name, was=was, contact=address.masked)
        _tell(books, account, after, actor)
        return _item(books, after, actor)

    return await store.act(act)


def _check_new(books: Books, new: NewAccount, plans: Mapping[str, Plan]) -> None:
    if not new.name or clean(new.name, NAME) != new.name:
        raise RefusedByRule(
            Words(f"Et kontonavn er højst {NAME} almindelige tegn", f"an account's name is {NAME} plain signs at most")
        )
    if books.accounts.all(name=new.name):
        raise RefusedByRule(
            Words(f"Der er en konto {new.name!r} allerede", f"there is an account {new.name!r} already")
        )
    if new.plan:
        sold(new.plan, plans)
    if new.second_contact:
        _another(new.email, new.second_contact)


def _another(email: Address, contact: Address) -> None:
    if contact.casefold() == email.casefold():
        raise RefusedByRule(
            Words(
                "Den anden kontakt skal være en anden end kontoens e-mail: svigter den, når vi ingen",
                "the second contact must be another than the account's e-mail: if that fails, we reach nobody",
            )
        )


def _tell(books: Books, before: Account, after: Account, actor: Actor) -> None:
    old, new = before.second_contact, after.second_contact
    facts = {
        "subject": "contact", "company": after.name, "account": after.name,
        "by": actor.person.name if actor.person else actor.name,
        "old": old.masked if old else None, "new": new.masked if new else None,
    }  # fmt: skip
    owners = told_of(books, [one for one in deciding(books, after.id) if one.role is GrantRole.OWNER])
    paths = [mail_path(after.language, one) for one in (old, after.email) if one]
    for path in dict.fromkeys([*paths, *owners.values()]):
        key = f"contact of account {after.id} {books.at.isoformat()} {path}"
        books.tell(Announcement(0, key, Kind.ADDRESS_CHANGED, path, books.at, due_at=books.at, facts=facts))


def _item(books: Books, account: Account, actor: Actor) -> Item:
    """The account; its addresses in full only for those who decide in it."""
    full = may_for(actor, Action.GRANT, account, books.at)
    contact = account.second_contact
    owners = [one for one in deciding(books, account.id) if one.role is GrantRole.OWNER and one.in_force(books.at)]
    people = [books.people.get(one.person) for one in owners]
    return {
        **plan_item(account, books.at),
        "account": account.name,
        "email": account.email if full else account.email.masked,
        "second_contact": contact if full or contact is None else contact.masked,
        "contact_same_domain": contact is not None and domain_of(contact) == domain_of(account.email),
        "language": account.language,
        "owners": [one.name for one in people if one],
        "cvrs": [box.cvr for box in books.mailboxes(account.id)],
        "created_at": account.created_at,
    }
