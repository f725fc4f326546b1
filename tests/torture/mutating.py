"""One mistake at a time in a forked process, under the tests that reach it.

Everything is imported and collected once. A mistake in a function is put into the imported function (its code is
replaced); one in a table or a default argument needs the module, and all that took something from it, read anew: that
process forgets the program and its tests and runs them from the start.
"""

import ast
import contextlib
import gc
import importlib.abc
import importlib.util
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, TextIO

import coverage
import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings

from tests.torture.mutants import Mutant

TESTS = "tests/domain"
# Hypothesis is imported before pytest could rewrite it.
_REWRITE = "ignore::pytest.PytestAssertRewriteWarning"
OPTIONS = ("-q", "-s", "--no-header", "-p", "no:cacheprovider", "-o", "timeout=0", "-W", _REWRITE)
SLOWER = 20  # times as much processor time as without the mistake, and LEAST; then it counts as never ending
LEAST = 5.0  # seconds
MEMORY = 4 << 30  # bytes of address space
NOT_MADE = 2  # the exit status of a process that could not even make its mistake


def with_tests(work: Callable[["Laboratory", TextIO], None]) -> None:
    """Does the work with all tests collected; what it writes is shown. RuntimeError if they fail as they are."""
    # No shrinking: which example fails is of no interest here.
    phases = [Phase.explicit, Phase.generate]
    settings.register_profile("mutate", derandomize=True, database=None, deadline=None, phases=phases)
    settings.load_profile("mutate")
    with _quiet() as out:
        plugin = _Plugin(work, out)
        pytest.main([TESTS, *OPTIONS], plugins=[plugin])
    if plugin.trouble is not None:
        raise plugin.trouble


class _Plugin:
    """Takes the place of pytest's own loop."""

    def __init__(self, work: Callable[["Laboratory", TextIO], None], out: TextIO) -> None:
        self._work, self._out = work, out
        self.trouble: Exception | None = RuntimeError("the tests cannot be collected")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.trouble = None
        try:
            self._work(Laboratory(session.items), self._out)
        except Exception as trouble:
            self.trouble = trouble
        return True


class Laboratory:
    """Knows which tests reach which line, and how long they take."""

    def __init__(self, tests: Sequence[pytest.Item]) -> None:
        self._tests = tests
        self._reach, self._seconds = _measured(tests)
        gc.collect()
        gc.freeze()  # children touch less of the shared memory
        for pid, what in ((self._fork(self._all, 600), "fail"), (self._fork(_anew, 600, None, "", TESTS), "fail anew")):
            if os.waitpid(pid, 0)[1]:
                raise RuntimeError(f"the tests {what} without any mistake")

    def begin(self, file: str, mutant: Mutant, tree: ast.Module) -> int:
        """The process in which the mistake is tried: its exit status is 0 if no test saw it."""
        lines = self._reach[file]
        tests = sorted({test for line in mutant.lines for test in lines.get(line, ())}, key=self._seconds.__getitem__)
        # What no test reaches may have been run when the module was read.
        inside = mutant.late and bool(tests)
        limit = LEAST + SLOWER * sum(self._seconds[test] for test in tests) if inside else 120
        return self._fork(self._try, limit, file, mutant, tree, tests)

    def _try(self, file: str, mutant: Mutant, tree: ast.Module, tests: Sequence[int]) -> bool:
        mutant.apply()
        code = compile(ast.fix_missing_locations(tree), str(Path("nemboks/domain") / file), "exec")
        name = f"nemboks.domain.{file.removesuffix('.py')}"
        if mutant.late and tests and _replaced(sys.modules[name], mutant.where, code):
            return self._pass(tests)
        return _anew(code, name, *self._nearest(file))

    def _all(self) -> bool:
        return self._pass(range(len(self._tests)))

    def _pass(self, tests: Sequence[int]) -> bool:
        return not any(_fails(self._tests[test]) for test in tests)

    def _nearest(self, file: str) -> list[str]:
        """The files of tests, those first that reach most of this file."""
        reached: dict[str, int] = defaultdict(int)
        for tests in self._reach[file].values():
            for test in tests:
                reached[str(self._tests[test].path)] += 1
        paths = dict.fromkeys(str(test.path) for test in self._tests)
        return sorted(paths, key=lambda path: -reached[path])

    def _fork(self, work: Callable[..., bool], seconds: float, *arguments: Any) -> int:
        if pid := os.fork():
            return pid
        status = NOT_MADE
        try:
            signal.alarm(int(10 * seconds))  # for what waits instead of working
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 1))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            status = 0 if work(*arguments) else 1
        finally:
            os._exit(status)


