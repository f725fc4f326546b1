"""What people may do to register an estate: open a case, prove the kurator's address, set its time.

Promises: registration freezes the mailbox in the same transaction; nothing ever takes effect backwards (RELIABILITY
T03); a case says who opened it by name, and that person approves nothing of it. Approvals stand in estate_approvals.py,
documents in estate_documents.py, what a case does to letters in estate_effect.py and estate_ends.py.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from nemboks.content.moments import next_at
from nemboks.content.texts import clean, danish, date_words
from nemboks.desk import estate_words as words
from nemboks.desk.access import Asking, box_for, person_name
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.estate_case import case_for, named, page
from nemboks.desk.estate_effect import facts_of, freeze
from nemboks.desk.estate_words import said
from nemboks.desk.words import Item, Lang, Words
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.codes import MINUTES, Code, until
from nemboks.domain.estates import PENDING, Estate, EstateKind, EstateState
from nemboks.domain.mailbox import Address, Cvr, Mailbox
from nemboks.domain.people import OF_BEFORE, Action, Person
from nemboks.domain.wishes import PUBLIC
from nemboks.ports import Acts, Books

PURPOSE: Final = "estate"  # of the code to the kurator's address
CODES: Final = 5  # a day
_TEXT, _NUMBER = 120, 64  # characters


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case as somebody asks for it. `person`: the name by which the kurator acts; "" for one like the address."""

    kind: EstateKind
    court: str
    reference: str
    decree_date: date
    kurator: str
    firm: str
    address: Address
    server: str
    effective_at: datetime
    person: str = ""
    evidence_at_risk: bool = False


async def estate_open(store: Acts, asking: Asking, cvr: Cvr, new: NewCase, lang: Lang = Lang.DA) -> Item:
    """The registered case; the mailbox is frozen, and a code is on its way to the kurator.

    NotFound, NotAllowed; RefusedByRule for a time that has passed, for a case that is not decided yet, and for an
    address that anybody could have.
    """

    def act(books: Books) -> Item:
        actor, box = box_for(books, asking, Action.ESTATE_OPEN, cvr)
        opener = named(actor)
        _may_open(books, box, new)
        person = _kurators_person(books, box, new)
        estate = books.estates.add(_case(books, box, new, opener, person))
        books.note(
            "estate_opened", box, by=actor.name, case=estate.id, kind=estate.kind.value,
            address=estate.address.masked, effective_at=estate.effective_at, person=person.name,
        )  # fmt: skip
        frozen = freeze(books, estate, box, actor.name)
        _send_code(books, estate, frozen)
        return page(books, estate, frozen, lang)

    return await store.act(act)


async def estate_effective(store: Acts, asking: Asking, number: int, at: datetime, lang: Lang = Lang.DA) -> Item:
    """The case with another effective time; approvals of the one before count no more. NotFound, NotAllowed.

    RefusedByRule for a time that has passed, and for a case that is decided.
    """

    def act(books: Books) -> Item:
        actor, estate, box = case_for(books, asking, Action.ESTATE_OPEN, number)
        undecided(estate)
        if estate.state is EstateState.APPROVED and estate.effective_at <= books.at:
            raise RefusedByRule(words.TAKES_EFFECT)
        _not_before(at, books.at)
        changed = replace(estate, effective_at=at, state=EstateState.OPEN)
        books.estates.put(changed)
        books.note("estate_timed", box, by=actor.name, case=number, effective_at=at)
        return page(books, changed, box, lang)

    return await store.act(act)


async def estate_confirm(store: Acts, asking: Asking, number: int, typed: str, lang: Lang = Lang.DA) -> Item:
    """The case, the kurator's address proven by the code that went there. RefusedByRule for a wrong or a dead one."""

    def act(books: Books) -> Item | Words:
        actor, estate, box = case_for(books, asking, Action.ESTATE_OPEN, number)
        undecided(estate)
        if estate.proven_at is not None:
            raise RefusedByRule(words.PROVEN)
        codes = [one for one in _codes(books, estate) if one.alive(books.at)]
        if not codes:
            raise RefusedByRule(said(words.DEAD_CODE, number))
        if not (right := [one for one in codes if books.codes_of.right(one, typed)]):
            for one in codes:
                books.codes.put(replace(one, tries=one.tries + 1))
            books.note("estate_code_wrong", box, by=actor.name, case=number)
            return words.WRONG_CODE  # not raised here: the try has to count
        books.codes.put(replace(right[0], used_at=books.at))
        proven = replace(estate, proven_at=books.at)
        books.estates.put(proven)
        books.note("estate_proven", box, by=actor.name, case=number, address=estate.address.masked)
        return page(books, proven, box, lang)

    found = await store.act(act)
    if isinstance(found, Words):
        raise RefusedByRule(found)
    return found


