"""Anna's firm and its people, made by the desk's own acts; for tests of accounts, grants and plans."""

from typing import Any, Final

from nemboks.desk.access import Asking
from nemboks.desk.accounts import NewAccount, account_add
from nemboks.desk.grants import NewGrant, grant_add
from nemboks.desk.mailboxes import NewMailbox, add
from nemboks.desk.words import Item
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox
from nemboks.domain.people import GrantRole
from nemboks.domain.plans import NONE_SOLD
from nemboks.store.store import Store
from tests.helpers import builders as make

KEYBOARD: Final = Asking("root (operator)")
FIRM, EMAIL, CONTACT = "Bageriet ApS", Address("post@bageri.example"), Address("anna@privat.example")
FIRST, SECOND = Cvr("25313763"), Cvr("24256790")


def by(person: str) -> Asking:
    return Asking(KEYBOARD.operator, person)


ANNA: Final = by("anna")


async def firm(store: Store, name: str = FIRM, owner: str = "anna", **more: Any) -> Item:
    """The account with its first owner."""
    return await account_add(store, KEYBOARD, NewAccount(name, more.pop("email", EMAIL), owner, **more))


async def mailbox(store: Store, cvr: Cvr = FIRST, account: str = FIRM, asking: Asking = ANNA, plans=NONE_SOLD) -> Item:
    """A mailbox of the account."""
    new = NewMailbox(cvr, "Annas Bageri", Face.REST, make.ADDRESS, make.SERVER, {"token": "t"}, account=account)
    return await add(store, asking, new, plans=plans)


async def give(
    store: Store, person: str, role: GrantRole, cvr: Cvr | None = None, asking: Asking = ANNA, **more: Any
) -> Item:
    """A right for the CVR, or for the whole of Anna's account; one of the house by the keyboard."""
    account = more.pop("account", "" if cvr or asking is KEYBOARD else FIRM)
    email = Address(more.pop("email")) if "email" in more else None
    return await grant_add(store, asking, NewGrant(person, role, cvr, account, email, **more))


async def box(store: Store, cvr: Cvr = FIRST) -> Mailbox:
    found = await store.mailboxes.find(cvr)
    assert found is not None
    return found


async def told(store: Store, kind: Kind) -> list[Announcement]:
    return await store.ask(lambda books: books.announcements.all(kind=kind))


async def history(store: Store) -> list[str]:
    """The names of all that was noted, in order."""
    return [row.fields[3] async for row in store.audit.rows()]
