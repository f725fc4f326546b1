"""Behind the mail server a relay: what it may do with a mail, what comes back, and how we read that.

The rules are the real ones of journey/returned.py and journey/landed.py; the relay may deliver, bounce, lose and delay
each mail, and tell the truth about it late, twice, or not at all. It never says `delivered` of what it did not deliver.
"""

from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple

from nemboks.domain.events import Claimed, Event, HandedOver, Postponed
from nemboks.domain.letter import Letter, Stale, State
from nemboks.domain.mailbox import Address, Options
from nemboks.domain.proof import Report, Stage, Way
from nemboks.domain.returns import Action, StatusNotice, Token
from nemboks.journey import landed, returned
from nemboks.ports import Attempted, Landed, Place
from tests.domain.samples import AT, MAILBOX, OK, TLS
from tests.model.way import PACE, Program, Step, Worker, World, healed

ROUTED = replace(MAILBOX, options=Options(landing="own"))
SILENT = AT + timedelta(days=1)
STATUS = {Action.DELIVERED: "2.0.0", Action.RELAYED: "2.0.0", Action.FAILED: "5.1.1"}


class Notice(NamedTuple):
    """A delivery status notification in our return box."""

    attempt: int
    part: int
    action: str


class Tried(NamedTuple):
    """What the ledger keeps of an attempt."""

    number: int
    part: int
    reported: bool  # with a report that came as far as the dot


@dataclass(frozen=True, slots=True)
class RelayWorld(World):
    """A world with a relay in it: what that has, and what has come back."""

    transit: frozenset[tuple[int, int]] = frozenset()  # attempt and part of each mail that it has not passed on
    box: frozenset[Notice] = frozenset()
    tried: tuple[Tried, ...] = ()
    bounces: int = 0  # what may still go wrong
    holes: int = 0  # mails, or notices, that disappear
    doubles: int = 0  # notices that come twice
    hops: int = 0  # `relayed` notices
    landing: bool = field(default=False, kw_only=True)  # we may look into the mailbox

    def key(self) -> tuple[object, ...]:
        rest = (self.bounces, self.holes, self.doubles, self.hops)
        proofs = (*self.row.proofs, self.row.confirmation)
        rests_on = tuple(proof.attempt for proof in proofs if proof)  # what comes back is judged by that
        return *World.key(self), self.transit, self.box, self.tried, rests_on, rest


class RelayProgram(Program):
    """The machine with a relay as its mail server."""

    way = Way.RELAY

    def took(self, w: World, me: Worker) -> World:
        assert isinstance(w, RelayWorld)
        return replace(w, transit=w.transit | {(me.fence, me.part)})

    def move(self, w: World, event: Event) -> World | None:
        after = super().move(w, event)
        if not isinstance(w, RelayWorld) or after is None:
            return after
        tried, report = w.tried, getattr(event, "report", None)
        if isinstance(event, Claimed):
            tried += (Tried(after.row.fence, w.row.part, False),)
        elif report is not None and (w.row.state is State.SENDING or isinstance(event, HandedOver)):
            dot = report.stage is Stage.DOT  # the ledger keeps a report with the latest attempt
            tried = tuple(x._replace(reported=dot) if x.number == w.row.fence else x for x in tried)
        return replace(after, tried=tried)  # type: ignore[call-arg]

    def around(self, w: World) -> Iterator[Step]:
        assert isinstance(w, RelayWorld)
        yield from _relay(w)
        yield from self.reader(w)
        if w.row.state is State.HANDED_OVER:
            yield from self.look(w)

    # --- what comes back ---

    def reader(self, w: RelayWorld) -> Iterator[Step]:
        for notice in sorted(w.box):
            ledger = _Ledger(w, self)
            if not _brought(returned._act(self.meant(w, notice), _journey(ledger, AT))):
                continue  # it is read again when the letter has moved on
            after = replace(ledger.world, box=w.box - {notice})
            words = f"reads that part {notice.part} of attempt {notice.attempt} was {notice.action}"
            yield Step(words, after)
            if w.doubles and not healed(w):
                twice = replace(after, box=w.box, doubles=w.doubles - 1)  # type: ignore[call-arg]
                yield Step(f"{words}, and that comes twice", twice, fault=True)

    def meant(self, w: RelayWorld, notice: Notice) -> StatusNotice:
        action = Action(notice.action)
        return StatusNotice(Token(1, notice.attempt, notice.part), action, STATUS[action], "mx", "")

    def lies_there(self, w: RelayWorld) -> bool:
        return w.copies[w.row.part - 1] > 0

    def look(self, w: RelayWorld) -> Iterator[Step]:
        seen = Landed(Place.INBOX, "Inbox") if w.landing and self.lies_there(w) else None
        for words, at in (("a look finds", AT), ("silence means", SILENT)):
            event = _brought(landed._event(w.row, ROUTED, seen, _journey(_Ledger(w, self), at)))
            if not isinstance(event, Postponed) and (after := self.move(w, event)):
                yield Step(f"{words}: {after.row.why or 'it is there'}", after)


