"""Statements about further recipients: whom a route names, which letters wait for one, which are kept for one.

The recipients of a route lie in its row as JSON, which is unfolded here and nowhere else: each question is one search.
"""

from typing import Final

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, or_, select

from nemboks.domain.delivery import DeliveryState
from nemboks.domain.estates import EstateState
from nemboks.domain.letter import Reason, State
from nemboks.domain.mailbox import Face, Role
from nemboks.domain.states import UNDELIVERED
from nemboks.store.desk_schema import estates
from nemboks.store.ready import Ready
from nemboks.store.schema import deliveries, letters, mailboxes, routes
from nemboks.store.unfold import items, text_at

_NEWER: Final = routes.alias("newer")
# How a mailbox is joined with its current route, the one of the highest version.
CURRENT: Final = and_(
    routes.c.mailbox_id == mailboxes.c.id,
    routes.c.version
    == select(func.max(_NEWER.c.version)).where(_NEWER.c.mailbox_id == mailboxes.c.id).scalar_subquery(),
)
_NAMED: Final = items(routes.c.others, "named")


def _of_named(name: str) -> ColumnElement[str]:
    return text_at(_NAMED.c.value, name)


_SAME: Final = and_(
    deliveries.c.role == _of_named("role"),
    deliveries.c.address == _of_named("address"),
    deliveries.c.server == _of_named("server"),
)
# The primary gets a copy of what went to an address that was taken back (domain/changes.py).
_TO_PRIMARY: Final = and_(
    deliveries.c.role == Role.COPY, deliveries.c.address == routes.c.address, deliveries.c.server == routes.c.server
)
# Of a delivery and its mailbox's current route: whether that still names the recipient.
NAMES_RECIPIENT: Final = or_(
    exists(select(1).select_from(_NAMED).where(_SAME).correlate(deliveries, routes)), _TO_PRIMARY
)

# For moments an approved estate's time has come and its effect has not: whose the mail is now is not told yet.
TAKES_EFFECT: Final = select(estates.c.id).where(
    estates.c.state == EstateState.APPROVED, estates.c.effective_at <= bindparam("now")
)
SETTLED: Final = or_(
    mailboxes.c.frozen_at.is_(None),
    ~exists(TAKES_EFFECT.where(estates.c.mailbox == mailboxes.c.id).correlate(mailboxes)),
)
_BOUNDARY: Final = mailboxes.c.boundary_at
# As routing.came and obstacle have it: certainly at or after the boundary, or somebody has looked at it since.
_NEW: Final = or_(mailboxes.c.face == Face.IMAP, letters.c.not_before >= _BOUNDARY, letters.c.released_at >= _BOUNDARY)
# Of a letter and its mailbox: no estate says that it goes to nobody, or not to the present people.
NOT_FROZEN: Final = and_(
    or_(mailboxes.c.frozen_at.is_(None), mailboxes.c.boundary_at <= bindparam("now")),
    or_(_BOUNDARY.is_(None), and_(letters.c.available_at >= _BOUNDARY, _NEW)),
    SETTLED,
)
# The same for a plan that has ended.
SERVED: Final = or_(mailboxes.c.serves_until.is_(None), mailboxes.c.serves_until > bindparam("now"))

# A letter that is held because of what it is goes to nobody; these are held because the primary does not get it.
_OUT_OF_REACH: Final = (Reason.TOO_LARGE, Reason.RETURNED, Reason.RELAY_SILENT, Reason.THREE_UNCERTAIN)
_GONE_ON: Final = (State.WAITING, State.SENDING, State.HANDED_OVER, State.FORWARDED, State.ACKNOWLEDGED)
_HELD_FOR_THAT: Final = and_(letters.c.state == State.HELD, letters.c.why.in_(_OUT_OF_REACH))
# Whether the letter may be sent to further recipients: it is here, and nobody closed or stopped it.
_HERE: Final = and_(letters.c.contents_file.is_not(None), letters.c.headline.is_not(None), letters.c.copy.is_not(None))
MAY_GO: Final = and_(_HERE, or_(letters.c.state.in_(_GONE_ON), _HELD_FOR_THAT))
_PLANNED: Final = exists(
    select(1).select_from(deliveries).where(deliveries.c.letter_id == letters.c.id, _SAME).correlate(letters, _NAMED)
)
_FALLBACK_LEFT: Final = exists(
    select(1).select_from(_NAMED).where(_of_named("role") == Role.FALLBACK.value, ~_PLANNED).correlate(letters, routes)
)
# By itself, so that it is found by its state: else the search would go through every letter there ever was.
_UNDELIVERED: Final = select(letters.c.id).where(
    letters.c.state.in_(UNDELIVERED),
    or_(letters.c.state != State.HELD, letters.c.why.in_(_OUT_OF_REACH)),
    letters.c.found_at < bindparam("since"),
)
STRANDED: Final = Ready(
    select(letters)
    .join_from(letters, mailboxes)
    .join(routes, CURRENT)
    .where(
        letters.c.id.in_(_UNDELIVERED),
        letters.c.headline.is_not(None),
        mailboxes.c.paused_at.is_(None),
        _FALLBACK_LEFT,
    )
    .order_by(letters.c.found_at, letters.c.id)
    .limit(bindparam("most"))
)

_OPEN: Final = exists(
    select(1)
    .select_from(deliveries)
    .where(
        deliveries.c.letter_id == letters.c.id,
        deliveries.c.state.in_((DeliveryState.WAITING, DeliveryState.SENDING)),
    )
    .correlate(letters)
)
# Of the few letters that have contents; by their state they would be looked for among all that are done.
_NOT_DONE: Final = [state for state in State if state is not State.ACKNOWLEDGED]
_HELD_SINCE: Final = text_at(mailboxes.c.custody, "legal_hold_since")
_ON_HOLD: Final = select(mailboxes.c.id).where(_HELD_SINCE.is_not(None))
FINISHED_COPIES: Final = Ready(
    select(letters)
    .where(
        letters.c.mailbox_id.not_in(_ON_HOLD),
        letters.c.contents_file > "",
        letters.c.state.not_in(_NOT_DONE),
        or_(letters.c.acknowledged_at < bindparam("given_up"), ~_OPEN),
    )
    .order_by(letters.c.contents_file)
    .limit(bindparam("most"))
)
