"""The Domains port on the ledger: what recipient domains were seen to offer, so that nobody can talk us into less.

Promises: a level rises by a delivery and falls only by a person's word, with who and why in history; exchangers that
changed leave a row there too.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update

from nemboks.domain.proof import Level
from nemboks.ports import Clock, Domain
from nemboks.store import events
from nemboks.store.reader import Reader
from nemboks.store.schema import domains
from nemboks.store.writer import Tx, Writer

GET: Final = select(domains).where(domains.c.name == bindparam("b_name"))
INSERT: Final = insert(domains)
UPDATE: Final = update(domains).where(domains.c.name == bindparam("b_name"))


class SqlDomains:
    """The memory of recipient domains."""

    def __init__(self, writer: Writer, reader: Reader, clock: Clock) -> None:
        self._writer, self._reader, self._clock = writer, reader, clock

    async def get(self, name: str) -> Domain:
        """What is remembered of the domain; of an unknown one, nothing."""
        return await self._reader.glance(lambda tx: _get(tx, name))

    async def delivered(self, name: str, level: Level) -> None:
        """Returns when the level is remembered, if it is higher than before."""

        def raised(tx: Tx) -> None:
            before = _get(tx, name)
            if level > before.level:
                _put(tx, replace(before, level=level))
                self._note(tx, "domain_level", name, {"was": before.level.name.lower(), "is": level.name.lower()})

        await self._writer.step(raised)

    async def seen(self, name: str, mx: Sequence[str]) -> tuple[str, ...]:
        """The exchangers as they were before; () the first time."""

        def noted(tx: Tx) -> tuple[str, ...]:
            before, now = _get(tx, name), tuple(sorted({one.lower().rstrip(".") for one in mx}))
            if now != before.mx:
                changed = {"mx_before": before.mx, "mx_changed_at": self._clock.now()} if before.mx else {}
                _put(tx, replace(before, mx=now, **changed))  # type: ignore[arg-type]
                if before.mx:
                    self._note(tx, "domain_mx_changed", name, {"was": before.mx, "is": now})
            return before.mx

        return await self._writer.step(noted)

    async def keep_policy(self, name: str, sts_id: str, policy: str, until: datetime | None) -> None:
        """Returns when the MTA-STS policy is remembered."""
        await self._writer.unit(
            lambda tx: _put(tx, replace(_get(tx, name), sts_id=sts_id, sts_policy=policy, sts_until=until))
        )

    async def relax(self, name: str, by: str, reason: str) -> None:
        """Returns when level and policy are forgotten, to be learnt anew."""

        def forgotten(tx: Tx) -> None:
            before = _get(tx, name)
            _put(tx, Domain(before.name, mx=before.mx))
            self._note(tx, "domain_relaxed", name, {"was": before.level.name.lower(), "by": by, "reason": reason})

        await self._writer.unit(forgotten)

    def _note(self, tx: Tx, event: str, name: str, particulars: dict[str, Any]) -> None:
        told = {"domain": name.lower(), **particulars}
        events.add(tx, events.row(None, event, self._clock.now(), told))


def _get(tx: Tx, name: str) -> Domain:
    row = tx.execute(GET, {"b_name": name.lower()}).first()
    if row is None:
        return Domain(name.lower())
    return Domain(
        row.name, Level(row.level), row.mx, row.sts_id, row.sts_policy, row.sts_until, row.mx_before, row.mx_changed_at
    )


def _put(tx: Tx, domain: Domain) -> None:
    values = {**asdict(domain), "level": int(domain.level)}
    if tx.execute(UPDATE.values(values), {"b_name": domain.name}).rowcount == 0:
        tx.execute(INSERT, values)
