"""Another address, for a mailbox's letters or for an account's own e-mail: asked for, confirmed, stopped, taken back.

Promises (SECURITY 4a): nothing goes to an address before it has typed our code; one mailbox in the wrong hands is not
enough where a second contact exists; whoever was told can stop it. A code is authority by itself: whoever types the
right one needs no grant. Codes are compared in constant time and are in no answer and no history.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from nemboks.desk.access import Asking, actor_of
from nemboks.desk.changes_effect import effect, ended_by_itself, note, stop, take_back
from nemboks.desk.changes_rules import (
    Wanted,
    judged,
    no_change,
    owner_of_account,
    owner_of_box,
    refuse_unless_due,
)
from nemboks.desk.changes_told import CONTACT, NEW, OLD, Whose, send_code, tell_others, whose
from nemboks.desk.changes_view import change_item, not_to_undo
from nemboks.desk.errors import DeskError, NotFound, RefusedByRule
from nemboks.desk.words import Item, Lang, Words
from nemboks.domain.changes import BY_CODE, ROUNDS, Change, Subject, due, proven, timed
from nemboks.domain.codes import Code
from nemboks.domain.mailbox import DIRECT, Address, Cvr
from nemboks.ports import Acts, Books, Finding

Look = Callable[[Address, str], Awaitable[Sequence[Finding]]]
Find = Callable[[Books], tuple[str, Whose]]  # who asks, and whose address it is
WRONG: Words = Words(
    "Koden passer ikke, eller den gælder ikke længere. En ny til den nye adresse: `nemboks address confirm NR --again`",
    "the code does not fit, or is no longer good. A new one to the new address: `nemboks address confirm NO --again`",
)


async def address_set(store: Acts, asking: Asking, cvr: Cvr, wanted: Wanted, look: Look, lang: Lang = Lang.DA) -> Item:
    """The change of where a mailbox's letters go, asked for; codes and notices are on their way.

    `look`: what is found at the new address. NotFound, NotAllowed, RefusedByRule; then nothing was changed.
    """

    def find(books: Books) -> tuple[str, Whose]:
        actor, owner = owner_of_box(books, asking, cvr)
        return actor.name, owner

    return await _asked(store, find, wanted, look, lang)


async def email_set(
    store: Acts, asking: Asking, account: str, wanted: Wanted, look: Look, lang: Lang = Lang.DA
) -> Item:
    """The change of the account's own e-mail, asked for. Otherwise as `address_set`."""

    def find(books: Books) -> tuple[str, Whose]:
        actor, owner = owner_of_account(books, asking, account)
        return actor.name, owner

    return await _asked(store, find, wanted, look, lang)


async def change_confirm(store: Acts, asking: Asking, number: int, typed: str) -> Item:
    """The change after somebody typed a code: the new address is proven, or the old one or the contact agrees.

    NotFound; RefusedByRule for a wrong or dead code (the try is counted) and for a change that is over.
    """
    return _or_raise(await store.act(lambda books: _confirm(books, asking, number, typed)))


async def change_again(store: Acts, asking: Asking, number: int) -> Item:
    """The change, with a new code on its way to the new address; the one before is dead. NotFound, RefusedByRule."""
    return await store.act(lambda books: _again(books, asking, number))


async def change_cancel(store: Acts, asking: Asking, number: int, typed: str = "") -> Item:
    """The change, stopped before its effect: by an owner or administrator, or by the code of the old address or the
    contact. By code it also locks the address for a week. NotFound, NotAllowed, RefusedByRule."""
    return _or_raise(await store.act(lambda books: _cancel(books, asking, number, typed)))


async def change_roll_back(store: Acts, asking: Asking, number: int, typed: str = "") -> Item:
    """The change, taken back within seven days of its effect, by the same people. NotFound, NotAllowed, RefusedByRule.

    `letters`: how many that went to the new address now wait for a person's word, with a copy to the old one.
    """
    return _or_raise(await store.act(lambda books: _roll_back(books, asking, number, typed)))


async def _asked(store: Acts, find: Find, wanted: Wanted, look: Look, lang: Lang) -> Item:
    """Asked twice whether it may be: before the look, which takes a while and is not for everybody, and at the act."""

    def before(books: Books) -> str:
        _, owner = find(books)
        refuse_unless_due(books, owner, wanted)
        return _server(owner, wanted)

    warnings = judged(await look(wanted.new, await store.ask(before)))

    def act(books: Books) -> Item:
        by, owner = find(books)
        odd = refuse_unless_due(books, owner, wanted)
        item = change_item(books, _begun(books, by, owner, wanted))
        return item | {"warnings": [one.to(lang) for one in (*odd, *warnings)]}

    return await store.act(act)


def _server(owner: Whose, wanted: Wanted) -> str:
    return wanted.server or (owner.box.route.server if owner.box else DIRECT)


def _begun(books: Books, by: str, owner: Whose, wanted: Wanted) -> Change:
    contact, old = owner.contact(), owner.address
    box, account = owner.box, owner.account
    change = books.changes.add(
        Change(
            0, Subject.FORWARDING if box else Subject.ACCOUNT, old, wanted.new, by, books.at,
            account=account.id if account else None, mailbox=box.id if box else None,
            old_server=box.route.server if box else "", server=_server(owner, wanted) if box else "",
            contact=contact if contact and contact.lower() != old.lower() else None,
        )
    )  # fmt: skip
    note(books, "address_change_asked", change, by)
    for purpose in (NEW, OLD, *([CONTACT] if change.contact else [])):
        send_code(books, change, owner, purpose)
    tell_others(books, change, owner)
    return change


