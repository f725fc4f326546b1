"""The ports of one life: every call may be overtaken, right before its effect and right after it.

The ledger is the real one, inline: between a call's effect and its return no other step runs unless we let it. What
is told to the oracle is told there, so it sees each commit before anybody else can act on it.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from nemboks.domain import letter as events
from nemboks.domain.delivery import Delivery
from nemboks.domain.headline import Sealed
from nemboks.domain.letter import Letter, State
from nemboks.store.spool import Spool

if TYPE_CHECKING:
    from tests.simulation.floor1.life import Life

STEP_OF = {
    events.FetchBegun: "F", events.Collected: "F", events.Vanished: "F", events.Claimed: "L",
    events.Recomposed: "C", events.DotBegun: "A", events.ReceiptBegun: "K", events.Acknowledged: "K",
    events.Postponed: "F",
}  # fmt: skip
READS = {"get", "some", "listening", "due", "all", "of", "overdue", "attempt", "shared", "stranded", "finished_copies",
         "twin", "open", "sick", "notices", "entries", "rowless", "unproven", "stopped", "cursor", "after"}  # fmt: skip


class Port:
    """A port whose calls are plain coroutines; `step` names where they stand on the way."""

    def __init__(self, real: Any, life: "Life", step: str) -> None:
        self._real, self._life, self._step = real, life, step

    def __getattr__(self, name: str) -> Any:
        real, life, step, reads = getattr(self._real, name), self._life, self._step, name in READS
        if name == "claim":  # a block; of a daemon that works alone it asks the store for nothing
            return real

        async def call(*args: Any, **named: Any) -> Any:
            await life.turn(step)
            await life.store_is_well(step, reads)
            result = await real(*args, **named)
            await life.turn(step)
            return result

        setattr(self, name, call)
        return call


class LettersPort(Port):
    """Letters; the oracle sees every move."""

    async def move(self, letter: Letter, event: events.Event) -> Letter:
        life = self._life
        step = STEP_OF.get(type(event), "J")
        asked = life.sim.now(), life.sim.clock.times_set  # the event's own times are of this moment
        await life.turn(step)
        await life.store_is_well(step, False)
        oracle = life.sim.oracle
        before = oracle.before(letter.id)
        after: Letter = await self._real.move(letter, event)
        oracle.moved(before, event, after, asked)
        await life.turn(step)
        return after

    async def due(self, state: State, now: datetime, *args: Any, **named: Any) -> Any:
        """The ledger is asked only when a row in this state is due: without one its answer is known."""
        life = self._life
        await life.turn("L")
        await life.store_is_well("L", True)
        found = await self._real.due(state, now, *args, **named) if life.sim.oracle.any_due(state, now) else []
        await life.turn("L")
        return found

    async def overdue(self, now: Any, grace_seconds: float, sole: bool) -> Any:
        life, looked = self._life, self._life.sim.clock.now()
        await life.turn("L")
        found = await self._real.overdue(now, grace_seconds, sole)
        life.sim.oracle.looked |= {(letter.id, letter.fence): looked for letter in found}
        await life.turn("L")
        return found


class MailboxesPort(Port):
    """Mailboxes; as Letters, asked for due ones only when there may be one."""

    async def due(self, now: datetime, limit: int) -> Any:
        life = self._life
        await life.turn("P")
        await life.store_is_well("P", True)
        found = await self._real.due(now, limit) if life.sim.oracle.any_box_due(now) else []
        await life.turn("P")
        return found


class DeliveriesPort(Port):
    """Deliveries; the oracle sees every move."""

    async def due(self, now: datetime, *args: Any, **named: Any) -> Any:
        life = self._life
        await life.turn("L")
        await life.store_is_well("L", True)
        found = await self._real.due(now, *args, **named) if life.sim.oracle.any_delivery() else []
        await life.turn("L")
        return found

    async def move(self, delivery: Delivery, event: Any) -> Delivery:
        life = self._life
        step = STEP_OF.get(type(event), "J")
        await life.turn(step)
        await life.store_is_well(step, False)
        after: Delivery = await self._real.move(delivery, event)
        life.sim.oracle.copy_moved(delivery, event, after)
        await life.turn(step)
        return after


class SpoolPort:
    """Contents on the real spool."""

    def __init__(self, real: Spool, life: "Life") -> None:
        self._real, self._life = real, life

    @asynccontextmanager
    async def seal(self, letter: int, once: bool = False) -> AsyncIterator[Any]:
        await self._life.turn("F")
        if once:
            await self._life.spool_is_well()
        async with self._real.seal(letter) as sealing:
            yield _Sealing(sealing, self._life, letter, once)

    async def open(self, letter: int, sealed: Sealed) -> AsyncGenerator[bytes, None]:
        step = self._life.step_of("C")
        await self._life.turn(step)
        async with aclosing(self._real.open(letter, sealed)) as pieces:
            async for piece in pieces:
                yield piece
                await self._life.turn(step)

    async def left(self, letter: int) -> Any:
        return await self._real.left(letter)

    async def destroy(self, sealed: Sealed) -> None:
        await self._life.turn("K")
        self._life.sim.oracle.destroyed(sealed.file)
        await self._real.destroy(sealed)
        await self._life.turn("K")


class _Sealing:
    def __init__(self, real: Any, life: "Life", letter: int, ballast: bool) -> None:
        """`ballast`: a disk that becomes full meanwhile still takes the letter (store/ballast.py)."""
        self._real, self._life, self._letter, self._ballast = real, life, letter, ballast

    @property
    def sealed(self) -> Sealed:
        found: Sealed = self._real.sealed
        return found

    async def write(self, piece: bytes) -> None:
        await self._well()
        await self._real.write(piece)

    async def _well(self) -> None:
        if not self._ballast:
            await self._life.spool_is_well()

    async def finish(self, durable: bool) -> Sealed:
        await self._life.turn("F")
        await self._well()
        done: Sealed = await self._real.finish(durable)
        self._life.sealed_whole(self._letter)
        await self._life.turn("F")
        return done
