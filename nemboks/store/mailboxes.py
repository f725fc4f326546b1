"""The Mailboxes port on the ledger, and the acts of people on a mailbox: add, declare, pause, resume, change the route.

Promises: every change leaves a row of history in its transaction; a route is never changed, only followed by the next
version; credentials lie sealed under the mailbox's own CVR and open for no other.
Never: deletes a mailbox.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Row

from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox, Options, Recipient, Route
from nemboks.ports import Clock
from nemboks.store import events
from nemboks.store.errors import Altered, KeyMissing, StoreError
from nemboks.store.mailbox_rows import (
    CREDENTIALS,
    DECLARE,
    DECLARED,
    DESCRIBE,
    DUE,
    IN_ORDER,
    LISTENING,
    OF_CVRS,
    OF_FILE,
    PAUSE,
    POSTPONE,
    SHARED,
    THESE,
    VERSIONS,
    by_cvr,
    id_of,
    is_outdated,
    mailbox_of,
    mailboxes_of,
    of_cvr,
    one,
)
from nemboks.store.reader import Reader
from nemboks.store.rerouting import reroute, try_refused, write_route
from nemboks.store.vault import Vault
from nemboks.store.writer import Tx, Writer

T = TypeVar("T")
SETTINGS: Final = "settings"  # who paused or vouched, when the settings file did
MANY: Final = 500  # values in one statement


@dataclass(frozen=True, slots=True)
class Declared:
    """A mailbox as a person or the settings file describes it."""

    cvr: Cvr
    name: str
    face: Face
    address: Address
    server: str  # a name in the settings' [servers], or "direct"
    credentials: Mapping[str, str] = field(repr=False)
    others: tuple[Recipient, ...] = ()
    fallback_decides: bool = False
    options: Options = field(default=Options(), repr=False)  # a code phrase is for the company alone


class SqlMailboxes:
    """The mailboxes we serve."""

    def __init__(self, writer: Writer, reader: Reader, vault: Vault, clock: Clock) -> None:
        self._writer, self._reader, self._vault, self._clock = writer, reader, vault, clock

    async def due(self, now: datetime, limit: int) -> Sequence[Mailbox]:
        """Mailboxes whose next look has come, oldest due first; paused ones too."""
        return await self._reader.read(lambda tx: mailboxes_of(tx, DUE, {"now": now, "most": limit}))

    async def get(self, mailbox: int) -> Mailbox:
        """The mailbox with this id. StoreError if there is none."""
        return await self._reader.glance(lambda tx: one(tx, mailbox))

    async def some(self, ids: Collection[int]) -> Sequence[Mailbox]:
        """The mailboxes with these ids, in no order."""
        return await self._reader.glance(lambda tx: mailboxes_of(tx, THESE, {"ids": list(ids)}))

    async def listening(self, now: datetime, without: Collection[int], limit: int) -> Sequence[Mailbox]:
        """Mailboxes that can tell of new post themselves and are not parked, without these, at most so many."""
        values = {"now": now, "without": list(without), "most": limit}
        return await self._reader.read(lambda tx: mailboxes_of(tx, LISTENING, values))

    async def all(self) -> Sequence[Mailbox]:
        """Every mailbox, by CVR."""
        return await self._reader.read(lambda tx: mailboxes_of(tx, IN_ORDER, {}))

    async def find(self, cvr: Cvr) -> Mailbox | None:
        """The mailbox of this CVR."""
        return await self._reader.read(lambda tx: of_cvr(tx, cvr))

    async def shared(self, mailbox: Mailbox) -> bool:
        """Whether another CVR's letters go to the same address."""
        values = {"address": mailbox.route.address, "own": mailbox.id}
        return await self._reader.glance(lambda tx: SHARED.first(tx, values) is not None)

    async def postpone(self, mailbox: Mailbox, due_at: datetime, trouble: str, parked: bool) -> Mailbox:
        """The mailbox after a listing that failed; history has a row when the trouble is another than before.

        As it is, if it was listed since we saw it.
        """
        return await self._writer.step(lambda tx: _postpone(tx, mailbox, due_at, trouble, parked, self._clock.now()))

    async def credentials(self, mailbox: Mailbox) -> Mapping[str, str]:
        """The mailbox's credentials, opened. KeyMissing, Altered."""
        row = await self._reader.glance(lambda tx: CREDENTIALS.first(tx, {"id": mailbox.id}))
        assert row is not None  # no mailbox is ever removed
        return _opened(self._vault, row["cvr"], row["credentials"])

    async def add(self, declared: Declared, vouched_by: str) -> Mailbox:
        """The new mailbox, due at once. StoreError if the CVR has one already."""

        def added(tx: Tx, at: datetime) -> Mailbox:
            if of_cvr(tx, declared.cvr) is not None:
                raise StoreError(f"CVR {declared.cvr} has a mailbox already")
            return one(tx, _add(tx, self._vault, declared, vouched_by, False, at))

        return await self._unit(added)

    async def declare(self, declared: Sequence[Declared]) -> Sequence[Mailbox]:
        """The mailboxes as the settings file has them; the same file again changes nothing.

        Another address, server or further recipient makes the next version of the route. A mailbox that the file no
        longer has is paused by "settings", and goes on when it is back.
        """
        return await self._unit(lambda tx, at: _declare(tx, self._vault, declared, at))

    async def pause(self, cvr: Cvr, by: str) -> Mailbox:
        """The mailbox, paused: no fetch and no sending from this commit on. Once paused it stays as it was."""
        return await self._unit(lambda tx, at: _pause(tx, by_cvr(tx, cvr), by, at))

    async def resume(self, cvr: Cvr, by: str) -> Mailbox:
        """The mailbox, going on."""
        return await self._unit(lambda tx, at: _resume(tx, by_cvr(tx, cvr), by, at))

    async def reroute(
        self, cvr: Cvr, address: Address, server: str, vouched_by: str, *, others: tuple[Recipient, ...] | None = None
    ) -> Mailbox:
        """The mailbox with the next version of its route; attempts under the old one get no dot any more.

        `others`: the further recipients from now on; None leaves them as they are.
        """

        def next_route(tx: Tx, at: datetime) -> Mailbox:
            box = by_cvr(tx, cvr)
            known = box.route.others if others is None else others
            route = replace(box.route, address=address, server=server, since=at, vouched_by=vouched_by, others=known)
            return reroute(tx, box, route)

        return await self._unit(next_route)

    async def _unit(self, fn: Callable[[Tx, datetime], T]) -> T:
        return await self._writer.unit(lambda tx: fn(tx, self._clock.now()))


