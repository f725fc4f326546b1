"""The mail servers of this floor: every ending that a conversation can have, and what was kept at the dot in truth."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nemboks.domain.proof import Level, Reply, Report, Stage, TlsFacts, Way
from nemboks.ports import Mail
from tests.simulation.floor1.ground import DIRECT, RELAY, TRUSTED

if TYPE_CHECKING:
    from tests.simulation.floor1.life import Life
    from tests.simulation.floor1.sim import Sim

TLS = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", "mail.bageri.example", "ab" * 32)
TLS_DIRECT = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", "mx.example", "cd" * 32, Level.UNSIGNED_MX)
STAGES = {Stage.LOOKUP: "D", Stage.CONNECT: "D", Stage.TLS: "T", Stage.GREETING: "E", Stage.LOGIN: "E",
          Stage.MAIL: "M", Stage.RCPT: "R", Stage.DATA: "A", Stage.BODY: "B", Stage.DOT: "Z"}  # fmt: skip


@dataclass(frozen=True)
class Ending:
    """Where a conversation ends and how; `kept` only counts at the dot. `seconds` until the reply to the dot."""

    fault: str
    stage: Stage
    code: int = 0  # 0: no readable reply
    enhanced: str = ""
    text: str = "no"
    kept: bool = False
    seconds: float = 0.0


S = Stage
ENDINGS = (
    Ending("S01", S.LOOKUP), Ending("S02", S.LOOKUP, 556, "5.1.10"), Ending("S04", S.GREETING, 554),
    Ending("S04", S.GREETING, 421), Ending("S01", S.CONNECT), Ending("S07", S.TLS), Ending("S07", S.TLS, 454),
    Ending("S09", S.LOGIN, 535, "5.7.8"), Ending("S09", S.LOGIN, 454, "4.7.0"), Ending("S10", S.MAIL, 451, "4.3.0"),
    Ending("S10", S.MAIL, 550, "5.7.1"), Ending("S10", S.MAIL, 552, "5.3.4"), Ending("S11", S.RCPT, 450, "4.7.1",
    "greylisted, try again in 300 seconds"), Ending("S12", S.RCPT, 452, "4.2.2"), Ending("S12", S.RCPT, 552, "5.2.2"),
    Ending("S13", S.RCPT, 550, "5.1.1"), Ending("S13", S.RCPT, 551, "5.1.6"), Ending("S15", S.DATA, 554, "5.7.0"),
    Ending("S15", S.DATA, 503), *(Ending("S16", stage, 421, "4.3.2") for stage in
    (S.LOGIN, S.MAIL, S.RCPT, S.DATA, S.BODY, S.DOT)), Ending("S17", S.BODY), Ending("S18", S.DOT, kept=True),
    Ending("S18", S.DOT, kept=False), Ending("S19", S.DOT, 250, "2.0.0", "kept", True, 59.0), Ending("S19", S.DOT,
    250, "2.0.0", "kept", True, 599.0), Ending("S19", S.DOT, kept=True, seconds=600.0), Ending("S19", S.DOT,
    kept=False, seconds=600.0), Ending("S20", S.DOT, 451, "4.3.0"), Ending("S20", S.DOT, 554, "5.7.1"),
    Ending("S20", S.DOT, 552, "5.3.4"), Ending("S20", S.DOT, 550, "5.1.1"), Ending("S21", S.DOT, 251, "2.1.5", "kept",
    True), Ending("S22", S.DOT, 354, "", "what?", True), Ending("S22", S.DOT, 150, "", "what?", False),
    Ending("S22", S.RCPT, 354), Ending("S23", S.DOT, kept=True, seconds=600.0, text="late 250"),
    Ending("S27", S.BODY, 554, "5.6.3"), Ending("S27", S.DOT, 554, "5.6.3"),
    *(Ending("silent", stage) for stage in (S.CONNECT, S.TLS, S.GREETING, S.LOGIN, S.MAIL, S.RCPT, S.DATA)),
)  # fmt: skip
BY_FAULT: dict[str, list[Ending]] = {}
for _one in ENDINGS:
    BY_FAULT.setdefault(_one.fault, []).append(_one)


@dataclass
class Kept:
    """One mail whose dot was written, as the far end has it."""

    number: int
    server: str
    recipient: str
    sender: str
    octets: bytes
    envid: str
    kept: bool
    letter: int  # our ledger's number, and of the attempt
    delivery: int
    fence: int
    came_back: bool = False
    answered: bool = False  # a 2yz to its dot was read, or a sign from the far end told of it
    landed: str = ""  # where a relay's mail lies: inbox, junk, "" for nowhere yet


@dataclass
class SimMail:
    """The truth of all mail servers."""

    sim: "Sim"
    mails: list[Kept] = field(default_factory=list)

    def takes(self, mail: Mail, octets: bytes, kept: bool) -> Kept:
        letter, fence, _, delivery = (int(x) for x in mail.envid.partition(".")[0].split("-"))
        one = Kept(
            len(self.mails) + 1, mail.server, mail.recipient, mail.sender, octets, mail.envid, kept, letter, delivery,
            fence,
        )  # fmt: skip
        self.mails.append(one)
        self.sim.tell("dot", letter, delivery, fence, mail.recipient, "kept" if kept else "dropped", len(octets))
        self.sim.oracle.dot(one)
        return one


class SimCourier:
    """The Courier port of one life. Asks before the dot; what it reports is what a client can see, not the truth."""

    def __init__(self, sim: "Sim", life: "Life") -> None:
        self.sim, self.life = sim, life

    async def deliver(self, mail: Mail, seconds: float, before_dot: Callable[[], Awaitable[bool]]) -> Report:
        began, ending = self.sim.now(), self._ending()
        for stage in (S.LOOKUP, S.CONNECT, S.TLS, S.GREETING, S.LOGIN, S.MAIL):
            if report := await self._stage(stage, ending, mail):
                return report
        limit = self.sim.plan.limit if mail.server not in (RELAY, TRUSTED, DIRECT) else 0
        if limit and mail.size > limit and not self.sim.healed and self.sim.inject("S26", "M"):
            return self._report(mail, S.MAIL, Reply(552, "5.3.4", "too large"), limit=limit)
        for stage in (S.RCPT, S.DATA):
            if report := await self._stage(stage, ending, mail):
                return report
        octets = await self._body(mail)
        if self.sim.fires("slow", "B"):  # a machine that slept: the client's own timers could not fire
            await self.life.sleep(self.sim.chance.choice((1300.0, 2500.0, 7200.0)), "B")
        elif self.sim.now() - began > seconds:
            return self._report(mail, S.BODY, None, "the letter took too long")
        if ending and ending.stage is S.BODY:
            return self._ended(mail, ending)
        if not await before_dot():
            return self._report(mail, S.BODY, None, "stopped before the dot")
        return await self._dot(mail, octets, ending)

    async def _stage(self, stage: Stage, ending: Ending | None, mail: Mail) -> Report | None:
        await self.life.net(STAGES[stage])
        if ending is None or ending.stage is not stage:
            return None
        if ending.fault == "silent":
            await self.life.sleep(300.0 if stage > S.TLS else 30.0, STAGES[stage])
        return self._ended(mail, ending)

    async def _body(self, mail: Mail) -> bytes:
        pieces = []
        async for piece in mail.pieces:
            pieces.append(piece)
            await self.life.net("B", quick=True)
        octets = b"".join(pieces)
        if len(octets) != mail.size:
            self.sim.oracle.breach("other", f"a mail of {mail.size} octets brought {len(octets)}")
        return octets

    async def _dot(self, mail: Mail, octets: bytes, ending: Ending | None) -> Report:
        await self.life.net("Z", quick=True)
        at_dot = ending is not None and ending.stage is S.DOT
        kept = self.sim.mail.takes(mail, octets, ending.kept if at_dot and ending else True)
        if at_dot and ending:
            await self.life.sleep(ending.seconds, "Z")
            kept.answered = ending.code // 100 == 2 and mail.server != RELAY
            if kept.kept:
                self.life.afterwards(kept)
            await self.life.net("Z")
            return self._ended(mail, ending)
        kept.answered = mail.server != RELAY
        self.life.afterwards(kept)
        await self.life.net("Z")
        return self._report(mail, S.DOT, Reply(250, "2.0.0", "kept"))

    def _ending(self) -> Ending | None:
        for fault, endings in BY_FAULT.items():
            if fault in self.sim.plan.rates and not self.sim.healed:
                ending = self.sim.chance.choice(endings)
                if self.sim.fires(fault, STAGES[ending.stage]):
                    return ending
        return None

    def _ended(self, mail: Mail, ending: Ending) -> Report:
        reply = Reply(ending.code, ending.enhanced, ending.text) if ending.code else None
        return self._report(mail, ending.stage, reply, ending.text)

    def _report(self, mail: Mail, stage: Stage, reply: Reply | None, words: str = "", limit: int = 0) -> Report:
        if mail.envid.split("-")[3].startswith("0"):
            self.sim.oracle.reported[int(mail.envid.partition("-")[0])] = self.sim.now()
        tls = (TLS_DIRECT if mail.server == DIRECT else TLS) if stage >= S.MAIL else None
        way = {RELAY: Way.RELAY, TRUSTED: Way.RELAY, DIRECT: Way.DIRECT}.get(mail.server, Way.OWN_SERVER)
        return Report(
            stage, f"{mail.server}:25", reply, tls, words if reply is None else "", 0.1, way, mail.server == TRUSTED,
            limit,
        )  # fmt: skip

    async def close(self) -> None:
        pass
