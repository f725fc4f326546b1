"""Once a day, for each mailbox: what upstream lists, what our ledger says and what was confirmed are compared.

Promises: every comparison leaves a row of history, also one without a difference; a difference that may be a lost
letter stops every removal for that CVR, and the operator is told of it, once. What looks gone is believed after two
listings some minutes apart. Only lists: nothing upstream is touched.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.fuse import KEPT, Trip
from nemboks.domain.letter import Stale, State
from nemboks.domain.mailbox import Address, Mailbox
from nemboks.domain.pace import Pace
from nemboks.domain.reconciliation import SERIOUS, Difference, Entry, missing, odd, unknown
from nemboks.domain.reconciliation import Kind as Differs
from nemboks.logs import log
from nemboks.ports import Acts, Books, Clock, InboxError, Inboxes, Letters, Reckoning

AT_A_TIME: Final = 10  # mailboxes in one round of the chore
AGAIN_SECONDS: Final = 3_600.0  # after a listing that failed
REMEMBERED: Final = 200  # differences of one mailbox; what is beyond them is told as new every day


@dataclass(frozen=True, slots=True)
class Reconciling:
    """What a reconciliation works with. `trip` writes down that a mailbox's fuse has tripped."""

    inboxes: Inboxes
    letters: Letters
    reckoning: Reckoning
    acts: Acts
    clock: Clock
    pace: Pace
    trip: Callable[[Books, Mailbox, Trip, str], object]
    operator: Address | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one mailbox fared: the differences, or why it could not be listed."""

    mailbox: Mailbox
    differences: tuple[Difference, ...] = ()
    listed: int = 0
    kept: int = 0  # contents that only a legal hold still keeps
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class _Look:
    """The first listing, and what it said."""

    mailbox: Mailbox
    asked_at: datetime
    listed: frozenset[str]
    lost: Sequence[Difference]
    missing: set[int]


async def reconcile_due(world: Reconciling) -> int:
    """How many mailboxes were compared: those whose day has come, a few at a time."""
    due = await world.reckoning.due(world.clock.now(), AT_A_TIME)
    return len(await reconcile(due, world)) if due else 0


async def forget_permits(world: Reconciling) -> int:
    """How many permits of the fuse were removed that the daily comparison has seen."""
    return await world.reckoning.prune(world.clock.now() - KEPT)


async def reconcile(mailboxes: Sequence[Mailbox], world: Reconciling) -> Sequence[Outcome]:
    """How these mailboxes fared; takes `relist_seconds` when a letter of theirs looks gone."""
    outcomes, looks = [], []
    for mailbox in mailboxes:
        try:
            looks.append(await _look(mailbox, world))
        except (InboxError, Stale) as error:  # or another listed it, or it has another login: what we saw is no measure
            outcomes.append(await _failed(mailbox, error, world))
    if any(look.missing for look in looks):
        await world.clock.sleep(world.pace.relist_seconds)
    for look in looks:
        try:
            outcomes.append(await _conclude(look, world))
        except InboxError as error:
            outcomes.append(await _failed(look.mailbox, error, world))
    return outcomes


async def _look(mailbox: Mailbox, world: Reconciling) -> _Look:
    before = await world.reckoning.entries(mailbox.id)
    asked_at = world.clock.now()
    inbox = await world.inboxes.of(mailbox)
    listed = await inbox.list()
    # Through the door that every listing takes: what is still unknown after it is no new post.
    await world.letters.found(mailbox, listed, world.clock.now(), mailbox.due_at, inbox.unusable, asked_at)
    after = await world.reckoning.entries(mailbox.id)
    ids = [one.upstream_id for one in listed]
    lost = unknown(before, after, ids, mailbox.face)
    return _Look(mailbox, asked_at, frozenset(ids), lost, missing(after, ids, asked_at, mailbox.face))


async def _conclude(look: _Look, world: Reconciling) -> Outcome:
    gone = look.missing
    if gone:
        inbox = await world.inboxes.of(look.mailbox)
        again = await inbox.list()
    entries = await world.reckoning.entries(look.mailbox.id)
    if gone:
        ids = [one.upstream_id for one in again]
        gone = gone & missing(entries, ids, look.asked_at, look.mailbox.face)
        if len(gone) <= inbox.unusable:  # they may all lie there still, under entries that cannot be read
            gone = set()
    stopped = await world.reckoning.stopped(look.mailbox.id, look.asked_at - KEPT)
    differences = [
        *look.lost,
        *odd(entries, look.listed, look.asked_at),
        *(Difference(Differs.GONE_UNCONFIRMED, str(one)) for one in sorted(gone)),
        *(Difference(Differs.ROW_MISSING, str(one)) for one in await world.reckoning.rowless(look.mailbox.id)),
        *(Difference(Differs.LEFT_UNCONFIRMED, str(one)) for one in await world.reckoning.unproven(look.mailbox.id)),
        *(Difference(Differs.ASKED_UNCONFIRMED, words) for words in stopped),
    ]
    kept = _kept(entries) if look.mailbox.custody.legal_hold_since else 0
    outcome = Outcome(look.mailbox, tuple(differences), len(look.listed), kept)
    await world.acts.act(lambda books: _write(books, outcome, world))
    await world.reckoning.next(look.mailbox.id, world.clock.now() + timedelta(seconds=world.pace.reconcile_seconds))
    _log(outcome)
    return outcome


def _kept(entries: Sequence[Entry]) -> int:
    return sum(one.here and one.state is State.ACKNOWLEDGED for one in entries)


def _write(books: Books, outcome: Outcome, world: Reconciling) -> None:
    """History, what was found, and whom it concerns: a difference that was known before alarms nobody again."""
    box = books.mailbox_of(outcome.mailbox.id)
    known, names = set(box.custody.differences), [str(one) for one in outcome.differences]
    kinds = Counter(one.kind.value for one in outcome.differences)
    books.note(
        "reconciled", box, listed=outcome.listed, differences=len(names), kinds=dict(kinds), kept=outcome.kept or None
    )
    remembered = tuple(names[:REMEMBERED])
    if remembered != box.custody.differences:
        box = books.keep(replace(box, custody=replace(box.custody, differences=remembered)))
    serious = [one for one in outcome.differences if one.kind in SERIOUS and str(one) not in known]
    if serious and not box.custody.fuse:
        words = "; ".join(map(str, serious[:10]))
        world.trip(books, box, Trip.RECONCILIATION, words)
    if world.operator and set(names) - known:
        books.tell(_announcement(box, names, kinds, world.operator, books.at))


def _announcement(
    box: Mailbox, names: Sequence[str], kinds: Counter[str], operator: Address, at: datetime
) -> Announcement:
    digest = hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]
    items = [{"kind": kind, "number": number} for kind, number in kinds.items()]
    facts = {"company": box.name, "cvr": str(box.cvr), "day": at.isoformat(), "items": items}
    path = mail_path("da", operator)
    return Announcement(
        0, f"reconciliation {box.id} {digest} {path}", Kind.RECONCILIATION, path, at, at, box.id, facts=facts
    )


def _log(outcome: Outcome) -> None:
    cvr, differences = outcome.mailbox.cvr, outcome.differences
    say = log().warning if differences else log().info
    say("mailbox_reconciled", mailbox=cvr, listed=outcome.listed, differences=[str(one) for one in differences[:20]])
    if outcome.kept:
        log().info("contents_kept", mailbox=cvr, number=outcome.kept, why="a legal hold is on")


async def _failed(mailbox: Mailbox, error: InboxError | Stale, world: Reconciling) -> Outcome:
    seconds = min(AGAIN_SECONDS, world.pace.reconcile_seconds)
    await world.reckoning.next(mailbox.id, world.clock.now() + timedelta(seconds=seconds))
    log().warning("mailbox_unavailable", mailbox=mailbox.cvr, words=str(error))
    return Outcome(mailbox, trouble=str(error))
