"""One schedule's world besides our processes: time, chance, faults, cells, and the trace that tells the run."""

import hashlib
from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from nemboks.store.errors import StoreBusy, StoreFull
from tests.simulation.clock import START, SimClock
from tests.simulation.floor1.plan import MACHINE, Plan
from tests.simulation.loop import VirtualLoop


class WorldClock(SimClock):
    """A clock that outlives the processes: each life has a loop of its own, which goes on where the last one ended."""

    def on(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def true(self) -> datetime:
        """The time as nobody's clock shows it."""
        return START + timedelta(seconds=round(self._loop.time(), 6))


class Sim:
    """What all parts of a schedule share."""

    def __init__(self, plan: Plan, loop: VirtualLoop, only: Collection[str] | None) -> None:
        self.plan, self.only = plan, None if only is None else frozenset(only)
        self.clock = WorldClock(loop, plan.seed)
        self.chance, self.time = Random(f"chance {plan.seed}"), Random(f"time {plan.seed}")
        self._families: dict[str, Random] = {}
        self._numbers: Counter[str] = Counter()
        self.cells: Counter[str] = Counter()
        self.faults: list[str] = []
        self.healed = False
        self.deaf = False  # the end is looked at: nothing is noted any more
        self._hash = hashlib.sha256()
        self.trace: list[str] = []
        self.upstream: Any = None
        self.mail: Any = None
        self.oracle: Any = None
        self.folder = Path()
        self.life: Any = None
        self.script: Any = None
        self.acts = any(x.name not in MACHINE for x in plan.happenings)
        self.lives = 0  # how many began
        self.copies = 0
        self.returns: list[Any] = []  # mails in the box for returned mail
        self.trips: list[str] = []  # of the delete fuse
        self.complaints: list[str] = []
        self.bad_steps = 0
        self.chores_wanted = False
        self.clock_was_stepped = False
        self._skew_seen = 0.0
        self._trouble, self.trouble_until = "", 0.0
        self.deaths = list(plan.deaths)
        self._met: Counter[str] = Counter()

    def now(self) -> float:
        return self.clock.monotonic()

    # --- the trace ---

    def tell(self, *words: object) -> None:
        line = f"{self.now():.6f} " + " ".join(map(str, words))
        self._hash.update(line.encode())
        self.trace.append(line)

    @property
    def trace_hash(self) -> str:
        return self._hash.hexdigest()

    # --- faults ---

    def fires(self, fault: str, step: str) -> bool:
        """Whether this call meets the fault; its rate says how often."""
        rate = self.plan.rates.get(fault, 0.0)
        if not rate or self.healed:
            return False
        family = self._families.get(fault)
        if family is None:
            family = self._families[fault] = Random(f"{fault} {self.plan.seed}")
        return family.random() < rate and self.inject(fault, step)

    def inject(self, fault: str, step: str) -> bool:
        """Notes that the fault happens at the step; False if this run leaves it out."""
        self._numbers[fault] += 1
        name = f"{fault}@{self._numbers[fault]}"
        if self.only is not None and name not in self.only:
            return False
        self.faults.append(name)
        self.cell(fault, step)
        self.tell("fault", name, step)
        return True

    def cell(self, fault: str, step: str) -> None:
        self.cells[f"{fault} × {step}"] += 1

    # --- deaths ---

    def waits_for_deaths(self) -> bool:
        return any(x.step for x in self.deaths)

    def met(self, life: Any, step: str) -> None:
        """A step is met; if a death waits for it, it comes now."""
        if self.now() < 0 or not self.deaths:
            return
        self._met[step] += 1
        for death in self.deaths:
            if death.step == step and self._met[step] >= death.nth:
                self.deaths.remove(death)
                self._met.clear()
                self.die(life, death)
                return

    def die(self, life: Any, death: Any) -> None:
        if life.doomed or not self.inject(death.kind, death.step or "anywhere"):
            return
        life.down = death.down
        if death.kind == "kill":
            life.doomed = True
        else:
            life.told_to_stop, life.told_at = True, self.now()
            for step in life.standing():
                self.cell(death.kind, step)
            life.stop()

    # --- the store's troubles ---

    def trouble(self, name: str, seconds: float) -> None:
        if not self.healed:
            self._trouble, self.trouble_until = name, self.now() + seconds

    def store_trouble(self) -> str:
        return self._trouble if self.now() < self.trouble_until and not self.healed else ""

    def stepped_badly(self, error: Exception) -> None:
        """A step or a loop raised: lawful only for what the store says of its disk."""
        self.bad_steps += 1
        self.tell("raised", type(error).__name__, error)
        if not isinstance(error, StoreBusy | StoreFull):
            self.complaints.append(f"a step raised {type(error).__name__}: {error}")

    # --- what ticks ask ---

    def clock_moved(self) -> bool:
        moved = self._skew_seen != self.clock.skew
        self._skew_seen = self.clock.skew
        return moved

    def returns_wait(self) -> bool:
        return any(not x.settled and x.at <= self.now() for x in self.returns)

    def chores_every(self) -> float:
        """Seconds between two rounds of the chores: most schedules need few."""
        return 86_400.0 if self.healed else max(600.0, self.plan.span / 2)
