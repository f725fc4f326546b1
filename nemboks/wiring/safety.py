"""The safety catches, ready to use: the delete fuse, and the daily reconciliation."""

from functools import partial

from nemboks.desk.fuses import tripped
from nemboks.domain.fuse import Limits
from nemboks.domain.mailbox import Address
from nemboks.domain.pace import Pace
from nemboks.journey.reconcile import Reconciling
from nemboks.ports import Clock, Inboxes
from nemboks.settings import Settings
from nemboks.store.fuse import SqlFuse
from nemboks.store.store import Store

SPREAD = 0.8  # the shortest that a wait may be spread to


def fuse(settings: Settings, store: Store) -> SqlFuse:
    """The delete fuse that every inbox stands behind."""
    given = settings.fuse
    limits = Limits(given.per_cvr_per_hour, given.all_per_hour, _least_seconds(settings.pace))
    return store.fuse(limits, partial(tripped, operator=_operator(settings)))


def reconciling(settings: Settings, store: Store, inboxes: Inboxes, clock: Clock) -> Reconciling:
    """What compares upstream, ledger and confirmations."""
    operator = _operator(settings)
    return Reconciling(
        inboxes, store.letters, store.reckoning, store, clock, settings.pace, partial(tripped, operator=operator),
        operator,
    )  # fmt: skip


def _least_seconds(pace: Pace) -> float:
    """The shortest wait between two receipts of one letter; journey/acknowledge.py has no shorter one."""
    return SPREAD * min(*pace.upstream_seconds, pace.missing_seconds, pace.park_seconds)


def _operator(settings: Settings) -> Address | None:
    return Address(settings.notices.operator) if settings.notices.operator else None
