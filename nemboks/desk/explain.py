"""Why did I get no mail? Asked of a company or of one letter, answered from ledger, address check and upstream state.

Promises: both languages, worst first, each cause with its next step; no titles, no full addresses. Somebody without a
right learns no more than that there is nothing for them; what an estate hides from people of before stays hidden.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from nemboks.content.envelope import reference_for
from nemboks.desk.access import Asking, box_for, hidden, letter_for
from nemboks.desk.explain_box import BoxFacts, causes
from nemboks.desk.explain_cause import Cause, cause_item
from nemboks.desk.explain_letter import LetterFacts, causes_of, where
from nemboks.desk.explain_rules import of_before
from nemboks.desk.letter_view import letter_item
from nemboks.desk.references import number_of
from nemboks.desk.words import Item, Lang, Words, state_words
from nemboks.domain.delivery import Delivery, DeliveryState
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Cvr, Mailbox
from nemboks.domain.people import Action, Actor, may
from nemboks.domain.states import UNDELIVERED
from nemboks.ports import Acts, Books, Check

COPIES: Final = 50  # undelivered letters whose further recipients are looked at
_NOT_DONE: Final = tuple(state for state in State if state is not State.ACKNOWLEDGED)


class LetterRows(Protocol):
    async def list(
        self, state: State | None = None, cvr: str | None = None, *, limit: int = 100
    ) -> Sequence[Letter]: ...


class DeliveryRows(Protocol):
    async def of(self, letter: int) -> Sequence[Delivery]: ...


class CheckRows(Protocol):
    async def all(self) -> Sequence[Check]: ...


class Explained(Acts, Protocol):
    """The store, as far as an explanation sees it."""

    @property
    def letters(self) -> LetterRows: ...
    @property
    def deliveries(self) -> DeliveryRows: ...
    @property
    def checks(self) -> CheckRows: ...


async def explain_cvr(store: Explained, asking: Asking, cvr: Cvr, lang: Lang) -> Item:
    """What stands in the way of the company's post, worst first. NotFound, NotAllowed."""

    def read(books: Books) -> tuple[BoxFacts, bool]:
        actor, box = box_for(books, asking, Action.SEE_STATUS, cvr)
        letters = [one for one in books.letters(box, *_NOT_DONE) if not hidden(books, actor, box, one)]
        return _facts(books, actor, box, letters), may(actor, Action.SEE_LETTERS, box, books.at)

    facts, numbers = await store.ask(read)
    facts = await _completed(store, facts)
    found, box, last = causes(facts), facts.box, facts.last
    return {
        "about": "cvr",
        "cvr": box.cvr,
        "name": box.name,
        "at_risk": any(one.at_risk for one in found),
        "headline": _headline(found).to(lang),
        "causes": [cause_item(one, lang, numbers) for one in found],
        "undelivered": sum(one.state in UNDELIVERED for one in facts.letters),
        "last_letter_at": last.available_at if last else None,
        "listed_at": box.listed_at,
        "address": None if facts.shut_out else box.route.address.masked,
    }


async def explain_letter(store: Explained, asking: Asking, name: str, lang: Lang) -> Item:
    """Where one letter is, and why; `name`: its number, or the reference in its mail. NotFound, NotAllowed."""
    number = await number_of(store, asking, name)

    def read(books: Books) -> tuple[BoxFacts, Letter]:
        actor, box, letter = letter_for(books, asking, Action.SEE_LETTERS, number)
        return _facts(books, actor, box, [letter]), letter

    of_box, letter = await store.ask(read)
    facts = LetterFacts(letter, of_box, await store.deliveries.of(letter.id))
    found, line = causes_of(facts), letter_item(letter, of_box.box.cvr)
    return {
        "about": "letter",
        "cvr": of_box.box.cvr,
        "name": of_box.box.name,
        "id": letter.id,
        "reference": reference_for(of_box.box.cvr, letter.copy.upstream_id if letter.copy else letter.upstream_id),
        "state": letter.state,
        "state_text": state_words(line).to(lang),
        "at_risk": any(one.at_risk for one in found),
        "headline": where(letter).to(lang),
        "causes": [cause_item(one, lang, numbers=True) for one in found],
        "available_at": letter.available_at,
        "next_try_at": line["next_try_at"],
    }


def _facts(books: Books, actor: Actor, box: Mailbox, letters: Sequence[Letter]) -> BoxFacts:
    pending = books.changes.all(mailbox=box.id, done_at=None, cancelled_at=None)
    change = pending[0] if pending else None
    return BoxFacts(box, books.at, letters, change=change, of_before=of_before(actor, box, books.at))


async def _completed(store: Explained, facts: BoxFacts) -> BoxFacts:
    """The facts with what other parts of the store know."""
    box = facts.box
    places = {(one.address, one.server): one for one in await store.checks.all()}
    return replace(
        facts,
        last=await _last(store, facts),
        only_copies=await _only_copies(store, facts),
        check=places.get((box.route.address, box.route.server)),
    )


async def _only_copies(store: Explained, facts: BoxFacts) -> frozenset[int]:
    """The undelivered letters that a further recipient has; of very many the newest are looked at."""
    if not facts.box.route.others:
        return frozenset()
    undelivered = [one.id for one in facts.letters if one.state in UNDELIVERED][-COPIES:]
    found = [one for id_ in undelivered for one in await store.deliveries.of(id_)]
    return frozenset(one.letter for one in found if one.state is DeliveryState.DELIVERED)


async def _last(store: Explained, facts: BoxFacts) -> Letter | None:
    """The letter that came last of those that were delivered."""
    done = await store.letters.list(State.ACKNOWLEDGED, facts.box.cvr, limit=1)
    delivered = [*done, *(one for one in facts.letters if one.confirmation is not None)]
    return max(delivered, key=lambda one: (one.available_at, one.id), default=None)


def _headline(found: Sequence[Cause]) -> Words:
    """The first thing to read: of what puts post at risk the worst, else that nothing is missing."""
    if found[0].at_risk:
        return Words("Noget står i vejen for posten.", "Something stands in the way of the post.")
    return Words("Ingen post er i fare.", "No post is at risk.")
