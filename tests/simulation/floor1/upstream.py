"""Digital Post as this floor's truth: what lies there, who took what away, and what each call met.

One truth for all mailboxes and all lives of our processes. A fault is asked for at the call it belongs to, and noted
with the step that met it.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from nemboks.domain.mailbox import Face, Mailbox
from nemboks.domain.proof import Receipt
from nemboks.ports import Gone, Inbox, Listed, Refused, Unavailable
from tests.helpers.fake_inbox import Removal

if TYPE_CHECKING:
    from tests.simulation.floor1.life import Life
    from tests.simulation.floor1.sim import Sim

PIECE = 2048


@dataclass
class Posted:
    """One letter as Digital Post has it."""

    number: int
    box: int
    id: str
    kind: str  # ordinary, or what is odd about it: nemsms, wrong, unreadable
    raw: bytes
    docs: tuple[bytes, ...]
    at: datetime  # by Digital Post's own clock
    says: dict[str, str]
    sort: int = 0
    here: bool = True
    hidden: bool = False  # on no list, and there for who knows its id
    left_out: bool = False  # a list once lacked it
    lingers: int = 0  # listed so often after it is gone
    acked: bool = False
    stays: bool = False  # upstream said yes to a receipt and keeps it
    recalled: bool = False
    forgotten: bool = False  # gone by being fetched
    excused: bool = False  # forgotten, and a fault of the schedule's took the only copy
    ids: list[str] = field(default_factory=list)
    served: list[tuple[bytes, ...]] = field(default_factory=list)  # the documents of every whole fetch


class SimUpstream:
    def __init__(self, sim: "Sim", removal: Removal) -> None:
        self.sim, self.removal = sim, removal
        self.letters: list[Posted] = []
        self.by_id: dict[str, Posted] = {}
        self.validity = dict.fromkeys(range(1, 9), 1)
        self.skew = 0.0

    def put(self, posted: Posted) -> None:
        self.letters.append(posted)
        self.named(posted, posted.id)
        self.sim.tell("posted", posted.number, posted.kind)

    def named(self, posted: Posted, id_: str) -> None:
        posted.id = id_
        posted.ids.append(id_)
        self.by_id[id_] = posted

    def renumber(self, box: int) -> None:
        """UIDVALIDITY changes (RELIABILITY M03)."""
        self.validity[box] += 1
        for posted in self.letters:
            if posted.box == box and posted.here:
                self.named(posted, f"{self.validity[box]}.{posted.id.partition('.')[2]}")

    def recall(self, posted: Posted) -> None:
        if posted.here:
            posted.here, posted.recalled = False, True

    def now(self) -> datetime:
        return self.sim.clock.true() + timedelta(seconds=self.skew)


class SimInboxes:
    """The Inboxes port of one life."""

    def __init__(self, sim: "Sim", life: "Life") -> None:
        self.sim, self.life = sim, life

    async def of(self, mailbox: Mailbox) -> Inbox:
        return self.life.fused(SimInbox(self.sim, self.life, mailbox.id, mailbox.face), mailbox)

    async def close(self) -> None:
        pass


class SimInbox:
    """The Inbox port."""

    def __init__(self, sim: "Sim", life: "Life", box: int, face: Face) -> None:
        self.sim, self.life, self.box, self.face = sim, life, box, face
        self.up = sim.upstream

    @property
    def keeps(self) -> bool:
        return self.face is Face.IMAP

    @property
    def unusable(self) -> int:
        return 0

    async def list(self) -> Sequence[Listed]:
        step = self.life.step_of("P")
        await self.life.net(step)
        self._refuses("list", step)
        found = [one for one in self.up.letters if one.box == self.box and self._listed(one, step)]
        listed = [Listed(one.id, self._time(one, step)) for one in found]
        if listed and self.sim.fires("H14", step):
            listed.append(listed[0])
        await self.life.net(step)
        return listed

    def _listed(self, one: Posted, step: str) -> bool:
        if one.lingers:
            one.lingers -= 1
            return True
        shown = one.here and not one.hidden
        if shown and self.face is Face.REST and self.sim.fires("H24", step):
            one.left_out = True
            return False
        return shown

    def _time(self, one: Posted, step: str) -> datetime | None:
        if self.face is Face.REST:
            return None
        return one.at

    @asynccontextmanager
    async def fetch(self, upstream_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        await self.life.net("F")
        self._refuses("fetch", "F")
        posted = self.up.by_id.get(upstream_id)
        if posted is None or not posted.here or posted.id != upstream_id or self.sim.fires("H04", "F"):
            raise Gone("no such letter")
        yield self._pieces(posted)

    async def _pieces(self, posted: Posted) -> AsyncIterator[bytes]:
        raw, docs = posted.raw, posted.docs
        if self.face is Face.REST and self.sim.fires("H13", "F"):
            raw, docs = b"<html>502 with the code of a success</html>", ()
        cut = self.sim.fires("H11", "F")
        whole = raw[: len(raw) // 2] if cut else raw
        for start in range(0, len(whole), PIECE):
            await self.life.net("F", quick=True)
            yield whole[start : start + PIECE]
        if cut:
            raise Unavailable("the letter ended early")
        posted.served.append(docs)
        if self.face is Face.REST and self.up.removal is Removal.ON_FETCH:
            posted.hidden = True
        if self.face is Face.REST and self.up.removal is Removal.FORGETS and posted.here:
            posted.here, posted.forgotten = False, True
            self.life.unsealed.add(posted.number)
            posted.excused = posted.excused or raw is not posted.raw
        if self.sim.fires("Hlost", "F"):
            posted.excused = posted.excused or posted.forgotten
            raise Unavailable("the end of the answer was lost")
        await self.life.net("F", quick=True)

    async def acknowledge(self, receipt: Receipt, repeated: bool) -> str:
        await self.life.net("K")
        self._refuses("acknowledge", "K")
        posted = self.up.by_id.get(receipt.upstream_id)
        if posted is None or (self.face is Face.IMAP and posted.id != receipt.upstream_id):
            raise Gone("UIDVALIDITY changed: no letter stands under this number any more")
        if self.sim.fires("H06", "K"):
            raise Gone("already settled")
        self.sim.oracle.receipt(posted, receipt)
        if not posted.here:
            raise Gone("already settled")
        if self.sim.fires("H20", "K"):
            posted.stays = posted.acked = True
        else:
            self._taken(posted)
        if self.sim.fires("H05", "K"):
            raise Unavailable("the answer was lost")
        await self.life.net("K")
        return "receipt taken"

    def _taken(self, posted: Posted) -> None:
        posted.here, posted.acked = False, True
        if self.up.removal is Removal.EVENTUALLY:
            posted.lingers = 3
        self.sim.tell("taken upstream", posted.number)

    def _refuses(self, call: str, step: str) -> None:
        """Raises what the call meets."""
        fires = self.sim.fires
        if fires("H01", step):
            raise Refused("401", mailbox=True)
        if fires("H02", step):
            raise Refused("403: consent withdrawn", mailbox=True)
        if call == "list" and fires("H03", step):
            raise Gone("404")
        if fires("H07", step):
            raise Unavailable("429", retry_after=self.sim.chance.choice((1.0, 60.0, 3600.0)))
        if fires("H08", step):
            raise Unavailable("503")
        if fires("H09", step):
            raise Unavailable("the connection was reset")
        if call == "acknowledge" and fires("H22", step):
            raise Refused("422")

    async def news(self) -> None:
        await self.life.never()

    async def close(self) -> None:
        pass


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
