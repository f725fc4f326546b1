"""Everything that something is wrong with now: letters, further recipients, mailboxes, and what the daily check found.

A paused mailbox is not sick: a person stopped it. What is over and needs nobody any more (a letter that vanished, a
copy that was given up) is told for a day, a mail that came back after its receipt for a week.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, Select, and_, bindparam, exists, func, or_, select, union

from nemboks.domain.changes import TAKEN_BACK
from nemboks.domain.custody import Consent, Life
from nemboks.domain.delivery import DeliveryState
from nemboks.domain.doors import UNLISTED_FOR
from nemboks.domain.estates import EXPIRES
from nemboks.domain.incidents import Cause, Sick
from nemboks.domain.letter import Reason, State
from nemboks.domain.states import ON_ITS_WAY, UNDELIVERED
from nemboks.store.checks import troubled
from nemboks.store.copies import CURRENT, MAY_GO, NAMES_RECIPIENT, SERVED
from nemboks.store.schema import deliveries, events, letters, mailboxes, routes
from nemboks.store.unfold import text_at
from nemboks.store.writer import Tx

MOST: Final = 10_000
TOLD_FOR: Final = timedelta(days=1)
BOUNCE_TOLD_FOR: Final = timedelta(days=7)
COPY_TROUBLED: Final = timedelta(hours=1)
HICCUPS: Final = 3  # failed looks in a row; fewer are no outage

TROUBLES: Final = {cause.value: cause for cause in (
    Cause.ADDRESS, Cause.FULL, Cause.POLICY, Cause.TOO_LARGE, Cause.LOGIN, Cause.TLS, Cause.CERTIFICATE
)}  # fmt: skip
HELD: Final = {
    Reason.RETURNED: Cause.RETURNED,
    Reason.RELAY_SILENT: Cause.SILENT,
    Reason.TOO_LARGE: Cause.TOO_LARGE,
}
DEFINITE: Final = frozenset({
    Cause.ADDRESS, Cause.POLICY, Cause.LOGIN, Cause.TLS, Cause.CERTIFICATE, Cause.HELD, Cause.RETURNED, Cause.BOUNCED,
})  # fmt: skip
_OF_ESTATES: Final = (Reason.FROZEN, Reason.OLDER)  # listed in the case, told to nobody ...
UNDECIDED_FOR: Final = EXPIRES  # ... until a case has lain so long: no approval counts longer, so it was forgotten
_TRYING: Final = (State.WAITING, State.SENDING)


def _happened(letter: Any, names: tuple[str, ...], since: str) -> Any:
    """Whether the letter's history has one of these events since then."""
    return exists(
        select(1)
        .select_from(events)
        .where(events.c.letter_id == letter, events.c.event.in_(names), events.c.at >= bindparam(since))
    )


def _in_turn(mailbox: Any, *order: Any) -> Any:
    """The place of a row among its mailbox's: one company's ten thousand letters hide no other's trouble."""
    return func.row_number().over(partition_by=mailbox, order_by=order)


_FORGOTTEN = select(mailboxes.c.id).where(
    mailboxes.c.frozen_at <= bindparam("frozen_before"), mailboxes.c.boundary_at.is_(None)
)
_OPEN = select(letters.c.id).where(
    letters.c.state.in_(UNDELIVERED),
    or_(
        and_(letters.c.state.in_(_TRYING), letters.c.why.in_(TROUBLES), letters.c.failures >= 1),
        and_(letters.c.state == State.HELD, letters.c.why.not_in(_OF_ESTATES)),
        and_(letters.c.why == Reason.FROZEN, letters.c.mailbox_id.in_(_FORGOTTEN)),
        and_(letters.c.state == State.HANDED_OVER, letters.c.why == Cause.JUNK.value),
        and_(letters.c.state.in_(ON_ITS_WAY), letters.c.found_at <= bindparam("late_before")),
    ),
)
_VANISHED = select(letters.c.id).where(
    letters.c.state == State.VANISHED, _happened(letters.c.id, ("vanished",), "told_since")
)
_BOUNCED = select(letters.c.id).where(
    letters.c.bounced > "",
    letters.c.bounced != TAKEN_BACK,  # no mail came back: people know who took the address back
    or_(letters.c.state == State.FORWARDED, _happened(letters.c.id, ("bounced",), "bounced_since")),
)
# Each is found by an index of its own: among all letters there ever were, few are unwell.
_UNWELL = union(_OPEN, _VANISHED, _BOUNCED)
LETTERS: Final[Select[Any]] = (
    select(
        letters.c.id, letters.c.mailbox_id, letters.c.state, letters.c.why, letters.c.words, letters.c.failures,
        letters.c.bounced, letters.c.available_at, routes.c.address, mailboxes.c.destination,
        text_at(letters.c.headline, "reply_by").label("reply_by"),
    )
    .join_from(letters, mailboxes)
    .join(routes, CURRENT)
    .where(mailboxes.c.paused_at.is_(None), letters.c.id.in_(_UNWELL))
    .order_by(_in_turn(letters.c.mailbox_id, letters.c.available_at, letters.c.id), letters.c.id)
    .limit(MOST)
)  # fmt: skip
_STUCK = and_(
    deliveries.c.state.in_((DeliveryState.WAITING, DeliveryState.SENDING)),
    deliveries.c.failures >= 1,
    deliveries.c.since <= bindparam("copy_since"),
    MAY_GO,  # else nobody waits for it: a person closed the letter, say
)
_GIVEN_UP = and_(
    deliveries.c.state == DeliveryState.ENDED,
    _happened(deliveries.c.letter_id, ("copy_hold", "copy_attempt_ended"), "told_since"),
)
COPIES: Final[Select[Any]] = (
    select(
        deliveries.c.letter_id, deliveries.c.mailbox_id, deliveries.c.state, deliveries.c.words, deliveries.c.address,
        deliveries.c.destination, letters.c.available_at,
    )
    .join_from(deliveries, letters)
    .join(mailboxes, mailboxes.c.id == deliveries.c.mailbox_id)
    .join(routes, CURRENT)
    .where(mailboxes.c.paused_at.is_(None), NAMES_RECIPIENT, or_(_STUCK, _GIVEN_UP))
    .order_by(_in_turn(deliveries.c.mailbox_id, deliveries.c.id), deliveries.c.id)
    .limit(MOST)
)  # fmt: skip
# A company's own no, or its end, is no trouble that anybody could mend.
_LOOKED_INTO = and_(
    mailboxes.c.paused_at.is_(None), mailboxes.c.consent == Consent.GIVEN, mailboxes.c.life != Life.CEASED
)
_BOXES = select(mailboxes).where(_LOOKED_INTO).order_by(mailboxes.c.id).limit(MOST)
PARKED: Final = _BOXES.where(mailboxes.c.parked_until > bindparam("now"))
# Of a mailbox that was never listed (so it has few events): since the last thing that was done about it.
_ANYTHING = (
    select(func.max(events.c.at))
    .where(events.c.mailbox_id == mailboxes.c.id, events.c.event != "listing_failed")
    .correlate(mailboxes)
    .scalar_subquery()
)
_heard_at = func.coalesce(mailboxes.c.listed_at, _ANYTHING)
# One that was refused is told as that; and a daemon that was away for days has first to try.
UNLISTED: Final = _BOXES.add_columns(_heard_at.label("heard_at")).where(
    mailboxes.c.failures >= HICCUPS, mailboxes.c.parked_until.is_(None), SERVED,
    _heard_at <= bindparam("unlisted_before"),
)  # fmt: skip
UNUSABLE: Final = _BOXES.where(mailboxes.c.unusable > 0)