def _relay(w: RelayWorld) -> Iterator[Step]:
    """What the relay may do next with each mail that it has."""
    for attempt, part in sorted(w.transit):
        mail = f"part {part} of attempt {attempt}"
        gone = replace(w, transit=w.transit - {(attempt, part)})
        there = replace(gone, copies=tuple(n + (each == part) for each, n in enumerate(w.copies, 1)))
        told = replace(there, box=w.box | {Notice(attempt, part, "delivered")})
        yield Step(f"the relay delivers {mail}", told)
        if healed(w):
            continue
        if w.holes:
            yield Step(f"the relay loses {mail}", replace(gone, holes=w.holes - 1), fault=True)
            yield Step(f"the relay delivers {mail} and says nothing", replace(there, holes=w.holes - 1), fault=True)
        if w.bounces:
            back = replace(gone, box=w.box | {Notice(attempt, part, "failed")}, bounces=w.bounces - 1)
            yield Step(f"{mail} comes back", back, fault=True)
        if w.hops:
            on = replace(w, box=w.box | {Notice(attempt, part, "relayed")}, hops=w.hops - 1)
            yield Step(f"the relay hands {mail} to another", on, fault=True)


# --- the real journey, asked about this world ---


def _journey(ledger: "_Ledger", now: datetime) -> Any:
    clock = SimpleNamespace(now=lambda: now, uuid=lambda: "t1", chance=lambda: 0.5)
    return SimpleNamespace(letters=ledger, clock=clock, pace=PACE)


class _Ledger:
    """The Letters port on the model's world, as far as those two use it."""

    def __init__(self, w: RelayWorld, program: Program) -> None:
        self.world, self._program = w, program

    async def get(self, letter: int) -> Letter:
        return self.world.row

    async def move(self, letter: Letter, event: Event) -> Letter:
        after = self._program.move(self.world, event)
        if after is None:
            raise Stale("the rules refuse it")
        assert isinstance(after, RelayWorld)
        self.world = after
        return after.row

    async def attempt(self, letter: int, number: int) -> Attempted | None:
        found = next((x for x in self.world.tried if x.number == number), None)
        if found is None:
            return None
        report = Report(Stage.DOT, "relay:587", OK, TLS, way=Way.RELAY) if found.reported else None
        return Attempted(number, found.part, Address("a@b.dk"), "relay", report)


def _brought(asked: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine that waits for nothing brings."""
    try:
        asked.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits for something")


def relayed_letter(row: Letter, parts: int) -> RelayWorld:
    """A letter of so many mails on its way through a relay."""
    assert row.copy is not None
    copy = replace(row.copy, parts=tuple((n,) for n in range(parts)))
    return RelayWorld(row=replace(row, copy=copy), copies=(0,) * parts)
