"""What the answers about missing post have in common: from when a thing is worth saying, and to whom.

Imports little, so that the board is there quickly.
"""

from datetime import datetime, timedelta
from typing import Final

from nemboks.domain.custody import Life
from nemboks.domain.mailbox import Field, Mailbox
from nemboks.domain.people import OF_BEFORE, Actor

LATE: Final = timedelta(hours=4)  # undelivered for longer is bad news, whatever the reason (UX 7)
SOON: Final = timedelta(days=14)  # a plan's end that is worth saying
QUIET: Final = frozenset({Life.UNKNOWN, Life.ACTIVE})  # lives that say nothing about missing post


def of_before(actor: Actor, box: Mailbox, at: datetime) -> bool:
    """Whether an estate takes over from the actor: all their rights here are those of the people of before."""
    mine = [one for one in actor.grants if one.in_force(at) and one.covers(box)]
    return not actor.operator and all(one.role in OF_BEFORE for one in mine)


def is_of_workplace(rule: str | None) -> bool:
    """Whether a letter's rule is on a P-number: most have a CPR number's shape, and none is anybody's."""
    return (rule or "").startswith(f"{Field.P_NUMBER}:")


def shut_out(actor: Actor, box: Mailbox, at: datetime) -> bool:
    """Whether an estate has taken the mailbox over from the actor: where its post goes now is not for them."""
    return in_effect(box, at) and of_before(actor, box, at)


def in_effect(box: Mailbox, at: datetime) -> bool:
    """Whether an estate has taken over the mailbox."""
    return box.boundary_at is not None and at >= box.boundary_at
