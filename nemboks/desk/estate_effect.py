"""What a case does to a mailbox and its letters: freeze, effect, thaw; each inside an act. Its end is in estate_ends.

Promises: from the freeze on nothing goes to the people of before; at the effect route and boundary change in one
transaction, so that no letter meets one without the other; what came before the boundary is never released by it. Safe
to run late or twice: a case takes effect once. Never gives a right that two people did not approve.
A second case freezes nothing while the first one's kurator is served: his post goes on until it takes effect.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from nemboks.desk.custody import drop_reminder, let_go, start_shadow
from nemboks.desk.estate_case import digest_now
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.codes import Code
from nemboks.domain.estates import APPROVERS, CLOSED_BY, Approval, Estate, EstateState, Former, counted
from nemboks.domain.letter import Hold, Letter, Reason, Released, State
from nemboks.domain.mailbox import Mailbox, Route
from nemboks.domain.people import Grant, GrantRole
from nemboks.domain.routing import Which, came
from nemboks.domain.states import UNDELIVERED
from nemboks.domain.wishes import WishKind
from nemboks.ports import Books

_BY_ESTATE: Final = (Reason.FROZEN, Reason.OLDER, Reason.BOUNDARY)
_WAITING: Final = (State.FOUND, State.WAITING)


def waiting(books: Books) -> bool:
    """Whether a case's time has come, or a letter is held as frozen behind a boundary that has come."""
    due = any(one.effective_at <= books.at for one in books.estates.all(state=EstateState.APPROVED))
    return due or bool(books.still_frozen())


def take_effect(books: Books) -> int:
    """How many cases' time has come: each is in effect now, or needs its approvals anew; and how many letters go on."""
    due = [one for one in books.estates.all(state=EstateState.APPROVED) if one.effective_at <= books.at]
    for estate in due:
        _take_effect(books, estate)
    frozen = books.still_frozen()  # the clock was put back to before the boundary, and is past it again
    for letter in frozen:
        _side_up(books, letter, books.mailbox_of(letter.mailbox), "the boundary has come")
    return len(due) + len(frozen)


def freeze(books: Books, estate: Estate, box: Mailbox, by: str) -> Mailbox:
    """The mailbox from which nothing goes to anybody; what was asked for by the people of before comes to nothing."""
    if box.boundary_at is not None:  # a first case is in effect, and its kurator has his post until the second one is
        return box
    frozen = books.keep(replace(box, frozen_at=books.at))
    for letter in books.letters(frozen, *_WAITING):
        books.move(letter, Hold(Reason.FROZEN))
    _end_wishes(books, frozen, f"estate {estate.id}", WishKind.EDIT)
    books.note("mailbox_frozen", frozen, by=by, case=estate.id)
    return frozen


def thaw(books: Books, estate: Estate, box: Mailbox, by: str) -> Mailbox:
    """The mailbox that goes on as before the case; not where an earlier case is in effect."""
    if box.boundary_at is not None:
        return box
    thawed = books.keep(replace(box, frozen_at=None))
    let_letters_go(books, thawed, by)
    books.note("mailbox_thawed", thawed, by=by, case=estate.id)
    let_go(books, thawed, by)
    return thawed


def tell_end(books: Books, estate: Estate, box: Mailbox, outcome: EstateState, paths: list[str]) -> None:
    """Tells these how the case ended."""
    facts = {**facts_of(estate, box), "outcome": outcome.value, "reason": estate.reason}
    for path in dict.fromkeys(paths):
        key = f"estate {estate.id} {outcome.value} {path}"
        books.tell(Announcement(0, key, Kind.ESTATE_ENDED, path, books.at, books.at, box.id, facts))


def facts_of(estate: Estate, box: Mailbox) -> dict[str, object]:
    """What every announcement of the case tells."""
    return {
        "case": f"{estate.id} ({estate.reference})", "kind": estate.kind.value, "company": box.name, "cvr": box.cvr,
        "effective_at": estate.effective_at.isoformat(),
    }  # fmt: skip


def own_paths(box: Mailbox) -> list[str]:
    """The paths to where the mailbox's letters go, and to its second contact."""
    contact, chosen = box.options.second_contact, box.options
    paths = [mail_path(chosen.language, box.route.address)]
    return [*paths, mail_path(chosen.contact_language, contact)] if contact else paths


def _take_effect(books: Books, estate: Estate) -> None:
    box = books.mailbox_of(estate.mailbox)
    agreed = _approved_by(books, estate)
    if len(agreed) < APPROVERS:  # somebody altered the row or a document's behind our back
        books.estates.put(replace(estate, state=EstateState.OPEN))
        books.note("estate_altered", box, case=estate.id)
        return
    who = ", ".join(one.name for one in agreed)
    first = _replace(books, estate, box, who)
    if not first:
        _tell_effect(books, estate, box, "previous", own_paths(box))
    former = first.former if first else Former(box.options, box.custody.unproven, box.paused_by)
    books.estates.put(replace(estate, state=EstateState.IN_EFFECT, effect_at=books.at, former=former))
    after = _hand_over(books, estate, box, who)
    _sort(books, after, f"estate {estate.id}")
    if estate.person is not None:
        given = f"estate {estate.id} ({who})"
        books.grants.add(Grant(0, estate.person, GrantRole.KURATOR, estate.effective_at, given, after.id))
    books.note("estate_in_effect", after, by=who, case=estate.id, effective_at=estate.effective_at)
    _tell_effect(books, estate, after, "kurator", [mail_path("da", estate.address)])


def _approved_by(books: Books, estate: Estate) -> list[Approval]:
    """One approval a person, of exactly what takes effect now. The week counted up to the second one."""
    digest = digest_now(books, estate)
    rows = books.approvals.all(estate=estate.id, digest=digest)
    return counted(rows, estate, digest, max((one.at for one in rows), default=books.at))


