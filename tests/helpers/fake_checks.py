"""The Checks and Prober ports in memory."""

from collections.abc import Sequence
from datetime import datetime

from nemboks.domain.mailbox import Address
from nemboks.ports import Check, Finding


class FakeChecks:
    """The latest looks, by place."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Check] = {}

    async def all(self) -> Sequence[Check]:
        return [self.rows[place] for place in sorted(self.rows)]

    async def keep(self, check: Check) -> None:
        self.rows[check.address, check.server] = check

    async def forget(self, before: datetime) -> None:
        self.rows = {place: check for place, check in self.rows.items() if check.at >= before}


class FakeProber:
    """Finds what a test puts into `found`, by address; `asked` are the places, `ours` what is found of our domain."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[Finding, ...]] = {}
        self.ours: tuple[Finding, ...] = ()
        self.asked: list[tuple[str, str]] = []

    async def probe(self, address: Address, server: str) -> Sequence[Finding]:
        self.asked.append((address, server))
        return self.found.get(address, (Finding("recipient_taken", False),))

    async def own(self) -> Sequence[Finding]:
        self.asked.append(("", ""))
        return self.ours
