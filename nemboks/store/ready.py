"""Statements of the hot path: built with SQLAlchemy Core, compiled once, run by the driver.

A letter takes some thirty executions. Through Core each costs 15 to 40 us of CPU, so compiled 3 to 6 (SPIKES C); types,
names and columns stay those of schema.py. Compiled for each database when it is first met: SQLite's driver takes the
values in order, PostgreSQL's takes them by name and prepares on the server what it is given often.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from nemboks.store.columns import Ours

Processor = Callable[[Any], Any] | None
Statement = Select[Any] | Insert | Update | Delete
_DRIVER: Final = "driver_of_nemboks"  # an attribute of a Connection


def writer(column: TypeEngine[Any], dialect: Dialect) -> Processor:
    """What makes of a value, other than None, what the driver takes; None for nothing."""
    return column.write if isinstance(column, Ours) else column.bind_processor(dialect)


def _reader(column: TypeEngine[Any], dialect: Dialect) -> Processor:
    return column.read if isinstance(column, Ours) else column.result_processor(dialect, None)


class _Form:
    """The statement in one database's words, for lists of certain lengths."""

    def __init__(
        self, statement: Statement, columns: list[str] | None, dialect: Dialect, lengths: Mapping[str, int]
    ) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        assert isinstance(compiled, SQLCompiler)
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        unset = dict.fromkeys(name for name, bind in binds.items() if bind.required)
        state = compiled.construct_expanded_state(unset | {name: [None] * n for name, n in lengths.items()})
        self.sql, self.in_order = state.statement, state.positiontup is not None
        self.lists = {name: state.parameter_expansion[name] for name in lengths}
        of = {one: name for name, each in state.parameter_expansion.items() for one in each}
        self.fixed = {name: x for name, x in state.parameters.items() if of.get(name, name) not in unset}
        self.names = list(state.positiontup or state.parameters)
        self._picked = _picker(self.names)
        writers = (writer(binds[of.get(name, name)].type, dialect) for name in self.names)
        self._writers = [(place, write) for place, write in enumerate(writers) if write is not None]
        columns_back = list(statement.selected_columns) if isinstance(statement, Select) else []
        self.results = [column.name for column in columns_back]
        readers = ((column.name, _reader(column.type, dialect)) for column in columns_back)
        self.readers = [(name, read) for name, read in readers if read is not None]

    def plain(self, values: Mapping[str, Any]) -> list[Any]:
        """What the driver takes, in the order of `names`."""
        plain = list(self._picked(self._filled(values) if self.fixed or self.lists else values))
        for place, write in self._writers:
            if (value := plain[place]) is not None:
                plain[place] = write(value)
        return plain

    def _filled(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        given = {**self.fixed, **values}
        for name, each in self.lists.items():  # the last one again, until the list is as long as the statement
            given |= zip_longest(each, found := given[name], fillvalue=found[-1]) if each else ()
        return given

    def read(self, row: Any) -> dict[str, Any]:
        """The driver's row, by column name."""
        found = dict(zip(self.results, row, strict=True))
        for name, read in self.readers:
            if (value := found[name]) is not None:
                found[name] = read(value)
        return found


class Ready:
    """One statement, ready to run with named values."""

    def __init__(self, statement: Statement, columns: Iterable[str] = (), lists: Sequence[str] = ()) -> None:
        """`columns`: of an insert, which of its columns are given. `lists`: the names of its expanding values."""
        self._statement, self._columns, self._lists = statement, list(columns) or None, lists
        self._forms: dict[tuple[Any, ...], _Form] = {}

    def run(self, tx: Connection, values: Mapping[str, Any]) -> int:
        """How many rows were changed."""
        changed: int = self._execute(tx, self._form(tx, values), values).rowcount
        return changed

    def first(self, tx: Connection, values: Mapping[str, Any]) -> dict[str, Any] | None:
        """The first row, by column name."""
        form = self._form(tx, values)
        row = self._execute(tx, form, values).fetchone()
        return None if row is None else form.read(row)

    def raws(self, tx: Connection, values: Mapping[str, Any]) -> tuple[list[Any], Callable[[Any], dict[str, Any]]]:
        """The driver's rows, and what reads one."""
        form = self._form(tx, values)
        return self._execute(tx, form, values).fetchall(), form.read

    def all(self, tx: Connection, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Every row, by column name."""
        form = self._form(tx, values)
        return [form.read(row) for row in self._execute(tx, form, values).fetchall()]

    def _form(self, tx: Connection, values: Mapping[str, Any]) -> _Form:
        lengths = [_length(len(values[name])) for name in self._lists] if self._lists else ()
        key = (tx.dialect.name, *lengths)
        form = self._forms.get(key)
        if form is None:
            sizes = dict(zip(self._lists, lengths, strict=True))
            form = self._forms[key] = _Form(self._statement, self._columns, tx.dialect, sizes)
        return form

    @staticmethod
    def _execute(tx: Connection, form: _Form, values: Mapping[str, Any]) -> Any:
        """The driver's cursor (PEP 249)."""
        driver: Any = getattr(tx, _DRIVER, None) or tx.connection.driver_connection
        plain = form.plain(values)
        return driver.execute(form.sql, plain if form.in_order else dict(zip(form.names, plain, strict=True)))


def note_driver(tx: Connection, driver: Any) -> None:
    """For a Connection whose driver's is the same as long as it lives: finding it takes five calls, and a letter's
    statements are forty."""
    setattr(tx, _DRIVER, driver)


def _picker(names: Sequence[str]) -> Callable[[Mapping[str, Any]], Iterable[Any]]:
    """What takes the values of these names, in their order."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda given: [given[name] for name in names]


def _length(number: int) -> int:
    """Of the statement's list: a power of two, or 0, so that there are few statements."""
    return 1 << (number - 1).bit_length() if number else 0
