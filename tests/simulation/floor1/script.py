"""What happens beside the program: post comes, people act, clocks step, files rot; in the end all heals and drains."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from nemboks.daemon.dated import ALL
from nemboks.desk import custody, estate_approvals, golive, plans
from nemboks.desk.access import Asking
from nemboks.desk.errors import DeskError
from nemboks.desk.letters import release
from nemboks.desk.mailboxes import pause, resume
from nemboks.domain.letter import Stale
from nemboks.ports import Books
from nemboks.store.errors import StoreError
from nemboks.store.spool import Spool
from tests.desk.estating import Court
from tests.helpers import builders as make
from tests.model.desk_acts import Acts
from tests.simulation.floor1 import ground, letters
from tests.simulation.floor1.end import not_cleared, unsettled
from tests.simulation.floor1.life import Life
from tests.simulation.floor1.oracle_rows import moment
from tests.simulation.floor1.plan import DAY, HOUR, Happening, Posting
from tests.simulation.floor1.sim import Sim

DRAIN = 9 * DAY  # an attempt at an old letter comes every six hours, a probation takes three days
OPERATORS = ("ida", "anna", "")  # the last is whoever runs the machine


class Script:
    """The schedule's happenings, in order, over all lives."""

    def __init__(self, sim: Sim) -> None:
        self.sim = sim
        plan = sim.plan
        events: list[tuple[float, Posting | Happening]] = [(x.at, x) for x in (*plan.postings, *plan.happenings)]
        events = [(at, x) for at, x in events if not (isinstance(x, Happening) and x.step)]
        self.at_steps = [x for x in plan.happenings if x.step]
        self._met: Counter[str] = Counter()
        self.queue = sorted(events, key=lambda x: x[0])
        self.posted = 0
        self.heal_at = max([plan.span, *(at + 60 for at, _ in self.queue)])
        self.done = False
        self.late: list[str] = []

    async def plays(self, life: Life) -> None:
        """Plays on in this life; ends it when all is over."""
        while self.queue or not self.sim.healed:
            at = self.queue[0][0] if self.queue else self.heal_at
            await asyncio.sleep(max(0.0, at - self.sim.now()))
            if not self.queue:
                self._heals(life)
            else:
                await self._happens(life, self.queue.pop(0)[1])
            self.sim.oracle.catch_up()
            life.ticks.poke()
        await self._drains(life)
        self.done = True
        life.stop()

    async def _happens(self, life: Life, thing: Posting | Happening) -> None:
        if isinstance(thing, Posting):
            self.posted += 1
            letters.post(self.sim, thing, self.posted)
        elif thing.name in ("D01", "full"):
            self.sim.trouble(thing.name, float(thing.number))
        elif thing.name in ("clock", "skew"):
            self._clock(thing)
        elif thing.name in ("H15", "H26", "M03", "D13"):
            self._upstream(life, thing)
        else:
            await self._act(life, thing)

    def met(self, life: Life, step: str) -> None:
        """What waits for a step happens now that it is met, as soon as nobody else runs."""
        self._met[step] += 1
        for one in [x for x in self.at_steps if x.step == step and self._met[step] >= x.nth]:
            self.at_steps.remove(one)
            self._soon = life.loop.create_task(self._happens(life, one), name="act")

    # --- what machines and authorities do ---

    def _clock(self, thing: Happening) -> None:
        step = (-DAY, -HOUR, -30.0, 30.0, HOUR, DAY)[thing.number % 6]
        states = self._states() or ["none"]
        if self.sim.inject(thing.name, states[0]):
            for state in states[1:]:
                self.sim.cell(thing.name, state)
            if thing.name == "clock":
                self.sim.clock.step(step)
                self.sim.clock_was_stepped = True
            else:
                self.sim.upstream.skew += step
                self.sim.clock_was_stepped = True

    def _upstream(self, life: Life, thing: Happening) -> None:
        posts = self.sim.upstream.letters
        if not posts:
            return
        posted = posts[thing.number % len(posts)]
        row = self.sim.oracle.rows("SELECT state FROM letters WHERE upstream_id = ?", (posted.id,))
        where = row[0]["state"] if row else "unknown"
        if thing.name == "M03":
            if self.sim.plan.boxes[posted.box - 1].face.value == "imap" and self.sim.inject("M03", where):
                self.sim.upstream.renumber(posted.box)
        elif thing.name == "H26":
            if self.sim.inject("H26", where):
                self.sim.upstream.recall(posted)
        elif thing.name == "H15":
            rest = self.sim.plan.boxes[posted.box - 1].face.value == "rest"  # an IMAP message never changes (RFC 9051)
            if rest and posted.here and posted.kind == "ordinary" and self.sim.inject("H15", where):
                letters.other_contents(self.sim, posted)
        else:
            self._rots(life, thing)

    def _rots(self, life: Life, thing: Happening) -> None:
        """A spool file is gone, or a bit of it is flipped (RELIABILITY D13)."""
        rows = self.sim.oracle.rows("SELECT * FROM letters WHERE contents_file IS NOT NULL ORDER BY id")
        rows = [x for x in rows if (life.spool.directory / x["contents_file"]).exists()]
        if not rows:
            return
        row = rows[thing.number % len(rows)]
        if not self.sim.inject("D13", row["state"]):
            return
        path = life.spool.directory / row["contents_file"]
        if thing.number % 2:
            path.unlink()
        else:
            data = bytearray(path.read_bytes())
            data[thing.number % len(data)] ^= 0x10
            path.write_bytes(data)
        posted = self.sim.oracle.posted_of(row)
        if posted is not None:
            posted.excused = posted.excused or not posted.here

    def _states(self) -> list[str]:
        return [x["state"] for x in self.sim.oracle.rows("SELECT DISTINCT state FROM letters ORDER BY state")]

    # --- what people do ---

    async def _act(self, life: Life, thing: Happening) -> None:
        states = self._in_flight()
        if not self.sim.inject(f"act {thing.name}", states[0] if states else "none"):
            return
        if thing.step:
            self.sim.cell(f"act {thing.name}", thing.step)
        for state in states[1:]:
            self.sim.cell(f"act {thing.name}", state)
        with suppress(StoreError):
            allowed = await self._does(life, thing.name, thing.number)
            self.sim.tell("act", thing.name, thing.number, allowed)
        self.sim.oracle.catch_up()
        life.ticks.poke()

    def _in_flight(self) -> list[str]:
        rows = self.sim.oracle.rows(
            "SELECT DISTINCT CASE WHEN dot_begun_at IS NOT NULL AND state = 'SENDING' THEN 'DOT' ELSE state END AS s"
            " FROM letters WHERE mailbox_id = 1 ORDER BY s"
        )
        return [x["s"] for x in rows]

    async def _does(self, life: Life, name: str, n: int) -> bool:
        if name == "keep":
            await life.store.act(lambda books: books.keep(_kept_for(books.mailbox_of(1), n % 3)))
            return True
        store, by = life.store, Asking("root (operator)", "anna")
        try:
            if name == "plan_ends":
                return await self._ends(life, (0.001, 5.0, 60.0, HOUR)[n % 4])
            if name == "legal_hold":
                await custody.legal_hold(store, Asking("root (operator)", "ida"), make.ANNA, bool(n % 2), "fordi")
            elif name == "shadow":
                await (custody.shadow if n % 2 else golive.go_live)(store, by, make.ANNA)
            elif name == "other_stop":
                cvr = ground.CVRS[n % len(self.sim.plan.boxes)]
                await (pause if n % 4 < 2 else resume)(store, Asking("root (operator)", ""), cvr)
            else:
                return await Acts(cast(Any, self._court(life))).does(name, n)
        except (DeskError, Stale):
            return False
        return True

    async def _ends(self, life: Life, seconds: float) -> bool:
        """The account is cancelled, and what it paid for is over then."""

        def paid(books: Books) -> None:
            account = books.accounts.all(name="bageriet")[0]
            books.accounts.put(replace(account, paid_until=books.at + timedelta(seconds=seconds)))

        await life.store.act(paid)
        await plans.plan_cancel(life.store, Asking("root (operator)", "anna"), "bageriet")
        return True

    def _court(self, life: Life) -> Court:
        folder = life.spool.directory.with_name("documents")
        return Court(life.store, cast(Any, self.sim.clock), Spool(folder, ground.keys(), threaded=False))

    # --- heal and drain ---

    def _heals(self, life: Life) -> None:
        self.sim.tell("healed")
        self.sim.healed = True
        for mail in self.sim.mail.mails:
            if mail.landed == "junk":  # somebody finds it there and moves it
                mail.landed, mail.answered = "inbox", True
        calm = self.sim.plan.pace.model_copy(update={"poll_seconds": 6 * HOUR})
        for daemon in life.daemons:  # nothing new comes: who waits for days need not ask every minute
            daemon.world = replace(daemon.world, pace=calm)
        self.sim.clock_was_stepped = self.sim.clock_was_stepped or self.sim.clock.skew != 0

    async def _drains(self, life: Life) -> None:
        """Time passes until nothing has to happen any more; people let go on what they may."""
        end, wait = self.sim.now() + DRAIN, 60.0
        await self._people_decide(life)
        while self.sim.now() < end:
            for _ in range(2):
                await self._sweep(life)
                await asyncio.sleep(wait)
            self.late = list(unsettled(self.sim))
            if not self.late:
                break
            await self._people_release(life)
            wait = min(wait * 2, 6 * HOUR)
        for rounds in range(5):  # what one round ends the next clears away; a last copy may go in any of them
            self.sim.chores_wanted = True
            life.ticks.poke()
            await asyncio.sleep(120)
            if rounds and not not_cleared(self.sim):
                break

    async def _sweep(self, life: Life) -> None:
        for one in ALL if self.sim.acts else ():
            if await life.store.ask(one.waiting):
                await life.store.act(one.take_effect)
        self.sim.oracle.catch_up()
        life.ticks.poke()

    async def _people_decide(self, life: Life) -> None:
        """Cases are decided, pauses and holds are lifted, mailboxes go live."""
        store, ida, root = life.store, Asking("root (operator)", "ida"), Asking("root (operator)", "")
        for case in self.sim.oracle.rows("SELECT id, state FROM estates WHERE state IN ('open', 'approved')"):
            await self._tries(estate_approvals.estate_refuse(store, ida, case["id"], "forkert CVR"))
        for cvr in ground.CVRS[: len(self.sim.plan.boxes)]:
            await self._tries(resume(store, root, cvr))
            await self._tries(custody.legal_hold(store, root, cvr, False, "forbi"))
            await self._tries(golive.go_live(store, Asking("root (operator)", "anna"), cvr, anyway=True, reason="ja"))

    async def _people_release(self, life: Life) -> None:
        kurators = self.sim.oracle.rows(
            "SELECT DISTINCT name FROM people JOIN grants ON person = people.id WHERE role = 'kurator' ORDER BY name"
        )
        for row in self.sim.oracle.rows("SELECT * FROM letters WHERE state = 'HELD' OR bounced != '' ORDER BY id"):
            if row["why"] == "boundary" and self._came_before(row):
                continue  # they see its time in Digital Post first
            for name in (*OPERATORS, *(x["name"] for x in kurators)):
                if await self._tries(release(life.store, Asking("root (operator)", name), row["id"])):
                    break

    def _came_before(self, row: Any) -> bool:
        posted, box = self.sim.oracle.posted_of(row), self.sim.oracle.box(row["mailbox_id"])
        return posted is not None and box["boundary_at"] is not None and posted.at < moment(box["boundary_at"])

    async def _tries(self, act: Any) -> bool:
        try:
            await act
        except (DeskError, Stale):
            return False
        return True


def _kept_for(box: Any, days: int) -> Any:
    return replace(box, custody=replace(box.custody, keep_days=days))