def _replace(books: Books, estate: Estate, box: Mailbox, by: str) -> Estate | None:
    """The case that this one takes the place of, ended; in the same transaction (RELIABILITY T04)."""
    found = books.estates.all(mailbox=box.id, state=EstateState.IN_EFFECT)
    for first in found:
        ended = replace(first, state=EstateState.REPLACED, ended_at=books.at, ended_by=by, reason="")
        books.estates.put(ended)
        books.note("estate_replaced", box, by=by, case=first.id, next=estate.id)
        tell_end(books, ended, box, EstateState.REPLACED, [mail_path("da", box.route.address)])
    end_grants(books, box, estate.effective_at, f"estate {estate.id}")
    earlier = [one for one in books.estates.all(mailbox=box.id) if _handed_over(one) and one.id != estate.id]
    return earlier[-1] if box.boundary_at is not None and earlier else None


def _hand_over(books: Books, estate: Estate, box: Mailbox, who: str) -> Mailbox:
    """The mailbox that leads to the kurator alone, with its boundary."""
    wishes = replace(
        box.options, second_contact=None, webhooks=(), landing="", code_phrase="", certificate="", digest=None
    )
    custody = replace(box.custody, probation_until=None, unproven=False)  # the kurator has typed a code
    kept = replace(
        box, frozen_at=box.frozen_at or books.at, boundary_at=estate.effective_at, options=wishes, custody=custody
    )
    if box.paused_by == CLOSED_BY:  # a case that was closed is taken up again
        kept = replace(kept, paused_at=None, paused_by="")
        books.note("mailbox_resumed", box, by=who, case=estate.id)
    books.keep(kept)
    _end_wishes(books, box, f"estate {estate.id}", *WishKind)
    vouched = f"estate {estate.id} ({who})"
    drop_reminder(books, box)  # of a shadow mode: from here on it is the kurator who may end it, and who is reminded
    after = books.reroute(box, Route(0, estate.address, estate.server, estate.effective_at, vouched))
    return start_shadow(books, after, who) if after.custody.shadow_since else after


def _sort(books: Books, box: Mailbox, by: str) -> None:
    """Every letter that nobody has yet is on its side of the boundary: held, or on its way to the kurator."""
    for letter in books.letters(box, *_WAITING, State.HELD):
        reason = side(letter, box)
        # What no rule of the former route fitted is judged anew: the kurator's has none.
        by_estate = letter.state is State.HELD and letter.why in (*_BY_ESTATE, Reason.UNROUTED)
        if letter.state is State.HELD and (not by_estate or letter.why == reason):
            continue
        _side_up(books, letter, box, by)


def _side_up(books: Books, letter: Letter, box: Mailbox, by: str) -> None:
    """The letter is on its way to the kurator, or held as what it is."""
    if letter.state is State.HELD:
        letter = books.move(letter, Released(by, books.at))
    if (reason := side(letter, box)) is not None:
        books.move(letter, Hold(reason))


def side(letter: Letter, box: Mailbox) -> Reason | None:
    """Why the letter is not the kurator's; None if it certainly came at or after the boundary, or there is none."""
    if box.boundary_at is None:
        return None
    sides = {Which.BEFORE: Reason.OLDER, Which.AROUND: Reason.BOUNDARY}
    return sides.get(came(letter, box.boundary_at, box.face))


def let_letters_go(books: Books, box: Mailbox, by: str) -> None:
    for letter in books.letters(box, State.HELD):
        if letter.why in _BY_ESTATE:
            books.move(letter, Released(by, books.at))


def _tell_effect(books: Books, estate: Estate, box: Mailbox, role: str, paths: list[str]) -> None:
    facts = {**facts_of(estate, box), "role": role}
    if role == "kurator":
        before = [letter for letter in books.letters(box) if side(letter, box)]
        facts |= {
            "held": sum(letter.state in UNDELIVERED for letter in before),
            "delivered_before": sum(letter.confirmation is not None for letter in before),
        }
    for path in dict.fromkeys(paths):
        key = f"estate {estate.id} in effect {role} {path}"
        books.tell(Announcement(0, key, Kind.ESTATE_IN_EFFECT, path, books.at, books.at, box.id, facts))


def _end_wishes(books: Books, box: Mailbox, by: str, *kinds: WishKind) -> None:
    """Nothing that the people of before asked for takes effect, and no code of theirs does anything any more."""
    for change in books.changes.all(mailbox=box.id):
        if change.pending:
            books.changes.put(replace(change, cancelled_at=books.at, cancelled_by=by))
            books.note("change_cancelled", box, by=by, change=change.id)
        for purpose in ("new", "old", "contact"):
            _end_codes(books, books.codes.all(purpose=purpose, subject=change.id))
    for wish in (one for one in books.wishes.all(mailbox=box.id, done_at=None) if one.kind in kinds):
        books.wishes.put(replace(wish, done_at=books.at, ended="overtaken"))
        _end_codes(books, books.codes.all(purpose="route", subject=wish.id))
    _end_codes(books, books.codes.all(purpose="proof", subject=box.id))


def _end_codes(books: Books, codes: list[Code]) -> None:
    for code in codes:
        if code.alive(books.at):
            books.codes.put(replace(code, until=books.at))


def end_grants(books: Books, box: Mailbox, at: datetime, by: str) -> None:
    for grant in books.grants.all(mailbox=box.id, role=GrantRole.KURATOR):
        if grant.until is None or grant.until > at:
            books.grants.put(replace(grant, until=max(at, grant.since), ended_by=by))


def _handed_over(estate: Estate) -> bool:
    return estate.effect_at is not None and estate.state is not EstateState.REVERSED