def sick(tx: Tx, now: datetime, late_before: datetime) -> list[Sick]:
    """Every letter, further recipient and mailbox that something is wrong with now."""
    told_since = now - TOLD_FOR
    times = {
        "late_before": late_before, "told_since": told_since, "bounced_since": now - BOUNCE_TOLD_FOR,
        "frozen_before": now - UNDECIDED_FOR,
    }  # fmt: skip
    copies = {"copy_since": now - COPY_TROUBLED, "told_since": told_since}
    return [
        *(_letter(row) for row in tx.execute(LETTERS, times)),
        *(_copy(row) for row in tx.execute(COPIES, copies)),
        *(_mailbox(row, now) for row in tx.execute(PARKED, {"now": now})),
        *(_unlisted(row) for row in tx.execute(UNLISTED, {"now": now, "unlisted_before": now - UNLISTED_FOR})),
        *(_unusable(row) for row in tx.execute(UNUSABLE)),
        *troubled(tx),
    ]


def _cause(row: Row[Any]) -> Cause:
    if row.state is State.HELD:
        return HELD.get(row.why, Cause.HELD)
    if row.state is State.VANISHED:
        return Cause.VANISHED
    if row.bounced:
        return Cause.BOUNCED
    if row.state is State.HANDED_OVER:
        return Cause.JUNK if row.why == Cause.JUNK else Cause.SILENT
    return TROUBLES.get(row.why, Cause.LATE) if row.state in _TRYING and row.failures else Cause.LATE


def _letter(row: Row[Any]) -> Sick:
    cause = _cause(row)
    definite = cause in DEFINITE or (cause is Cause.TOO_LARGE and row.state is State.HELD)
    held_for_itself = cause is Cause.HELD and row.why != Reason.THREE_UNCERTAIN
    upstream = row.state in (State.FOUND, State.VANISHED) or held_for_itself  # no mail server's trouble
    return Sick(
        cause=cause,
        mailbox=row.mailbox_id,
        letter=row.id,
        since=row.available_at,
        reference=str(row.id),
        words=row.bounced or row.words,
        destination="" if upstream else row.destination,
        address="" if upstream else row.address,
        definite=definite,
        deadline=datetime.fromisoformat(row.reply_by) if row.reply_by else None,
    )


def _copy(row: Row[Any]) -> Sick:
    return Sick(
        Cause.COPY, row.mailbox_id, row.letter_id, row.available_at, str(row.letter_id), row.words, row.destination,
        row.address, row.state is DeliveryState.ENDED,
    )  # fmt: skip


def _mailbox(row: Row[Any], now: datetime) -> Sick:
    since = row.listed_at or now
    return Sick(Cause.REFUSED, row.id, None, since, row.cvr, row.trouble, "", "", False)


def _unlisted(row: Row[Any]) -> Sick:
    return Sick(Cause.UNLISTED, row.id, None, row.heard_at, row.cvr, row.trouble, "", "", True)


def _unusable(row: Row[Any]) -> Sick:
    words = f"entries of the list that are no letter's id: {row.unusable}"
    return Sick(Cause.UNUSABLE, row.id, None, row.unusable_since, row.cvr, words, "", "", True)
