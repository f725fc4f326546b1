"""Persons and who of them is told: found by name, made with the first right that somebody gives them.

Promises: a name that is somebody else's is never taken for a new colleague; whoever means an outsider gives their
e-mail too. Who left does not come back under the same name.
"""

from collections.abc import Iterable
from dataclasses import replace

from nemboks.desk.access import person_name
from nemboks.desk.errors import NotFound, RefusedByRule
from nemboks.desk.words import Words
from nemboks.domain.circles import mail_path
from nemboks.domain.mailbox import Address
from nemboks.domain.people import Account, Grant, GrantRole, Person
from nemboks.ports import Books

DECIDING = (GrantRole.OWNER, GrantRole.ADMINISTRATOR)


def person_of(books: Books, name: str) -> Person:
    """The person of that name, who may have left. NotFound."""
    found = books.people.all(name=name)
    if not found:
        raise NotFound(Words(f"Der er ingen person {name!r}", f"there is no person {name!r}"))
    return found[0]


def person_for(books: Books, name: str, email: Address | None, account: Account | None) -> Person:
    """The person of that name in the account (None: of the house), made if nobody has the name. RefusedByRule."""
    found = books.people.all(name=name)
    if not found:
        return _made(books, name, email, account)
    person = found[0]
    if person.ended_at is not None:
        raise RefusedByRule(Words(f"{name} er fratrådt; vælg et andet navn", f"{name} has left; choose another name"))
    if person.account == (account.id if account else None):
        return _with_email(books, person, email)
    if email is None or person.email is None or email.casefold() != person.email.casefold():
        raise RefusedByRule(
            Words(
                f"Navnet {name} er optaget. Er det en udenfor virksomheden, du mener, så skriv også personens egen "
                "e-mail med --email; ellers vælg et andet navn",
                f"the name {name} is taken. If you mean somebody outside the company, give their own e-mail too, with "
                "--email; else choose another name",
            )
        )
    return person


def told_of(books: Books, grants: Iterable[Grant]) -> dict[int, str]:
    """By person, the paths to those who have one of these grants now and an e-mail; in their account's language."""
    paths: dict[int, str] = {}
    for grant in grants:
        person = books.people.get(grant.person)
        if person is None or person.email is None or person.ended_at is not None or not grant.in_force(books.at):
            continue
        home = books.accounts.get(person.account) if person.account else None
        paths[person.id] = mail_path(home.language if home else "da", person.email)
    return paths


def deciding(books: Books, account: int | None, mailbox: int | None = None) -> list[Grant]:
    """Grants of owners and administrators: of the whole account, and of the mailbox."""
    of_account = [] if account is None else books.grants.all(account=account)
    of_mailbox = [] if mailbox is None else books.grants.all(mailbox=mailbox)
    return [one for one in (*of_account, *of_mailbox) if one.role in DECIDING]


def _made(books: Books, name: str, email: Address | None, account: Account | None) -> Person:
    try:
        person = Person(0, person_name(name), books.at, account.id if account else None, email)
    except ValueError as error:
        raise RefusedByRule(
            Words(
                f"{name!r} kan ikke være et navn: det har bogstaver a-z, cifre, . - _ og @, højst 64 tegn", str(error)
            )
        ) from error
    return books.people.add(person)


def _with_email(books: Books, person: Person, email: Address | None) -> Person:
    if email is None or email == person.email:
        return person
    if person.email is not None:
        raise RefusedByRule(
            Words(
                f"{person.name} har allerede en anden e-mail; udelad --email",
                f"{person.name} has another e-mail already; leave --email out",
            )
        )
    known = replace(person, email=email)
    books.people.put(known)
    return known
