"""The maker of small mistakes (`./x torture mutate`): which it makes, and the list of those that are no mistakes."""

import ast
import copy
import textwrap
from enum import StrEnum
from types import ModuleType

import pytest

from tests.torture.mutants import Mutant, mutants
from tests.torture.mutate import DOMAIN, equivalents, found, stale
from tests.torture.mutating import _replaced


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def made(source: str) -> list[str]:
    return [one.change for one in mutants(ast.parse(textwrap.dedent(source)), {"Colour": Colour})]


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        ("a < b", ["return a < b → return None", "a < b → a <= b", "a < b → a >= b"]),
        ("a is not b", ["return a is not b → return None", "a is not b → a is b"]),
        ("not a", ["return not a → return None", "not a → a"]),
        ("a and b", ["return a and b → return None", "a and b → a or b", "a and b: without a", "a and b: without b"]),
        ("a - 1", ["return a - 1 → return None", "a - 1 → a + 1", "a - 1 → a", "1 → 2", "1 → 0"]),
        ("True", ["True → False"]),
        ("''", ["'' → 'mutant'"]),
        ("'why'", ["'why' → ''"]),
        ("f'why {a}'", ["f'why {a}' → ''"]),
        ("Colour.BLUE", ["return Colour.BLUE → return None", "Colour.BLUE → Colour.RED"]),
        ("{a, b}", ["return {a, b} → return None", "without a", "without b"]),
        ("{1: a}", ["return {1: a} → return None", "without 1", "1 → 2", "1 → 0"]),
        ("max(a, key=b)", ["return max(a, key=b) → return None", "max(): without key=", "max → min"]),
        ("[a for a in b if a]", ["return [a for a in b if a] → return None", "[a for a in b if a]: every one"]),
        ("b if a else c", ["return b if a else c → return None", "a → not a"]),
        ("zip(a, b, strict=True)", ["return zip(a, b, strict=True) → return None"]),
    ],
)
def test_which_mistakes_are_made(line: str, changes: list[str]) -> None:
    """Each of them once, and no other."""
    assert made(f"def f(a, b, c):\n    return {line}") == changes


def test_statements_are_left_out() -> None:
    """What is not needed to go on; never an assert or a message."""
    source = """
    def f(a):
        '''Words.'''
        assert a, 'why'
        a += 1
        b = a
        b = c
        if b:
            raise ValueError('why')
        match a:
            case 1:
                g()
    """
    assert [one for one in made(source) if "leave" in one or "never" in one or "not" in one] == [
        "leave out a += 1", "leave out b = c", "b → not b", "leave out raise ValueError('why')", "never case 1",
        "leave out g()",
    ]  # fmt: skip


def test_tables_and_defaults_are_changed_and_fields_are_not() -> None:
    """Outside functions numbers and elements; of lists of texts only that there are some."""
    source = """
    '''Words.'''
    A = 5
    B = frozenset({Colour.RED})
    C = ('x', 'y')
    class D:
        e: int = 1
        def f(self, g=2): ...
        def __repr__(self): return 'x'
    """
    assert made(source) == [
        "5 → 6", "5 → 4", "without Colour.RED", "Colour.RED → Colour.BLUE", "without all of them", "2 → 3", "2 → 1",
    ]  # fmt: skip


def test_changes_that_read_alike_have_numbers() -> None:
    """So that the list of equal ones names one of them."""
    assert [one for one in made("def f(a):\n    g(1)\n    g(1)") if "2" in one and "0" not in one] == [
        "1 → 2", "leave out g(1) #2", "1 → 2 #2"
    ]  # fmt: skip


def test_a_mistake_is_put_into_the_imported_function() -> None:
    """Its behaviour changes where it was imported to, methods and properties too."""
    source = "class A:\n    @property\n    def b(self):\n        return 1 < 1\ndef f(a):\n    return a < 1\n"
    tree = ast.parse(source)
    seen = {}
    for number in range(len(mutants(tree, {}))):
        module, other = ModuleType("made_up"), copy.deepcopy(tree)
        exec(compile(tree, "x", "exec"), module.__dict__)
        function = module.f
        one: Mutant = mutants(other, {})[number]
        one.apply()
        assert _replaced(module, one.where, compile(ast.fix_missing_locations(other), "x", "exec"))
        seen[one.where, one.change] = (module.A().b, function(1))
    assert seen["A.b", "1 < 1 → 1 <= 1"] == (True, False)
    assert seen["f", "a < 1 → a <= 1"] == (False, True)
    assert seen["f", "return a < 1 → return None"] == (False, None)


def test_every_entry_of_the_list_is_a_mistake_that_is_made_and_has_a_reason() -> None:
    """Or the list would hide what is not there; and the same source gives the same mistakes."""
    known = equivalents()
    files = sorted({file for file, _, _ in known})
    mistakes = [one for one, _ in found(files)]
    assert stale(mistakes, known) == []
    assert all(len(why) > 20 for why in known.values())
    assert [one.name for one in mistakes] == [one.name for one, _ in found(files)]
    assert len({one.name for one in mistakes}) == len(mistakes)
    assert all((DOMAIN / file).exists() for file in files)
