"""Values with an id, kept as rows: the Rows port for any dataclass whose fields are the columns of its table."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Table, insert, select, update

from nemboks.store.writer import Tx

V = TypeVar("V")


class Kept(Generic[V]):
    """The rows of one table, in one transaction."""

    def __init__(self, tx: Tx, table: Table, kind: Callable[..., V]) -> None:
        self._tx, self._table, self._kind = tx, table, kind

    def add(self, value: V) -> V:
        """The value with the id that it was given."""
        made = self._tx.execute(insert(self._table).values(_columns(value)))
        key = made.inserted_primary_key
        assert key is not None
        return replace(value, id=key[0])  # type: ignore[type-var]  # every V is a dataclass with an id

    def put(self, value: V) -> None:
        """Writes the value over its row. KeyError if there is none."""
        changed = update(self._table).where(self._table.c.id == value.id).values(_columns(value))  # type: ignore[attr-defined]
        if self._tx.execute(changed).rowcount != 1:
            raise KeyError(f"no row of {self._table.name} is {value}")

    def get(self, id_: int) -> V | None:
        """The value with this id."""
        row = self._tx.execute(select(self._table).where(self._table.c.id == id_)).first()
        return self._kind(**row._mapping) if row else None

    def all(self, **equal: Any) -> list[V]:
        """Those whose fields equal these values, by id; None stands for "has none"."""
        return self._where(*self._equal(equal))

    def due(self, field: str, at: datetime, **equal: Any) -> list[V]:
        """Of such rows those whose time in that field has come, by id."""
        return self._where(self._table.c[field] <= at, *self._equal(equal))

    def since(self, field: str, at: datetime) -> list[V]:
        """Those whose time in that field is then or later, by id."""
        return self._where(self._table.c[field] >= at)

    def _equal(self, equal: Mapping[str, Any]) -> list[ColumnElement[bool]]:
        return [
            self._table.c[name].is_(None) if value is None else self._table.c[name] == value
            for name, value in equal.items()
        ]

    def _where(self, *wanted: ColumnElement[bool]) -> list[V]:
        rows = self._tx.execute(select(self._table).where(*wanted).order_by(self._table.c.id))
        return [self._kind(**row._mapping) for row in rows]


def _columns(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value) if field.name != "id"}
