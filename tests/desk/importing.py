"""An accountant's table, read and imported into a real ledger; Bo's firm is the account."""

from typing import Any

from nemboks.content.cvr_table import Table, read_table
from nemboks.desk.access import Asking
from nemboks.desk.imports import Terms
from nemboks.domain.mailbox import Address, Cvr, Mailbox
from nemboks.domain.people import Account, Grant, GrantRole, Person
from nemboks.ports import Books
from nemboks.store.store import Store

FIRM = "Revision Syd"
BO, EGON = Asking("root (operator)", "bo"), Asking("root (operator)", "egon")
HEADING = "cvr;navn;email;anden_kontakt;reference;neutralt_emne"
ONE, TWO, THREE = Cvr("25313763"), Cvr("24256790"), Cvr("30000013")
ROWS = (
    f"{ONE};Claras Bo;clara@bo.example;clara@privat.example;K-1;ja",
    f"{TWO};Dortes Drift;dorte@drift.example;;K-2;",
    f"{THREE};;egon@firma.example;;;nej",
)
TERMS = Terms("bageri", FIRM, our_cvr="13585628")


def table(*rows: str, heading: str = HEADING) -> Table:
    return read_table("\r\n".join([heading, *(rows or ROWS)]).encode())


async def firm(store: Store, role: GrantRole = GrantRole.OWNER, **account: Any) -> Account:
    """The account with Bo; Egon is somebody of another one."""

    def make(books: Books) -> Account:
        made = books.accounts.add(Account(0, FIRM, Address("bo@revision.example"), books.at, **account))
        other = books.accounts.add(Account(0, "En anden", Address("egon@anden.example"), books.at))
        for name, theirs, its in (("bo", made, role), ("egon", other, GrantRole.OWNER)):
            person = books.people.add(Person(0, name, books.at, theirs.id))
            books.grants.add(Grant(0, person.id, its, books.at, "test", account=theirs.id))
        return made

    return await store.act(make)


async def boxes(store: Store) -> dict[str, Mailbox]:
    return {str(box.cvr): box for box in await store.mailboxes.all()}
