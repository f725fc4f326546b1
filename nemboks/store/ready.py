"""Statements of the hot path: built with SQLAlchemy Core, compiled once, run by the driver.

A letter takes some thirty executions. Through Core each costs 15 to 40 us of CPU, so compiled 3 to 6 (SPIKES C); types,
names and columns stay those of schema.py. Compiled for each database when it is first met: SQLite's driver takes the
values in order, PostgreSQL's takes them by name and prepares on the server what it is given often.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from nemboks.store.columns import Ours

Processor = Callable[[Any], Any] | None


def writer(column: TypeEngine[Any], dialect: Dialect) -> Processor:
    """What makes of a value, other than None, what the driver takes; None for nothing."""
    return column.write if isinstance(column, Ours) else column.bind_processor(dialect)


def _reader(column: TypeEngine[Any], dialect: Dialect) -> Processor:
    return column.read if isinstance(column, Ours) else column.result_processor(dialect, None)


class _Form:
    """The statement in one database's words."""

    def __init__(
        self, statement: Select[Any] | Insert | Update | Delete, columns: list[str] | None, dialect: Dialect
    ) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        assert isinstance(compiled, SQLCompiler)
        self.sql = str(compiled)
        self.in_order = compiled.positiontup is not None
        self.fixed = {name: value for name, value in compiled.params.items() if value is not None}
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        self.binds: list[tuple[str, Processor]] = [
            (name, writer(binds[name].type, dialect)) for name in compiled.positiontup or binds
        ]
        self.names = [name for name, _ in self.binds]
        self.results: list[tuple[str, Processor]] = []
        if isinstance(statement, Select):
            self.results = [(c.name, _reader(c.type, dialect)) for c in statement.selected_columns]

    def read(self, row: Any) -> dict[str, Any]:
        """The driver's row, by column name."""
        found = zip(self.results, row, strict=True)
        return {name: value if read is None or value is None else read(value) for (name, read), value in found}


class Ready:
    """One statement, ready to run with named values."""

    def __init__(self, statement: Select[Any] | Insert | Update | Delete, columns: Iterable[str] = ()) -> None:
        """`columns`: of an insert, which of its columns are given."""
        self._statement, self._columns = statement, list(columns) or None
        self._forms: dict[str, _Form] = {}

    def run(self, tx: Connection, values: Mapping[str, Any]) -> int:
        """How many rows were changed."""
        changed: int = self._execute(tx, self._form(tx), values).rowcount
        return changed

    def first(self, tx: Connection, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """The first row, by column name."""
        form = self._form(tx)
        row = self._execute(tx, form, values).fetchone()
        return None if row is None else form.read(row)

    def all(self, tx: Connection, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Every row, by column name."""
        form = self._form(tx)
        return [form.read(row) for row in self._execute(tx, form, values).fetchall()]

    def _form(self, tx: Connection) -> _Form:
        form = self._forms.get(tx.dialect.name)
        if form is None:
            form = self._forms[tx.dialect.name] = _Form(self._statement, self._columns, tx.dialect)
        return form

    @staticmethod
    def _execute(tx: Connection, form: _Form, values: Mapping[str, Any]) -> Any:
        """The driver's cursor (PEP 249)."""
        given = {**form.fixed, **values}
        driver: Any = tx.connection.driver_connection
        plain = [x if (x := given[name]) is None or write is None else write(x) for name, write in form.binds]
        return driver.execute(form.sql, plain if form.in_order else dict(zip(form.names, plain, strict=True)))
