"""Does the post come through? One line per mailbox, the oldest undelivered letter first, and one word for all.

Promises: whoever asks sees their own mailboxes, and of an estate's no count that a new letter changes.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from nemboks.desk.access import Asking, actor_of, hidden, seen_by
from nemboks.desk.ledger import CountRow, Ledger
from nemboks.desk.standing import standing_item
from nemboks.desk.words import Item, Words
from nemboks.domain.custody import Consent, Life
from nemboks.domain.incidents import Incident
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Cvr, Mailbox
from nemboks.domain.people import Action, Actor, new_letters_hidden
from nemboks.domain.states import ON_ITS_WAY, UNDELIVERED
from nemboks.ports import Books

LATE_SECONDS: Final = 900  # a letter that waits longer is late (UX.md U02)
MISSED_SECONDS: Final = 600  # a look this long after its time: nobody looks
OUTAGE: Final = 3  # failed looks in a row; fewer is a hiccup

OK, ATTENTION, CRITICAL = "ok", "attention", "critical"
MAILBOX_STATES: Final[Mapping[str, Words]] = {
    "ok": Words("i orden", "ok"),
    "paused": Words("sat på pause", "paused"),
    "parked": Words("afvist af Digital Post", "refused by Digital Post"),
    "failing": Words("Digital Post svarer ikke", "no answer from Digital Post"),
    "not_polled": Words("ingen kigger: kører Nemboks?", "nobody looks: does Nemboks run?"),
}
HEADLINES: Final[Mapping[str, Words]] = {
    OK: Words("Al post er leveret eller på vej.", "All post is delivered or on its way."),
    ATTENTION: Words("Noget kræver opmærksomhed.", "Something needs attention."),
    CRITICAL: Words(
        "Der kigges ikke efter post: kører `nemboks run`?", "Nobody looks for post: does `nemboks run` run?"
    ),
}


@dataclass(frozen=True, slots=True)
class _Counted:
    """How many letters of a mailbox are in a state, of those that the asker may know of."""

    cvr: Cvr
    state: State
    number: int
    oldest_at: datetime


async def status(store: Ledger[Any], asking: Asking, at: datetime, daemon: bool = True) -> Item:
    """What the asker may see: `state` (ok, attention, critical), `undelivered`, `oldest_seconds`, and `items`.

    One item per mailbox. `daemon`: whether one is expected to run; without it a missed look is nothing bad.
    """
    boxes, since, instead = await store.ask(lambda books: _seen(books, asking))
    counts: dict[str, list[CountRow]] = defaultdict(list)
    for row in await store.letters.counts():
        counts[row.cvr].append(row)
    counts |= instead
    troubles = [one for one in await store.incidents.open() if one.quiet_since is None]
    boxes = [replace(box, unusable=0) if box.cvr in since else box for box in boxes]
    items = [_item(box, counts[box.cvr], _troubles(box, troubles, since), at, daemon) for box in boxes]
    items.sort(key=lambda item: (-(item["oldest_seconds"] or 0), item["cvr"]))
    oldest = max((item["oldest_seconds"] for item in items if item["oldest_seconds"] is not None), default=None)
    return {
        "state": _overall(items),
        "undelivered": sum(item["waiting"] + item["held"] for item in items),
        "oldest_seconds": oldest,
        "items": items,
    }


Since = Mapping[Cvr, datetime]  # by CVR, from when on an estate hides what is new from the asker


def _seen(books: Books, asking: Asking) -> tuple[list[Mailbox], Since, dict[str, list[CountRow]]]:
    """The asker's mailboxes; from when on what is new at some of them is hidden, and how many letters those have."""
    actor, boxes = actor_of(books, asking), seen_by(books, asking, Action.SEE_STATUS)
    since = {box.cvr: at for box in boxes if (at := new_letters_hidden(actor, box, books.at))}
    return boxes, since, {box.cvr: _counted(books, actor, box) for box in boxes if box.cvr in since}


def _counted(books: Books, actor: Actor, box: Mailbox) -> list[CountRow]:
    found: dict[State, list[Letter]] = defaultdict(list)
    for letter in books.letters(box):
        if not hidden(books, actor, box, letter):
            found[letter.state].append(letter)
    return [
        _Counted(box.cvr, state, len(letters), min(one.available_at for one in letters))
        for state, letters in found.items()
    ]


def _troubles(box: Mailbox, open_: Sequence[Incident], since: Since) -> int:
    """How many troubles the mailbox has; one that several circles of people are told of is one."""
    until = since.get(box.cvr)
    known = [one for one in open_ if box.id in one.mailboxes and (until is None or one.opened_at < until)]
    return len({(one.cause, one.destination, one.address) for one in known})


def _overall(items: Sequence[Item]) -> str:
    """Critical when nobody looks; attention for troubles, late or held letters, and for doors that do not open."""
    if any(item["state"] == "not_polled" for item in items):
        return CRITICAL
    return ATTENTION if any(item["attention"] for item in items) else OK


def _item(box: Mailbox, counts: Sequence[CountRow], troubles: int, at: datetime, daemon: bool) -> Item:
    state = _state(box, at, daemon)
    held = _number(counts, (State.HELD,))
    oldest_at = min((row.oldest_at for row in counts if row.state in UNDELIVERED), default=None)
    age = max(0, round((at - oldest_at).total_seconds())) if oldest_at else None
    return {
        "cvr": box.cvr,
        "name": box.name,
        "inbox": box.face,
        "state": state,
        "trouble": box.trouble or None,
        "paused_by": box.paused_by or None,
        "listed_at": box.listed_at,
        "due_at": box.due_at,
        "waiting": _number(counts, ON_ITS_WAY),
        "held": held,
        "receipts_owed": _number(counts, (State.FORWARDED,)),
        "incidents": troubles,
        "unusable": box.unusable,
        "oldest_seconds": age,
        "attention": bool(held or troubles or box.unusable) or _shut(box, state) or (age or 0) > LATE_SECONDS,
        **standing_item(box),
    }


def _shut(box: Mailbox, state: str) -> bool:
    """Whether a door does not open that should: not the company's own no, nor its end."""
    theirs = box.life is Life.CEASED or (box.consent is not Consent.GIVEN and box.listed_at is not None)
    return not theirs and (state == "parked" or box.failures >= OUTAGE)


def _number(counts: Sequence[CountRow], states: Sequence[State]) -> int:
    return sum(row.number for row in counts if row.state in states)


def _state(box: Mailbox, at: datetime, daemon: bool) -> str:
    if daemon and (at - box.due_at).total_seconds() > MISSED_SECONDS:
        return "not_polled"
    if box.paused_at is not None:
        return "paused"
    if box.parked_until is not None:
        return "parked"
    return "failing" if box.trouble else "ok"
