"""Every function of the desk × every role × own and foreign firm × before and after: what each is answered.

What is expected stands in `access_table.py`, how each is called in `access_calls.py`. A desk function without a line in
both fails here, and so does one that does not take who asks (and is not exempt, with a reason).
"""

import asyncio
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

import nemboks.desk
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.desk.preview import GONE
from nemboks.desk.words import plain
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.desk.access_calls import CALLS, LISTS
from tests.desk.access_table import EXEMPT, TABLE
from tests.desk.access_world import HOUR, OF_THE_FIRM, SINCE, WHO, Target, Town, asking, town
from tests.helpers import builders as make
from tests.helpers.clock import START, PretendClock

ROWS: Final[Mapping[str, list[str]]] = {
    line[:36].strip(): line[36:].split() for line in TABLE.splitlines() if line.strip() and "." in line[:36]
}
STRANGER: Final = "egon"


@dataclass
class Answers:
    """What everybody was answered, by function."""

    usual: dict[str, str] = field(default_factory=dict)
    frozen: dict[str, str] = field(default_factory=dict)
    effect: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    stranger: dict[str, str] = field(default_factory=dict)
    strange: dict[str, str] = field(default_factory=dict)  # the stranger, of the foreign firm


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Asked once for all tests: acts are undone, so that no answer changes the next."""
    return asyncio.run(_asked(tmp_path_factory.mktemp("town")))


async def _asked(folder) -> Answers:
    clock, found = PretendClock(), Answers()
    store = Store.open(folder / "nemboks.db", vault(folder), clock, threaded=False)
    for cvr in (make.ANNA, make.BO):
        await store.mailboxes.add(make.declared(cvr), "settings")
    place = await town(store, clock)
    clock.advance(1_800)
    found.before = await _all(place, WHO, place.own)
    clock.advance(3_600)
    found.usual = await _all(place, WHO, place.own)
    found.foreign = await _all(place, WHO, place.foreign)
    found.stranger = await _all(place, (STRANGER,), place.own)
    found.strange = await _all(place, (STRANGER,), place.foreign)
    await place.estate(START, None)
    found.frozen = await _all(place, WHO, place.own)
    await place.estate(START, SINCE)
    found.effect = await _all(place, WHO, place.own)
    await place.estate(None, None)
    clock.advance(2 * HOUR.total_seconds())
    found.after = await _all(place, WHO, place.own)
    await store.close()
    return found


async def _all(place: Town, people: tuple[str, ...], target: Target) -> dict[str, str]:
    return {name: "".join([await _answer(place, name, who, target) for who in people]) for name in CALLS}


async def _answer(place: Town, name: str, who: str, target: Target) -> str:
    try:
        answer = await CALLS[name](place, asking(who), target)
    except NotAllowed:
        return "N"
    except NotFound as error:  # that contents are gone is told only to who may see them
        return "Y" if error.words == GONE else "-"
    except RefusedByRule:
        return "Y"
    if name in LISTS:
        return "Y" if LISTS[name](target) in str(plain(answer)) else "."
    return "Y"


@pytest.mark.parametrize("name", ROWS)
def test_everybody_is_answered_as_it_is_written(answers, name) -> None:
    """The roles, on their own firm, in ordinary times and beside an estate; and on a foreign firm."""
    said = [group[name] for group in (answers.usual, answers.frozen, answers.effect, answers.foreign)]

    assert ROWS[name][:4] == said


@pytest.mark.parametrize("name", ROWS)
def test_a_right_counts_between_its_dates_only(answers, name) -> None:
    """A moment before and after its dates a grant gives what no grant gives, also to support and drift."""
    former, stranger = ROWS[name][4]
    people = {who: former if who in OF_THE_FIRM else stranger for who in WHO[1:]}

    assert [people[who] for who in WHO[1:]] == list(answers.before[name][1:]) == list(answers.after[name][1:])
    assert stranger == answers.stranger[name] == answers.strange[name]


def test_every_desk_function_stands_in_the_table() -> None:
    """A new one needs a row in access_table.py and a call in access_calls.py, or a reason in EXEMPT."""
    desk = {name for name, _ in _functions()} - set(EXEMPT)

    assert desk == {name.split()[0] for name in ROWS} == {name.split()[0] for name in CALLS}
    assert list(ROWS) == list(CALLS), "the same rows in the same order"
    assert set(LISTS) <= set(CALLS)


def test_every_desk_function_takes_who_asks() -> None:
    """Right behind the store, so that none can be called without; exempt ones have a reason."""
    found = dict(_functions())
    blind = [
        name for name, function in found.items() if list(inspect.signature(function).parameters)[1:2] != ["asking"]
    ]

    assert set(EXEMPT) <= set(found)
    assert set(blind) <= set(EXEMPT)


def _functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Everything public of the desk that is awaited or walked through, or is given the store."""
    for module in pkgutil.iter_modules(nemboks.desk.__path__):
        loaded = importlib.import_module(f"nemboks.desk.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if name.startswith("_") or function.__module__ != loaded.__name__:
                continue
            waits = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
            if waits or list(inspect.signature(function).parameters)[:1] == ["store"]:
                yield f"{module.name}.{name}", function
