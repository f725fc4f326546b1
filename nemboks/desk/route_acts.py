"""What every change of a route does in its transaction: the next version, who is told, what the tray lets go.

Promises: the usual address and the second contact hear of every change; letters that go round the usual address to a
new one outside stay in Digital Post too for 72 hours (SECURITY 4a, RELIABILITY I14).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from nemboks.desk.errors import NotFound
from nemboks.desk.words import Lang, Words
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.events import Reason, Released
from nemboks.domain.mailbox import Address, Mailbox, Route
from nemboks.domain.people import Action, Actor, Person, may
from nemboks.domain.routing import aim
from nemboks.ports import Books


def put(books: Books, by: str, box: Mailbox, route: Route, what: Words, outside: Sequence[Address] = ()) -> Mailbox:
    """The mailbox with this as its next route. `outside`: addresses on probation that letters now go to."""
    after = books.reroute(box, replace(route, since=books.at, vouched_by=by))
    until = None
    if outside:
        until = max(books.at + books.pace.probation, after.custody.probation_until or books.at)
        after = books.keep(replace(after, custody=replace(after.custody, probation_until=until)))
        books.note("probation_begun", after, by=by, addresses=[one.masked for one in outside], until=until)
    release_fitting(books, after, by)
    _tell(books, by, after, what, outside, until)
    return after


def release_fitting(books: Books, box: Mailbox, by: str) -> list[int]:
    """The letters of the unrouted tray that the mailbox's route now sends somewhere: they go on."""
    fitting = [
        letter
        for letter in books.held(Reason.UNROUTED)
        if letter.mailbox == box.id and aim(box.route, letter, books.at) is not None
    ]
    return [books.move(letter, Released(by, books.at)).id for letter in fitting]


def own_addresses(books: Books, box: Mailbox) -> Iterator[Address]:
    """Addresses besides the usual one whose domains are the company's own; an estate's kurator has none of them.

    Not the second contact: nobody types a code for one, so a thief's would make his domain the company's.
    """
    account = books.accounts.get(box.account) if box.account and box.frozen_at is None else None
    if account:
        yield account.email


def reached(books: Books, box: Mailbox) -> dict[Address, str]:
    """Whom a change concerns, and in which language: the usual address and the second contact."""
    found = {box.route.address: box.options.language}
    account = books.accounts.get(box.account) if box.account and box.frozen_at is None else None
    if box.options.second_contact:
        found.setdefault(box.options.second_contact, box.options.contact_language)
    elif account and account.second_contact:
        found.setdefault(account.second_contact, account.language)
    return found


def owner_of(books: Books, box: Mailbox, name: str) -> Person:
    """The person, who sees this mailbox's letters and so can look after its tray. NotFound, for a stranger too."""
    found = books.people.all(name=name)
    grants = tuple(books.grants.all(person=found[0].id)) if found else ()
    if not found or not may(Actor(name, found[0], grants), Action.SEE_LETTERS, box, books.at):
        raise NotFound(
            Words(
                f"Der er ingen person {name!r}, der kan se breve til {box.cvr}",
                f"there is no person {name!r} who can see letters of {box.cvr}",
            )
        )
    return found[0]


def company(box: Mailbox) -> dict[str, Any]:
    """The facts that every announcement about a mailbox has."""
    return {"company": box.name, "cvr": box.cvr}


def _tell(books: Books, by: str, box: Mailbox, what: Words, outside: Sequence[Address], until: datetime | None) -> None:
    facts = {**company(box), "subject": "route", "by": by}
    facts |= {"new": ", ".join(one.masked for one in outside)} if outside else {}
    facts |= {"until": until.isoformat()} if until else {}
    for address, language in reached(books, box).items():
        path = mail_path(language, address)
        key = f"route {box.id} version {box.route.version} {path}"
        told = {**facts, "rule": what.to(Lang(language))}
        books.tell(Announcement(0, key, Kind.ADDRESS_CHANGED, path, books.at, books.at, mailbox=box.id, facts=told))
