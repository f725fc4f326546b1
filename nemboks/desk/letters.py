"""What people may ask about letters: see them, try again now, let a held one go on.

Promises: contents are never shown; a title only in `letter_show`, with CPR numbers masked. Access is decided here, so
that no way in is looser than another. A wish that the rules forbid raises RefusedByRule and changes nothing.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from nemboks.desk.errors import NotFound, RefusedByRule
from nemboks.desk.ledger import Ledger
from nemboks.desk.letter_view import letter_item, letter_page
from nemboks.desk.words import Item, Lang, Words, plain
from nemboks.domain.letter import Believed, Event, Letter, Reappeared, Reason, Released, Retried, State

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
}


async def letter_list(
    store: Ledger[Any],
    state: State | None = None,
    cvr: str | None = None,
    since: datetime | None = None,
    limit: int = 100,
) -> list[Item]:
    """Letters, the latest found first, without titles; `since` is about when we found them."""
    names = {box.id: box.cvr for box in await store.mailboxes.all()}
    letters = await store.letters.list(state, cvr, since, limit)
    return [letter_item(letter, names[letter.mailbox]) for letter in letters]


async def letter_show(store: Ledger[Any], letter_id: int, lang: Lang = Lang.DA) -> Item:
    """One letter with its whole way. NotFound."""
    letter = await _known(store, letter_id)
    attempts, events = await store.letters.history(letter_id)
    mailbox = await store.mailboxes.get(letter.mailbox)
    return letter_page(letter, mailbox.cvr, attempts, events, lang, await store.deliveries.of(letter_id))


async def retry(store: Ledger[Any], letter_id: int, by: str, at: datetime) -> Item:
    """The letter, due now. NotFound; RefusedByRule where there is nothing to try; Stale if it moved meanwhile."""
    letter = await _known(store, letter_id)
    if letter.state in NO_RETRY:
        raise RefusedByRule(NO_RETRY[letter.state])
    if letter.bounced:
        raise RefusedByRule(CAME_BACK)
    return await _moved(store, letter, Reappeared(at) if letter.state is State.VANISHED else Retried(by, at))


async def release(store: Ledger[Any], letter_id: int, by: str, at: datetime) -> Item:
    """The held letter, going on; or the receipt of one that came back after it was accepted, on the person's word.

    NotFound; RefusedByRule if nothing holds it or it never may go; Stale as above.
    """
    letter = await _known(store, letter_id)
    if letter.state is State.FORWARDED and letter.bounced:
        return await _moved(store, letter, Believed(by, at))
    if letter.state is State.HANDED_OVER:
        raise RefusedByRule(NO_RETRY[letter.state])
    if letter.state is not State.HELD:
        raise RefusedByRule(Words("Brevet er ikke holdt tilbage", "the letter is not on hold"))
    if letter.why in NO_RELEASE:
        raise RefusedByRule(NO_RELEASE[letter.why])
    return await _moved(store, letter, Released(by, at))


def all_letters(store: Ledger[Any]) -> list[Item]:
    """Every letter, oldest first, as JSON carries it. For a caller without an event loop of its own."""
    return [plain(item) for item in reversed(asyncio.run(letter_list(store, limit=EVERY)))]


async def _known(store: Ledger[Any], letter_id: int) -> Letter:
    letter = await store.letters.get(letter_id)
    if letter is None:
        raise NotFound(Words(f"Der er intet brev nummer {letter_id}", f"there is no letter number {letter_id}"))
    return letter


async def _moved(store: Ledger[Any], letter: Letter, event: Event) -> Item:
    after = await store.letters.move(letter, event)
    return letter_item(after, (await store.mailboxes.get(after.mailbox)).cvr)
