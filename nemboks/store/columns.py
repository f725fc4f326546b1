"""Column types of the ledger: how times, words and values lie in the database. The same on SQLite and PostgreSQL."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, lru_cache, partial
from operator import attrgetter
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json
from sqlalchemy import Dialect, String, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator

# Which values the drivers are given is the same for all databases; where no connection is at hand, one stands for all.
ANY: Final = sqlite.dialect()


class Ours(TypeDecorator[Any]):
    """A type that lies as text. `write` and `read` never see None; the hot path calls them without SQLAlchemy."""

    impl: Any = Text
    cache_ok = True

    def __init__(self, write: Callable[[Any], str], read: Callable[[str], Any]) -> None:
        super().__init__()
        self.write, self.read = write, read

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.write(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else self.read(value)


class UtcTime(Ours):
    """An aware UTC time as ISO 8601 text with microseconds and Z: one length, so text order is time order."""

    impl = String(27)
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(_utc, datetime.fromisoformat)


class Word(Ours):
    """One word of an enumeration, as its value."""

    impl = String(32)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__(attrgetter("value"), words)
        self.words = words


class Value(Ours):
    """A frozen value of the domain as JSON text. Fields added later need defaults; unknown ones are ignored."""

    cache_ok = True

    def __init__(self, shape: Any) -> None:
        super().__init__(partial(_shaped, shape), partial(_read, shape))
        self.shape = shape


class Details(Value):
    """The particulars of an event: an object of texts, numbers, times and values of the domain."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(Mapping[str, Any])


class Checked(Ours):
    """A text that checks itself when it is made, such as an Address."""

    cache_ok = True

    def __init__(self, make: Callable[[str], Any]) -> None:
        super().__init__(lambda value: str(make(value)), make)
        self.make = make


class Made(Ours):
    """A value of the domain that checks itself (an Address does), as JSON text; `make` builds it from what was read."""

    cache_ok = True

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__(lambda value: to_json(value).decode(), partial(_made, make))
        self.make = make


def _utc(value: datetime) -> str:
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        value = value.astimezone(UTC)
    return value.isoformat(timespec="microseconds")[:26] + "Z"


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def _shaped(shape: Any, value: Any) -> str:
    return _adapter(shape).dump_json(value).decode()


@lru_cache(maxsize=512)  # a letter is read before each of its moves; frozen values can be shared
def _read(shape: Any, text: str) -> Any:
    return _adapter(shape).validate_json(text)


@lru_cache(maxsize=512)
def _made(make: Callable[[Any], Any], text: str) -> Any:
    return make(from_json(text))
