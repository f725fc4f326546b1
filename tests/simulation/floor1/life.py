"""One life of our processes: the daemons over one store from a start to a stop, a fault or a kill.

A kill is the end of the loop: nothing that was under way runs on, not even its `finally`. The next life opens the
store that is there and recovers.
"""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

from nemboks.desk.fuses import tripped
from nemboks.domain.fuse import Limits
from nemboks.domain.mailbox import Address, Mailbox
from nemboks.intake.fused import FusedInbox
from nemboks.journey.reconcile import Reconciling
from nemboks.journey.world import Returning, Telling, World
from nemboks.ports import Inbox
from nemboks.settings import Rates, Seats
from nemboks.store.errors import StoreBusy, StoreFull
from nemboks.store.spool import Spool
from nemboks.wiring import Services
from tests.journey.relayed import DOMAIN, KEY
from tests.journey.town import SENDER
from tests.simulation.floor1 import ground
from tests.simulation.floor1.courier import Kept, SimCourier
from tests.simulation.floor1.daemon import SimDaemon, Ticks
from tests.simulation.floor1.ports import DeliveriesPort, LettersPort, MailboxesPort, Port, SpoolPort
from tests.simulation.floor1.relay import SimBox, SimLandings, SimNotifier
from tests.simulation.floor1.sim import Sim
from tests.simulation.floor1.upstream import SimInboxes
from tests.simulation.loop import VirtualLoop

OPERATOR: Final = Address("drift@nemboks.example")


class Killed(BaseException):
    """The process is gone."""