def _note(tx: Tx, mailbox: int, event: str, at: datetime, **particulars: Any) -> None:
    events.add(tx, events.row(mailbox, event, at, particulars))


def _postpone(tx: Tx, seen: Mailbox, due_at: datetime, trouble: str, parked: bool, at: datetime) -> Mailbox:
    before = one(tx, seen.id)
    # A worker that slept past its lease would park it for hours over the listing, and the new letters, of another; and
    # what an old login met says nothing of the new one.
    if seen.listed_at != before.listed_at or is_outdated(seen, before.sealing):
        return before
    until = due_at if parked else None
    tx.execute(POSTPONE, {"b_id": seen.id, "due": due_at, "words": trouble, "until": until})
    if trouble != before.trouble or parked != (before.parked_until is not None):
        _note(tx, seen.id, "listing_failed", at, words=trouble, parked=parked)
    return one(tx, seen.id)


def _add(tx: Tx, vault: Vault, new: Declared, vouched_by: str, declared: bool, at: datetime) -> int:
    """The number of the new mailbox, of a CVR that has none."""
    DECLARE.run(tx, {
        "cvr": new.cvr, "name": new.name, "face": new.face, "credentials": _sealed(vault, new), "due_at": at,
        "paused_by": "", "trouble": "", "failures": 0, "declared": declared, "options": new.options,
    })  # fmt: skip
    id_ = id_of(tx, new.cvr)
    _note(tx, id_, "mailbox_added", at, face=new.face.value, declared=declared)
    write_route(tx, id_, _declared_route(new, at, vouched_by))
    return id_


def _declared_route(new: Declared, at: datetime, vouched_by: str) -> Route:
    return Route(1, new.address, new.server, at, vouched_by, new.others, new.fallback_decides)


def _declare(tx: Tx, vault: Vault, declared: Sequence[Declared], at: datetime) -> list[Mailbox]:
    known = _known(tx, [new.cvr for new in declared])
    if len({new.cvr for new in declared}) < len(declared):
        raise StoreError("a CVR is declared twice")
    for new in declared:
        if new.cvr in known:
            _redeclare(tx, vault, known[new.cvr], new, at)
        else:
            _add(tx, vault, new, SETTINGS, True, at)
    for cvr in known.keys() - {new.cvr for new in declared}:
        if known[cvr].declared:
            _pause(tx, mailbox_of(known[cvr]), SETTINGS, at)
    return mailboxes_of(tx, DECLARED, {})


