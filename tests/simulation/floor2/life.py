"""One life of the program in the simulation: real adapters, real journey, real store; from its start to its death.

Stands in for `daemon/run.py`: what is due is done, a few steps at a time, as the daemon's seats would have it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from nemboks.delivery.courier import ServerCourier
from nemboks.domain.events import Released
from nemboks.domain.fuse import Limits
from nemboks.domain.letter import Letter, Stale, State
from nemboks.domain.mailbox import Address, Face, Mailbox
from nemboks.domain.pace import Pace
from nemboks.intake.inboxes import MailboxInboxes
from nemboks.journey.acknowledge import acknowledge
from nemboks.journey.collect import collect, look
from nemboks.journey.forward import forward
from nemboks.journey.recover import recover
from nemboks.journey.world import World
from nemboks.ports import InboxError
from nemboks.store.schema import letters, mailboxes
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from nemboks.store.vault import Vault, fingerprint
from tests.simulation.clock import SimClock
from tests.simulation.floor2.town import Town

KEY = b"k" * 32
SENDER = Address("post@nemboks.example")
PACE = Pace(poll_seconds=1_500)  # fewer looks: each costs the simulation as much as a letter
DAY = 86_400.0
DRAINED_WITHIN = 2 * DAY  # of virtual time, after the healing
STEPS: dict[State, Callable[..., Awaitable[Any]]] = {
    State.FOUND: collect, State.WAITING: forward, State.FORWARDED: acknowledge,
}  # fmt: skip


class Life:
    """A process. `dead` once it was killed: whatever it still tries does nothing."""

    def __init__(self, town: Town) -> None:
        town.begin_life()
        self.town, self.dead = town, False
        self.commits = self.writes = 0
        self.clock = SimClock(town.loop, town.seed, name=f"life {town.lives}")
        vault = Vault({fingerprint(KEY): KEY})
        self.store = Store.open(town.folder / "nemboks.db", vault, self.clock, threaded=False, pace=PACE)
        _share_statements(self.store)
        self._unit = self.store._writer.unit
        self.store._writer.unit = self._watched_unit  # type: ignore[method-assign]
        spool = Spool(town.folder / "spool", vault, threaded=False)
        limits = Limits(least_seconds=20.0)
        fuse = self.store.fuse(limits, lambda *_: None)
        self.inboxes = MailboxInboxes(
            town.rest_access, town.imap_access, self.store.mailboxes.credentials, PACE, self.clock, fuse
        )
        self.courier = ServerCourier(town.accesses, PACE, self.clock, "nemboks.example")
        self.world = World(
            self.store.letters, self.store.mailboxes, spool, self.inboxes, self.courier, self.clock, PACE, SENDER,
            self.store.deliveries, id_key=b"i" * 32, as_it_came=self.store.letters.as_it_came,
        )  # fmt: skip
        self.spool = spool
        self._hand: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._news: set[int] = set()
        town.loop.written = self._written

    # --- where it may be killed ---

    async def _watched_unit(self, fn: Callable[[Any], Any]) -> Any:
        """A commit of the real writer; a kill before or after it leaves the asker waiting for ever."""
        if self.dead:
            await self.town.loop.create_future()
        self.commits += 1
        if self.town.dies("commit", self.commits):
            self.dead = True
            await self.town.loop.create_future()
        value = await self._unit(fn)
        if self.town.dies("committed", self.commits):
            self.dead = True
            await self.town.loop.create_future()
        return value

    def _written(self) -> None:
        self.writes += 1
        if self.town.dies("write", self.writes):
            self.dead = True

    # --- what it does ---

    async def run(self) -> None:
        """Serves until every letter is where it should be; then leaves politely."""
        await self.store.mailboxes.declare([company.declared() for company in self.town.companies])
        await recover(self.world, sole=True)
        await self.spool.sweep(await self.store.letters.spool_files())
        watches = [
            asyncio.create_task(self._watch(box)) for box in await self.store.mailboxes.all() if box.face is Face.IMAP
        ]
        loop = self.town.loop
        while not (self.town.healed and self.town.oracle.settled()):
            if self.town.oracle.breaches:  # the first one is what matters; the rest may follow from it
                break
            if not self.town.healed and self.town.may_heal():
                await self._heal()
            if self.town.healed and loop.time() > self.town.healed_at + DRAINED_WITHIN:
                left = [post.token for post in self.town.oracle.open_posts()]
                rows = self.town.oracle.ask("select upstream_id, state, why, words, due_at from letters")
                self.town.oracle.breach("stuck", f"{left} {rows}")
                break
            await self._start_due()
            await self._wait()
        for task in (*watches, *self._hand.values()):
            task.cancel()
        await asyncio.gather(*watches, *self._hand.values(), return_exceptions=True)
        await self.close()

    async def close(self) -> None:
        await self.inboxes.close()
        await self.courier.close()
        await self.store.close()

    async def _start_due(self) -> None:
        now = self.clock.now()
        text = now.isoformat(timespec="microseconds")[:26] + "Z"
        due = {(role, number) for role, number in self.town.oracle.ask(_DUE, text, text)} - self._hand.keys()
        roles = {role for role, _ in due}  # asking the real store is dear: only for what has something due
        if "look" in roles:
            for mailbox in await self.store.mailboxes.due(now, 10):
                self._start("look", mailbox.id, look, mailbox)
        for number in sorted(self._news):
            self._start("look", number, look, await self.store.mailboxes.get(number))
        self._news.clear()
        for state, step in STEPS.items():
            if state in roles:
                for letter in await self.store.letters.due(state, now, 4):
                    self._start(state, letter.id, step, letter)

    def _start(self, role: str, number: int, step: Callable[..., Awaitable[Any]], row: Any) -> None:
        key = (role, number)
        if key not in self._hand:
            task = asyncio.create_task(self._step(step, row), name=f"{role} {number}")
            self._hand[key] = task

    async def _step(self, step: Callable[..., Awaitable[Any]], row: Any) -> None:
        try:
            if isinstance(row, Letter):
                await step(row, await self.world.mailboxes.get(row.mailbox), self.world)
            else:
                await step(row, self.world)
        except Stale:
            pass
        except Exception as error:
            if self.dead or self.town.dying:  # its coroutine is only being cleared away
                return
            self.town.oracle.breach("other", f"{step.__name__} raised {type(error).__name__}: {error}")
            raise

    async def _wait(self) -> None:
        """Until a step is done, or the next row is due."""
        due = [self.town.loop.time() + 600.0, self.town.next_event()]
        text = self.clock.now().isoformat(timespec="microseconds")[:26] + "Z"
        due += [self._seconds(row[0]) for row in self.town.oracle.ask(_NEXT, text, text) if row[0]]
        if self._hand:  # what is in hand stays due: it is its end that is waited for
            due = [self.town.loop.time() + 30.0]
        seconds = max(0.5, min(due) - self.town.loop.time())
        tasks = list(self._hand.values())
        if tasks:
            await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(seconds)
        for key, task in list(self._hand.items()):
            if task.done():
                del self._hand[key]
                task.exception()

    def _seconds(self, at: Any) -> float:
        moment = datetime.fromisoformat(at)
        start = self.clock.now() - timedelta(seconds=self.town.loop.time())
        return (moment.replace(tzinfo=start.tzinfo) - start).total_seconds()

    async def _watch(self, mailbox: Mailbox) -> None:
        while True:
            try:
                inbox = await self.inboxes.of(mailbox)
                await inbox.news()
                self._news.add(mailbox.id)
            except InboxError:
                await self.clock.sleep(300.0)

    # --- the healing ---

    async def _heal(self) -> None:
        """All faults stop, people release what is held, and what waits is due."""
        self.town.heal()
        now = self.clock.now()

        def due(tx: Any) -> None:
            tx.execute(update(mailboxes).values(due_at=now, parked_until=None))
            tx.execute(update(letters).where(letters.c.due_at.is_not(None)).values(due_at=now))

        await self.store._writer.unit(due)
        for row in self.town.oracle.ask("select id from letters where state = 'HELD'"):
            letter = await self.store.letters.get(row[0])
            await self.store.letters.move(letter, Released("a person", now))


_DUE = (
    "select state, id from letters where state in ('FOUND', 'WAITING', 'FORWARDED') and due_at <= ? "
    "union all select 'look', id from mailboxes where due_at <= ?"
)
_NEXT = (
    "select min(due_at) from letters where state in ('FOUND', 'WAITING', 'FORWARDED') and due_at > ? "
    "union all select min(due_at) from mailboxes where due_at > ?"
)
_STATEMENTS: dict[Any, Any] = {}
_DIALECTS: list[Any] = []


def _share_statements(store: Store) -> None:
    """What one store has compiled serves all others of this process: compiling costs more than a letter."""
    for tx in (store._writer._transactions._line._tx, store._reader._line._tx):  # type: ignore[attr-defined]
        tx.execution_options(compiled_cache=_STATEMENTS)
        _DIALECTS.append(tx.dialect)
        tx.dialect = _DIALECTS[0]
        del _DIALECTS[1:]
