"""Column types of the ledger: how times, words and values lie in the database. The same on SQLite and PostgreSQL."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json
from sqlalchemy import Dialect, String, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator

# Which values the drivers are given is the same for all databases; where no connection is at hand, one stands for all.
ANY: Final = sqlite.dialect()


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time as ISO 8601 text with microseconds and Z: one length, so text order is time order."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Word(TypeDecorator[StrEnum]):
    """One word of an enumeration, as its value."""

    impl = String(32)
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


class Value(TypeDecorator[Any]):
    """A frozen value of the domain as JSON text. Fields added later need defaults; unknown ones are ignored."""

    impl = Text
    cache_ok = True

    def __init__(self, shape: Any) -> None:
        super().__init__()
        self.shape = shape

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else _adapter(self.shape).dump_json(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else _read(self.shape, value)


class Details(Value):
    """The particulars of an event: an object of texts, numbers, times and values of the domain."""

    cache_ok = True

    def __init__(self) -> None:
        super().__init__(Mapping[str, Any])


class Checked(TypeDecorator[Any]):
    """A text that checks itself when it is made, such as an Address."""

    impl = Text
    cache_ok = True

    def __init__(self, make: Callable[[str], Any]) -> None:
        super().__init__()
        self.make = make

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else str(self.make(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else self.make(value)


class Made(TypeDecorator[Any]):
    """A value of the domain that checks itself (an Address does), as JSON text; `make` builds it from what was read."""

    impl = Text
    cache_ok = True

    def __init__(self, make: Callable[[Any], Any]) -> None:
        super().__init__()
        self.make = make

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else to_json(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else _made(self.make, value)


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


@lru_cache(maxsize=512)  # a letter is read before each of its moves; frozen values can be shared
def _read(shape: Any, text: str) -> Any:
    return _adapter(shape).validate_json(text)


@lru_cache(maxsize=512)
def _made(make: Callable[[Any], Any], text: str) -> Any:
    return make(from_json(text))
