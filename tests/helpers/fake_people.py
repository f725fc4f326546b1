"""The Incidents and Stream ports in memory."""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from datetime import datetime

from nemboks.domain.incidents import TELLS_ALL, Incident, Notice, Sick
from nemboks.ports import Cursor, Told
from tests.helpers.fakes import FakeMailboxes


class FakeIncidents:
    """What is wrong is what a test puts into `ill`."""

    def __init__(self) -> None:
        self.ill: list[Sick] = []
        self.rows: dict[int, Incident] = {}
        self.told: dict[int, Notice] = {}

    async def sick(self, now: datetime, late_before: datetime) -> Sequence[Sick]:
        return list(self.ill)

    async def open(self) -> Sequence[Incident]:
        return [x for x in self.rows.values() if x.closed_at is None]

    async def keep(
        self, incidents: Sequence[Incident], notices: Sequence[Notice], known: Sequence[Incident] | None = None
    ) -> bool:
        made: dict[str, int] = {}
        for incident in incidents:
            made[incident.key] = incident.id or len(self.rows) + 1
            self.rows[made[incident.key]] = replace(incident, id=made[incident.key])
        for notice in notices:
            new = replace(notice, id=len(self.told) + 1, incident=notice.incident or made[notice.key])
            if any(_round(new) == _round(known) for known in self.told.values()):
                continue
            for old in list(self.told.values()) if new.kind in TELLS_ALL else ():
                if (old.incident, old.path, old.sent_at) == (new.incident, new.path, None):
                    self.told[old.id] = replace(old, due_at=None)
            self.told[new.id] = new
        return True

    def claim(self, notice: Notice) -> AbstractAsyncContextManager[bool]:
        return nullcontext(True)

    async def due(self, now: datetime, limit: int, without: Collection[str] = ()) -> Sequence[Notice]:
        due = [x for x in self.told.values() if x.sent_at is None and x.due_at is not None and x.due_at <= now]
        due = [x for x in due if x.path not in without]
        return sorted(due, key=lambda x: (x.due_at, x.id))[:limit]

    async def sent(self, notice: Notice, words: str, at: datetime) -> None:
        self.told[notice.id] = replace(self.told[notice.id], sent_at=at, due_at=None, receipt=words)

    async def failed(self, notice: Notice, words: str, due_at: datetime) -> None:
        known = self.told[notice.id]
        if known.due_at is None:
            return
        self.told[notice.id] = replace(known, due_at=due_at, failures=known.failures + 1, receipt=words)

    async def notices(self, limit: int) -> Sequence[Notice]:
        return sorted(self.told.values(), key=lambda x: -x.id)[:limit]


class FakeStream:
    """The events are what a test puts into `rows`."""

    def __init__(self, mailboxes: FakeMailboxes) -> None:
        self._mailboxes = mailboxes
        self.rows: list[Told] = []
        self.cursors: dict[str, Cursor] = {}

    async def after(self, event: int, webhook: str, limit: int) -> Sequence[Told]:
        named = {x.cvr for x in self._mailboxes.rows.values() if webhook in x.options.webhooks}
        return [x for x in self.rows if x.id > event and x.cvr in named][:limit]

    async def cursor(self, webhook: str) -> Cursor:
        last = self.rows[-1].id if self.rows else 0
        return self.cursors.setdefault(webhook, Cursor(webhook, last))

    def claim(self, cursor: Cursor) -> AbstractAsyncContextManager[bool]:
        return nullcontext(True)

    async def keep_cursor(self, cursor: Cursor) -> None:
        known = self.cursors.get(cursor.webhook)
        if known is None or known.event <= cursor.event:
            self.cursors[cursor.webhook] = cursor


def _round(notice: Notice) -> tuple[object, ...]:
    return notice.incident, notice.kind, notice.path, notice.number
