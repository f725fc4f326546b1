"""What comes after a 250, a relay's or an untrue one: notices, landings, bounces; and who is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nemboks.domain.mailbox import Mailbox
from nemboks.domain.returns import Token
from nemboks.ports import Landed, Message, NotTold, Place, ReturnedMail, Unavailable
from nemboks.ports.people import Worded
from tests.journey.relayed import KEY, dsn
from tests.simulation.floor1.courier import Kept
from tests.simulation.floor1.ground import RELAY

if TYPE_CHECKING:
    from tests.simulation.floor1.life import Life
    from tests.simulation.floor1.sim import Sim


@dataclass
class Waiting:
    """A mail in the box for returned mail, from its time on."""

    key: str
    at: float
    raw: bytes
    kept: Kept
    settled: bool = False


class SimBox:
    """The ReturnBox port over the mails that wait in the schedule's truth."""

    def __init__(self, sim: "Sim", life: "Life") -> None:
        self.sim, self.life = sim, life

    def afterwards(self, kept: Kept) -> None:
        """Decides once what becomes of a mail that was accepted."""
        fires, chance = self.sim.fires, self.sim.chance
        soon = self.sim.now() + chance.choice((0.0, 20.0, 900.0, 9000.0))
        if kept.server == RELAY:
            if fires("Rfailed", "V"):
                self._comes(kept, soon, "failed", "5.1.1")
                kept.kept, kept.came_back = False, True
            elif fires("Rsilent", "V"):
                kept.landed = ""
            elif fires("Rjunk", "V"):
                kept.landed = "junk"
            else:
                kept.landed = "inbox"
                kept.answered = True
                self._comes(kept, soon, "delivered", "2.0.0")
        elif fires("S25", "V"):
            self._comes(kept, soon, "failed", "5.1.1")
            kept.came_back = True

    def _comes(self, kept: Kept, at: float, action: str, status: str) -> None:
        token = Token.read(kept.envid, KEY)
        assert token is not None
        returns = self.sim.returns
        returns.append(Waiting(f"1.{len(returns) + 1}", at, dsn(token, action, status), kept))

    async def waiting(self, limit: int) -> Sequence[ReturnedMail]:
        await self.life.net("V")
        if self.sim.fires("H08", "V"):
            raise Unavailable("the box is away")
        ready = [x for x in self.sim.returns if not x.settled and x.at <= self.sim.now()]
        return [ReturnedMail(x.key, x.raw) for x in ready[:limit]]

    async def settle(self, key: str, understood: bool) -> None:
        await self.life.net("V")
        for one in self.sim.returns:
            if one.key == key:
                one.settled = True
        await self.life.turn("V")

    async def close(self) -> None:
        pass


class SimLandings:
    """The Landings port: what the company's mailbox shows."""

    def __init__(self, sim: "Sim", life: "Life") -> None:
        self.sim, self.life = sim, life

    async def look(self, mailbox: Mailbox, message_id: str) -> Landed | None:
        await self.life.net("V")
        if self.sim.fires("H08", "V"):
            raise Unavailable("the mailbox is away")
        wanted = f"Message-ID: {message_id}".encode()
        for one in self.sim.mail.mails:
            if one.kept and one.landed and wanted in one.octets[:4000]:
                one.answered = one.answered or one.landed == "inbox"
                return Landed(Place.INBOX if one.landed == "inbox" else Place.JUNK, one.landed)
        return None

    async def close(self) -> None:
        pass


class SimNotifier:
    """Notifier and Announcer by mail; it may fail."""

    def __init__(self, sim: "Sim", life: "Life") -> None:
        self.sim, self.life = sim, life

    async def tell(self, message: Message) -> str:
        return await self._takes()

    async def announce(self, worded: Worded) -> str:
        return await self._takes()

    async def _takes(self, *_: Any) -> str:
        await self.life.net("N")
        if self.sim.fires("notices", "N"):
            raise NotTold("nobody there")
        await self.life.net("N")
        return "taken"

    async def close(self) -> None:
        pass
