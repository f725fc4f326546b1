"""Rows that are due later than any wait of ours could have made them: the machine's clock ran ahead and was put back.

Without this nothing would ever be looked at again, in silence (RELIABILITY I15). Every letter's change is a move like
any other, with its row of history.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, bindparam, or_, select, update

from nemboks.domain.letter import Letter, Postponed, Retried, State
from nemboks.store import moves
from nemboks.store.desk_schema import announcements
from nemboks.store.schema import cursors, deliveries, letters, mailboxes, notices
from nemboks.store.writer import Tx

BY: Final = "clock put back"

_DUE: Final = (State.FOUND, State.WAITING, State.HANDED_OVER)
LETTERS: Final = select(letters.c.id).where(
    or_(
        and_(letters.c.state.in_(_DUE), letters.c.due_at > bindparam("latest")),
        and_(letters.c.state == State.FORWARDED, letters.c.due_at > bindparam("latest_receipt")),
    )
)
_BEYOND = or_(mailboxes.c.due_at > bindparam("latest"), mailboxes.c.parked_until > bindparam("latest"))
MAILBOXES: Final = update(mailboxes).where(_BEYOND).values(due_at=bindparam("now"), parked_until=None)
OTHERS: Final = [
    update(table).where(table.c.due_at > bindparam("latest")).values(due_at=bindparam("now"))
    for table in (deliveries, notices, cursors)
]
# Not what is to be told on a day to come, such as the reminder of a shadow mode: only what was refused, or made then.
_AHEAD = or_(announcements.c.failures > 0, announcements.c.created_at > bindparam("latest"))
ANNOUNCEMENTS: Final = (
    update(announcements).where(announcements.c.due_at > bindparam("latest"), _AHEAD).values(due_at=bindparam("now"))
)


def bring_back(tx: Tx, latest: datetime, now: datetime, kept: timedelta) -> int:
    """How many letters, further recipients, mailboxes, notices and announcements were due after `latest`; they are due
    now. Receipts may be `kept` back for longer by what people chose."""
    times = {"latest": latest, "now": now}
    rows = sum(tx.execute(statement, times).rowcount for statement in (MAILBOXES, ANNOUNCEMENTS, *OTHERS))
    late = tx.execute(LETTERS, {"latest": latest, "latest_receipt": latest + kept}).scalars().all()
    for id_ in late:
        letter = moves.read(tx, id_)
        moves.move(tx, letter, _now(letter, now), now)
    return rows + len(late)


def _now(letter: Letter, now: datetime) -> Retried | Postponed:
    if letter.state is State.HANDED_OVER:  # nobody may ask for another try; the next look for it is what is due
        return Postponed(letter.why, letter.words, now)
    return Retried(BY, now)