class Life:
    def __init__(self, sim: Sim, loop: VirtualLoop, folder: Path, number: int) -> None:
        self.sim, self.loop, self.number = sim, loop, number
        sim.life = self
        self.doomed = False  # dies before the next step of the loop
        self.steps: dict[asyncio.Task[Any], str] = {}  # where each task stands
        self.unsealed: set[int] = set()  # letters that upstream forgot and that are not sealed whole yet
        self.died_at: tuple[str, ...] = ()
        self.down, self.told_to_stop, self.told_at = 0.0, False, 0.0
        self.waits = sim.waits_for_deaths()
        loop.before_step = self._before_step
        self.store = ground.opened(folder / "nemboks.db", sim.clock, sim.plan.pace)
        self.spool = Spool(folder / "spool", ground.keys(), threaded=False)
        self.world = self._world()
        self.daemons = [self._daemon(number, seats) for number, seats in enumerate(sim.plan.seats)]
        self.ticks = Ticks(self)

    # --- what a death is ---

    def _before_step(self, _: int) -> None:
        if self.doomed:
            self.died_at = self.standing()
            raise Killed

    def standing(self) -> tuple[str, ...]:
        """The steps at which tasks stand now."""
        return tuple(sorted({step for task, step in self.steps.items() if not task.done()}))

    def stands(self, step: str) -> None:
        """The task stands at this step now; a death that waits for it may come."""
        task = asyncio.current_task()
        if task is not None:
            self.steps[task] = step
        if not self.sim.healed:
            if self.waits:
                self.sim.met(self, step)
            if self.sim.script.at_steps:
                self.sim.script.met(self, step)

    async def never(self) -> None:
        await self.loop.create_future()

    # --- how long things take ---

    async def turn(self, step: str) -> None:
        """Somebody else may come first here, for a moment or, on a slow disk, for longer."""
        self.stands(step)
        x = self.sim.time.random()
        if x < 0.75:
            await asyncio.sleep(0)
        elif x < 0.99 or not self.sim.fires("frozen", step):
            await asyncio.sleep(self.sim.time.random() * 0.02)
        else:
            seconds = self.sim.time.choice((30.0, 400.0, 1500.0, 4000.0))
            await asyncio.sleep(min(seconds, max(0.02, self.sim.plan.span - self.sim.now())))  # then all heals

    async def net(self, step: str, quick: bool = False) -> None:
        """What a call over the network takes."""
        self.stands(step)
        await asyncio.sleep(self.sim.time.random() * (0.01 if quick else 0.4))

    async def sleep(self, seconds: float, step: str) -> None:
        self.stands(step)
        await asyncio.sleep(seconds)

    def step_of(self, usual: str) -> str:
        """V for a listing that only looks whether a letter is gone, K for contents read by that role."""
        task = asyncio.current_task()
        name = task.get_name() if task else ""
        return "V" if name.startswith(("acknowledge", "chore")) and usual == "P" else usual

    # --- the store's and the spool's troubles ---

    async def store_is_well(self, step: str, reads: bool) -> None:
        """Raises what a store says that is held or full; a write that finds it held waits (D01)."""
        state = self.sim.store_trouble()
        if state == "D01":
            self.sim.cell("D01", step)
            if reads:
                raise StoreBusy("another program holds the database")
            await asyncio.sleep(max(0.0, self.sim.trouble_until - self.sim.now()))
        elif state == "full" and not reads:
            self.sim.cell("full", step)
            raise StoreFull("the disk is full")

    async def spool_is_well(self) -> None:
        if self.sim.store_trouble() == "full":
            self.sim.cell("full", "F")
            raise StoreFull("the disk is full")

    def sealed_whole(self, letter: int) -> None:
        row = self.sim.oracle.before(letter)
        posted = self.sim.upstream.by_id.get(row["upstream_id"]) if row else None
        if posted is not None:
            self.unsealed.discard(posted.number)

    # --- the program, wired ---

    def _world(self) -> World:
        sim, store = self.sim, self.store
        letters = LettersPort(store.letters, self, "L")
        mailboxes, deliveries = MailboxesPort(store.mailboxes, self, "P"), DeliveriesPort(store.deliveries, self, "J")
        inboxes = SimInboxes(sim, self)
        incidents = Port(store.incidents, self, "N")
        telling = Telling(cast(Any, incidents), store.stream, {"mail": SimNotifier(sim, self)}, OPERATOR)
        reconciling = Reconciling(
            inboxes, cast(Any, letters), cast(Any, Port(store.reckoning, self, "V")), store, sim.clock, sim.plan.pace,
            self._tripped, OPERATOR,
        )  # fmt: skip
        return World(
            cast(Any, letters), cast(Any, mailboxes), cast(Any, SpoolPort(self.spool, self)), inboxes,
            SimCourier(sim, self), sim.clock, sim.plan.pace, SENDER, cast(Any, deliveries),
            returning=Returning(DOMAIN, KEY, SimBox(sim, self)), landings=SimLandings(sim, self), telling=telling,
            id_key=b"i" * 32, acts=store if sim.acts else None,
            announcements=cast(Any, Port(store.announcements, self, "N")),
            announcers={"mail": SimNotifier(sim, self)}, codes=store.codes, anchor=store.audit.anchor,
            reconciling=reconciling, as_it_came=store.letters.as_it_came,
        )  # fmt: skip

    def _tripped(self, *args: Any) -> object:
        self.sim.tell("fuse", *(str(x) for x in args[2:]))
        self.sim.trips.append(str(args[2]))
        return tripped(*args, operator=OPERATOR)

    def fused(self, inbox: Inbox, mailbox: Mailbox) -> Inbox:
        if not self.sim.plan.fused:
            return inbox
        return FusedInbox(inbox, self.store.fuse(Limits(), self._tripped), mailbox)

    def _daemon(self, number: int, seats: int) -> SimDaemon:
        settings: Any = SimpleNamespace(
            seats=Seats(look=max(2, seats), collect=seats, forward=seats, acknowledge=seats), rates=Rates()
        )
        return SimDaemon(Services(settings, self.store, self.world, self.spool), self, number)

    # --- living ---

    async def lives(self) -> None:
        """Until a stop: the first daemon starts and recovers, then the others come."""
        first = asyncio.create_task(self.daemons[0].run(self.daemons[0].systemd), name="daemon 0")
        await asyncio.wait({first, asyncio.create_task(self.daemons[0].ready.wait(), name="ready")},
                           return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
        others = [asyncio.create_task(x.run(x.systemd), name=f"daemon {x.number}") for x in self.daemons[1:]]
        await asyncio.gather(first, *others)

    def stop(self) -> None:
        """SIGTERM."""
        self.sim.tell("SIGTERM")
        for daemon in self.daemons:
            daemon.stopping.set()
        self.ticks.stop()

    def afterwards(self, kept: Kept) -> None:
        """What becomes of a mail after its 250: a relay's ways, or a bounce."""
        cast(SimBox, self.world.returning.box if self.world.returning else None).afterwards(kept)
