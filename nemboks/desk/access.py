"""Who asks, and whether they may: the same question for every way in (SECURITY 3.8).

Promises: a person is known by name, with the grants of this moment; somebody without a right learns no more than that
what they asked for is not there for them. On the command line the operator acts as a named person (`--as`); without
one, as whoever sits at the machine's keyboard.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from nemboks.desk.errors import NotAllowed, NotFound
from nemboks.desk.words import Words
from nemboks.domain.letter import Letter
from nemboks.domain.mailbox import Cvr, Mailbox
from nemboks.domain.people import (
    EVERYWHERE,
    RIGHTS,
    Account,
    Action,
    Actor,
    Grant,
    GrantRole,
    may,
    may_for,
    new_letters_hidden,
)
from nemboks.ports import Books

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.@_-]{0,63}")

_DOES: Final[Mapping[Action, Words]] = {
    Action.SEE_STATUS: Words("se, hvordan det står", "see how things stand"),
    Action.SEE_LETTERS: Words("se brevene", "see the letters"),
    Action.SEE_TITLES: Words("se titler", "see titles"),
    Action.SEE_CONTENTS: Words("se brevenes indhold", "see what is in the letters"),
    Action.RETRY: Words("hente eller prøve igen", "fetch or try again"),
    Action.HOLD: Words("holde, frigive eller lukke breve", "hold, release or dismiss letters"),
    Action.PAUSE: Words("sætte på pause eller i gang", "pause or resume"),
    Action.ROUTE: Words("ændre ruten", "change the route"),
    Action.ADDRESS: Words("ændre adressen", "change the address"),
    Action.GRANT: Words("give eller lukke adgang", "give or end access"),
    Action.CUSTODY: Words("ændre, hvornår breve fjernes", "change when letters are removed"),
    Action.LOGIN: Words("give et andet login til Digital Post", "give another login at Digital Post"),
    Action.LEGAL_HOLD: Words("pålægge eller ophæve en bevissikring", "set or lift a legal hold"),
    Action.ADD: Words("tilføje CVR-numre", "add CVR numbers"),
    Action.ACCOUNT: Words("lave eller ændre konti", "make or change accounts"),
    Action.PLAN: Words("opsige eller fortryde", "cancel or undo"),
    Action.PLAN_SET: Words("sætte abonnementet", "set the plan"),
    Action.ESTATE_OPEN: Words("registrere en kurators sag", "register a kurator's case"),
    Action.ESTATE_APPROVE: Words("afgøre en kurators sag", "decide a kurator's case"),
    Action.ESTATE_SEE: Words("se en kurators sag", "see a kurator's case"),
    Action.FUSE: Words("slå sikringen til", "reset the fuse"),
    Action.DOMAINS: Words("se eller ændre, hvad der huskes om domæner", "see or change what is remembered of domains"),
    Action.AUDIT: Words("se historikken", "see the history"),
}


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks: `person` by the name of `--as`, else the `operator` at the keyboard."""

    operator: str
    person: str = ""


def actor_of(books: Books, asking: Asking) -> Actor:
    """The actor with the grants of now. NotFound for a name that nobody has (any more)."""
    if not asking.person:
        return Actor(asking.operator, operator=True)
    found = books.people.all(name=asking.person)
    if not found or (found[0].ended_at is not None and found[0].ended_at <= books.at):
        raise NotFound(Words(f"Der er ingen person {asking.person!r}", f"there is no person {asking.person!r}"))
    person = found[0]
    grants = [one for one in books.grants.all(person=person.id) if one.in_force(books.at)]
    return Actor(f"{person.name} (via {asking.operator})", person, tuple(grants))


def box_for(books: Books, asking: Asking, action: Action, cvr: Cvr) -> tuple[Actor, Mailbox]:
    """The actor, and the CVR's mailbox that they may do this for.

    NotFound for no mailbox and for a foreign one alike: nobody learns whose post we carry. NotAllowed where the actor
    has another right for it.
    """
    actor, box = actor_of(books, asking), books.mailbox(cvr)
    if box is None or not _knows(actor, box, books):
        raise NotFound(Words(f"Der er ingen postkasse for CVR {cvr}", f"there is no mailbox for CVR {cvr}"))
    if not may(actor, action, box, books.at):
        raise not_allowed(actor, action)
    return actor, box


