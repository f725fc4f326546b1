"""An address outside the company's own domains says yes before it gets anything; holidays end by themselves.

Promises: until every address that must agree has typed its code back, the route stays as it is; a wish expires after
seven days; one that an estate or another version overtook does nothing. `take_effect` may run late and twice: where a
letter goes is decided by the clock at its dot, and this only tidies up and tells people.
"""

from dataclasses import replace
from typing import Final

from nemboks.desk.access import Asking, box_for
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.route_acts import company, own_addresses, put
from nemboks.desk.words import Item, Words
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.codes import MINUTES, Code, until
from nemboks.domain.mailbox import Address, Cvr, Mailbox
from nemboks.domain.people import Action
from nemboks.domain.wishes import EXPIRES, MOST, ROUNDS, Edit, Wish, WishKind, edited, on_probation, to_agree
from nemboks.ports import Acts, Books

PURPOSE: Final = "route"  # of a code
DONE, EXPIRED, OVERTAKEN = "done", "expired", "overtaken"
NONE_WAITS: Final = Words(
    "Ingen kode venter; bed om en ny: `nemboks route confirm CVR --again`",
    "no code is waited for; ask for a new one: `nemboks route confirm CVR --again`",
)
WRONG: Final = Words("Koden er forkert", "the code is wrong")


def wish(books: Books, by: str, box: Mailbox, edit: Edit, what: Words) -> tuple[Mailbox, list[Address]]:
    """The mailbox, with the edit in its route if nobody has to agree first; else who has to. RefusedByRule."""
    asked = to_agree(edit, box.route, own_addresses(books, box))
    if not asked:
        return carry_out(books, by, box, edit, what), []
    if len(_open(books, box)) >= MOST:
        raise RefusedByRule(
            Words(
                f"{MOST} ønsker venter allerede på en kode; vent, til de er bekræftet eller udløbet",
                f"{MOST} wishes wait for a code already; wait until they are confirmed or have expired",
            )
        )
    new = books.wishes.add(Wish(0, box.id, WishKind.EDIT, edit, by, books.at, books.at + EXPIRES))
    books.note("route_wished", box, by=by, wish=new.id, addresses=[one.masked for one in asked], until=new.until)
    for address in asked:
        _send_code(books, box, new, address)
    return box, list(asked)


def carry_out(books: Books, by: str, box: Mailbox, edit: Edit, what: Words) -> Mailbox:
    """The mailbox with the edit in its route. ValueError if the route it was about is another by now."""
    outside = on_probation(edit, box.route, own_addresses(books, box))
    after = put(books, by, box, edited(box.route, edit), what, outside)
    if edit.holiday:
        end_holiday(books, box)
        books.wishes.add(Wish(0, box.id, WishKind.RETURN, Edit(), by, books.at, edit.holiday.until))
    return after


async def confirm(store: Acts, asking: Asking, cvr: Cvr, typed: str) -> Item:
    """What the code did: the wish, and who else has to agree. RefusedByRule for a wrong or a dead one; NotAllowed."""

    def type_code(books: Books) -> Item | Words:
        actor, box = box_for(books, asking, Action.ROUTE, cvr)
        live = [(one, code) for one in _open(books, box) for code in _codes(books, one) if code.alive(books.at)]
        if not live:
            return NONE_WAITS
        # Each is compared, whether one before it was right or not: the time it takes says nothing.
        right = [(one, code) for one, code in live if books.codes_of.right(code, typed)]
        if not right:
            for _, code in live:
                books.codes.put(replace(code, tries=code.tries + 1))
            books.note("route_code_wrong", box, by=actor.name)
            return WRONG
        one, code = right[0]
        books.codes.put(replace(code, used_at=books.at))
        books.note("route_agreed", box, by=actor.name, wish=one.id, address=Address(code.address).masked)
        return _agreed(books, actor.name, box, one)

    # A wrong try is committed before it is refused: else it would not count.
    answer = await store.act(type_code)
    if isinstance(answer, Words):
        raise RefusedByRule(answer)
    return answer


async def again(store: Acts, asking: Asking, cvr: Cvr) -> list[Item]:
    """The open wishes, after a new code was sent to each address that has not agreed. RefusedByRule after too many."""

    def send(books: Books) -> list[Item]:
        actor, box = box_for(books, asking, Action.ROUTE, cvr)
        wishes = _open(books, box)
        if not wishes:
            raise RefusedByRule(Words("Intet ønske venter på en kode", "no wish waits for a code"))
        for one in wishes:
            for address in _missing(books, one):
                if len([code for code in _codes(books, one) if code.address == address]) >= ROUNDS:
                    raise RefusedByRule(
                        Words(
                            f"{ROUNDS} koder er sendt; lad ønske {one.id} udløbe, og begynd forfra",
                            f"{ROUNDS} codes were sent; let wish {one.id} expire, and begin anew",
                        )
                    )
                _send_code(books, box, one, address)
        books.note("route_code_again", box, by=actor.name)
        return pending(books, box)

    return await store.act(send)


