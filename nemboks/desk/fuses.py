"""The delete fuse as people meet it: who is told when it trips, what it let through, and resetting it.

Promises: a tripped fuse stays tripped until a person with the right gives a reason; the first cause is the one that is
kept. Letters are forwarded as before, and owed receipts go when it is reset.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from nemboks.desk.access import Asking, allowed, box_for, seen_by
from nemboks.desk.custody import let_go
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.words import Item, Lang, Words
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import language_of, mail_path
from nemboks.domain.custody import Consent
from nemboks.domain.fuse import Trip
from nemboks.domain.mailbox import Address, Cvr, Mailbox
from nemboks.domain.people import Action
from nemboks.domain.plans import serves
from nemboks.ports import Acts, Books

WHY: Final[Mapping[Trip, Words]] = {
    Trip.UNCONFIRMED: Words(
        "Et brev uden bekræftelse skulle fjernes fra Digital Post. Det blev stoppet.",
        "A letter without a confirmation was to leave Digital Post. It was stopped.",
    ),
    Trip.TOO_MANY: Words(
        "Usædvanligt mange breve skulle fjernes fra Digital Post inden for en time.",
        "Unusually many letters were to leave Digital Post within an hour.",
    ),
    Trip.TOO_MANY_IN_ALL: Words(
        "Usædvanligt mange breve for alle CVR-numre skulle fjernes fra Digital Post inden for en time.",
        "Unusually many letters of all CVRs were to leave Digital Post within an hour.",
    ),
    Trip.REPEATED: Words(
        "Kvitteringen for ét brev blev forsøgt igen og igen.", "The receipt of one letter was tried again and again."
    ),
    Trip.RECONCILIATION: Words(
        "Digital Post, vores journal og bekræftelserne stemmer ikke overens.",
        "Digital Post, our ledger and the confirmations do not agree.",
    ),
}


def tripped(books: Books, box: Mailbox | None, why: Trip, words: str, operator: Address | None = None) -> None:
    """Writes down that the fuse of this mailbox, or (None) of all, has tripped, and who is told. Part of another act.

    A company hears of its own mailbox by its second contact; of all mailboxes the operator alone is told.
    """
    for one in [box] if box else books.mailboxes():
        if not one.custody.fuse:
            books.keep(replace(one, custody=replace(one.custody, fuse=why.value)))
    books.note("fuse_tripped", box, why=why.value, words=words)
    paths = [mail_path("da", operator)] if operator else []
    if box and box.frozen_at is None and (contact := box.options.second_contact):
        paths.append(mail_path(box.options.contact_language, contact))
    for path in dict.fromkeys(paths):
        facts = {"why": WHY[why].to(Lang(language_of(path))), "at": books.at.isoformat()}
        facts |= {"company": box.name, "cvr": str(box.cvr)} if box else {}
        key = f"fuse {box.id if box else 'all'} {books.at.isoformat()} {path}"
        number = box.id if box else None
        books.tell(Announcement(0, key, Kind.FUSE_TRIPPED, path, books.at, books.at, number, facts=facts))


async def fuse_show(store: Acts, asking: Asking) -> list[Item]:
    """The mailboxes that the asker sees whose fuse has tripped or let something through lately, tripped ones first."""

    def read(books: Books) -> list[Item]:
        through = books.let_through()
        items = [fuse_item(box, through.get(box.id, 0)) for box in seen_by(books, asking, Action.SEE_STATUS)]
        return sorted((one for one in items if one["fuse"] or one["let_through"]), key=lambda one: not one["fuse"])

    return await store.ask(read)


async def fuse_reset(store: Acts, asking: Asking, cvr: Cvr | None, reason: str) -> list[Item]:
    """The mailboxes whose fuse holds again: this CVR's, or (None) all that had tripped.

    What was let through before counts no more. NotFound, NotAllowed, RefusedByRule if none had tripped.
    """

    def act(books: Books) -> list[Item]:
        if cvr is None:
            actor, boxes = allowed(books, asking, Action.FUSE), books.mailboxes()
        else:
            actor, box = box_for(books, asking, Action.FUSE, cvr)
            boxes = [box]
        found = [box for box in boxes if box.custody.fuse]
        if not found:
            raise RefusedByRule(Words("Sikringen er ikke sprunget", "the fuse has not tripped"))
        if cvr is None:
            books.settle_fuse()
        return [_reset(books, box, actor.name, reason) for box in found]

    return await store.act(act)


async def to_reconcile(store: Acts, asking: Asking, cvr: Cvr) -> Mailbox:
    """The mailbox, if the asker may have it compared now. NotFound, NotAllowed; RefusedByRule if we may not look."""

    def read(books: Books) -> Mailbox:
        _, box = box_for(books, asking, Action.RETRY, cvr)
        if box.consent is not Consent.GIVEN or not serves(box.serves_until, books.at):
            raise RefusedByRule(
                Words(
                    f"CVR {cvr} har ikke lukket os ind i Digital Post, eller abonnementet er slut",
                    f"CVR {cvr} has not let us into Digital Post, or its plan has ended",
                )
            )
        return box

    return await store.ask(read)


def fuse_item(box: Mailbox, let_through: int) -> Item:
    """One mailbox's fuse as people see it."""
    why = WHY[Trip(box.custody.fuse)] if box.custody.fuse in set(Trip) else Words(box.custody.fuse, box.custody.fuse)
    return {
        "cvr": box.cvr,
        "name": box.name,
        "fuse": box.custody.fuse or None,
        "why_da": why.da or None,
        "why_en": why.en or None,
        "let_through": let_through,
    }


def _reset(books: Books, box: Mailbox, by: str, reason: str) -> Item:
    after = books.keep(replace(box, custody=replace(box.custody, fuse="")))
    books.settle_fuse(after)
    books.note("fuse_reset", after, by=by, reason=reason, was=box.custody.fuse)
    return fuse_item(after, 0) | {"receipts_owed": let_go(books, after, by)}
