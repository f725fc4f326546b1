"""What people may ask about letters: see them, try again now, let a held one go on.

Promises: contents are never shown; a title only in `letter_show`, with CPR numbers masked, and only to whom it
concerns. Access is decided here, so that no way in is looser than another: a letter of a foreign mailbox, and one that
an estate hides, are not there; of a case that is not decided the people of before learn no more than that there is
one. A wish that the rules forbid raises RefusedByRule and changes nothing.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from nemboks.desk.access import Asking, actor_of, box_for, hidden, letter_for, narrowed, not_allowed, seen_by
from nemboks.desk.cvrs import may_fetch
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.desk.explain_rules import of_before
from nemboks.desk.ledger import Ledger
from nemboks.desk.letter_view import letter_item, letter_page, veiled
from nemboks.desk.reasons_of_acts import PENDING
from nemboks.desk.words import Item, Lang, Words, plain
from nemboks.domain.letter import Believed, Letter, Reappeared, Reason, Released, Retried, State
from nemboks.domain.mailbox import Cvr, Mailbox
from nemboks.domain.people import Action, may, new_letters_hidden
from nemboks.domain.plans import serves
from nemboks.domain.routing import Which, came
from nemboks.domain.verdict import Verdict
from nemboks.ports import Acts, Books

AT_ONCE: Final = 500  # letters of one transaction, lest the daemon wait for its turn
EVERY: Final = 1_000_000  # more letters than a ledger of our size ever lists

NO_RETRY: Final[Mapping[State, Words]] = {
    State.SENDING: Words(
        "Brevet sendes lige nu; vent på svaret", "the letter is being sent right now; wait for the reply"
    ),
    State.HANDED_OVER: Words(
        "Et mellemled har brevet; vent på dets besked", "a relay has the letter; wait for what it says"
    ),
    State.ACKNOWLEDGED: Words("Brevet er afsluttet; der er intet at prøve igen", "the letter is done; nothing is left"),
    State.HELD: Words(
        "Brevet er holdt tilbage; se hvorfor med `nemboks letter show`, og brug `nemboks letter release`",
        "the letter is on hold; see why with `nemboks letter show`, then use `nemboks letter release`",
    ),
    State.DISMISSED: Words("Brevet er ladt ligge i Digital Post; hent det dér", "the letter was left in Digital Post"),
}
CAME_BACK: Final = Words(
    "Mailen kom tilbage; er den der alligevel, så brug `nemboks letter release`",
    "the mail came back; if it is there after all, use `nemboks letter release`",
)
NO_RELEASE: Final[Mapping[str, Words]] = {
    Reason.NEMSMS: Words(
        "En NemSMS videresendes aldrig som mail; læs den i Digital Post",
        "a NemSMS is never forwarded as a mail; read it in Digital Post",
    ),
    Reason.WRONG_RECIPIENT: Words(
        "Brevet er stilet til en anden; det videresendes aldrig. Læs det i Digital Post",
        "the letter is meant for another; it is never forwarded. Read it in Digital Post",
    ),
    Reason.FROZEN: Words(
        "Der er registreret et bo; brevet går videre, når sagen er afgjort (`nemboks estate list`)",
        "an estate is registered; the letter goes on when the case is decided (`nemboks estate list`)",
    ),
    Reason.OLDER: Words(
        "Brevet er ældre end boets virkning; det bliver i Digital Post. Se `nemboks estate inventory`",
        "the letter is older than the estate's effect; it stays in Digital Post. See `nemboks estate inventory`",
    ),
}
NOT_HELD: Final = Words("Brevet er ikke holdt tilbage", "the letter is not on hold")


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the asker sees: `whole`, mailboxes of which every letter (None: every mailbox), and `some` of others.

    `before`: the mailboxes where they are of the people whom an estate takes over from.
    """

    cvrs: Mapping[int, Cvr]
    whole: Sequence[int] | None
    some: Sequence[Letter]
    before: frozenset[int]


async def letter_list(
    store: Ledger[Any],
    asking: Asking,
    state: State | None = None,
    cvr: str | None = None,
    since: datetime | None = None,
    limit: int = 100,
) -> list[Item]:
    """Letters that the asker may see, the latest found first, without titles; `since` is about when we found them."""
    seen = await store.ask(lambda books: _seen(books, asking, state, cvr))
    letters = list(await store.letters.list(state, cvr, since, limit, seen.whole))
    letters += [one for one in seen.some if since is None or one.found_at >= since]
    letters.sort(key=lambda one: -one.id)
    shown = [_neutral(one) if one.mailbox in seen.before else one for one in letters[:limit]]
    return [letter_item(letter, seen.cvrs[letter.mailbox]) for letter in shown]


def _seen(books: Books, asking: Asking, state: State | None, cvr: str | None) -> _Seen:
    actor = actor_of(books, asking)
    its = narrowed(actor)
    boxes = [box for box in seen_by(books, asking, Action.SEE_LETTERS) if cvr in (None, box.cvr)]
    partly = [box for box in boxes if new_letters_hidden(actor, box, books.at)]
    some = [
        letter
        for box in partly
        for letter in books.letters(box, *([state] if state else []))
        if not hidden(books, actor, box, letter)
    ]
    whole = None if actor.operator else [box.id for box in boxes if box not in partly]
    before = frozenset(box.id for box in boxes if of_before(its(box), box, books.at))
    return _Seen({box.id: box.cvr for box in boxes}, whole, some, before)


