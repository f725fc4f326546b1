"""Values that lie in the ledger as JSON text, unfolded inside a statement: one question, in both databases' words.

Promises: a missing value and a JSON null are NULL; a NUL in a stranger's words spoils no query on PostgreSQL, whose
json type refuses the escape of one; what is no list has no items to count.
"""

from typing import Any

from sqlalchemy import ColumnElement, Integer, String, TableValuedAlias, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


def text_at(value: ColumnElement[Any], path: str) -> ColumnElement[str]:
    """The text at a path such as "authority.name", whose names are the program's own."""
    return _At(value, literal_column(f"'{path}'"))


def number_at(value: ColumnElement[Any], path: str) -> ColumnElement[int]:
    """The whole number there."""
    return text_at(value, path).cast(Integer)


def length(value: ColumnElement[Any], path: str = "") -> ColumnElement[int]:
    """How many items the list there has."""
    return _Length(value, literal_column(f"'{path}'"))


def items(value: ColumnElement[Any], name: str) -> TableValuedAlias:
    """The list's items, as a table with the column `value`."""
    return _Items(value).table_valued("value", name=name)


def place_of(words: ColumnElement[Any], text: ColumnElement[Any]) -> ColumnElement[int]:
    """Where the words stand in the text, letter for letter, from 1; 0 if they do not."""
    return _Place(text, words)


class _At(FunctionElement[str]):
    type = String()
    inherit_cache = True


class _Length(FunctionElement[int]):
    type = Integer()
    inherit_cache = True


class _Items(FunctionElement[Any]):
    inherit_cache = True


class _Place(FunctionElement[int]):
    type = Integer()
    inherit_cache = True


def _parts(element: FunctionElement[Any], compiler: SQLCompiler, kw: Any) -> tuple[str, str]:
    """The value's SQL, and the path as it was given."""
    value, *path = element.clauses.clauses
    return compiler.process(value, **kw), compiler.process(path[0], **kw).strip("'") if path else ""


def _dollar(path: str) -> str:
    return f"'$.{path}'" if path else "'$'"


def _json(value: str, path: str) -> str:
    """PostgreSQL's json of a text column or of an item; `#>` with no names is the whole."""
    clean = f"replace(CAST({value} AS TEXT), '\\u0000', '\\ufffd')"
    return f"CAST({clean} AS JSON) #> '{{{path.replace('.', ',')}}}'"


@compiles(_At, "sqlite")
def _(element: _At, compiler: SQLCompiler, **kw: Any) -> str:
    value, path = _parts(element, compiler, kw)
    return f"json_extract({value}, {_dollar(path)})"


@compiles(_At, "postgresql")
def _(element: _At, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(({_json(*_parts(element, compiler, kw))}) #>> '{{}}')"


@compiles(_Length, "sqlite")
def _(element: _Length, compiler: SQLCompiler, **kw: Any) -> str:
    value, path = _parts(element, compiler, kw)
    return f"json_array_length({value}, {_dollar(path)})"


@compiles(_Length, "postgresql")
def _(element: _Length, compiler: SQLCompiler, **kw: Any) -> str:
    json = _json(*_parts(element, compiler, kw))
    return f"(CASE WHEN json_typeof({json}) = 'array' THEN json_array_length({json}) ELSE 0 END)"


@compiles(_Items, "sqlite")
def _(element: _Items, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({_parts(element, compiler, kw)[0]})"


@compiles(_Items, "postgresql")
def _(element: _Items, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_array_elements({_json(*_parts(element, compiler, kw))})"


@compiles(_Place, "sqlite")
def _(element: _Place, compiler: SQLCompiler, **kw: Any) -> str:
    return f"instr({compiler.process(element.clauses, **kw)})"


@compiles(_Place, "postgresql")
def _(element: _Place, compiler: SQLCompiler, **kw: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **kw)})"
