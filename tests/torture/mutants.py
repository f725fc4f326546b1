"""Small mistakes for a module's source: each is one change to its syntax tree, listed in one order for one source.

Made are mistakes in decisions: comparisons and their borders, and/or and each of their operands, negations, arithmetic,
numbers, truth values, empty and non-empty texts, members of enumerations, elements of tables and sets, keyword and
default arguments, returned values, statements left out, cases never taken. A list of texts only becomes empty.
Not made: defaults of fields, values of enumerations, wordings (a text only becomes empty, or an empty one not), regular
expressions, messages of exceptions, asserts, annotations, `zip`'s strict, `__repr__`.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from enum import EnumMeta
from types import GenericAlias, UnionType
from typing import Any

_COMPARED: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
_COUNTED: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.LShift: ast.Mult,
}  # fmt: skip
_TWINS = {"min": "max", "max": "min", "any": "all", "all": "any", "startswith": "endswith", "endswith": "startswith"}
_ASKED = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.NamedExpr)  # a condition that no other change negates


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake. `apply` puts it into the tree that it was found in."""

    where: str  # the function's qualified name; "" for the module's own statements
    change: str
    lines: frozenset[int]  # a test that takes none of these cannot see it
    late: bool  # in a function's body: the function can be changed while it is imported
    apply: Callable[[], None]

    @property
    def line(self) -> int:
        return min(self.lines)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the module the walk is."""

    names: Mapping[str, Any]  # the imported module's: which of them are enumerations
    function: tuple[str, ...] = ()
    late: bool = False
    lines: frozenset[int] = frozenset()
    seen: set[str] = field(default_factory=set)  # names that have a value already: giving another can be left out


def mutants(tree: ast.Module, names: Mapping[str, Any]) -> list[Mutant]:
    """Every mistake that is made in the module, in the order of its text; those that read alike get a number."""
    found, alike = list[Mutant](), dict[tuple[str, str], int]()
    for one in _body(tree.body, _Place(names)):
        number = alike[one.where, one.change] = alike.get((one.where, one.change), 0) + 1
        found.append(one if number == 1 else replace(one, change=f"{one.change} #{number}"))
    return found


def _body(body: list[ast.stmt], place: _Place) -> Iterator[Mutant]:
    for index, stmt in enumerate(body):
        if isinstance(stmt, ast.FunctionDef):
            yield from _function(stmt, place)
        elif isinstance(stmt, ast.ClassDef):
            inner = [one for one in stmt.body if isinstance(one, ast.FunctionDef)]
            yield from _body(inner, replace(place, function=(*place.function, stmt.name)))  # type: ignore[arg-type]
        elif place.late:
            yield from _statement(body, index, stmt, place)
        elif isinstance(stmt, ast.Assign | ast.AnnAssign) and not _is_name(stmt, place):
            yield from _inside(stmt, replace(place, lines=_lines(stmt)))


def _is_name(stmt: ast.Assign | ast.AnnAssign, place: _Place) -> bool:
    """Whether it gives a type, or several values, another name, or lists what the module exports."""
    target = stmt.targets[0] if isinstance(stmt, ast.Assign) else stmt.target
    if not isinstance(target, ast.Name) or target.id.startswith("__"):
        return True
    return isinstance(place.names.get(target.id), type | UnionType | GenericAlias)


def _function(node: ast.FunctionDef, place: _Place) -> Iterator[Mutant]:
    if node.name == "__repr__":
        return
    nested = (*place.function, "<locals>") if place.late else place.function
    there = replace(place, function=(*nested, node.name), lines=frozenset({node.lineno}))
    for default in (*node.args.defaults, *node.args.kw_defaults):
        if default is not None:
            holder = node.args.defaults if default in node.args.defaults else node.args.kw_defaults
            yield from _node(holder, holder.index(default), default, there)  # type: ignore[arg-type]
    seen = {one.arg for one in (*node.args.args, *node.args.kwonlyargs)}
    yield from _body(node.body, replace(there, late=True, seen=seen))


def _statement(body: list[ast.stmt], index: int, stmt: ast.stmt, place: _Place) -> Iterator[Mutant]:
    if isinstance(stmt, ast.Assert) or (isinstance(stmt, ast.Expr) and isinstance(stmt.value, ast.Constant)):
        return
    blocks = [value for _, value in ast.iter_fields(stmt) if isinstance(value, list) and value]
    inner = [one for block in blocks for one in block if isinstance(one, ast.stmt | ast.match_case | ast.ExceptHandler)]
    end = min((getattr(one, "pattern", one).lineno for one in inner), default=0)
    here = replace(place, lines=frozenset(range(stmt.lineno, max(end, stmt.lineno + 1))) if inner else _lines(stmt))
    if _can_go(stmt, place.seen):
        yield _mutant(here, f"leave out {ast.unparse(stmt)}", lambda: body.__setitem__(index, ast.Pass()))
    if not isinstance(stmt, ast.Raise):
        yield from _inside(stmt, here)
    place.seen.update(one.id for one in ast.walk(stmt) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store))


def _can_go(stmt: ast.stmt, seen: set[str]) -> bool:
    if isinstance(stmt, ast.Assign):
        target = stmt.targets[0]
        return target.id in seen if isinstance(target, ast.Name) else not isinstance(target, ast.Tuple)
    return isinstance(stmt, ast.Expr | ast.AugAssign | ast.Raise | ast.Continue | ast.Break | ast.Delete)


def _inside(parent: ast.AST, place: _Place) -> Iterator[Mutant]:
    """The mistakes in all that a node consists of."""
    for name, value in ast.iter_fields(parent):
        if name in ("annotation", "format_spec", "cls"):
            continue
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield from _body(value, place)
        elif isinstance(value, list):
            for index, one in enumerate(value):
                if isinstance(one, ast.AST):
                    yield from _node(value, index, one, place)
        elif isinstance(value, ast.AST):
            yield from _node(parent, name, value, place)


def _node(holder: Any, key: Any, node: ast.AST, place: _Place) -> Iterator[Mutant]:
    if isinstance(node, ast.match_case):
        place = replace(place, lines=_lines(node.pattern) | _lines(node.body[0]))
        never = ast.Constant(False)
        yield _mutant(place, f"never case {ast.unparse(node.pattern)}", lambda: setattr(node, "guard", never))
    elif isinstance(node, ast.expr):
        place = replace(place, lines=place.lines | _lines(node)) if place.late else place
        for change, other in _instead(holder, key, node, place):
            put = _putter(holder, key, other)
            yield _mutant(place, change or f"{ast.unparse(node)} → {ast.unparse(other)}", put)
    if isinstance(node, ast.JoinedStr):
        parts = [one for one in node.values if isinstance(one, ast.FormattedValue)]
        for part in parts:
            if not isinstance(part.value, ast.IfExp):  # that is a choice of words
                yield from _node(part, "value", part.value, place)
        return
    if isinstance(node, ast.keyword) and node.arg == "strict":
        return
    yield from _inside(node, place)


def _putter(holder: Any, key: Any, other: ast.AST) -> Callable[[], None]:
    return lambda: holder.__setitem__(key, other) if isinstance(holder, list) else setattr(holder, key, other)


def _mutant(place: _Place, change: str, apply: Callable[[], None]) -> Mutant:
    return Mutant(".".join(place.function), " ".join(change.split()), place.lines, place.late, apply)


def _lines(node: Any) -> frozenset[int]:
    return frozenset(range(node.lineno, node.end_lineno + 1))


_Other = tuple[str, ast.expr]  # how the change is called ("" for "this → that"), and what stands there then


def _instead(holder: Any, key: Any, node: ast.expr, place: _Place) -> Iterator[_Other]:
    """What may stand in the place of an expression."""
    if key == "value" and isinstance(holder, ast.Return) and not isinstance(node, ast.Constant | ast.JoinedStr):
        yield f"return {ast.unparse(node)} → return None", ast.Constant(None)
    condition = key == "test" and isinstance(holder, ast.If | ast.IfExp | ast.While)
    if condition and isinstance(node, _ASKED):
        yield "", ast.UnaryOp(ast.Not(), node)
    match node:
        case ast.Compare(ops=ops):
            for index, op in enumerate(ops):
                for other in _COMPARED[type(op)]:
                    yield "", _with(node, ops=[*ops[:index], other(), *ops[index + 1 :]])
        case ast.BoolOp(op, values):
            yield "", _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
            for index, value in enumerate(values):
                rest = [*values[:index], *values[index + 1 :]]
                told = f"{ast.unparse(node)}: without {ast.unparse(value)}"
                yield told, _with(node, values=rest) if len(rest) > 1 else rest[0]
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield "", operand
        case ast.BinOp(left, ast.BitOr(), right):
            yield from (("", left), ("", right))
        case ast.BinOp(left, op, _):
            yield "", _with(node, op=_COUNTED[type(op)]())
            if isinstance(op, ast.Sub):
                yield "", left  # of sets nothing can be added
        case ast.Constant(value):
            yield from ((f"{value!r} → {other!r}", ast.Constant(other)) for other in _values(value, place.late))
        case ast.JoinedStr():
            yield f"{ast.unparse(node)} → ''", ast.Constant("")
        case ast.Tuple() | ast.List() | ast.Set() | ast.Dict() | ast.Attribute() | ast.Call() | ast.Name():
            yield from _parts(holder, node, place)
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            for index, one in enumerate(node.generators):
                if one.ifs:
                    yield f"{ast.unparse(node)}: every one", _unfiltered(node, index)


def _values(value: object, late: bool) -> list[Any]:
    match value:
        case bool():
            return [not value]
        case int() | float():
            return [value + 1, value - 1]
        case str() | bytes() if late:
            return [type(value)() if value else "mutant"]
    return []


def _parts(holder: Any, node: ast.expr, place: _Place) -> Iterator[_Other]:
    names = place.names
    if not place.late and _is_list_of_texts(node):
        yield "without all of them", _emptied(node)
        return
    match node:
        case ast.Tuple(elts, ast.Load()) | ast.List(elts, ast.Load()) | ast.Set(elts):
            if isinstance(holder, ast.Subscript):
                return
            for index, one in enumerate(elts):
                rest = [*elts[:index], *elts[index + 1 :]]
                yield f"without {ast.unparse(one)}", _with(node, elts=rest) if rest else _emptied(node)
        case ast.Dict(keys, values):
            for index, name in enumerate(keys):
                told = f"without {ast.unparse(name) if name else '**' + ast.unparse(values[index])}"
                yield told, _with(node, keys=keys[:index] + keys[index + 1 :],
                                  values=values[:index] + values[index + 1 :])  # fmt: skip
        case ast.Attribute(ast.Name(base), attribute, ast.Load()) if isinstance(names.get(base), EnumMeta):
            members = list(names[base].__members__)
            if attribute in members:
                yield "", _with(node, attr=members[(members.index(attribute) + 1) % len(members)])
        case ast.Attribute(attr=attribute) if isinstance(holder, ast.Call) and attribute in _TWINS:
            yield "", _with(node, attr=_TWINS[attribute])
        case ast.Name(name) if isinstance(holder, ast.Call) and holder.func is node and name in _TWINS:
            yield "", _with(node, id=_TWINS[name])
        case ast.Call(keywords=keywords):
            for index, word in enumerate(keywords):
                if word.arg and word.arg != "strict":
                    told = f"{ast.unparse(node.func)}(): without {word.arg}="  # type: ignore[attr-defined]
                    yield told, _with(node, keywords=keywords[:index] + keywords[index + 1 :])


def _with(node: ast.expr, **changes: Any) -> Any:
    fields = dict(ast.iter_fields(node)) | changes
    return ast.copy_location(type(node)(**fields), node)


def _is_list_of_texts(node: ast.expr) -> bool:
    """Such as the domains where everybody has an address: which they are is no decision, that there are some is."""
    inside = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)]
    return bool(inside) and all(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in inside)


def _emptied(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Set):
        return ast.Call(ast.Name("set", ast.Load()), [], [])
    return _with(node, keys=[], values=[]) if isinstance(node, ast.Dict) else _with(node, elts=[])


def _unfiltered(node: Any, index: int) -> ast.expr:
    other = deepcopy(node)
    other.generators[index].ifs = []
    return other
