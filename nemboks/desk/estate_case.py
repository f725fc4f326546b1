"""A case as people see it: who may, what is missing, whose approvals count; and its page.

Promises: whoever has nothing to do with a case gets the same answer as for one that does not exist; of a case that is
not decided the people of before learn nothing (SECURITY 4c).
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from hashlib import sha256
from typing import Final

from nemboks.desk.access import Asking, actor_of, not_allowed
from nemboks.desk.errors import NotFound, RefusedByRule
from nemboks.desk.estate_words import (
    ALTERED,
    ITEMS,
    KINDS,
    MISSING_CODE,
    MISSING_FILE,
    NO_PERSON,
    SCOPE,
    STATES,
    UNKNOWN,
    WHY_NOT,
    said,
)
from nemboks.desk.words import Item as Shown
from nemboks.desk.words import Lang, Words
from nemboks.domain.estates import (
    APPROVERS,
    PENDING,
    Approval,
    Checked,
    Estate,
    EstateDocument,
    EstateState,
    Item,
    by_register,
    closing_digest,
    counted,
    digest_of,
    ticked,
    why_not,
)
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.people import Action, Actor, Person, may
from nemboks.ports import Acts, Books, Contents, ContentsGone

_WORKS: Final = (Action.ESTATE_OPEN, Action.ESTATE_APPROVE)


async def estate_list(store: Acts, asking: Asking, lang: Lang = Lang.DA) -> list[Shown]:
    """The cases that the asker has to do with, the latest first."""

    def read(books: Books) -> list[Shown]:
        actor = actor_of(books, asking)
        cases = [(one, books.mailbox_of(one.mailbox)) for one in books.estates.all()]
        return [_line(one, box, lang) for one, box in reversed(cases) if _knows(books, actor, one, box)]

    return await store.ask(read)


async def estate_show(store: Acts, asking: Asking, number: int, lang: Lang = Lang.DA) -> Shown:
    """One case: its facts, documents, list, approvals, digest, and what is missing. NotFound."""
    return await store.ask(lambda books: page(books, *case_for(books, asking, None, number)[1:], lang))


def case_for(books: Books, asking: Asking, action: Action | None, number: int) -> tuple[Actor, Estate, Mailbox]:
    """The actor, and the case that they may do this to (None: see it), with its mailbox. NotFound, NotAllowed."""
    actor, estate = actor_of(books, asking), books.estates.get(number)
    if estate is None or not _knows(books, actor, estate, box := books.mailbox_of(estate.mailbox)):
        raise NotFound(said(UNKNOWN, number))
    if action is not None and not may(actor, action, box, books.at):
        raise not_allowed(actor, action)
    return actor, estate, box


def _knows(books: Books, actor: Actor, estate: Estate, box: Mailbox) -> bool:
    """Who works on cases knows all; a kurator knows their own."""
    if actor.operator or any(may(actor, one, box, books.at) for one in _WORKS):
        return True
    own = actor.person is not None and actor.person.id == estate.person
    return own and may(actor, Action.ESTATE_SEE, box, books.at)


def named(actor: Actor) -> Person:
    """The person who acts. RefusedByRule for an operator who names nobody: an estate is opened and decided by name."""
    if actor.person is None:
        raise RefusedByRule(NO_PERSON)
    return actor.person


def digest_now(books: Books, estate: Estate) -> str:
    """What an approver approves now."""
    return digest_of(estate, books.documents.all(estate=estate.id))


def missing(books: Books, estate: Estate, box: Mailbox) -> list[Words]:
    """What is to be done before anybody can approve the case."""
    done = ticked(estate, box, books.checked.all(estate=estate.id), books.at)
    found = [ITEMS[item] for item in Item if item not in done]
    if not books.documents.all(estate=estate.id):
        found.insert(0, MISSING_FILE)
    return found if estate.proven_at else [MISSING_CODE, *found]


def approvers(books: Books, estate: Estate, box: Mailbox, digest: str) -> list[Approval]:
    """The approvals of this digest that count now, one a person who still has the right."""
    rows = books.approvals.all(estate=estate.id)
    return [one for one in counted(rows, estate, digest, books.at) if may_approve(books, one, box)]


def may_approve(books: Books, approval: Approval, box: Mailbox) -> bool:
    """Whether who approved could still do so."""
    person = books.people.get(approval.person)
    grants = books.grants.all(person=approval.person)
    return may(Actor(approval.name, person, tuple(grants)), Action.ESTATE_APPROVE, box, books.at)


async def intact(contents: Contents, document: EstateDocument) -> bytes:
    """The document as it was added. RefusedByRule if its sealed file is gone, altered, or another one."""
    found = b""
    try:
        pieces: AsyncGenerator[bytes, None] = contents.open(document.estate, document.sealed)
        async with aclosing(pieces):
            async for piece in pieces:
                found += piece
                if len(found) > document.size:
                    break
    except ContentsGone:
        found = b""
    if len(found) != document.size or sha256(found).hexdigest() != document.sha256:
        raise RefusedByRule(said(ALTERED, document.id))
    return found


# --- for people ---


def page(books: Books, estate: Estate, box: Mailbox, lang: Lang) -> Shown:
    """One case as people see it, whole."""
    digest = digest_now(books, estate)
    rows = books.approvals.all(estate=estate.id)
    shown = rows if estate.state is EstateState.OPEN else [one for one in rows if one.digest == digest]
    person = books.people.get(estate.person) if estate.person else None
    return _line(estate, box, lang) | {
        "court": estate.court,
        "reference": estate.reference,
        "decree_date": estate.decree_date,
        "firm": estate.firm,
        "person": person.name if person else None,
        "address": estate.address,
        "server": estate.server,
        "evidence_at_risk": estate.evidence_at_risk,
        "proven_at": estate.proven_at,
        "scope": SCOPE.to(lang),
        "digest": digest,
        "documents": [_document(one) for one in books.documents.all(estate=estate.id)],
        "checklist": _checklist(books, estate, box, lang),
        "approvals": [_approval(books, one, estate, box, digest, lang) for one in shown],
        "missing": [one.to(lang) for one in missing(books, estate, box)] if estate.state in PENDING else [],
        "closing": _asked_end(books, estate, box, rows),
    }  # fmt: skip


def _line(estate: Estate, box: Mailbox, lang: Lang) -> Shown:
    return {
        "id": estate.id,
        "cvr": box.cvr,
        "company": box.name,
        "kind": estate.kind,
        "kind_text": KINDS[estate.kind].to(lang),
        "state": estate.state,
        "state_text": STATES[estate.state].to(lang),
        "kurator": estate.kurator,
        "effective_at": estate.effective_at,
        "opened_at": estate.opened_at,
        "opened_by": estate.opened_by,
        "effect_at": estate.effect_at,
        "ended_at": estate.ended_at,
        "ended_by": estate.ended_by or None,
        "reason": estate.reason or None,
    }


def _document(document: EstateDocument) -> Shown:
    return {
        "id": document.id,
        "name": document.name,
        "size": document.size,
        "sha256": document.sha256,
        "added_at": document.added_at,
        "added_by": document.added_by,
    }


def _checklist(books: Books, estate: Estate, box: Mailbox, lang: Lang) -> list[Shown]:
    done = ticked(estate, box, books.checked.all(estate=estate.id), books.at)
    return [
        {
            "item": item,
            "text": ITEMS[item].to(lang),
            "by_register": by_register(item, estate, box),
            "done": item in done,
            **_tick(done.get(item)),
        }
        for item in Item
    ]


def _tick(row: Checked | None) -> Shown:
    return {"at": row.at, "by": row.by, "note": row.note} if row else {"at": None, "by": None, "note": None}


def _approval(books: Books, one: Approval, estate: Estate, box: Mailbox, digest: str, lang: Lang) -> Shown:
    why = why_not(one, estate, digest, books.at) or ("" if may_approve(books, one, box) else "no right")
    counts = estate.state is not EstateState.OPEN or not why  # after the second one none is asked about any more
    return {"name": one.name, "at": one.at, "counts": counts, "why_not": None if counts else WHY_NOT[why].to(lang)}


def _asked_end(books: Books, estate: Estate, box: Mailbox, rows: list[Approval]) -> Shown | None:
    """The end that somebody has asked for and a second one has not approved yet."""
    if estate.state is not EstateState.IN_EFFECT or not estate.reason:
        return None
    for outcome in (EstateState.CLOSED, EstateState.REVERSED):
        digest = closing_digest(estate, outcome, estate.reason)
        if found := [one for one in counted(rows, estate, digest, books.at) if may_approve(books, one, box)]:
            by = [one.name for one in found]
            return {"outcome": outcome, "reason": estate.reason, "digest": digest, "by": by, "of": APPROVERS}
    return None