def _confirm(books: Books, asking: Asking, number: int, typed: str) -> Item | DeskError:
    by, change = actor_of(books, asking).name, books.changes.get(number)
    live = [one for one in _codes(books, number) if one.alive(books.at)]
    right = [one for one in live if books.codes_of.right(one, typed)]
    if change is None or not right:
        return _wrong(books, asking, change, number, live)
    if refusal := _over(books, change):
        return refusal
    purpose = right[0].purpose
    books.codes.put(replace(right[0], used_at=books.at))
    if purpose == NEW:
        change = proven(change, books.at, books.pace.change)
    elif purpose == OLD:
        change = timed(replace(change, old_confirmed_at=books.at), books.at, books.pace.change)
    else:
        change = timed(replace(change, contact_confirmed_at=books.at), books.at, books.pace.change)
    books.changes.put(change)
    note(books, "address_change_confirmed", change, by, confirmed=purpose)
    if due(change, books.at):
        change = effect(books, change)
    return change_item(books, change) | {"confirmed": purpose}


def _again(books: Books, asking: Asking, number: int) -> Item:
    by, owner, change = _known(books, asking, number)
    if (refusal := _over(books, change)) or change.proven_at:
        raise refusal or RefusedByRule(Words("Den nye adresse er bekræftet", "the new address is proven"))
    sent = [one for one in _codes(books, number) if one.purpose == NEW]
    if len(sent) >= ROUNDS:
        raise RefusedByRule(
            Words(
                f"Der er sendt {ROUNDS} koder; stop ændringen, se adressen efter, og bed om den igen",
                f"{ROUNDS} codes were sent; cancel the change, look at the address, and ask again",
            )
        )
    for one in sent:
        books.codes.put(replace(one, until=min(one.until, books.at)))
    send_code(books, change, owner, NEW)
    note(books, "address_code_sent", change, by)
    return change_item(books, change)


def _cancel(books: Books, asking: Asking, number: int, typed: str) -> Item | DeskError:
    found = _stopper(books, asking, number, typed)
    if isinstance(found, DeskError):
        return found
    by, told_by, change = found
    if refusal := _over(books, change):
        return refusal
    return change_item(books, stop(books, change, by, told_by))


def _roll_back(books: Books, asking: Asking, number: int, typed: str) -> Item | DeskError:
    found = _stopper(books, asking, number, typed)
    if isinstance(found, DeskError):
        return found
    by, told_by, change = found
    if words := not_to_undo(books, change):
        return RefusedByRule(words)
    back, letters = take_back(books, change, by, told_by)
    return change_item(books, back) | {"letters": letters}


def _stopper(books: Books, asking: Asking, number: int, typed: str) -> tuple[str, str, Change] | DeskError:
    """Who stops it, as the row and as people have it; by the code of the old address or of the contact, or by right."""
    if not typed:
        by, _, change = _known(books, asking, number)
        return by, by, change
    found = books.changes.get(number)
    codes = [one for one in _codes(books, number) if one.purpose in (OLD, CONTACT) and one.in_time(books.at)]
    right = [one for one in codes if books.codes_of.right(one, typed)]
    if found is None or not right:
        return _wrong(books, asking, found, number, [])
    return BY_CODE + right[0].purpose, Address(right[0].address).masked, found


def _wrong(books: Books, asking: Asking, change: Change | None, number: int, live: Sequence[Code]) -> DeskError:
    """The refusal, after the try was counted on every code that can still be typed. A stranger learns no numbers."""
    actor = actor_of(books, asking)
    for one in live:
        books.codes.put(replace(one, tries=one.tries + 1))
    stranger = NotFound(
        Words(
            f"Den kode passer ikke til nogen ændring nummer {number}; se efter i den mail, koden kom med",
            f"that code fits no change number {number}; look again at the mail that the code came with",
        )
    )
    if change is None:
        return stranger
    note(books, "address_code_wrong", change, actor.name)
    try:
        _known(books, asking, number)
    except DeskError:
        return stranger
    return RefusedByRule(WRONG)


def _known(books: Books, asking: Asking, number: int) -> tuple[str, Whose, Change]:
    """Who asks, whose address it is, and the change. NotFound for none and for a foreign one alike, NotAllowed."""
    change = books.changes.get(number)
    if change is None:
        actor_of(books, asking)
        raise no_change(number)
    owner = whose(books, change)
    try:
        if owner.box is not None:
            actor, owner = owner_of_box(books, asking, owner.box.cvr)
        else:
            actor, owner = owner_of_account(books, asking, owner.account.name if owner.account else "")
    except NotFound as error:
        raise no_change(number) from error
    return actor.name, owner, change


def _over(books: Books, change: Change) -> RefusedByRule | None:
    """The refusal of what only a change that may still take effect allows."""
    if change.pending and not ended_by_itself(books, change):
        return None
    if change.done_at and not change.rolled_back_at:
        return RefusedByRule(
            Words(
                f"Ændringen er gennemført; den kan tages tilbage: `nemboks address rollback {change.id}`",
                f"the change has taken effect; it can be taken back: `nemboks address rollback {change.id}`",
            )
        )
    return RefusedByRule(
        Words(
            f"Ændring nr. {change.id} er slut; der er intet at bekræfte eller stoppe",
            f"change no. {change.id} is over; nothing is left to confirm or stop",
        )
    )


def _codes(books: Books, number: int) -> list[Code]:
    return [one for purpose in (NEW, OLD, CONTACT) for one in books.codes.all(purpose=purpose, subject=number)]


def _or_raise(outcome: Item | DeskError) -> Item:
    """A refusal that counted a try is raised after its commit."""
    if isinstance(outcome, DeskError):
        raise outcome
    return outcome