def letter_for(books: Books, asking: Asking, action: Action, number: int) -> tuple[Actor, Mailbox, Letter]:
    """The actor, and the letter that they may do this for, with its mailbox.

    NotFound for no letter, for a foreign one and for one that an estate hides from them alike; NotAllowed.
    """
    actor, letter = actor_of(books, asking), books.letter(number)
    box = books.mailbox_of(letter.mailbox) if letter else None
    if letter is None or box is None or not _knows(actor, box, books) or hidden(books, actor, box, letter):
        raise NotFound(Words(f"Der er intet brev nummer {number}", f"there is no letter number {number}"))
    if not may(actor, action, box, books.at):
        raise not_allowed(actor, action)
    return actor, box, letter


def hidden(books: Books, actor: Actor, box: Mailbox, letter: Letter) -> bool:
    """Whether the letter came after an estate took effect, and the actor is one of the people of before."""
    since = new_letters_hidden(actor, box, books.at)
    return since is not None and letter.available_at >= since


def allowed(books: Books, asking: Asking, action: Action, mailbox: Mailbox | None = None) -> Actor:
    """The actor, who may do this (for the mailbox). NotAllowed."""
    actor = actor_of(books, asking)
    if not may(actor, action, mailbox, books.at):
        raise not_allowed(actor, action)
    return actor


def account_for(books: Books, asking: Asking, action: Action, name: str) -> tuple[Actor, Account]:
    """The actor, and the account of that name that they may do this for. NotFound, NotAllowed as above."""
    actor, found = actor_of(books, asking), books.accounts.all(name=name)
    if not found or not knows_account(actor, found[0]):
        raise NotFound(Words(f"Der er ingen konto {name!r}", f"there is no account {name!r}"))
    if not may_for(actor, action, found[0], books.at):
        raise not_allowed(actor, action)
    return actor, found[0]


def knows_account(actor: Actor, account: Account) -> bool:
    """Whether the actor may learn that there is such an account: it is theirs, or they run Nemboks."""
    theirs = actor.person is not None and actor.person.account == account.id
    return actor.operator or theirs or any(one.covers_all_of(account) for one in actor.grants)


def seen_by(books: Books, asking: Asking, action: Action) -> list[Mailbox]:
    """The mailboxes that the actor may do this for, by CVR."""
    its = narrowed(actor_of(books, asking))
    return [box for box in books.mailboxes() if may(its(box), action, box, books.at)]


def narrowed(actor: Actor) -> Callable[[Mailbox], Actor]:
    """The actor as each mailbox knows them: with only those of many grants that can be its own."""
    of: dict[tuple[str, int | None], list[Grant]] = defaultdict(list)
    for grant in actor.grants:
        if grant.role in EVERYWHERE:
            of["all", None].append(grant)
        else:
            of["account", grant.account].append(grant)
            of["mailbox", grant.mailbox].append(grant)

    def its(box: Mailbox) -> Actor:
        if actor.operator:
            return actor
        found = [*of["all", None], *of["mailbox", box.id]]
        found += of["account", box.account] if box.account is not None else []
        return replace(actor, grants=tuple(found))

    return its


def not_allowed(actor: Actor, action: Action) -> NotAllowed:
    """The refusal, with the roles that have the right."""
    name = actor.person.name if actor.person else actor.name
    roles = ", ".join("læser" if role is GrantRole.READER else role for role in GrantRole if action in RIGHTS[role])
    what = _DOES[action]
    return NotAllowed(
        Words(
            f"{name} kan ikke {what.da}. Det kan: {roles}. Se `nemboks grant list`",
            f"{name} cannot {what.en}. Who can: {roles}. See `nemboks grant list`",
        )
    )


def person_name(text: str) -> str:
    """The name, if a person can have it. ValueError."""
    if not NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name; it has letters, digits, . - _ and @ only, at most 64")
    return text


def _knows(actor: Actor, box: Mailbox, books: Books) -> bool:
    return actor.operator or any(one.in_force(books.at) and one.covers(box) for one in actor.grants)
