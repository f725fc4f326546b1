"""A file of rules (TOML) -> what is asked of a route. Wrong files end in words that name the place."""

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from nemboks.domain.mailbox import Address, Field, Recipient, Role, Rule
from nemboks.domain.wishes import Edit

BYTES: Final = 1 << 20
_RULE: Final = {"field", "value", "address", "server"}
_COPY: Final = {"address", "server", "language"}
_ALL: Final = {"default", "owner", "rules", "copies"}


def read_edit(file: Path) -> Edit:
    """The edit that the file, or stdin for `-`, describes; a part that it leaves out is empty. BadParameter."""
    if str(file) == "-":
        raw = sys.stdin.buffer.read(BYTES + 1)
    else:
        with file.open("rb") as opened:
            raw = opened.read(BYTES + 1)
    if len(raw) > BYTES:
        raise _wrong("it is larger than 1 MB")
    try:
        found = tomllib.loads(raw.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _wrong(str(error)) from error
    _only(found, _ALL, "the file")
    owner, default = found.get("owner", ""), found.get("default", "forward")
    if default not in ("forward", "hold") or not isinstance(owner, str) or bool(owner) is not (default == "hold"):
        raise _wrong('default is "forward", or "hold" together with owner = "the person who looks after the tray"')
    rules = tuple(_rule(one, f"rule {n}") for n, one in enumerate(_tables(found, "rules"), 1))
    copies = tuple(_copy(one, f"copy {n}") for n, one in enumerate(_tables(found, "copies"), 1))
    return Edit(rules=rules, others=copies, unrouted=owner)


def _rule(found: Mapping[str, Any], place: str) -> Rule:
    _only(found, _RULE, place)
    try:
        field = Field(_text(found, "field", place))
    except ValueError:
        raise _wrong(f"{place}: field is one of {', '.join(Field)}") from None
    value = _text(found, "value", place)
    return Rule(field, value, _address(found, place), _text(found, "server", place, ""))


def _copy(found: Mapping[str, Any], place: str) -> Recipient:
    _only(found, _COPY, place)
    language = _text(found, "language", place, "da")
    if language not in ("da", "en"):
        raise _wrong(f'{place}: language is "da" or "en"')
    return Recipient(Role.COPY, _address(found, place), _text(found, "server", place, ""), language)


def _tables(found: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    tables = found.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise _wrong(f"write each of the {name} under a line [[{name}]]")
    return tables


def _only(found: Mapping[str, Any], known: set[str], place: str) -> None:
    if odd := sorted(found.keys() - known):
        raise _wrong(f"{place} has {odd[0]!r}; known: {', '.join(sorted(known))}")


def _text(found: Mapping[str, Any], name: str, place: str, absent: str | None = None) -> str:
    text = found.get(name, absent)
    if not isinstance(text, str):
        raise _wrong(f'{place} needs {name} = "…"')
    return text


def _address(found: Mapping[str, Any], place: str) -> Address:
    try:
        return Address(_text(found, "address", place))
    except ValueError as error:
        raise _wrong(f"{place}: {error}") from error


def _wrong(words: str) -> click.BadParameter:
    return click.BadParameter(words, param_hint="--file")
