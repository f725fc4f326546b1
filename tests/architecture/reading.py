"""The program's source as data, for the tests that read it instead of running it."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One file of the program; `name` is its path below the project's root."""

    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)

    def __str__(self) -> str:
        return self.name


def program() -> list[Source]:
    """Every Python file of the package."""
    return [
        Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "nemboks").rglob("*.py"))
    ]


def functions(source: Source) -> Iterator[Function]:
    """Every function and method, nested ones too."""
    return (node for node in ast.walk(source.tree) if isinstance(node, Function))


def dotted(node: ast.expr) -> str:
    """`a.b.c` as it is written; "" for anything that is not a plain chain of names."""
    if isinstance(node, ast.Attribute) and (head := dotted(node.value)):
        return f"{head}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def calls(source: Source) -> Iterator[tuple[int, str]]:
    """Line and written name of every call."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and (name := dotted(node.func)):
            yield node.lineno, name


def event_names(source: Source) -> Iterator[tuple[int, str]]:
    """Line and name of every event that the file logs, also where a variable or a table carries the name."""
    tree = source.tree
    assigned: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                assigned.setdefault(dotted(target), []).append(node.value)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            assigned.setdefault(dotted(node.target), []).append(node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_log_call(node) and node.args:
            carriers = [dotted(x) for x in ast.walk(node.args[0]) if isinstance(x, ast.Name)]
            behind = [value for name in carriers for value in assigned.get(name, [])]
            yield from ((node.lineno, name) for name in _words([node.args[0], *behind]))


def _is_log_call(node: ast.Call) -> bool:
    func = node.func
    if not (isinstance(func, ast.Attribute) and func.attr in LOG_METHODS):
        return False
    return isinstance(func.value, ast.Call) and dotted(func.value.func) in ("log", "logs.log")


def _words(expressions: Iterable[ast.expr]) -> Iterator[str]:
    for expression in expressions:
        for node in ast.walk(expression):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "_" in node.value:
                yield node.value