def pending(books: Books, box: Mailbox) -> list[Item]:
    """The mailbox's wishes that wait for somebody's word."""
    return [
        {
            "wish": one.id,
            "asked_by": one.asked_by,
            "asked_at": one.asked_at,
            "until": one.until,
            "waits_for": [Address(address) for address in _missing(books, one)],
        }
        for one in _open(books, box)
    ]


def waiting(books: Books) -> bool:
    """Whether a wish has expired or a holiday is over."""
    return any(one.until <= books.at for one in books.wishes.all(done_at=None))


def take_effect(books: Books) -> int:
    """How many wishes ended: expired ones, and holidays that are over."""
    over = [one for one in books.wishes.all(done_at=None) if one.until <= books.at]
    for one in over:
        box = books.mailbox_of(one.mailbox)
        if one.kind is WishKind.RETURN:
            _come_back(books, box, one)
        else:
            _end(books, one, EXPIRED)
            books.note("route_wish_expired", box, wish=one.id)
    return len(over)


def end_holiday(books: Books, box: Mailbox) -> None:
    """Nobody waits any more for the end of the holiday that the mailbox had."""
    for one in books.wishes.all(mailbox=box.id, kind=WishKind.RETURN, done_at=None):
        _end(books, one, OVERTAKEN)


def _come_back(books: Books, box: Mailbox, end: Wish) -> None:
    holiday = box.route.holiday
    if holiday is None or holiday.until > books.at:  # cancelled, or another took its place
        _end(books, end, OVERTAKEN)
        return
    after = books.reroute(box, replace(box.route, holiday=None, since=books.at))
    books.note("holiday_ended", after, until=holiday.until, address=holiday.address.masked)
    _end(books, end, DONE)
    if after.frozen_at is not None:  # of an estate the people of before learn elsewhere, or not yet
        return
    asked_by = books.people.all(name=end.asked_by.partition(" (via ")[0])
    people = {after.route.address, *(one.email for one in asked_by if one.email and one.ended_at is None)}
    for address in sorted(people):
        path = mail_path(after.options.language, address)
        facts = {**company(after), "address": after.route.address.masked}
        key = f"holiday {end.id} ended {path}"
        books.tell(Announcement(0, key, Kind.HOLIDAY_ENDED, path, books.at, books.at, mailbox=after.id, facts=facts))


def _agreed(books: Books, by: str, box: Mailbox, one: Wish) -> Item | Words:
    """The wish, carried out if nobody is missing; the words if it cannot be any more."""
    missing = _missing(books, one)
    if not missing:
        away = one.wanted.holiday
        try:
            if away is not None and away.until <= books.at:
                raise ValueError("the holiday is over")
            box = carry_out(books, by, box, one.wanted, _words(one))
        except ValueError:
            _end(books, one, OVERTAKEN)
            return Words(
                "Ruten er ændret siden, eller ferien er forbi; skriv det igen",
                "the route has changed since, or the holiday is over; write it again",
            )
        _end(books, one, DONE)
    return {"cvr": box.cvr, "wish": one.id, "done": not missing, "waits_for": missing, "version": box.route.version}


def _words(one: Wish) -> Words:
    if one.wanted.holiday:
        return Words("Ferie", "holiday")
    if one.wanted.base:
        return Words("Nye regler", "new rules")
    return Words("Ny regel", "new rule") if one.wanted.rules else Words("Ny kopimodtager", "one more recipient")


def _open(books: Books, box: Mailbox) -> list[Wish]:
    """Those that can still be carried out: an estate overtakes what the people before it wished."""
    edge = max((at for at in (box.frozen_at, box.boundary_at) if at and at <= books.at), default=None)
    found = books.wishes.all(mailbox=box.id, kind=WishKind.EDIT, done_at=None)
    return [one for one in found if books.at < one.until and (edge is None or one.asked_at >= edge)]


def _codes(books: Books, one: Wish) -> list[Code]:
    return books.codes.all(purpose=PURPOSE, subject=one.id)


def _missing(books: Books, one: Wish) -> list[str]:
    """The addresses that have not agreed yet, in the order in which they were asked."""
    codes = _codes(books, one)
    agreed = {code.address for code in codes if code.used_at}
    return [address for address in dict.fromkeys(code.address for code in codes) if address not in agreed]


def _send_code(books: Books, box: Mailbox, one: Wish, address: str) -> None:
    code = books.codes.add(Code(0, PURPOSE, one.id, address, books.at, until(books.at)))
    books.codes.put(books.codes_of.digested(code))
    path = mail_path(box.options.language, address)
    facts = {**company(box), "subject": "route", "code": code.id, "minutes": MINUTES, "who": one.asked_by}
    key = f"route wish {one.id} code {code.id}"
    books.tell(Announcement(0, key, Kind.ADDRESS_PROOF, path, books.at, books.at, mailbox=box.id, facts=facts))


def _end(books: Books, one: Wish, how: str) -> None:
    books.wishes.put(replace(one, done_at=books.at, ended=how))