async def letter_show(store: Ledger[Any], asking: Asking, letter_id: int, lang: Lang = Lang.DA) -> Item:
    """One letter with its whole way; without title and addresses for who may not see those. NotFound, NotAllowed."""

    def read(books: Books) -> tuple[Letter, Mailbox, bool, bool]:
        actor, box, letter = letter_for(books, asking, Action.SEE_LETTERS, letter_id)
        return letter, box, may(actor, Action.SEE_TITLES, box, books.at), of_before(actor, box, books.at)

    letter, box, titled, before = await store.ask(read)
    attempts, events = await store.letters.history(letter_id)
    shown = _neutral(letter) if before else letter
    page = letter_page(shown, box.cvr, attempts, events, lang, await store.deliveries.of(letter_id))
    if before:
        page["way"] = [_neutral_step(one) for one in page["way"]]
    return page if titled else veiled(page)


def _neutral(letter: Letter) -> Letter:
    return replace(letter, why=PENDING) if letter.why == Reason.FROZEN else letter


def _neutral_step(step: Item) -> Item:
    """The step without a word of the estate that held the letter, or let it go when it was refused."""
    told = dict(step)
    if told.get("reason") == Reason.FROZEN:
        told["reason"] = PENDING
    if str(told.get("by", "")).startswith("estate "):
        told["by"] = "Nemboks"
    return told


async def retry(store: Acts, asking: Asking, letter_id: int) -> Item:
    """The letter, due now; one that is due already keeps its place. NotFound, NotAllowed; RefusedByRule where there is
    nothing to try."""

    def act(books: Books) -> Item:
        actor, box, letter = letter_for(books, asking, Action.RETRY, letter_id)
        if letter.state in NO_RETRY:
            raise RefusedByRule(NO_RETRY[letter.state])
        if letter.bounced:
            raise RefusedByRule(CAME_BACK)
        again = Retried(actor.name, min(books.at, letter.due_at or books.at))
        return letter_item(
            books.move(letter, Reappeared(books.at) if letter.state is State.VANISHED else again), box.cvr
        )

    return await store.act(act)


async def retry_waiting(store: Acts, asking: Asking, cvr: Cvr | None = None) -> int:
    """How many letters that waited for their time are due now, of this mailbox or of all that the asker may do it for:
    what stood in their way was mended. One with an uncertain end keeps its time: each try of it may be a copy.

    NotFound, NotAllowed; RefusedByRule for a mailbox that is paused, or whose plan is over.
    """

    def waiting(books: Books) -> tuple[datetime, list[int]]:
        found = [one for box in _tried(books, asking, cvr) for one in books.letters(box, State.FOUND, State.WAITING)]
        found = [one for one in found if _waits(one, books.at)]
        return books.at, [one.id for one in sorted(found, key=lambda one: (one.available_at, one.id))]

    def act(part: Sequence[int], books: Books) -> int:
        moved = 0
        for number in part:
            with suppress(NotFound, NotAllowed):  # hidden by an estate, or taken away meanwhile
                actor, _, letter = letter_for(books, asking, Action.RETRY, number)
                if _waits(letter, at):
                    books.move(letter, Retried(actor.name, at))
                    moved += 1
        return moved

    at, numbers = await store.ask(waiting)
    parts = [numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE)]
    return sum([await store.act(partial(act, part)) for part in parts])


def _tried(books: Books, asking: Asking, cvr: Cvr | None) -> list[Mailbox]:
    """The mailboxes whose letters may be tried now."""
    if cvr is not None:
        _, box = box_for(books, asking, Action.RETRY, cvr)
        may_fetch(box, books)
        return [box]
    boxes = seen_by(books, asking, Action.RETRY)
    if not boxes and books.mailboxes():
        raise not_allowed(actor_of(books, asking), Action.RETRY)
    return [box for box in boxes if box.paused_at is None and serves(box.serves_until, books.at)]


def _waits(letter: Letter, at: datetime) -> bool:
    put_off = letter.state in (State.FOUND, State.WAITING) and letter.due_at is not None and letter.due_at > at
    return put_off and letter.why != Verdict.UNCERTAIN


async def release(store: Acts, asking: Asking, letter_id: int) -> Item:
    """The held letter, going on; or the receipt of one that came back after it was accepted, on the person's word.

    NotFound, NotAllowed; RefusedByRule if nothing holds it or it never may go. One that came around an estate's
    effective time is let go by whoever approves estates, and nobody else.
    """

    def act(books: Books) -> Item:
        actor, box, letter = letter_for(books, asking, Action.SEE_STATUS, letter_id)
        wanted = Action.ESTATE_APPROVE if _at_a_boundary(letter, box) else Action.HOLD
        if not may(actor, wanted, box, books.at):
            raise not_allowed(actor, wanted)
        if letter.state is State.FORWARDED and letter.bounced:
            return letter_item(books.move(letter, Believed(actor.name, books.at)), box.cvr)
        if letter.state is State.HANDED_OVER:
            raise RefusedByRule(NO_RETRY[letter.state])
        if letter.state is not State.HELD:
            raise RefusedByRule(NOT_HELD)
        if letter.why in NO_RELEASE:
            raise RefusedByRule(NO_RELEASE[letter.why])
        return letter_item(books.move(letter, Released(actor.name, books.at)), box.cvr)

    return await store.act(act)


def _at_a_boundary(letter: Letter, box: Mailbox) -> bool:
    """Whether it came around an estate's effective time, whatever else it is held for."""
    around = box.boundary_at is not None and came(letter, box.boundary_at, box.face) is Which.AROUND
    return letter.state is State.HELD and (around or letter.why == Reason.BOUNDARY)


def all_letters(store: Ledger[Any], asking: Asking) -> list[Item]:
    """Every letter that the asker may see, oldest first, as JSON carries it. For a caller without an event loop."""
    return [plain(item) for item in reversed(asyncio.run(letter_list(store, asking, limit=EVERY)))]
