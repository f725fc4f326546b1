"""Rows that are due later than any wait of ours could have made them: the machine's clock ran ahead and was put back.

Without this nothing would ever be looked at again, in silence (RELIABILITY I15). Every letter's change is a move like
any other, with its row of history.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, or_, select, update

from nemboks.domain.letter import Retried, State
from nemboks.store import moves
from nemboks.store.schema import letters, mailboxes
from nemboks.store.writer import Tx

BY: Final = "clock put back"

LETTERS: Final = select(letters.c.id).where(
    letters.c.state.in_((State.FOUND, State.WAITING, State.FORWARDED)), letters.c.due_at > bindparam("latest")
)
_BEYOND = or_(mailboxes.c.due_at > bindparam("latest"), mailboxes.c.parked_until > bindparam("latest"))
MAILBOXES: Final = update(mailboxes).where(_BEYOND).values(due_at=bindparam("now"), parked_until=None)


def bring_back(tx: Tx, latest: datetime, now: datetime) -> int:
    """How many letters and mailboxes were due after `latest`; they are due now."""
    boxes = tx.execute(MAILBOXES, {"latest": latest, "now": now}).rowcount
    late = tx.execute(LETTERS, {"latest": latest}).scalars().all()
    for id_ in late:
        moves.move(tx, moves.read(tx, id_), Retried(BY, now), now)
    return boxes + len(late)
