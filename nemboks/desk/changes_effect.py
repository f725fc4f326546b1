"""A change of address takes effect, ends by itself, or is taken back: what is written then, and who is told.

Promises: it takes effect only if the address that was to be changed is still the one in force (compare-and-set), as
the next version of the route; nothing of the route is changed but its address and server; what went to an address
that is taken back gets no receipt without a person's word, and goes to the old address too.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from nemboks.desk.changes_told import CONTACT, OLD, Whose, remind, tell_changed, tell_stopped, whose
from nemboks.domain.changes import (
    BY_CODE,
    FROZEN,
    LAPSED,
    OVERTAKEN,
    TAKEN_BACK,
    UNDO,
    Change,
    Subject,
    due,
    lapsed,
    reminder,
)
from nemboks.domain.custody import Custody
from nemboks.domain.letter import Bounced, Letter, State
from nemboks.domain.mailbox import Mailbox, Recipient, Role, Route
from nemboks.ports import Books

NEMBOKS = "Nemboks"  # who stopped a change, where that was nobody


def waiting(books: Books) -> bool:
    """Whether any change has a step to take now."""
    return any(_owed(books, change) for change in _open(books)) or any(_late(books, one) for one in _recent(books))


def take_effect(books: Books) -> int:
    """How many changes took a step: into force, to an end, or a reminder of one in force."""
    changed = 0
    for change in _open(books):
        if why := ended_by_itself(books, change):
            stop(books, change, why, tell=why != FROZEN)
        elif due(change, books.at):
            effect(books, change)
        elif number := reminder(change, books.at):
            _remind(books, change, number)
        else:
            continue
        changed += 1
    for change in _recent(books):
        changed += hold_back(books, change, _late(books, change), late=True) > 0
    return changed


def effect(books: Books, change: Change) -> Change:
    """The change, in force from now on; or ended, where the address was changed by somebody else meanwhile."""
    owner = whose(books, change)
    if not _still_so(change, owner):
        return stop(books, change, OVERTAKEN)
    done = replace(change, done_at=books.at)
    if owner.box is not None:
        _reroute(books, owner.box, done)
    elif owner.account is not None:
        until = books.at + books.pace.probation
        books.accounts.put(replace(owner.account, email=change.new, email_probation_until=until))
    books.changes.put(done)
    for code in [one for purpose in (OLD, CONTACT) for one in books.codes.all(purpose=purpose, subject=change.id)]:
        books.codes.put(replace(code, until=books.at + UNDO))
    note(books, "address_changed", done, NEMBOKS)
    tell_changed(books, done, owner)
    return done


def stop(books: Books, change: Change, by: str, told_by: str = "", tell: bool = True) -> Change:
    """The change, ended before its effect. `by`: the person, `code:` and whose, or a word for "by itself"."""
    stopped = replace(change, cancelled_at=books.at, cancelled_by=by)
    books.changes.put(stopped)
    note(books, "address_change_stopped", stopped, told_by or NEMBOKS, why=by)
    if tell:
        tell_stopped(books, stopped, whose(books, change), told_by or NEMBOKS, by != OVERTAKEN)
    return stopped


def take_back(books: Books, change: Change, by: str, told_by: str) -> tuple[Change, int]:
    """The change, undone, and how many letters that went to the new address wait for a person's word now."""
    owner = whose(books, change)
    back = replace(change, rolled_back_at=books.at, rolled_back_by=by)
    books.changes.put(back)
    number = 0
    if owner.box is not None:
        _route_back(books, owner.box, back)
        number = hold_back(books, back, list(_gone(books, back)))
    elif owner.account is not None:
        books.accounts.put(replace(owner.account, email=change.old, email_probation_until=None))
    note(books, "address_taken_back", back, told_by, why=by, letters=number)
    tell_stopped(books, back, owner, told_by, letters=number)
    return back, number


def hold_back(books: Books, change: Change, letters: list[Letter], late: bool = False) -> int:
    """How many of these letters, which went to an address that is not the company's, get no receipt by themselves now.

    The old address gets a copy. `late`: only those that no copy was planned for; a person may have decided the others.
    """
    held, box = 0, books.mailbox_of(change.mailbox or 0)
    language, certificate = box.options.language, box.options.certificate
    for letter in letters:
        new = books.send_also(
            letter, Recipient(Role.COPY, change.old, change.old_server, language, certificate=certificate)
        )
        if new or not late:
            books.move(letter, Bounced(TAKEN_BACK))
            held += 1
    return held


def note(books: Books, event: str, change: Change, by: str, **more: Any) -> None:
    """One row of history about the change."""
    box = books.mailbox_of(change.mailbox) if change.mailbox else None
    told: dict[str, Any] = {"change": change.id, "subject": change.subject.value, "new": change.new.masked, **more}
    if change.account:
        told["account"] = change.account
    books.note(event, box, by, None, old=change.old.masked, **told)