def _fails(test: pytest.Item) -> bool:
    reports = runtestprotocol(test, log=False, nextitem=None)
    return any(one.failed for one in reports)


def _measured(tests: Sequence[pytest.Item]) -> tuple[dict[str, dict[int, set[int]]], list[float]]:
    """For each file and line the tests (by number) that reach it, and the seconds of each test."""
    watch = coverage.Coverage(data_file=None, include=["nemboks/domain/*"], config_file=False)
    seconds = []
    watch.start()
    for number, test in enumerate(tests):
        watch.switch_context(str(number))
        began = time.process_time()
        if _fails(test):
            raise RuntimeError(f"{test.nodeid} fails without any mistake")
        seconds.append(time.process_time() - began)
    watch.stop()
    reach: dict[str, dict[int, set[int]]] = defaultdict(dict)
    for path in watch.get_data().measured_files():
        for line, contexts in watch.get_data().contexts_by_lineno(path).items():
            reach[Path(path).name][line] = {int(one) for one in contexts if one}
    return reach, seconds


def _replaced(module: ModuleType, where: str, code: CodeType) -> bool:
    """Whether the function's code could be replaced where it is."""
    wanted = where.split(".<locals>")[0]
    function = _functions(module).get(wanted)
    other = next((one for one in _codes(code) if one.co_qualname == wanted), None)
    if function is None or other is None or len(function.__code__.co_freevars) != len(other.co_freevars):
        return False
    function.__code__ = other
    return True


def _functions(module: ModuleType) -> dict[str, FunctionType]:
    """The module's functions and methods by their qualified names."""
    holders = [vars(module), *(vars(one) for one in vars(module).values() if isinstance(one, type))]
    found = {}
    for holder in holders:
        for one in holder.values():
            plain = getattr(one, "fget", None) or getattr(one, "__func__", None) or one
            if isinstance(plain, FunctionType) and plain.__module__ == module.__name__:
                found[plain.__qualname__] = plain
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one
            yield from _codes(one)


def _anew(code: CodeType | None, name: str, *paths: str) -> bool:
    """Whether the tests pass when the program and they are read from the start, one module with the mistake."""
    for known in [one for one in sys.modules if one.partition(".")[0] in ("nemboks", "tests")]:
        del sys.modules[known]
    if code is not None:
        sys.meta_path.insert(0, _Finder(name, code))
    # The nearest file alone is read quickly, and sees most of them.
    return all(pytest.main([*some, "-x", *OPTIONS]) == pytest.ExitCode.OK for some in (paths[:1], paths[1:]) if some)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module the code that we want it to have."""

    def __init__(self, name: str, code: CodeType) -> None:
        self._name, self._code = name, code

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        return importlib.util.spec_from_loader(name, self) if name == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)


@contextlib.contextmanager
def _quiet() -> Iterator[TextIO]:
    """Where standard output went. What pytest and the tests say goes nowhere, in the forked processes too."""
    sys.stdout.flush()
    kept = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        with open(os.dup(kept[0]), "w") as out:
            yield out
    finally:
        sys.stdout.flush()
        for number, one in enumerate(kept, 1):
            os.dup2(one, number)
            os.close(one)
        os.close(nowhere)
