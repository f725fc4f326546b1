"""The Domains port in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from nemboks.domain.proof import Level
from nemboks.ports import Domain
from tests.helpers.clock import START


class FakeDomains:
    """What is remembered of domains; `written` counts the calls that change something."""

    def __init__(self, *domains: Domain) -> None:
        self.rows = {domain.name: domain for domain in domains}
        self.written = 0

    async def get(self, name: str) -> Domain:
        return self.rows.get(name, Domain(name))

    async def delivered(self, name: str, level: Level) -> None:
        known = await self.get(name)
        self._change(name, level=max(known.level, level))

    async def seen(self, name: str, mx: Sequence[str]) -> tuple[str, ...]:
        before, now = (await self.get(name)).mx, tuple(sorted(mx))
        if before and before != now:
            self._change(name, mx_before=before, mx_changed_at=START)
        self._change(name, mx=now)
        return before

    async def keep_policy(self, name: str, sts_id: str, policy: str, until: datetime | None) -> None:
        self._change(name, sts_id=sts_id, sts_policy=policy, sts_until=until)

    async def relax(self, name: str, by: str, reason: str) -> None:
        self.written += 1
        self.rows[name] = Domain(name, mx=(await self.get(name)).mx)

    def _change(self, name: str, **changes: object) -> None:
        self.written += 1
        self.rows[name] = replace(self.rows.get(name, Domain(name)), **changes)  # type: ignore[arg-type]
