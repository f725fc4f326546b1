"""Values with an id, kept as rows: the Rows port for any dataclass whose fields are the columns of its table."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import datetime
from functools import cache
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, ColumnElement, Table, bindparam, insert, select, update

from nemboks.store.ready import Ready
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
        row = _rows(self._table, (("id", "=", False),)).first(self._tx, {"v_id": id_})
        return self._kind(**row) if row else None

    def all(self, **equal: Any) -> list[V]:
        """Those whose fields equal these values, by id; None stands for "has none"."""
        return self._where(equal)

    def due(self, field: str, at: datetime, **equal: Any) -> list[V]:
        """Of such rows those whose time in that field has come, by id."""
        return self._where(equal, (field, "<=", at))

    def since(self, field: str, at: datetime) -> list[V]:
        """Those whose time in that field is then or later, by id."""
        return self._where({}, (field, ">=", at))

    def _where(self, equal: Mapping[str, Any], *times: tuple[str, str, datetime]) -> list[V]:
        wanted = tuple((name, "=", value is None) for name, value in equal.items())
        found = _rows(self._table, (*wanted, *((name, sign, False) for name, sign, _ in times)))
        values = {f"v_{name}": value for name, value in equal.items()}
        rows = found.all(self._tx, values | {f"t_{name}": at for name, _, at in times})
        return [self._kind(**row) for row in rows]


@cache  # one statement for each question that somebody asks: some sixty
def _rows(table: Table, wanted: tuple[tuple[str, str, bool], ...]) -> Ready:
    """By id, the rows whose fields (name, how they compare, whether there is to be nothing) are as wanted."""
    return Ready(
        select(table).where(*(_is(table.c[name], sign, none) for name, sign, none in wanted)).order_by(table.c.id)
    )


def _is(column: Column[Any], sign: str, none: bool) -> ColumnElement[bool]:
    if none:
        return column.is_(None)
    match sign:
        case "<=":
            return column <= bindparam(f"t_{column.name}")
        case ">=":
            return column >= bindparam(f"t_{column.name}")
    return column == bindparam(f"v_{column.name}")


def _columns(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value) if field.name != "id"}
