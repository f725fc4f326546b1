"""No sequence of desk acts, polls and sends puts a letter anywhere but where its route said at its dot."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from nemboks.desk import changes, estate_effect, route_wishes
from nemboks.domain import routing
from nemboks.domain.letter import Claimed, DotBegun, Letter
from nemboks.store import moves
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from nemboks.store.writer import Tx
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.model.desk_acts import NAMES, Acts
from tests.model.desk_oracle import breaches
from tests.model.desk_town import Town

Cut = tuple[int, bool] | None  # the call at which the process dies, right before it or right after
ACT = st.tuples(st.sampled_from(NAMES), st.integers(0, 35))
CUT = st.none() | st.tuples(st.integers(1, 30), st.booleans())
HOURS = st.sampled_from((0.01, 1, 5, 24, 73, 200))


async def _opened(folder: Path) -> Town:
    clock = PretendClock()
    store = Store.open(folder / "nemboks.db", vault(folder), clock, threaded=False)
    # No machine dies here, only processes: what was written need not be on the disk.
    store._line._tx.exec_driver_sql("PRAGMA synchronous = OFF")  # type: ignore[attr-defined]
    return Town(store, clock, Spool(folder / "documents", vault(folder), threaded=False))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Anna's company with its people, to be copied."""
    folder = tmp_path_factory.mktemp("desk")

    async def fill() -> None:
        town = await _opened(folder)
        await town.store.mailboxes.add(make.declared(), "settings")
        await town.sits()
        await town.store.close()

    asyncio.run(fill())
    return folder


