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
    return {
        **{name: getattr(letter, name) for name in SAME if name != "id"},
        "mailbox_id": letter.mailbox,
        "sha256": letter.headline.sha256 if letter.headline else None,
        "contents_file": letter.contents.file if letter.contents else None,
        "contents_key": letter.contents.key if letter.contents else None,
    }
