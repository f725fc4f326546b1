"""Why receipts of a mailbox wait by a person's wish: shadow mode before a CVR goes live, and a legal hold.

Promises: nothing here stops a letter from being forwarded; who, when and why stands in the history. A backlog of owed
receipts goes out at a pace that the delete fuse does not take for a fault.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from nemboks.desk.access import Asking, box_for
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.words import Item, Words
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.guard import until_a_person
from nemboks.domain.letter import Retried, State
from nemboks.domain.mailbox import Cvr, Mailbox
from nemboks.domain.people import Action
from nemboks.ports import Acts, Books

DAYS: Final = 14  # of shadow mode, until people are reminded
REMINDER: Final = "reminder"  # the step of the announcement that does
# 240 an hour, half of what the fuse takes from one CVR: a thousand letters of a shadow fortnight need four hours.
AT_ONCE, SECONDS_APART = 100, 15


async def shadow(store: Acts, asking: Asking, cvr: Cvr, days: int = DAYS) -> Item:
    """The mailbox in shadow mode: its letters are forwarded, and stay in Digital Post until a person says go.

    After `days` people are reminded, and nothing else happens. NotFound, NotAllowed.
    """

    def act(books: Books) -> Item:
        actor, box = box_for(books, asking, Action.CUSTODY, cvr)
        return custody_item(start_shadow(books, box, actor.name, days))

    return await store.act(act)


def start_shadow(books: Books, box: Mailbox, by: str, days: int = DAYS) -> Mailbox:
    """The mailbox in shadow mode; one that is in it already gets another day of reminder. Part of another act."""
    drop_reminder(books, box)
    since, until = box.custody.shadow_since or books.at, books.at + timedelta(days=days)
    after = books.keep(replace(box, custody=replace(box.custody, shadow_since=since, shadow_until=until)))
    books.note("shadow_started", after, by=by, until=until)
    for path in paths_of(after):
        facts = {"company": box.name, "cvr": str(box.cvr), "step": REMINDER, "days": days}
        key = f"{_reminder(after)} {path}"
        books.tell(Announcement(0, key, Kind.GOLIVE_REPORT, path, books.at, until, box.id, facts=facts))
    return after


def pause_again(books: Books, box: Mailbox, by: str) -> Mailbox:
    """The mailbox, paused as `by` had it before an estate: the kurator may have resumed it for the estate only."""
    if not by or box.paused_at is not None:
        return box
    books.note("mailbox_paused", box, by=by)
    return books.keep(replace(box, paused_at=books.at, paused_by=by))


def drop_reminder(books: Books, box: Mailbox) -> None:
    """Nobody needs to be reminded of this shadow mode any more."""
    for one in books.announcements.all(kind=Kind.GOLIVE_REPORT, mailbox=box.id, sent_at=None):
        if one.facts.get("step") == REMINDER:  # whoever it was to be told to: addresses may have changed since
            books.announcements.put(replace(one, due_at=None))


async def legal_hold(store: Acts, asking: Asking, cvr: Cvr, on: bool, reason: str) -> Item:
    """The mailbox with its legal hold put on or taken off: while it is on no receipt goes, and nothing is cleared.

    NotFound, NotAllowed, RefusedByRule if it is so already.
    """

    def act(books: Books) -> Item:
        actor, box = box_for(books, asking, Action.LEGAL_HOLD, cvr)
        if on is (box.custody.legal_hold_since is not None):
            raise RefusedByRule(
                Words(f"CVR {cvr} er allerede bevaret ved lov", f"CVR {cvr} is on legal hold already")
                if on
                else Words(f"CVR {cvr} er ikke bevaret ved lov", f"CVR {cvr} is not on legal hold")
            )
        since, by = (books.at, actor.name) if on else (None, "")
        after = books.keep(
            replace(box, custody=replace(box.custody, legal_hold_since=since, legal_hold_by=by)),
        )
        books.note("legal_hold_on" if on else "legal_hold_off", after, by=actor.name, reason=reason)
        owed = 0 if on else let_go(books, after, actor.name)
        return custody_item(after) | {"reason": reason, "receipts_owed": owed}

    return await store.act(act)


def let_go(books: Books, box: Mailbox, by: str) -> int:
    """How many receipts are owed that may go now: the first hundred at once, the others one by one after them.

    None while something else still holds them. For every act that ends a wait: the waits' own due times are long.
    """
    if until_a_person(box):
        return 0
    owed = [one for one in books.letters(box, State.FORWARDED) if not one.bounced]
    for number, letter in enumerate(owed):
        due_at = books.at + timedelta(seconds=max(0, number - AT_ONCE) * SECONDS_APART)
        if letter.due_at is None or letter.due_at > books.at or due_at > books.at:
            books.move(letter, Retried(by, due_at))
    return len(owed)


def paths_of(box: Mailbox) -> list[str]:
    """Who is told of it: the mailbox's own address and the second contact; of an estate's nobody from before."""
    own = [mail_path(box.options.language, box.route.address)]
    contact = box.options.second_contact
    if contact is None or box.frozen_at is not None:
        return own
    return [*own, mail_path(box.options.contact_language, contact)]


def custody_item(box: Mailbox) -> Item:
    """What holds the mailbox's receipts back, as people see it."""
    custody = box.custody
    return {
        "cvr": box.cvr,
        "name": box.name,
        "receipts_wait": until_a_person(box),
        "unproven": custody.unproven,
        "shadow_since": custody.shadow_since,
        "shadow_until": custody.shadow_until,
        "legal_hold_since": custody.legal_hold_since,
        "legal_hold_by": custody.legal_hold_by or None,
        "keep_days": custody.keep_days,
        "probation_until": custody.probation_until,
        "fuse": custody.fuse or None,
    }


def _reminder(box: Mailbox) -> str:
    return f"shadow {box.id} {box.custody.shadow_since} {box.custody.shadow_until}"
