"""Statements of the hot path: built with SQLAlchemy Core, compiled once, run by the driver.

A letter takes some thirty executions. Through Core each costs 15 to 40 us of CPU, so compiled 3 to 6 (SPIKES C); types,
names and columns stay those of schema.py. The one place to teach another dialect for PostgreSQL.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Delete, Insert, Select, Update
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

DIALECT: Final = sqlite.dialect()
Processor = Callable[[Any], Any] | None


class Ready:
    """One statement, ready to run with named values."""

    def __init__(self, statement: Select[Any] | Insert | Update | Delete, columns: Iterable[str] = ()) -> None:
        """`columns`: of an insert, which of its columns are given."""
        compiled = statement.compile(dialect=DIALECT, column_keys=list(columns) or None)
        assert isinstance(compiled, SQLCompiler) and compiled.positiontup is not None
        self._sql = str(compiled)
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._binds: list[tuple[str, Processor]] = [
            (name, compiled.binds[name].type.bind_processor(DIALECT)) for name in compiled.positiontup
        ]
        self._results: list[tuple[str, Processor]] = []
        if isinstance(statement, Select):
            self._results = [(c.name, c.type.result_processor(DIALECT, None)) for c in statement.selected_columns]

    def run(self, tx: Connection, values: Mapping[str, Any]) -> int:
        """How many rows were changed."""
        return self._execute(tx, values).rowcount

    def first(self, tx: Connection, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """The first row, by column name."""
        row = self._execute(tx, values).fetchone()
        if row is None:
            return None
        found = zip(self._results, row, strict=True)
        return {name: read(value) if read else value for (name, read), value in found}

    def _execute(self, tx: Connection, values: Mapping[str, Any]) -> sqlite3.Cursor:
        given = {**self._fixed, **values}
        bound = [write(given[name]) if write else given[name] for name, write in self._binds]
        driver = tx.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        return driver.execute(self._sql, bound)
