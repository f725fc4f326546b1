"""One attempt, of a letter or of its delivery to a further recipient: what is between the claim and the verdict.

The dot is the point of no return: `dot_begun` is committed right before it, and only while the attempt, the route and
the mailbox are still what the claim said. Whatever cuts us off earlier has certainly delivered nothing; whatever cuts
us off later is uncertain, and counted.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from nemboks.domain.delivery import Delivery
from nemboks.domain.events import Claimed, DotBegun, Recomposed
from nemboks.domain.letter import Letter, Stale
from nemboks.domain.mailbox import Address, Route
from nemboks.domain.proof import Report
from nemboks.domain.verdict import Verdict, wait
from nemboks.journey.mail import Parcel, mail_of
from nemboks.journey.world import World
from nemboks.logs import log

Permission = Callable[[], bool]
Row = TypeVar("Row", Letter, Delivery)


def claim(row: Letter | Delivery, size: int, route: Route, address: Address, server: str, world: World) -> Claimed:
    """The event that opens an attempt. The next due time is moved with it: a crash loop hammers nobody."""
    now = world.clock.now()
    age = (now - row.found_at).total_seconds()
    pause = wait(Verdict.TEMPORARY, row.failures + 1, age, world.pace, world.clock.chance())
    deadline = now + timedelta(seconds=allowance(size, world))
    return Claimed(deadline, now + timedelta(seconds=pause), route.version, address, server)


def allowance(size: int, world: World) -> float:
    """Seconds that an attempt may take up to its dot."""
    return world.pace.attempt_seconds + world.pace.allowance(size)


@dataclass
class Attempt(Generic[Row]):
    """The open attempt; `row` is the row as it was last committed."""

    row: Row
    move: Callable[[Row, Claimed | DotBegun | Recomposed], Awaitable[Row]]
    may_begin: Permission
    refused: str = field(default="", init=False)  # why the dot was not sent

    async def deliver(self, parcel: Parcel, world: World) -> Report:
        """What happened to the parcel's mail. Raises what mail_of raises."""
        async with mail_of(parcel, self.keep, world) as mail:
            return await world.courier.deliver(mail, allowance(mail.size, world), self._begin)

    async def keep(self, event: Recomposed) -> None:
        """Commit what was made once."""
        self.row = await self.move(self.row, event)

    async def _begin(self) -> bool:
        """Whether the dot may be sent: dot_begun is committed, so the attempt is still ours and in time."""
        try:
            if self.may_begin():
                self.row = await self.move(self.row, DotBegun(self.row.fence))
        except Stale as e:
            self.refused = str(e)
            return False
        if not self.may_begin():  # or not any more: the commit may have waited for the ledger
            self.refused = "the daemon is stopping"
            return False
        log().info("letter_dot_begun", row=self.row.id, kind=type(self.row).__name__.lower(), attempt=self.row.fence)
        return True


def in_seconds(seconds: float, world: World) -> datetime:
    return world.clock.now() + timedelta(seconds=seconds)
