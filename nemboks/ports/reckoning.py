"""What the daily reconciliation reads of our own ledger, and when each mailbox is due for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from nemboks.domain.mailbox import Mailbox
from nemboks.domain.reconciliation import Entry


class Reckoning(Protocol):
    async def entries(self, mailbox: int) -> Sequence[Entry]:
        """Every letter of the mailbox, in the order in which they were found."""
        ...

    async def rowless(self, mailbox: int) -> Sequence[int]:
        """Letters that the history tells of and the ledger has no row of."""
        ...

    async def unproven(self, mailbox: int) -> Sequence[int]:
        """Letters that were let out of Digital Post while no confirmation covered them, or that none covers now."""
        ...

    async def stopped(self, mailbox: int, since: datetime) -> Sequence[str]:
        """What the delete fuse stopped since then because no confirmation covered it, in its words."""
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[Mailbox]:
        """Mailboxes that were listed before and whose reconciliation has come, the longest due first."""
        ...

    async def next(self, mailbox: int, due_at: datetime) -> None:
        """Returns when it is written when the mailbox is reconciled next."""
        ...

    async def prune(self, before: datetime) -> int:
        """How many permits older than that were removed."""
        ...