class Life(RuleBasedStateMachine):
    """What can happen; the oracle looks after every step."""

    fresh: Path
    numbers: Iterator[int]

    def __init__(self) -> None:
        super().__init__()
        self.folder = self.fresh.parent / f"life{next(self.numbers)}"
        shutil.copytree(self.fresh, self.folder)
        self.runner = asyncio.Runner()
        self.town = self.runner.run(_opened(self.folder))
        self.acts = Acts(self.town)

    def teardown(self) -> None:
        self.runner.run(self.town.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    @rule(
        kinds=st.lists(st.integers(0, 3), max_size=2), acts=st.lists(ACT, max_size=3), hours=HOURS,
        swept=st.booleans(), cut=CUT,
    )  # fmt: skip
    def goes_by(self, kinds: list[int], acts: list[tuple[str, int]], hours: float, swept: bool, cut: Cut) -> None:
        """Letters come, people act, time passes, the daemon works: killed somewhere, or not."""

        async def live() -> None:
            for kind in kinds:
                await self.town.arrives(kind)
            await self.town.polls()
            for name, number in acts:
                await self.acts.does(name, number)
            await self.town.passes(hours * 3600, swept)
            if cut:
                await self.town.works(*cut)
            await self.town.works()

        self.runner.run(live())

    @rule(kind=st.integers(0, 3), act=ACT, after=st.booleans(), cut=CUT)
    def meanwhile(self, kind: int, act: tuple[str, int], after: bool, cut: Cut) -> None:
        """Somebody acts right before the next dot, or between its reply and the commit of it."""

        async def live() -> None:
            moment = self.town.watched.after if after else self.town.watched.before
            moment.append(lambda: self.acts.does(*act))
            await self.town.arrives(kind)
            await self.town.polls()
            for _ in range(2):
                await self.town.works(*(cut or ()))

        self.runner.run(live())

    @rule(number=st.integers(0, 6))
    def fault(self, number: int) -> None:
        self.runner.run(self.town.faults(number))

    @invariant()
    def all_is_well(self) -> None:
        wrong = list(breaches(self.town))
        assert not wrong, "\n".join(wrong)


@pytest.mark.slow
def test_no_letter_goes_astray(fresh: Path) -> None:
    """Not by any sequence of acts, polls, sends cut anywhere, late sweeps and faults of the mail server."""
    Life.fresh, Life.numbers = fresh, count()
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=12,  # ./x torture simulate plays the same acts by the thousand
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


# --- the oracle sees what it is there for: the same town with one rule of the program taken away ---


def nobody_asks_at_the_dot(patch: pytest.MonkeyPatch) -> None:
    """Route, pause and estate are looked at when a letter is claimed, and not again before its dot."""
    real = moves._may_send

    def careless(tx: Tx, letter: Letter, event: Claimed | DotBegun, at: datetime) -> None:
        if isinstance(event, Claimed):
            real(tx, letter, event, at)

    patch.setattr(moves, "_may_send", careless)


def every_letter_is_a_later_one(patch: pytest.MonkeyPatch) -> None:
    """An estate's boundary is not asked about."""
    for place in (routing, estate_effect):
        patch.setattr(place, "came", lambda *_: routing.Which.AFTER)


def nobody_has_to_agree(patch: pytest.MonkeyPatch) -> None:
    """An address outside is put into the route at once."""
    patch.setattr(route_wishes, "to_agree", lambda *_: ())


def an_address_changes_at_once(patch: pytest.MonkeyPatch) -> None:
    """The code of the new address alone is enough."""
    patch.setattr(changes, "due", lambda *_: True)


async def a_rule_comes_meanwhile(town: Town, acts: Acts) -> None:
    town.watched.before.append(lambda: acts.does("rule", 3))


async def the_holiday_ends_meanwhile(town: Town, acts: Acts) -> None:
    await acts.away(0)  # for an hour, from now on
    await town.passes(3_590)
    town.watched.before.append(lambda: town.passes(10, swept=False))


async def a_pause_comes_meanwhile(town: Town, acts: Acts) -> None:
    town.watched.before.append(lambda: acts.does("stop", 1))


async def a_decree_comes_meanwhile(town: Town, acts: Acts) -> None:
    town.watched.before.append(lambda: acts.does("decree", 0))


async def a_decree_takes_effect(town: Town, acts: Acts) -> None:
    await town.polls()
    await acts.does("approved", 1)
    await town.passes(90_000)


async def a_rule_leads_outside(town: Town, acts: Acts) -> None:
    await acts.does("rule", 7)


async def the_address_moves(town: Town, acts: Acts) -> None:
    await acts.does("move", 0)
    await acts.does("moved", 0)


MISTAKES = [
    (nobody_asks_at_the_dot, a_rule_comes_meanwhile, "version 2 says l***@bageri.example"),
    (nobody_asks_at_the_dot, the_holiday_ends_meanwhile, "version 2 says a***@bageri.example"),
    (nobody_asks_at_the_dot, a_pause_comes_meanwhile, "the mailbox is paused"),
    (nobody_asks_at_the_dot, a_decree_comes_meanwhile, "a case is registered and not decided"),
    (every_letter_is_a_later_one, a_decree_takes_effect, "it came before the estate took effect"),
    (nobody_has_to_agree, a_rule_leads_outside, "it has never agreed"),
    (an_address_changes_at_once, the_address_moves, "the change is not in force"),
]


@pytest.mark.parametrize("planted", [True, False], ids=["planted", "as it is"])
@pytest.mark.parametrize(("mistake", "story", "words"), MISTAKES, ids=lambda x: getattr(x, "__name__", ""))
def test_a_planted_mistake_is_seen(
    mistake: Callable[[pytest.MonkeyPatch], None], story: Callable[[Town, Acts], Awaitable[None]], words: str,
    planted: bool, fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """With the mistake the story ends in these words; without it all is well."""
    shutil.copytree(fresh, tmp_path, dirs_exist_ok=True)
    if planted:
        mistake(monkeypatch)

    async def live() -> list[str]:
        town = await _opened(tmp_path)
        await town.arrives(0)
        await story(town, Acts(town))
        await town.polls()
        for _ in range(3):
            await town.works()
        found = list(breaches(town))
        await town.store.close()
        return found

    found = asyncio.run(live())
    assert [words in one for one in found] == ([True] if planted else []), found
