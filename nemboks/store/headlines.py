"""What the ledger keeps of a letter's words: CPR shapes are masked, and the words as they came lie sealed beside them.

Promises: whatever an authority wrote into a title, a name, a file's name or an action, no row has a CPR number in clear
(SECURITY 6); what was sealed opens for this letter and these contents alone; a headline without such a shape is kept
as it is, and costs the look for one.
Never: masks what identifies the contents (digests, UUIDs), or a P-number, whose ten digits may look like one.
"""

import unicodedata
from dataclasses import fields, replace
from functools import cache
from typing import Any, Final

from pydantic import TypeAdapter

from nemboks.domain.headline import Headline
from nemboks.domain.redact import mask_cpr
from nemboks.ports import HeadlineAltered
from nemboks.store.errors import Altered
from nemboks.store.vault import Vault

# Digests, a UUID that was checked, and numbers of workplaces: no people, and rules and searches go by them.
_AS_THEY_ARE: Final = {"sha256", "header_sha256", "message_uuid", "p_number", "se_number", "thread", "sealed"}
_SHORTEST: Final = 10  # signs of a CPR number
_INVISIBLE: Final = {"Cc", "Cf"}


def kept(headline: Headline, letter: int, vault: Vault) -> Headline:
    """The headline as a row may hold it; the very same one where there is nothing to mask."""
    shown: Headline = _masked(headline)
    if shown is headline:
        return headline
    whole = _adapter().dump_json(replace(headline, sealed=""))
    return replace(shown, sealed=vault.wrap(whole, _purpose(headline, letter)))


def as_it_came(headline: Headline, letter: int, vault: Vault) -> Headline:
    """The headline that `kept` was given. HeadlineAltered if it was altered or is another's; KeyMissing."""
    if not headline.sealed:
        return headline
    try:
        whole = vault.unwrap(headline.sealed, _purpose(headline, letter))
    except Altered as error:
        raise HeadlineAltered(f"letter {letter}: {error}") from error
    return _adapter().validate_json(whole)


def _purpose(headline: Headline, letter: int) -> str:
    """A letter's id is never used again; other contents under the same id have another digest."""
    return f"headline:{letter}:{headline.sha256}"


def _masked(value: Any) -> Any:
    """The value without CPR shapes in its texts, however deep; the same object where it had none."""
    if isinstance(value, str):
        if len(value) < _SHORTEST:
            return value
        seen = value if value.isprintable() else _visible(value)
        text = mask_cpr(seen)
        return value if text == seen else text
    if isinstance(value, tuple):
        items = tuple(_masked(one) for one in value)
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    if not hasattr(value, "__dataclass_fields__"):
        return value
    looked = ((name, getattr(value, name)) for name in _names(value.__class__))
    changed = {name: new for name, old in looked if (new := _masked(old)) is not old}
    return replace(value, **changed) if changed else value


def _visible(text: str) -> str:
    """The text as people see it: an invisible sign or a line's end must not hide a number."""
    return "".join(" " if sign.isspace() else sign for sign in text if sign.isspace() or _is_seen(sign))


def _is_seen(sign: str) -> bool:
    return unicodedata.category(sign) not in _INVISIBLE


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of value in which strangers' words stand."""
    return tuple(field.name for field in fields(kind) if field.name not in _AS_THEY_ARE)


@cache
def _adapter() -> TypeAdapter[Headline]:
    return TypeAdapter(Headline)
