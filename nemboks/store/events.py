"""The history row of every change, written in its transaction (D15) and chained to the row before (domain/chain.py).

Promises: `add` is the only door; no titles, no contents, no secrets; addresses only masked. What servers said is
already capped and redacted where it was read.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Final, get_args

from sqlalchemy import Integer, String, bindparam, insert, select

from nemboks.domain.chain import FIELDS, GENESIS, hash_of
from nemboks.domain.headline import Headline
from nemboks.domain.letter import Event, Letter, State
from nemboks.domain.mailbox import Address
from nemboks.domain.proof import Confirmation
from nemboks.store.columns import ANY
from nemboks.store.ready import Ready, writer
from nemboks.store.schema import events
from nemboks.store.writer import Tx

_BIND: Final = [(name, writer(events.c[name].type, ANY)) for name in FIELDS]
# Already bound for the hash, so as plain as the driver takes them.
_ADD: Final = Ready(
    insert(events).values({
        name: bindparam(name, type_=Integer() if isinstance(events.c[name].type, Integer) else String())
        for name in ("id", "hash", *FIELDS)
    })
)  # fmt: skip
_LAST: Final = Ready(select(events.c.id, events.c.hash).order_by(events.c.id.desc()).limit(1))
_HEAD: Final = "head_of_nemboks"  # an attribute of a Connection: number and hash of the last row, once it is known
NAMES: Final[Mapping[type[Event], str]] = {
    kind: re.sub(r"(?<!^)([A-Z])", r"_\1", kind.__name__).lower() for kind in get_args(Event)
}


def add(tx: Tx, *rows: Mapping[str, Any]) -> None:
    """Writes rows of history behind the last one, each with its number and hash.

    The last row is read in every transaction: another process may have written since. BEGIN IMMEDIATE, or the lock,
    keeps it the last one but for ours until our commit.
    """
    number, hash_ = getattr(tx, _HEAD, None) or _last(tx)
    for row in rows:
        values = {name: x if (x := row[name]) is None or write is None else write(x) for name, write in _BIND}
        number += 1
        hash_ = hash_of(number, hash_, values.values())
        _ADD.run(tx, {"id": number, "hash": hash_, **values})
    if hasattr(tx, _HEAD):
        setattr(tx, _HEAD, (number, hash_))


def begun(tx: Tx) -> None:
    """Told at each BEGIN: from here to the next, what we write last is the last row."""
    setattr(tx, _HEAD, None)


def _last(tx: Tx) -> tuple[int, str]:
    last = _LAST.first(tx, {})
    return (last["id"], last["hash"]) if last else (0, GENESIS)


def moved(tx: Tx, before: Letter, after: Letter, event: Event, at: datetime) -> None:
    """Writes the row of one move."""
    add(tx, row(before.mailbox, NAMES[type(event)], at, detail(event), before.id, before.state, after))


def row(
    mailbox: int | None,
    name: str,
    at: datetime,
    particulars: Mapping[str, Any],
    letter: int | None = None,
    before: State | None = None,
    after: Letter | None = None,
) -> dict[str, Any]:
    """The values of one row of `events`."""
    return {
        "at": at,
        "letter_id": letter,
        "mailbox_id": mailbox,
        "event": name,
        "from_state": before,
        "to_state": after.state if after else None,
        "fence": after.fence if after else None,
        "detail": particulars,
    }


def detail(event: Event) -> dict[str, Any]:
    """What history keeps of an event: reasons, words, times, the server's reply, TLS facts."""
    found = ((name, getattr(event, name)) for name in _TOLD_OF[type(event)])
    return {name: _TOLD[name](value) for name, value in found if value is not None and value != ""}


def masked(address: str) -> str:
    """The address as history may show it."""
    return Address(address).masked


def _confirmation(confirmation: Confirmation) -> Confirmation:
    return replace(confirmation, address=masked(confirmation.address))


def _headline(headline: Headline) -> dict[str, Any]:
    return {"kind": headline.kind.value, "size": headline.size, "sha256": headline.sha256}


def _same(value: Any) -> Any:
    return value


_TOLD: Final[Mapping[str, Callable[[Any], Any]]] = {
    "reason": lambda reason: reason.value,
    "why": _same,
    "words": _same,
    "by": _same,
    "definite": _same,
    "due_at": _same,
    "deadline_at": _same,
    "silent_at": _same,
    "keep": _same,
    "route_version": _same,
    "rule": _same,
    "address": masked,
    "server": _same,
    "transmission_id": _same,
    "headline": _headline,
    "report": _same,
    "confirmation": _confirmation,
}
_TOLD_OF: Final[Mapping[type[Event], Sequence[str]]] = {
    kind: [field.name for field in fields(kind) if field.name in _TOLD] for kind in get_args(Event)
}
