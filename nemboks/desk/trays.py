"""The unrouted tray with its owner and its alarm; hold a letter, or leave it in Digital Post.

Promises: a letter that no rule sends anywhere is never forgotten: after four hours its owner and the second contact
hear of it, and again every morning; a dismissed letter stays in Digital Post, and no receipt is ever given for it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from nemboks.content.moments import next_at
from nemboks.content.texts import clean
from nemboks.desk.access import Asking, actor_of, hidden, letter_for, seen_by
from nemboks.desk.errors import NotFound, RefusedByRule
from nemboks.desk.letter_view import letter_item
from nemboks.desk.route_acts import company, reached
from nemboks.desk.words import Item, Words
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.events import Dismissed, Hold, Reason
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Cvr, Mailbox
from nemboks.domain.people import Action
from nemboks.domain.plans import serves
from nemboks.domain.redact import redact
from nemboks.ports import Acts, Books

PATIENCE: Final = timedelta(hours=4)
MORNING: Final = 8  # o'clock in Denmark
_REASON: Final = 200  # characters

_SENDING: Final = Words(
    "Brevet sendes lige nu; vent på svaret", "the letter is being sent right now; wait for the reply"
)
_RELAY: Final = Words("Et mellemled har brevet; vent på dets besked", "a relay has the letter; wait for what it says")
_DELIVERED: Final = Words(
    "Mailserveren har brevet; det kan ikke kaldes tilbage", "the mail server has the letter; it cannot be called back"
)
_DISMISSED: Final = Words("Brevet er ladt ligge i Digital Post", "the letter was left in Digital Post")
_VANISHED: Final = Words("Brevet er forsvundet fra Digital Post", "the letter has vanished from Digital Post")
TOO_LATE: Final[Mapping[State, Words]] = {
    State.SENDING: _SENDING, State.HANDED_OVER: _RELAY, State.FORWARDED: _DELIVERED, State.ACKNOWLEDGED: _DELIVERED,
    State.DISMISSED: _DISMISSED, State.VANISHED: _VANISHED,
}  # fmt: skip


async def letter_tray(store: Acts, asking: Asking, cvr: Cvr | None = None) -> list[Item]:
    """The letters that no rule sends anywhere, the oldest first, with their owner and how long they have waited."""

    def read(books: Books) -> list[Item]:
        actor = actor_of(books, asking)
        boxes = {box.id: box for box in seen_by(books, asking, Action.SEE_LETTERS) if cvr in (None, box.cvr)}
        if cvr is not None and not boxes:
            raise NotFound(Words(f"Der er ingen postkasse for CVR {cvr}", f"there is no mailbox for CVR {cvr}"))
        return [
            {
                **letter_item(letter, boxes[letter.mailbox].cvr),
                "owner": boxes[letter.mailbox].route.unrouted or None,
                "waited_seconds": (books.at - letter.available_at).total_seconds(),
            }
            for letter in books.held(Reason.UNROUTED)
            if letter.mailbox in boxes and not hidden(books, actor, boxes[letter.mailbox], letter)
        ]

    return await store.ask(read)


async def letter_hold(store: Acts, asking: Asking, number: int, reason: str) -> Item:
    """The letter, held until a person releases it. NotFound, NotAllowed; RefusedByRule once it is on its way."""

    def hold(books: Books) -> Item:
        actor, box, letter = letter_for(books, asking, Action.HOLD, number)
        if letter.state is State.HELD:
            raise RefusedByRule(Words("Brevet er allerede holdt tilbage", "the letter is on hold already"))
        _still_here(letter)
        words = _said(reason)
        after = books.move(letter, Hold(Reason.ASKED, words))
        books.note("letter_held", box, by=actor.name, letter=letter, words=words)
        return letter_item(after, box.cvr)

    return await store.act(hold)


async def letter_dismiss(store: Acts, asking: Asking, number: int, reason: str) -> Item:
    """The letter, closed: it stays in Digital Post for good. Errors as above; never after it was sent."""

    def dismiss(books: Books) -> Item:
        actor, box, letter = letter_for(books, asking, Action.HOLD, number)
        _still_here(letter)
        words = _said(reason)
        after = books.move(letter, Dismissed(actor.name))
        books.note("letter_dismissed", box, by=actor.name, letter=letter, words=words)
        return letter_item(after, box.cvr)

    return await store.act(dismiss)


def waiting(books: Books) -> bool:
    """Whether somebody is to hear of letters that wait in the tray."""
    return any(True for _ in _alarms(books))


def take_effect(books: Books) -> int:
    """How many alarms were told of: of each mailbox one after four hours, and one every morning after that."""
    alarms = list(_alarms(books))
    for one in alarms:
        books.tell(one)
    return len(alarms)


def _alarms(books: Books) -> Iterator[Announcement]:
    """What is to be told of each mailbox's tray now, and was not yet."""
    trays: defaultdict[int, list[Letter]] = defaultdict(list)
    for letter in books.held(Reason.UNROUTED):
        trays[letter.mailbox].append(letter)
    for id_, letters in trays.items():
        oldest = min(letter.available_at for letter in letters)
        if oldest + PATIENCE > books.at:
            continue
        box = books.mailbox_of(id_)
        undecided = box.frozen_at is not None and box.boundary_at is None  # nobody may send them anywhere
        if not undecided and serves(box.serves_until, books.at):
            yield from _untold(books, box, len(letters), oldest)


def _untold(books: Books, box: Mailbox, number: int, oldest: datetime) -> Iterator[Announcement]:
    # The fourth hour of the oldest one, or the morning since then: whichever struck last names the alarm.
    struck = max(oldest + PATIENCE, _latest_morning(books.at))
    facts = {
        **company(box), "number": number, "oldest_at": oldest.isoformat(), "owner": box.route.unrouted,
    }  # fmt: skip
    for path in _paths(books, box):
        key = f"unrouted {box.id} {struck.isoformat()} {path}"
        if not books.announcements.all(key=key):
            yield Announcement(0, key, Kind.UNROUTED, path, books.at, books.at, mailbox=box.id, facts=facts)


def _paths(books: Books, box: Mailbox) -> list[str]:
    """To the owner and to the second contact; to the usual address where neither can be told."""
    people = books.people.all(name=box.route.unrouted)
    owner = {one.email: box.options.language for one in people if one.email and one.ended_at is None}
    usual = box.route.address
    others = {address: language for address, language in reached(books, box).items() if address != usual}
    return [
        mail_path(language, address)
        for address, language in ({**others, **owner} or {usual: box.options.language}).items()
    ]


def _latest_morning(at: datetime) -> datetime:
    """When clocks in Denmark last struck eight."""
    before = next_at(MORNING, at - timedelta(hours=25))  # no day is longer
    after = next_at(MORNING, before)
    return after if after <= at else before


def _still_here(letter: Letter) -> None:
    """Raises RefusedByRule unless the letter is here and nothing has gone out that may have delivered it."""
    if letter.state in TOO_LATE:
        raise RefusedByRule(TOO_LATE[letter.state])


def _said(reason: str) -> str:
    said = clean(redact(reason), _REASON).strip()
    if not said:
        raise RefusedByRule(Words("Skriv hvorfor, til historikken", "say why, for the history"))
    return said