def _known(tx: Tx, cvrs: Sequence[Cvr]) -> dict[Cvr, Row[Any]]:
    """What the ledger has of these CVRs, and what an earlier file declared; not the thousands that people added."""
    known = {Cvr(row.cvr): row for row in tx.execute(OF_FILE)}
    others = [cvr for cvr in cvrs if cvr not in known]
    for start in range(0, len(others), MANY):
        known |= {Cvr(row.cvr): row for row in tx.execute(OF_CVRS, {"cvrs": others[start : start + MANY]})}
    return known


def _redeclare(tx: Tx, vault: Vault, row: Row[Any], new: Declared, at: datetime) -> None:
    if row.frozen_at is not None:  # the file speaks for the people of before, who choose nothing any more
        new = replace(new, options=row.options)
    changed = [name for name in ("name", "face", "options") if getattr(row, name) != getattr(new, name)]
    sealed = row.credentials
    if not same_credentials(vault, row.cvr, row.credentials, new.credentials):
        changed.append("credentials")
        sealed = _sealed(vault, new)
    if changed or not row.declared:
        described = {"new_name": new.name, "new_face": new.face, "sealed": sealed}
        tx.execute(DESCRIBE, {"b_id": row.id, "due": at, "chosen": new.options, **described})
        _note(tx, row.id, "mailbox_changed", at, changed=changed, by=SETTINGS)
    if "credentials" in changed:
        try_refused(tx, row.id, SETTINGS, at)
    if row.frozen_at is None:
        _reroute_by_file(tx, row, new, at)
    if row.paused_by == SETTINGS:
        _resume(tx, mailbox_of(row), SETTINGS, at)


def _pause(tx: Tx, mailbox: Mailbox, by: str, at: datetime) -> Mailbox:
    if mailbox.paused_at is None:
        tx.execute(PAUSE, {"b_id": mailbox.id, "at": at, "by": by})
        _note(tx, mailbox.id, "mailbox_paused", at, by=by)
    return one(tx, mailbox.id)


def _resume(tx: Tx, mailbox: Mailbox, by: str, at: datetime) -> Mailbox:
    if mailbox.paused_at is not None:
        tx.execute(PAUSE, {"b_id": mailbox.id, "at": None, "by": ""})
        _note(tx, mailbox.id, "mailbox_resumed", at, by=by, was_paused_by=mailbox.paused_by)
    return one(tx, mailbox.id)


def _sealed(vault: Vault, new: Declared) -> bytes:
    return vault.seal(json.dumps(dict(new.credentials)).encode(), f"mailbox:{new.cvr}")


def _opened(vault: Vault, cvr: str, sealed: bytes) -> dict[str, str]:
    opened: dict[str, str] = json.loads(vault.open(sealed, f"mailbox:{cvr}"))
    return opened


def _reroute_by_file(tx: Tx, row: Row[Any], new: Declared, at: datetime) -> None:
    """Follows what the file says otherwise than it did last; what the desk changed since then stands.

    Where both did, the file's version is followed by one with what the desk changed: a line about a copy must not
    send letters back to an address that somebody changed by code.
    """
    versions = tx.execute(VERSIONS, {"mailbox": row.id}).all()
    said = next((one for one in reversed(versions) if one.vouched_by == SETTINGS), row)
    if all(getattr(said, name) == getattr(new, name) for name in ("address", "server", "others", "fallback_decides")):
        return
    wanted = _declared_route(new, at, SETTINGS)
    wanted = replace(wanted, rules=row.rules, holiday=row.holiday, unrouted=row.unrouted)
    box, kept = reroute(tx, mailbox_of(row), wanted), wanted
    if (said.address, said.server) == (new.address, new.server):
        kept = replace(kept, address=Address(row.address), server=row.server)
    if said.others == new.others:
        kept = replace(kept, others=row.others)
    if kept != wanted:
        reroute(tx, box, replace(kept, vouched_by=row.vouched_by))


def whose_login(vault: Vault, cvr: str, sealed: bytes) -> str:
    """The user or system id of sealed credentials; "" for none, and for ones that cannot be opened."""
    try:
        known = _opened(vault, cvr, sealed)
    except (Altered, KeyMissing):
        return ""
    return known.get("user", known.get("system_id", ""))


def same_credentials(vault: Vault, cvr: str, sealed: bytes, new: Mapping[str, str]) -> bool:
    """Whether these are the mailbox's credentials. Ones that cannot be opened are others: here they are again."""
    try:
        return _opened(vault, cvr, sealed) == dict(new)
    except (Altered, KeyMissing):
        return False
