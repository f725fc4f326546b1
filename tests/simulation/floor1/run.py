"""One schedule from one seed: the program's lives one after the other, in one world, and what came of it."""

import asyncio
import sys
from collections.abc import Callable, Collection
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from nemboks.store.errors import StoreBusy, StoreFull
from tests.simulation.floor1 import ground, plan
from tests.simulation.floor1.courier import SimMail
from tests.simulation.floor1.end import judge
from tests.simulation.floor1.life import Killed, Life
from tests.simulation.floor1.oracle import Oracle
from tests.simulation.floor1.script import Script
from tests.simulation.floor1.sim import Sim
from tests.simulation.floor1.upstream import SimUpstream
from tests.simulation.loop import Deadlock, TooLong, VirtualLoop, bury, run
from tests.simulation.outcome import Outcome

MOST_LIVES = 60
MOST_STEPS = 400_000
TAIL = 50


def schedule(seed: int, mistake: str | None = None, only: Collection[str] | None = None) -> Outcome:
    """What came of the seed's schedule. `mistake`: planted in the program; `only`: the faults that may happen."""
    return play(plan.drawn(seed), mistake, only)


def play(
    drawn: plan.Plan, mistake: str | None = None, only: Collection[str] | None = None, kill_at: int | None = None,
    counted: list[int] | None = None,
) -> Outcome:  # fmt: skip
    """What came of the plan. `kill_at`: the first process dies right before this step of the loop's; `counted`: told
    how many steps the first one took."""
    with ground.buried():
        return _played(drawn, mistake, only, kill_at, [] if counted is None else counted)


def _played(
    drawn: plan.Plan, mistake: str | None, only: Collection[str] | None, kill_at: int | None, counted: list[int]
) -> Outcome:
    with ExitStack() as stack:
        complaints: list[str] = []
        folder = stack.enter_context(ground.ground(drawn.boxes, drawn.seed, complaints))
        if mistake is not None:
            from tests.simulation.floor1.mistakes import MISTAKES

            stack.enter_context(MISTAKES[mistake]())
        loop = VirtualLoop(drawn.seed, MOST_STEPS)
        sim = Sim(drawn, loop, only)
        sim.folder, sim.complaints = folder, complaints
        sim.upstream, sim.mail = SimUpstream(sim, drawn.removal), SimMail(sim)
        sim.oracle = Oracle(sim, folder / "nemboks.db")
        try:
            _lives(sim, loop, folder, kill_at)
        finally:
            sim.oracle.db.close()
        counted.append(loop.steps)
        return _outcome(sim)


def _lives(sim: Sim, loop: VirtualLoop, folder: Path, kill_at: int | None) -> None:
    script, dead = Script(sim), []
    sim.script = script
    life = None
    while not script.done and sim.lives < MOST_LIVES:
        sim.lives += 1
        sim.tell("life", sim.lives)
        life = Life(sim, loop, folder, sim.lives)
        if kill_at is not None:
            loop.before_step = _counting(life, kill_at)
            kill_at = None
        if not _lived(sim, loop, life, script):
            break
        if script.done:
            break
        dead.append(life)
        loop = _next(sim, loop, life)
    if life is not None:
        _judged(sim, life, script)
        dead.append(life)
    for one in dead:
        _buried(one)


def _counting(life: Life, kill_at: int) -> Callable[[int], None]:
    def before(step: int) -> None:
        if step == kill_at:
            life.doomed = True
        life._before_step(step)

    return before


def _lived(sim: Sim, loop: VirtualLoop, life: Life, script: Script) -> bool:
    """Whether the run may go on: the life came to its end, whatever that was."""
    try:
        run(loop, _living(sim, life, script), dies=Killed)
    except (Deadlock, TooLong) as error:
        sim.oracle.breach("stuck", f"I9: {type(error).__name__}: {error}")
        return False
    except BaseExceptionGroup as error:
        sim.oracle.breach("other", f"I17: a life ended with {error.exceptions!r}")
        return False
    if life.doomed:
        for step in life.died_at:
            sim.cell("kill", step)
        sim.tell("killed", *life.died_at)
        _excuse(sim, life)
    elif life.told_to_stop:
        _i03_a_stop_causes_no_doubt(sim)
        if "frozen" in sim.plan.rates and sim.now() >= life.told_at + sim.plan.pace.stop_seconds:
            _excuse(sim, life)  # a stop has an end, should the disk hang for longer: then the service manager kills
    return True


async def _living(sim: Sim, life: Life, script: Script) -> None:
    playing = asyncio.create_task(script.plays(life), name="script")
    dying = [asyncio.create_task(_dies(sim, life, x), name="death") for x in sim.deaths if not x.step]
    lives = asyncio.create_task(life.lives(), name="life")
    await asyncio.wait({lives, playing}, return_when=asyncio.FIRST_COMPLETED)
    if playing.done():
        playing.result()
    life.stop()
    await asyncio.wait({lives})
    with suppress(StoreBusy, StoreFull):  # the store could not be read at a start: systemd tries again
        lives.result()
    for task in (playing, *dying):
        task.cancel()
    life.ticks.stop()


async def _dies(sim: Sim, life: Life, death: plan.Death) -> None:
    await asyncio.sleep(max(0.0, death.at - sim.now()))
    if death in sim.deaths:
        sim.deaths.remove(death)
        sim.die(life, death)


def _excuse(sim: Sim, life: Life) -> None:
    """What upstream forgot and nobody had sealed whole yet is the one gap (DESIGN 3, What a crash leads to)."""
    for posted in sim.upstream.letters:
        if posted.number in life.unsealed:
            posted.excused = True


def _i03_a_stop_causes_no_doubt(sim: Sim) -> None:
    """A stop waits for the replies to the dots that are out."""
    if "frozen" in sim.plan.rates or sim.bad_steps:  # the outcome could not be written for another reason
        return
    for row in sim.oracle.rows("SELECT id FROM letters WHERE state = 'SENDING' AND dot_begun_at IS NOT NULL"):
        sim.oracle.breach("copies", f"a stop left letter {row['id']} in doubt")


def _next(sim: Sim, loop: VirtualLoop, life: Life) -> VirtualLoop:
    """The loop of the next life: time has gone on meanwhile."""
    after = VirtualLoop(sim.plan.seed + 7919 * sim.lives, MOST_STEPS)
    after._virtual = loop.time() + (life.down or 30.0)
    sim.clock.on(after)
    return after


def _judged(sim: Sim, life: Life, script: Script) -> None:
    if not script.done:
        sim.oracle.breach("stuck", f"I9: not at rest after {sim.lives} lives")
    sim.oracle.catch_up()
    loop = VirtualLoop(0)
    run(loop, judge(sim, life, script.late))
    bury(loop)


def _buried(life: Life) -> None:
    """Forgets a life: what it left half done is closed only now, when nobody looks any more."""
    sys.unraisablehook = ground.unheard  # until the burial is over
    for task in asyncio.all_tasks(life.loop):
        coroutine: Any = task.get_coro()
        for _ in range(4):  # a task group waits for its children even then
            with suppress(BaseException):
                coroutine.close()
    bury(life.loop)
    writer: Any = life.store._writer
    reader: Any = life.store._reader
    writer._transactions.close()
    reader._line.close()


def _outcome(sim: Sim) -> Outcome:
    uncertain = sum(sim.oracle.uncertain.values())
    return Outcome(
        sim.plan.seed, tuple(sim.oracle.breaches), len(sim.upstream.letters), sim.copies, uncertain, sim.cells,
        tuple(sim.faults), sim.trace_hash, tuple(sim.trace[-TAIL:]),
    )  # fmt: skip
