"""Whether somebody reads the address of a new or imported mailbox: a code goes there, and is typed back.

Promises: until then its letters are forwarded and stay in Digital Post (`custody.unproven`). The code is sent to the
address in force and to nobody else; one that was sent to an address of before proves nothing.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from nemboks.desk.access import Asking, box_for
from nemboks.desk.custody import let_go
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.words import Item, Words
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.codes import MINUTES, Code, until
from nemboks.domain.mailbox import Cvr, Mailbox
from nemboks.domain.people import Action
from nemboks.ports import Acts, Books

PURPOSE: Final = "proof"
MOST: Final = 5  # codes in a DAY: nobody's mailbox is to be filled with them
DAY: Final = timedelta(days=1)


def ask_proof(books: Books, mailbox: Mailbox, by: str = "") -> Code:
    """The code that is on its way to the mailbox's address; those before are dead. Part of the act that calls it."""
    for one in books.codes.all(purpose=PURPOSE, subject=mailbox.id):
        if one.alive(books.at):
            books.codes.put(replace(one, until=books.at))
    address = mailbox.route.address
    code = books.codes_of.digested(books.codes.add(Code(0, PURPOSE, mailbox.id, address, books.at, until(books.at))))
    books.codes.put(code)
    facts = {"code": code.id, "minutes": MINUTES, "cvr": str(mailbox.cvr)}
    facts |= {"company": mailbox.name} if mailbox.name else {}
    path = mail_path(mailbox.options.language, address)
    books.tell(Announcement(0, f"proof {code.id}", Kind.ADDRESS_PROOF, path, books.at, books.at, mailbox.id, facts))
    books.note("address_proof_asked", mailbox, by, address=address.masked)
    return code


async def proof_send(store: Acts, asking: Asking, cvr: Cvr) -> Item:
    """The mailbox's address, with a new code on its way there. NotFound, NotAllowed, RefusedByRule."""
    return await store.act(lambda books: _send(books, asking, cvr))


async def proof_give(store: Acts, asking: Asking, cvr: Cvr, typed: str) -> Item:
    """The mailbox's address, proven: its receipts go from now on, if nothing else stands in their way.

    NotFound, NotAllowed; RefusedByRule for a wrong or dead code (the try is counted).
    """
    outcome = await store.act(lambda books: _give(books, asking, cvr, typed))
    if isinstance(outcome, RefusedByRule):
        raise outcome
    return outcome


def _send(books: Books, asking: Asking, cvr: Cvr) -> Item:
    actor, box = _unproven(books, asking, cvr)
    lately = [one for one in books.codes.all(purpose=PURPOSE, subject=box.id) if one.made_at > books.at - DAY]
    if len(lately) >= MOST:
        raise RefusedByRule(
            Words(
                f"Der er sendt {MOST} koder det seneste døgn; se adressen efter, og prøv i morgen",
                f"{MOST} codes were sent in a day; look at the address, and try tomorrow",
            )
        )
    code = ask_proof(books, box, actor)
    return _item(box) | {"until": code.until}


def _give(books: Books, asking: Asking, cvr: Cvr, typed: str) -> Item | RefusedByRule:
    actor, box = _unproven(books, asking, cvr)
    address = box.route.address
    codes = books.codes.all(purpose=PURPOSE, subject=box.id)
    live = [one for one in codes if one.alive(books.at) and one.address == address]
    right = [one for one in live if books.codes_of.right(one, typed)]
    if not right:
        for one in live:
            books.codes.put(replace(one, tries=one.tries + 1))
        books.note("address_code_wrong", box, actor)
        return RefusedByRule(
            Words(
                f"Koden passer ikke, eller den gælder ikke længere. En ny: `nemboks address prove {cvr} --send`",
                f"the code does not fit, or is no longer good. A new one: `nemboks address prove {cvr} --send`",
            )
        )
    books.codes.put(replace(right[0], used_at=books.at))
    kept = books.keep(replace(box, custody=replace(box.custody, unproven=False)))
    books.note("address_proven", kept, actor, address=address.masked)
    let_go(books, kept, actor)
    return _item(kept)


def _unproven(books: Books, asking: Asking, cvr: Cvr) -> tuple[str, Mailbox]:
    actor, box = box_for(books, asking, Action.CUSTODY, cvr)
    if not box.custody.unproven:
        raise RefusedByRule(Words("Adressen er allerede bekræftet", "the address is proven already"))
    return actor.name, box


def _item(box: Mailbox) -> Item:
    return {"cvr": box.cvr, "name": box.name, "address": box.route.address.masked, "proven": not box.custody.unproven}
