"""What people and recovery may read of the ledger: bounded lists, counts, one letter's history. Nothing here writes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import String, bindparam, func, or_, select

from nemboks.domain.delivery import DeliveryState
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Cvr
from nemboks.domain.proof import Report
from nemboks.ports import Attempted
from nemboks.store.columns import UtcTime, Word
from nemboks.store.reader import Reader
from nemboks.store.ready import Ready
from nemboks.store.rows import letter_from, letter_of
from nemboks.store.schema import attempts, deliveries, events, letters, mailboxes
from nemboks.store.writer import Tx

_STATE = bindparam("state", type_=Word(State))
_CVR = bindparam("cvr", type_=String(8))
_SINCE = bindparam("since", type_=UtcTime())
GET: Final = Ready(select(letters).where(letters.c.id == bindparam("id")))
LIST: Final = (
    select(letters)
    .join_from(letters, mailboxes)
    .where(
        or_(_STATE.is_(None), letters.c.state == _STATE),
        or_(_CVR.is_(None), mailboxes.c.cvr == _CVR),
        or_(_SINCE.is_(None), letters.c.found_at >= _SINCE),
    )
    .order_by(letters.c.id.desc())
    .limit(bindparam("most"))
)
LIST_OF: Final = LIST.where(letters.c.mailbox_id.in_(bindparam("mailboxes", expanding=True)))
ATTEMPTS: Final = (
    select(attempts).where(attempts.c.letter_id == bindparam("id")).order_by(attempts.c.delivery_id, attempts.c.number)
)
_FACTS: Final = (
    attempts.c.number, attempts.c.part, attempts.c.address, attempts.c.server, attempts.c.report,
    attempts.c.dot_begun_at,
)  # fmt: skip
ATTEMPT: Final = Ready(
    select(*_FACTS).where(
        attempts.c.letter_id == bindparam("id"), attempts.c.delivery_id == 0, attempts.c.number == bindparam("number")
    )
)
_TOLD = [column for column in events.c if column.name != "hash"]
EVENTS: Final = select(*_TOLD).where(events.c.letter_id == bindparam("id")).order_by(events.c.id)
COUNTS: Final = (
    select(mailboxes.c.cvr, letters.c.state, func.count(), func.min(letters.c.available_at))
    .join_from(letters, mailboxes)
    .group_by(mailboxes.c.cvr, letters.c.state)
    .order_by(mailboxes.c.cvr, letters.c.state)
)
_WANTED = (DeliveryState.WAITING, DeliveryState.SENDING)
FILES: Final = (
    select(letters.c.contents_file).where(letters.c.contents_file.is_not(None)),
    select(letters.c.composed_file).where(letters.c.composed_file.is_not(None)),
    select(deliveries.c.composed_file)
    .join_from(deliveries, letters)
    .where(
        deliveries.c.composed_file.is_not(None),
        deliveries.c.state.in_(_WANTED),
        letters.c.contents_file.is_not(None),  # without the letter it is never sent again
    ),
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery attempt as the ledger keeps it; `outcome` is "" while it is open."""

    letter_id: int
    delivery_id: int  # 0: to the primary
    number: int
    part: int
    route_version: int
    address: str
    server: str
    started_at: datetime
    deadline_at: datetime
    dot_begun_at: datetime | None
    ended_at: datetime | None
    outcome: str
    report: Report | None


@dataclass(frozen=True, slots=True)
class Past:
    """One row of history."""

    id: int
    at: datetime
    letter_id: int | None
    mailbox_id: int | None
    event: str
    from_state: State | None
    to_state: State | None
    fence: int | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Count:
    """How many letters of a mailbox are in a state, and since when the oldest of them has lain there."""

    cvr: Cvr
    state: State
    number: int
    oldest_at: datetime


class LetterReads:
    """Reads of letters for the desk and for recovery."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def get(self, letter_id: int) -> Letter | None:
        """The letter as it stands."""
        row = await self._reader.glance(lambda tx: GET.first(tx, {"id": letter_id}))
        return None if row is None else letter_from(row)

    async def list(
        self,
        state: State | None = None,
        cvr: str | None = None,
        since: datetime | None = None,
        limit: int = 100,
        mailboxes: Collection[int] | None = None,
    ) -> Sequence[Letter]:
        """Letters of these mailboxes (None: of all), the latest found first; `since` is about when we found them."""
        values = {"state": state, "cvr": cvr, "since": since, "most": limit}
        of = {} if mailboxes is None else {"mailboxes": sorted(mailboxes)}
        statement = LIST if mailboxes is None else LIST_OF
        rows = await self._reader.read(lambda tx: tx.execute(statement, {**values, **of}).all())
        return [letter_of(row) for row in rows]

    async def history(self, letter_id: int) -> tuple[Sequence[Attempt], Sequence[Past]]:
        """The letter's attempts, the primary's first, and its events, each in order, of one moment."""
        return await self._reader.read(lambda tx: _history(tx, letter_id))

    async def attempt(self, letter: int, number: int) -> Attempted | None:
        """One attempt of the letter's primary, as it was recorded."""
        row = await self._reader.glance(lambda tx: ATTEMPT.first(tx, {"id": letter, "number": number}))
        if row is None:
            return None
        dot_begun = row.pop("dot_begun_at") is not None
        return Attempted(**row, dot_begun=dot_begun)

    async def counts(self) -> Sequence[Count]:
        """Letters per mailbox and state."""
        rows = await self._reader.read(lambda tx: tx.execute(COUNTS).all())
        return [Count(Cvr(cvr), state, number, oldest) for cvr, state, number, oldest in rows]

    async def spool_files(self) -> set[str]:
        """Every spool file that is still wanted: contents, encrypted mails, those of further recipients."""
        return await self._reader.read(lambda tx: {name for files in FILES for name in tx.execute(files).scalars()})


def _history(tx: Tx, letter_id: int) -> tuple[Sequence[Attempt], Sequence[Past]]:
    tried = [Attempt(**row._mapping) for row in tx.execute(ATTEMPTS, {"id": letter_id})]
    past = [Past(**row._mapping) for row in tx.execute(EVENTS, {"id": letter_id})]
    return tried, past
