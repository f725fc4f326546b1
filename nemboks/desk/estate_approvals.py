"""The four eyes of an estate: approve a case, refuse it, end one that is in effect.

Promises: two people who can approve, neither of them the opener, name the same digest within seven days, or nothing
happens; each names what they saw, and a changed fact, document or file makes it another (SECURITY 4, 39). A case is
approved before its time or not at all. What is refused or ended stays so.
"""

from collections.abc import Sequence
from dataclasses import replace

from nemboks.content.texts import masked
from nemboks.desk import estate_words as words
from nemboks.desk.access import Asking
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.estate_case import approvers, case_for, digest_now, intact, missing, named, page
from nemboks.desk.estate_effect import own_paths, tell_end, thaw
from nemboks.desk.estate_ends import close, reverse
from nemboks.desk.estate_words import said
from nemboks.desk.estates import undecided
from nemboks.desk.words import Item, Lang, Words
from nemboks.domain.circles import mail_path
from nemboks.domain.estates import APPROVERS, Approval, Estate, EstateDocument, EstateState, closing_digest
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.people import Action, Person
from nemboks.ports import Acts, Books, Contents

_REASON = 300  # characters


async def estate_approve(
    store: Acts, asking: Asking, contents: Contents, number: int, digest: str, lang: Lang = Lang.DA
) -> Item:
    """The case with one more approval; the second one decides it, and it takes effect at its time.

    NotFound, NotAllowed; RefusedByRule for the opener, for the same person again, for another digest than the case has
    now, while something is missing, once its time has passed, and if a sealed document is not what was added.
    """

    def documents(books: Books) -> Sequence[EstateDocument]:
        case_for(books, asking, Action.ESTATE_APPROVE, number)
        return books.documents.all(estate=number)

    def act(books: Books) -> Item:
        actor, estate, box = case_for(books, asking, Action.ESTATE_APPROVE, number)
        person = named(actor)
        undecided(estate)
        _is_ready(books, estate, box, digest)
        before = approvers(books, estate, box, digest)
        _another(books, estate, person, before)
        books.approvals.add(Approval(0, number, person.id, person.name, digest, books.at))
        books.note("estate_approved", box, by=actor.name, case=number, digest=digest)
        decided = estate
        if len(before) + 1 >= APPROVERS:
            decided = replace(estate, state=EstateState.APPROVED)
            books.estates.put(decided)
            books.note("estate_decided", box, by=actor.name, case=number, effective_at=estate.effective_at)
        return page(books, decided, box, lang)

    for document in await store.ask(documents):
        await intact(contents, document)
    return await store.act(act)


async def estate_refuse(store: Acts, asking: Asking, number: int, reason: str, lang: Lang = Lang.DA) -> Item:
    """The refused case; the mailbox goes on as before, and what was frozen goes its way. NotFound, NotAllowed.

    RefusedByRule for a case that is in effect or over, and without a reason.
    """

    def act(books: Books) -> Item:
        actor, estate, box = case_for(books, asking, Action.ESTATE_APPROVE, number)
        by = named(actor).name
        undecided(estate)
        ended = _ended(books, estate, EstateState.REFUSED, by, _reason(reason))
        books.note("estate_refused", box, by=actor.name, case=number)
        after = thaw(books, ended, box, actor.name)
        people = own_paths(after) if after.frozen_at is None else []
        kurator = [mail_path("da", estate.address)] if estate.proven_at else []  # nobody else's address hears of it
        tell_end(books, ended, after, EstateState.REFUSED, [*people, *kurator])
        return page(books, ended, after, lang)

    return await store.act(act)


async def estate_close(
    store: Acts, asking: Asking, number: int, outcome: EstateState, reason: str = "", digest: str = "",
    lang: Lang = Lang.DA,
) -> Item:  # fmt: skip
    """The case in effect whose end one more person approved; the second one ends it: `closed` or `reversed`.

    The second one gives the same reason, or the digest of outcome and reason as the case shows it. NotFound,
    NotAllowed; RefusedByRule otherwise, for the opener, and while another case of the CVR is not decided.
    """

    def act(books: Books) -> Item:
        actor, estate, box = case_for(books, asking, Action.ESTATE_APPROVE, number)
        person = named(actor)
        if estate.state is not EstateState.IN_EFFECT:
            raise RefusedByRule(words.NOT_IN_EFFECT)
        for other in books.estates.all(mailbox=box.id):
            if other.id != number:
                _none_pending(other)
        asked = replace(estate, reason=_reason(reason or (estate.reason if digest else "")))
        wanted = closing_digest(asked, outcome, asked.reason)
        if digest and digest != wanted:
            raise RefusedByRule(words.OTHER_END)
        before = approvers(books, asked, box, wanted)
        _another(books, asked, person, before)
        books.approvals.add(Approval(0, number, person.id, person.name, wanted, books.at))
        books.estates.put(asked)
        books.note("estate_end_approved", box, by=actor.name, case=number, outcome=outcome.value, digest=wanted)
        if len(before) + 1 >= APPROVERS:
            asked = _end(books, asked, box, outcome, ", ".join([*(one.name for one in before), person.name]))
        return page(books, asked, books.mailbox_of(box.id), lang)

    return await store.act(act)


def _is_ready(books: Books, estate: Estate, box: Mailbox, digest: str) -> None:
    """RefusedByRule unless this is what the approver saw, all of it is there, and its time has not passed."""
    if estate.state is EstateState.APPROVED:
        raise RefusedByRule(said(words.DECIDED, words.STATES[estate.state]))
    if digest != digest_now(books, estate):
        raise RefusedByRule(said(words.OTHER_DIGEST, estate.id))
    if estate.effective_at <= books.at:
        raise RefusedByRule(said(words.TOO_LATE, estate.id))
    if left := missing(books, estate, box):
        da, en = "; ".join(one.da for one in left), "; ".join(one.en for one in left)
        raise RefusedByRule(Words(f"Der mangler: {da}", f"missing: {en}"))


def _another(books: Books, estate: Estate, person: Person, before: Sequence[Approval]) -> None:
    """RefusedByRule for the opener, for the kurator, and for somebody who approved already, by whatever name."""
    if person.name == estate.opened_by:
        raise RefusedByRule(words.OPENER)
    if person.id == estate.person or (person.email and person.email.lower() == estate.address.lower()):
        raise RefusedByRule(words.KURATORS_OWN)
    for one in before:
        if one.person == person.id:
            raise RefusedByRule(said(words.TWICE, person.name))
        other = books.people.get(one.person)
        if other and other.email and person.email and other.email.lower() == person.email.lower():
            raise RefusedByRule(said(words.SAME_PERSON, person.name))


def _none_pending(other: Estate) -> None:
    if other.state in (EstateState.OPEN, EstateState.APPROVED):
        raise RefusedByRule(said(words.PENDING, other.id))


def _reason(text: str) -> str:
    if not (reason := masked(text, _REASON)):
        raise RefusedByRule(words.NO_REASON)
    return reason


def _end(books: Books, estate: Estate, box: Mailbox, outcome: EstateState, by: str) -> Estate:
    if outcome is EstateState.REVERSED:
        reverse(books, estate, box, by)  # before the row says so: the route to go back to is looked up by the cases
    else:
        close(books, estate, box, by)
    books.note(f"estate_{outcome.value}", box, by=by, case=estate.id)
    return _ended(books, estate, outcome, by, estate.reason)


def _ended(books: Books, estate: Estate, state: EstateState, by: str, reason: str) -> Estate:
    ended = replace(estate, state=state, ended_at=books.at, ended_by=by, reason=reason)
    books.estates.put(ended)
    return ended
