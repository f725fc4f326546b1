"""A letter as a row of the ledger, and back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Row

from nemboks.domain.headline import Sealed
from nemboks.domain.letter import Letter

SPLIT: Final = {"mailbox", "contents"}  # fields whose columns have other names
SAME: Final = tuple(field.name for field in fields(Letter) if field.name not in SPLIT)


def letter_of(row: Row[Any]) -> Letter:
    """The letter of a whole row of `letters`."""
    return letter_from(row._mapping)


def letter_from(values: Mapping[Any, Any]) -> Letter:
    """The letter of a row's values by column name."""
    sealed = Sealed(values["contents_file"], values["contents_key"]) if values["contents_file"] else None
    return Letter(mailbox=values["mailbox_id"], contents=sealed, **{name: values[name] for name in SAME})


def values_of(letter: Letter) -> dict[str, Any]:
    """The letter's columns, without its id."""
    values = {name: getattr(letter, name) for name in SAME if name != "id"}
    return {**values, "mailbox_id": letter.mailbox, **_headline_of(letter), **_contents_of(letter)}


def changes(before: Letter, after: Letter) -> dict[str, Any]:
    """The columns that differ, and always the state: a write is never empty."""
    changed = {name: value for name in SAME if (value := getattr(after, name)) is not getattr(before, name)}
    if after.headline is not before.headline:
        changed |= _headline_of(after)
    if after.contents is not before.contents:
        changed |= _contents_of(after)
    changed["state"] = after.state
    return changed


def _headline_of(letter: Letter) -> dict[str, Any]:
    return {"headline": letter.headline, "sha256": letter.headline.sha256 if letter.headline else None}


def _contents_of(letter: Letter) -> dict[str, Any]:
    sealed = letter.contents
    return {"contents_file": sealed.file if sealed else None, "contents_key": sealed.key if sealed else None}
