"""Letters and deliveries as rows of the ledger, and back."""

from collections.abc import Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Row

from nemboks.domain.delivery import Delivery
from nemboks.domain.headline import Sealed
from nemboks.domain.letter import Letter
from nemboks.domain.mailbox import Address, destination

SPLIT: Final = {"mailbox", "contents", "composed"}  # fields whose columns have other names
SAME: Final = tuple(field.name for field in fields(Letter) if field.name not in SPLIT)
_VALUES: Final = attrgetter(*SAME)
_SPLIT: Final = {"letter", "mailbox", "address", "composed"}
_SAME: Final = tuple(field.name for field in fields(Delivery) if field.name not in _SPLIT)


def letter_of(row: Row[Any]) -> Letter:
    """The letter of a whole row of `letters`."""
    return letter_from(row._mapping)


def letter_from(values: Mapping[Any, Any]) -> Letter:
    """The letter of a row's values by column name."""
    return Letter(
        mailbox=values["mailbox_id"],
        contents=_sealed(values, "contents"),
        composed=_sealed(values, "composed"),
        **{name: values[name] for name in SAME},
    )


def values_of(letter: Letter) -> dict[str, Any]:
    """The letter's columns, without its id."""
    values = {name: getattr(letter, name) for name in SAME if name != "id"}
    sealed = {**_parts("contents", letter.contents), **_parts("composed", letter.composed)}
    return {**values, "mailbox_id": letter.mailbox, **_headline_of(letter), **sealed}


def changes(before: Letter, after: Letter) -> dict[str, Any]:
    """The columns that differ, and always the state: a write is never empty."""
    both = zip(SAME, _VALUES(before), _VALUES(after), strict=True)
    changed = {name: value for name, old, value in both if value is not old}
    if after.headline is not before.headline:
        changed |= _headline_of(after)
    if after.contents is not before.contents:
        changed |= _parts("contents", after.contents)
    if after.composed is not before.composed:
        changed |= _parts("composed", after.composed)
    changed["state"] = after.state
    return changed


def delivery_from(values: Mapping[Any, Any]) -> Delivery:
    """The delivery of a row's values by column name."""
    return Delivery(
        letter=values["letter_id"],
        mailbox=values["mailbox_id"],
        address=Address(values["address"]),
        composed=_sealed(values, "composed"),
        **{name: values[name] for name in _SAME},
    )


def delivery_values(delivery: Delivery) -> dict[str, Any]:
    """The delivery's columns, without its id."""
    return {
        **{name: getattr(delivery, name) for name in _SAME if name != "id"},
        "letter_id": delivery.letter,
        "mailbox_id": delivery.mailbox,
        "address": delivery.address,
        "destination": destination(delivery.server, delivery.address),
        **_parts("composed", delivery.composed),
    }


def delivery_changes(before: Delivery, after: Delivery) -> dict[str, Any]:
    """As `changes`."""
    changed = {name: value for name in _SAME if (value := getattr(after, name)) is not getattr(before, name)}
    if after.composed is not before.composed:
        changed |= _parts("composed", after.composed)
    changed["state"] = after.state
    return changed


def _headline_of(letter: Letter) -> dict[str, Any]:
    return {"headline": letter.headline, "sha256": letter.headline.sha256 if letter.headline else None}


def _sealed(values: Mapping[Any, Any], name: str) -> Sealed | None:
    file = values[f"{name}_file"]
    return Sealed(file, values[f"{name}_key"]) if file else None


def _parts(name: str, sealed: Sealed | None) -> dict[str, Any]:
    return {f"{name}_file": sealed.file if sealed else None, f"{name}_key": sealed.key if sealed else None}
