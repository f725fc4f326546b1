"""Changes of address as people see them: which are under way, which can still be taken back.

Promises: an address stands in full only for whoever may change it.
"""

from nemboks.desk.access import Asking, account_for, actor_of, box_for, seen_by
from nemboks.desk.changes_told import whose
from nemboks.desk.words import Item, Words
from nemboks.domain.changes import UNDO, Change, Subject
from nemboks.domain.mailbox import Cvr
from nemboks.domain.people import Action, may_for
from nemboks.ports import Acts, Books


async def change_list(
    store: Acts, asking: Asking, cvr: Cvr | None = None, account: str = "", every: bool = False
) -> list[Item]:
    """The changes that are under way or can be taken back, the oldest first; `every`: all. NotFound, NotAllowed."""
    return await store.ask(lambda books: _listed(books, asking, cvr, account, every))


def change_item(books: Books, change: Change, masked: bool = True) -> Item:
    """One change as people see it."""
    owner, undo_until = whose(books, change), change.undo_until()
    old, new = (change.old.masked, change.new.masked) if masked else (change.old, change.new)
    return {
        "change": change.id, "subject": change.subject, "cvr": owner.box.cvr if owner.box else None,
        "account": owner.account.name if owner.account else None, "name": owner.name, "old": old, "new": new,
        "server": change.server or None, "state": change.state, "asked_by": change.asked_by,
        "asked_at": change.asked_at, "proven_at": change.proven_at, "old_confirmed_at": change.old_confirmed_at,
        "contact": bool(change.contact), "contact_confirmed_at": change.contact_confirmed_at,
        "effect_at": change.effect_at, "done_at": change.done_at, "undo_until": undo_until,
        "cancelled_at": change.cancelled_at, "cancelled_by": change.cancelled_by or None,
        "rolled_back_at": change.rolled_back_at, "rolled_back_by": change.rolled_back_by or None,
    }  # fmt: skip


def not_to_undo(books: Books, change: Change) -> Words | None:
    """Why the change cannot be taken back; None when it can."""
    owner, until = whose(books, change), change.undo_until()
    if until is None:
        return Words(
            f"Ændringen er ikke gennemført; den kan stoppes: `nemboks address cancel {change.id}`",
            f"the change has not taken effect; it can be stopped: `nemboks address cancel {change.id}`",
        )
    if change.rolled_back_at or books.at >= until:
        return Words(
            "Det er for sent: den er taget tilbage allerede, eller de 7 døgn er gået; se `nemboks address list --all`",
            "it is too late: it was taken back already, or the 7 days are over; see `nemboks address list --all`",
        )
    frozen_at = owner.box.frozen_at if owner.box else None
    server = owner.box.route.server if owner.box else ""
    if (owner.address, server) != (change.new, change.server) or (frozen_at and change.asked_at < frozen_at):
        return Words(
            "Adressen er ændret igen siden; se `nemboks address list`",
            "the address was changed again since; see `nemboks address list`",
        )
    return None


def _listed(books: Books, asking: Asking, cvr: Cvr | None, account: str, every: bool) -> list[Item]:
    if every:
        found = books.changes.all()
    else:
        pending = books.changes.all(done_at=None, cancelled_at=None)
        found = pending + books.changes.since("done_at", books.at - UNDO)
    boxes, accounts = _whose(books, asking, cvr, account)
    shown = [
        one
        for one in sorted(found, key=lambda one: one.id)
        if (one.account in accounts if one.subject is Subject.ACCOUNT else one.mailbox in boxes)
        and (every or one.pending or not_to_undo(books, one) is None)
    ]
    return [change_item(books, one, masked=False) for one in shown]


def _whose(books: Books, asking: Asking, cvr: Cvr | None, account: str) -> tuple[set[int], set[int]]:
    """The mailboxes and the accounts that are asked about, as far as the actor may change their addresses."""
    if cvr is not None:
        return {box_for(books, asking, Action.ADDRESS, cvr)[1].id}, set()
    if account:
        return set(), {account_for(books, asking, Action.ADDRESS, account)[1].id}
    actor = actor_of(books, asking)
    accounts = {one.id for one in books.accounts.all() if may_for(actor, Action.ADDRESS, one, books.at)}
    return {box.id for box in seen_by(books, asking, Action.ADDRESS)}, accounts
