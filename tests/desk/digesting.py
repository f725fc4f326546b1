"""An account that wants a digest, and the chore of the daemon that queues it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from nemboks.desk.access import Asking
from nemboks.desk.digests import take_effect, waiting
from nemboks.domain.announcements import Kind
from nemboks.domain.mailbox import Address
from nemboks.domain.people import Account, Grant, GrantRole, Person
from tests.desk.troubled import Trouble

SEVEN = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)  # the first morning after START
REVISOR = Address("post@revisor.example")


@pytest.fixture
async def trouble(filled):
    """Anna's and Bo's mailboxes in an account that wants a digest, and the count begun."""
    found = Trouble(filled)

    def choose(books):
        account = books.accounts.add(Account(0, "Revision Syd", REVISOR, books.at, digest=True))
        for box in books.mailboxes():
            books.keep(replace(box, account=account.id, due_at=SEVEN + timedelta(days=900)))
        person = books.people.add(Person(0, "bo", books.at, account.id))
        books.grants.add(Grant(0, person.id, GrantRole.ACCOUNTANT, books.at, "t", account=account.id))
        books.people.add(Person(0, "egon", books.at))

    await found.store.act(choose)
    await sweep(found)
    found.asking = Asking("bo (operator)", "bo")
    return found


async def sweep(trouble):
    """How many digests one sweep of the daemon queues."""
    if not await trouble.store.ask(waiting):
        return 0
    return await trouble.store.act(take_effect)


async def told(trouble):
    """What was queued: the path and the facts."""
    found = await trouble.store.announcements.latest(100)
    return [(one.path, one.facts) for one in reversed(found) if one.kind is Kind.DIGEST]


def to(trouble, at):
    """The clock at this time."""
    trouble.clock.advance((at - trouble.clock.now()).total_seconds())
