"""The Overview port on the ledger: each question about all mailboxes is one search, by an index where there is one.

A row of `letters` is large, so none is read whole: a hundred thousand finished letters cost their index entries only.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, func, select

from nemboks.domain.letter import State
from nemboks.domain.states import UNDELIVERED
from nemboks.ports import Arrival, Tally
from nemboks.store.schema import incidents, letters
from nemboks.store.unfold import text_at
from nemboks.store.writer import Tx

_BOUNCED: Final = letters.c.bounced > ""
UNFINISHED: Final = (
    select(
        letters.c.mailbox_id, letters.c.state, letters.c.why, _BOUNCED, func.count(), func.min(letters.c.available_at)
    )
    .where(letters.c.state.in_((*UNDELIVERED, State.FORWARDED)))
    .group_by(letters.c.mailbox_id, letters.c.state, letters.c.why, _BOUNCED)
)
_LAST: Final = select(func.max(letters.c.id)).group_by(letters.c.mailbox_id)
LATEST: Final = select(letters.c.mailbox_id, letters.c.available_at).where(letters.c.id.in_(_LAST))
TROUBLES: Final = select(incidents.c.cause, incidents.c.destination, incidents.c.address, incidents.c.mailboxes).where(
    incidents.c.closed_at.is_(None), incidents.c.quiet_since.is_(None)
)
# Numbers grow with time: walking back from the newest letter ends at the first one that is too old.
_BEFORE: Final = (
    select(letters.c.id).where(letters.c.found_at < bindparam("since")).order_by(letters.c.id.desc()).limit(1)
)
ARRIVALS: Final = (
    select(
        letters.c.mailbox_id, letters.c.available_at, letters.c.confirmation.is_not(None),
        func.coalesce(text_at(letters.c.headline, "authority.name"), ""),
        text_at(letters.c.headline, "reply_by"),
    )
    .where(letters.c.id > func.coalesce(_BEFORE.scalar_subquery(), 0), letters.c.found_at < bindparam("until"))
    .where(letters.c.state != State.DISMISSED)
    .order_by(letters.c.id)
)  # fmt: skip
# A new numbering of an IMAP inbox changes the letter's id, and not what its mail was made with.
_MADE_WITH: Final = func.coalesce(text_at(letters.c.copy, "upstream_id"), letters.c.upstream_id)
UPSTREAM_IDS: Final = select(letters.c.id, letters.c.mailbox_id, _MADE_WITH).order_by(letters.c.id.desc())


class SqlOverview:
    """Overview on one open transaction."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    def unfinished(self) -> Sequence[Tally]:
        """The letters that are not delivered, or whose receipt is still owed, counted."""
        return [Tally(*row) for row in self._tx.execute(UNFINISHED)]

    def latest(self) -> Mapping[int, datetime]:
        """When the letter that was found last came into Digital Post, by the mailbox's id."""
        return {row.mailbox_id: row.available_at for row in self._tx.execute(LATEST)}

    def troubles(self) -> Mapping[int, int]:
        """How many open troubles each mailbox has, by its id."""
        found = {(box, *what) for *what, boxes in self._tx.execute(TROUBLES) for box in boxes}
        return Counter(box for box, *_ in found)

    def arrivals(self, since: datetime, until: datetime) -> Sequence[Arrival]:
        """The letters that were found in [since, until), in that order."""
        rows = self._tx.execute(ARRIVALS, {"since": since, "until": until})
        return [_arrival(*row) for row in rows]

    def upstream_ids(self) -> Iterable[tuple[int, int, str]]:
        """Every letter's number, its mailbox's id, and the id that it was collected under; the newest first."""
        return ((id_, mailbox, upstream_id) for id_, mailbox, upstream_id in self._tx.execute(UPSTREAM_IDS))


def _arrival(mailbox: int, available_at: datetime, delivered: Any, authority: str, reply_by: str | None) -> Arrival:
    deadline = datetime.fromisoformat(reply_by) if reply_by else None
    return Arrival(mailbox, available_at, bool(delivered), authority, deadline)
