"""What becomes of a step that fails as nobody foresaw.

A fault of ours with one letter must not stop the others, nor come back at every start: its row rests for as long as
the longest back-off, in memory, and what the step had begun is ended by recovery. Only what no other row would survive
either (the store, the master key) ends the process: as a stop, so that replies to dots that are out are still heard.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from nemboks.domain.delivery import Delivery
from nemboks.domain.letter import Letter, Stale
from nemboks.domain.mailbox import Mailbox
from nemboks.journey.world import World
from nemboks.logs import log
from nemboks.store.errors import KeyMissing, StoreBroken, StoreBusy

Row = TypeVar("Row", Letter, Delivery, Mailbox)

FATAL = (StoreBroken, StoreBusy, KeyMissing)


@dataclass(eq=False)
class Guarded(Generic[Row]):
    """A role's rows and step as `Work` wants them, without the rows that rest."""

    role: str
    rows: Callable[[int, Collection[int]], Awaitable[Sequence[Row]]]
    work: Callable[[Row], Awaitable[None]]
    world: World
    failed: Callable[[Exception, bool], None]  # told of each fault, and whether it is fatal
    _until: dict[int, float] = field(default_factory=dict)  # monotonic, by row

    async def due(self, limit: int, without: Collection[int]) -> Sequence[Row]:
        now = self.world.clock.monotonic()
        self._until = {id_: until for id_, until in self._until.items() if until > now}
        rows = await self.rows(limit + len(self._until), without)
        return [row for row in rows if row.id not in self._until]

    async def step(self, row: Row) -> None:
        """Raises Stale only."""
        try:
            await self.work(row)
        except Stale:
            raise
        except Exception as error:
            log().exception("step_failed", role=self.role, row=row.id)
            self._until[row.id] = self.world.clock.monotonic() + self.world.pace.upstream_seconds[1]
            self.failed(error, isinstance(error, FATAL))