async def estate_code(store: Acts, asking: Asking, number: int, lang: Lang = Lang.DA) -> Item:
    """The case; a new code is on its way to the kurator, and the ones before are dead. At most five a day."""

    def act(books: Books) -> Item:
        actor, estate, box = case_for(books, asking, Action.ESTATE_OPEN, number)
        undecided(estate)
        if estate.proven_at is not None:
            raise RefusedByRule(words.PROVEN)
        if sum(one.made_at > books.at - timedelta(days=1) for one in _codes(books, estate)) >= CODES:
            raise RefusedByRule(words.MANY_CODES)
        _send_code(books, estate, box)
        books.note("estate_code_sent", box, by=actor.name, case=number)
        return page(books, estate, box, lang)

    return await store.act(act)


def undecided(estate: Estate) -> None:
    """RefusedByRule unless the case is not decided yet, or approved and not in effect."""
    if estate.state not in PENDING:
        raise RefusedByRule(said(words.DECIDED, words.STATES[estate.state]))


def _may_open(books: Books, box: Mailbox, new: NewCase) -> None:
    for estate in books.estates.all(mailbox=box.id):
        if estate.state in PENDING:
            raise RefusedByRule(said(words.PENDING, estate.id))
    _not_before(new.effective_at, books.at)
    if new.decree_date > danish(books.at).date():
        raise RefusedByRule(words.DECREE_AHEAD)
    if not all(clean(text, _TEXT) for text in (new.court, new.reference, new.kurator, new.firm)):
        raise RefusedByRule(words.EMPTY)
    domain, contact = new.address.domain, box.options.second_contact
    if domain in PUBLIC:
        raise RefusedByRule(said(words.FREE_MAIL, domain))
    if box.boundary_at is None and domain in {box.route.address.domain, contact.domain if contact else ""}:
        raise RefusedByRule(said(words.OWN_DOMAIN, domain))


def _not_before(effective_at: datetime, now: datetime) -> None:
    if effective_at < now:
        midnight = next_at(0, now)
        raise RefusedByRule(said(words.BACKDATED, Words(date_words(midnight), date_words(midnight, "en"))))


def _case(books: Books, box: Mailbox, new: NewCase, opener: Person, person: Person) -> Estate:
    return Estate(
        0, box.id, new.kind, EstateState.OPEN, clean(new.court, _TEXT), clean(new.reference, _NUMBER),
        new.decree_date.isoformat(), clean(new.kurator, _TEXT), clean(new.firm, _TEXT), new.address, new.server,
        new.effective_at, books.at, opener.name, new.evidence_at_risk, person=person.id,
    )  # fmt: skip


def _kurators_person(books: Books, box: Mailbox, new: NewCase) -> Person:
    """Who gets the kurator's right: somebody new, or one known by this very address who is none of the company's."""
    try:
        name = person_name(new.person or new.address)
    except ValueError:
        raise RefusedByRule(words.NO_NAME) from None
    known = books.people.all(name=name)
    if not known:
        return books.people.add(Person(0, name, books.at, None, new.address))
    of_before = any(one.role in OF_BEFORE and one.covers(box) for one in books.grants.all(person=known[0].id))
    same = known[0].email is not None and known[0].email.lower() == new.address.lower()
    if known[0].ended_at is not None or known[0].account is not None or of_before or not same:
        raise RefusedByRule(said(words.TAKEN, name))
    return known[0]


def _codes(books: Books, estate: Estate) -> list[Code]:
    return [one for one in books.codes.all(purpose=PURPOSE, subject=estate.id) if one.address == estate.address]


def _send_code(books: Books, estate: Estate, box: Mailbox) -> None:
    for one in _codes(books, estate):
        if one.alive(books.at):
            books.codes.put(replace(one, until=books.at))
    code = books.codes.add(Code(0, PURPOSE, estate.id, estate.address, books.at, until(books.at)))
    books.codes.put(books.codes_of.digested(code))
    path = mail_path("da", estate.address)
    facts = {**facts_of(estate, box), "code": code.id, "minutes": MINUTES}
    key = f"estate {estate.id} code {code.id}"
    books.tell(Announcement(0, key, Kind.ESTATE_CODE, path, books.at, books.at, box.id, facts))
