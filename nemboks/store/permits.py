"""What was let through to leave Digital Post: one row for each letter, however often its receipt is repeated."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from nemboks.domain.fuse import KEPT, WINDOW, Load, confirmed
from nemboks.domain.letter import Letter
from nemboks.domain.mailbox import Mailbox
from nemboks.store.fuse_schema import permits
from nemboks.store.ready import Ready
from nemboks.store.writer import Tx

_OF_LETTER: Final = Ready(
    select(permits.c.id, permits.c.at, permits.c.times)
    .where(permits.c.letter_id == bindparam("letter"), ~permits.c.settled, permits.c.at > bindparam("since"))
    .order_by(permits.c.id.desc())
    .limit(1)
)
_COUNTED: Final = (~permits.c.settled, permits.c.at > bindparam("since"))
_IN_ALL = select(func.count().label("number")).select_from(permits).where(*_COUNTED)
_OF_MAILBOX: Final = Ready(_IN_ALL.where(permits.c.mailbox_id == bindparam("box")))
_OF_ALL: Final = Ready(_IN_ALL)
_FIRST: Final = Ready(insert(permits), [column.name for column in permits.columns if column.name != "id"])
_AGAIN: Final = Ready(
    update(permits).where(permits.c.id == bindparam("b_id")).values(times=permits.c.times + bindparam("b_one"))
)
_PER_MAILBOX: Final = select(permits.c.mailbox_id, func.count()).where(*_COUNTED).group_by(permits.c.mailbox_id)
_SETTLE: Final = update(permits).where(~permits.c.settled).values(settled=True)
# Both values are named so that the index of the two columns is used.
PRUNE: Final = delete(permits).where(permits.c.settled.in_((True, False)), permits.c.at < bindparam("before"))

Before = dict[str, Any] | None  # the letter's row, if it was let through before


def before(tx: Tx, letter: Letter, at: datetime) -> Before:
    """The letter's row, as far as it counts."""
    return _OF_LETTER.first(tx, {"letter": letter.id, "since": at - KEPT})


def load(tx: Tx, mailbox: int, known: Before, at: datetime) -> Load:
    """What was let through before. A repeat reaches no ceiling, so nothing is counted for it."""
    if known is not None:
        return Load(times=known["times"], since=known["at"])
    since = {"since": at - WINDOW}
    of_mailbox, in_all = _OF_MAILBOX.first(tx, {"box": mailbox, **since}), _OF_ALL.first(tx, since)
    assert of_mailbox is not None and in_all is not None
    return Load(of_mailbox["number"], in_all["number"])


def write(tx: Tx, letter: Letter, known: Before, at: datetime) -> None:
    """Notes that the letter is let through, once more if it was before."""
    if known is not None:
        _AGAIN.run(tx, {"b_id": known["id"], "b_one": 1})
        return
    row = {"mailbox_id": letter.mailbox, "letter_id": letter.id, "at": at, "times": 1, "settled": False}
    # Asked once more, for the daily reconciliation: whatever let it through, this tells whether it should have.
    _FIRST.run(tx, {**row, "covered": confirmed(letter)})


def per_mailbox(tx: Tx, at: datetime) -> Mapping[int, int]:
    """How many letters of each mailbox were let through within the window, by the mailbox's id."""
    return {row[0]: row[1] for row in tx.execute(_PER_MAILBOX, {"since": at - WINDOW})}


def settle(tx: Tx, mailbox: Mailbox | None) -> None:
    """What was let through so far counts no more: of this mailbox, or of all."""
    tx.execute(_SETTLE if mailbox is None else _SETTLE.where(permits.c.mailbox_id == mailbox.id))