def _open(books: Books) -> list[Change]:
    """Changes that may still take effect, and those in force that reminders are owed of."""
    pending = books.changes.all(done_at=None, cancelled_at=None)
    return pending + [one for one in books.changes.since("done_at", books.at - UNDO) if not one.rolled_back_at]


def _recent(books: Books) -> list[Change]:
    """Changes that were taken back while letters to the new address may still have been on their way."""
    done = books.changes.since("done_at", books.at - UNDO - UNDO)
    return [one for one in done if one.rolled_back_at and books.at < one.rolled_back_at + UNDO]


def _owed(books: Books, change: Change) -> bool:
    return due(change, books.at) or reminder(change, books.at) > 0 or bool(ended_by_itself(books, change))


def ended_by_itself(books: Books, change: Change) -> str:
    """Why the change can no longer take effect; "" while it can, and for one in force."""
    if not change.pending:
        return ""
    if change.subject is Subject.FORWARDING and change.mailbox is not None:
        frozen_at = books.mailbox_of(change.mailbox).frozen_at
        if frozen_at is not None and change.asked_at < frozen_at:
            return FROZEN
    return LAPSED if lapsed(change, books.at) else ""


def _remind(books: Books, change: Change, number: int) -> None:
    owner = whose(books, change)
    books.changes.put(replace(change, reminders=number))
    if not (owner.box and owner.box.frozen_at and change.asked_at < owner.box.frozen_at):
        remind(books, change, owner, number)


def _still_so(change: Change, owner: Whose) -> bool:
    """Whether what was to be changed is still as it was when it was asked (SECURITY 3.9)."""
    if owner.box is not None:
        return (owner.box.route.address, owner.box.route.server) == (change.old, change.old_server)
    return owner.account is not None and owner.account.email == change.old


def _reroute(books: Books, box: Mailbox, change: Change) -> None:
    """The code was typed at the new address, so it is proven; what goes there is on probation (I14)."""
    probation = max(books.at + books.pace.probation, box.custody.probation_until or books.at)
    _write(books, box, change, f"change {change.id}", replace(box.custody, unproven=False, probation_until=probation))


def _route_back(books: Books, box: Mailbox, change: Change) -> None:
    """The old address again. Its probation ends, unless letters are still on their way to the new one: those are
    confirmed after this commit, and must not leave Digital Post before `_late` has seen them."""
    until = box.custody.probation_until
    if books.letters(box, State.SENDING, State.HANDED_OVER):
        until = max(books.at + books.pace.probation, until or books.at)
    elif until == (change.done_at or books.at) + books.pace.probation and not _went_elsewhere(books, box):
        until = None  # another one is somebody else's
    vouched_by = f"change {change.id} taken back"
    unproven = box.custody.unproven or _never_proven(books, box, change)
    _write(books, box, change, vouched_by, replace(box.custody, unproven=unproven, probation_until=until), back=True)


def _went_elsewhere(books: Books, box: Mailbox) -> bool:
    """Whether a rule or a holiday, which may be on probation itself, sent letters anywhere of late."""
    since, routes = books.at - books.pace.probation, books.routes(box)
    ends = [one.since for one in routes[1:]] + [books.at]
    return any((one.rules or one.holiday) and end >= since for one, end in zip(routes, ends, strict=True))


def _never_proven(books: Books, box: Mailbox, change: Change) -> bool:
    """Whether codes were sent to the old address (an imported one) and nobody ever typed one."""
    asked = [one for one in books.codes.all(purpose="proof", subject=box.id) if one.address == change.old]
    typed = change.old_confirmed_at or change.rolled_back_by == BY_CODE + OLD or any(one.used_at for one in asked)
    return bool(asked) and not typed


def _write(books: Books, box: Mailbox, change: Change, vouched_by: str, custody: Custody, back: bool = False) -> None:
    address, server = (change.old, change.old_server) if back else (change.new, change.server)
    route: Route = replace(box.route, address=address, server=server, since=books.at, vouched_by=vouched_by)
    books.reroute(books.keep(replace(box, custody=custody)), route)


def _gone(books: Books, change: Change) -> Iterator[Letter]:
    """Letters that the new address has and that are still in Digital Post."""
    if change.mailbox is None or change.done_at is None:
        return
    for letter in books.letters(books.mailbox_of(change.mailbox), State.FORWARDED):
        confirmation = letter.confirmation
        went = confirmation is not None and confirmation.address == change.new
        if went and not letter.bounced and confirmation and confirmation.at >= change.done_at:
            yield letter


def _late(books: Books, change: Change) -> list[Letter]:
    """Of those the ones that were confirmed after the change was taken back."""
    at = change.rolled_back_at
    return [one for one in _gone(books, change) if at and one.confirmation and one.confirmation.at >= at]
