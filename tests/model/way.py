"""One letter, two workers, one recoverer, one server, one upstream: every step that any of them may take next.

The rules are the real ones (`letter.move`, `guard.receipt_may_go`, `verdict.judge`); what is written here a second
time is only the order of steps in journey/forward.py, acknowledge.py and recover.py, and what the world may do in
between. A worker that stands between two steps may stand there for ever: a crash, and a reply that comes late, are
only two names for that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

from nemboks.domain import letter as rules
from nemboks.domain.events import (
    Acknowledged,
    AttemptEnded,
    Claimed,
    Collected,
    ContentsLost,
    Dismissed,
    DotBegun,
    Event,
    Postponed,
    ReceiptBegun,
    Released,
)
from nemboks.domain.guard import receipt_may_go
from nemboks.domain.letter import Letter, Stale, State
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Reply, Report, Stage, Way
from nemboks.domain.verdict import judge
from nemboks.journey.acknowledge import GONE_LOOKS
from tests.domain.samples import AT, COPY, DEADLINE, HEADLINE, MAILBOX, OK, SEALED, SORRY, TLS, letter

PACE = Pace()
REPLIES: dict[str, tuple[Stage, Reply | None]] = {
    "250": (Stage.DOT, OK), "451": (Stage.DOT, SORRY), "silence": (Stage.DOT, None),
    "cut": (Stage.BODY, None), "stopped": (Stage.BODY, None),
}  # fmt: skip


class Worker(NamedTuple):
    """Where a worker stands and all that it knows; a crash makes it `IDLE`."""

    step: str = "idle"
    fence: int = 0
    knows: str = ""
    part: int = 1  # of the letter, that it sends; fixed by its claim


IDLE, WAITING = Worker(), letter(State.WAITING)


@dataclass(frozen=True, slots=True)
class World:
    """What is committed, what lies where, and where each actor stands."""

    row: Letter = WAITING
    workers: tuple[Worker, Worker] = (IDLE, IDLE)
    recoverer: int = 0  # the fence of the overdue attempt that it has read
    late: int = 0  # of the open attempt: 0 in time, 1 deadline passed, 2 reply wait passed too
    upstream: bool = True
    spool: bool = True
    copies: tuple[int, ...] = (0,)  # of each part, that the company has
    paused: bool = False
    pauses: int = 0  # what may still go wrong, or be done by people
    crashes: int = 0
    losses: int = 0
    oddities: int = 0  # "no such letter" from an upstream that has it
    releases: int = 0
    released: int = 0
    dismissals: int = 0
    attempts: int = 4  # the last one meets no more faults: from there all must end well

    @property
    def proven(self) -> int:
        """How many parts are confirmed."""
        return len(self.row.proofs) + (self.row.confirmation is not None)

    def key(self) -> tuple[object, ...]:
        """Equal for worlds whose futures are the same: an old fence is as good as another, and no rule asks why a
        letter is late (only why it is held, or why a receipt is owed)."""
        r = self.row
        asked = (r.why, r.failures) if r.state in (State.FORWARDED, State.HELD) else ()
        row = (r.state.value, asked, r.fence, r.uncertain, r.dot_begun_at is None, r.contents is None,
               self.proven, r.confirmation is None, r.bounced == "", r.receipt_begun_at is None)  # fmt: skip
        workers = sorted((x.step, x.knows, x.fence == r.fence, x.part) for x in self.workers)
        late = self.late if r.state is State.SENDING else 0
        ending = "" if not self.recoverer else "open" if self.recoverer == r.fence else "old"
        rest = (ending, late, self.upstream, self.spool, self.copies, self.paused, self.pauses)
        return row, *workers, rest, (self.crashes, self.losses, self.oddities, self.released, self.dismissals)


class Step(NamedTuple):
    """What happened, the world after it, and whether a world without faults would do it too."""

    words: str
    after: World
    fault: bool = False


class Program:
    """What the machine does. A planted mistake replaces one method."""

    def move(self, w: World, event: Event) -> World | None:
        """The world after the commit; None if the ledger says Stale."""
        at = DEADLINE + timedelta(hours=w.late - 1) if w.late else AT
        if isinstance(event, Claimed | DotBegun) and w.paused:
            return None
        try:
            return replace(w, row=self.rule(w.row, event, at))
        except Stale:
            return None

    rule = staticmethod(rules.move)
    way = Way.OWN_SERVER

    def steps(self, w: World, i: int) -> Iterator[Step]:
        worker = w.workers[i]
        step: Callable[[World, int, Worker], Iterator[Step]] = getattr(self, worker.step)
        yield from step(w, i, worker)

    # --- forward ---

    def idle(self, w: World, i: int, _: Worker) -> Iterator[Step]:
        if w.row.state is State.WAITING and w.row.contents is None:
            if after := self.move(w, ContentsLost("none here", AT)):
                yield Step("finds no contents", after)
        elif w.row.fence < w.attempts and (after := self.move(w, Claimed(DEADLINE, AT, 1, "a@b.dk", "own"))):
            after = replace(after, late=0)
            yield Step(f"claims attempt {after.row.fence}", at(after, i, "body", after.row.fence))
        if w.upstream and (after := self.move(w, Collected(HEADLINE, SEALED, COPY, AT))):
            yield Step("fetches it again", replace(after, spool=True))
        if receipt_may_go(w.row, MAILBOX, AT) == "" and (after := self.move(w, ReceiptBegun())):
            doubt = "doubt" if w.row.receipt_begun_at else ""
            yield Step("begins a receipt", at(after, i, "receipt", 0, doubt))

    def body(self, w: World, i: int, me: Worker) -> Iterator[Step]:
        if not w.spool:
            yield Step("finds the contents lost", at(w, i, "lost", me.fence))
            return
        yield from self.begin(w, i, me)
        if not healed(w):
            yield Step("is refused before the dot", at(w, i, "judged", me.fence, "cut"), fault=True)

    def lost(self, w: World, i: int, me: Worker) -> Iterator[Step]:
        after = self.move(w, ContentsLost("file missing", AT, me.fence))
        yield Step("commits contents_lost" if after else "is stale", at(after or w, i, "idle"))

    def begin(self, w: World, i: int, me: Worker) -> Iterator[Step]:
        if after := self.move(w, DotBegun(me.fence)):
            yield Step("commits dot_begun", at(after, i, "dot", me.fence))
        else:
            yield Step("may not begin the dot", at(w, i, "judged", me.fence, "stopped"))

    def dot(self, w: World, i: int, me: Worker) -> Iterator[Step]:
        kept = self.took(w, me)
        yield Step("writes the dot: kept, 250", at(kept, i, "judged", me.fence, "250"))
        if not healed(w):
            yield Step("writes the dot: kept, reply lost", at(kept, i, "judged", me.fence, "silence"), fault=True)
            yield Step("writes the dot: not kept, cut", at(w, i, "judged", me.fence, "silence"), fault=True)
            yield Step("writes the dot: 451", at(w, i, "judged", me.fence, "451"), fault=True)

    def took(self, w: World, me: Worker) -> World:
        """The company's own server has the part."""
        return replace(w, copies=tuple(n + (part == me.part) for part, n in enumerate(w.copies, 1)))

    def judged(self, w: World, i: int, me: Worker) -> Iterator[Step]:
        after = self.move(w, self.event(w, me))
        yield Step(
            f"commits what {me.knows} means" if after else f"is stale with {me.knows}", at(after or w, i, "idle")
        )

    def event(self, w: World, me: Worker) -> Event:
        stage, reply = REPLIES[me.knows]
        mine = replace(w.row, fence=me.fence, proofs=w.row.proofs[: me.part - 1])  # as it was when it was claimed
        report = Report(stage, "own:465", reply, TLS, me.knows, way=self.way)
        return judge(report, mine, "a@b.dk", AT, PACE, 0.5, "t1")

    # --- acknowledge ---

    def receipt(self, w: World, i: int, me: Worker) -> Iterator[Step]:
        if not w.upstream:
            yield Step("hears: no such letter", at(w, i, "settle", 0, me.knows))
            return
        taken = replace(w, upstream=False)
        yield Step("gives the receipt: taken", at(taken, i, "taken"))
        if not healed(w) and w.crashes:
            less = replace(w, crashes=w.crashes - 1)
            yield Step(
                "gives the receipt: taken, no answer", at(replace(less, upstream=False), i, "silent"), fault=True
            )
            yield Step("gives the receipt: lost on the way", at(less, i, "silent"), fault=True)
        if w.oddities:
            odd = replace(w, oddities=w.oddities - 1)
            yield Step("hears: no such letter, though it is there", at(odd, i, "settle", 0, me.knows), fault=True)

    def silent(self, w: World, i: int, _: Worker) -> Iterator[Step]:
        after = self.move(w, Postponed("unavailable", "", AT, definite=False))
        yield Step("postpones the receipt", at(after or w, i, "idle"))

    def settle(self, w: World, i: int, me: Worker) -> Iterator[Step]:
        looks = w.row.failures + 1 if w.row.why == "gone" else 1
        if not w.upstream and looks >= GONE_LOOKS:
            yield Step("believes that it is gone", at(w, i, "taken"))
            return
        why = "still_listed" if w.upstream else "gone"
        after = self.move(w, Postponed(why, "", AT, definite=not me.knows))
        yield Step(f"puts the receipt off: {why}", at(after or w, i, "idle"))

    def taken(self, w: World, i: int, _: Worker) -> Iterator[Step]:
        after = self.move(w, Acknowledged("ok"))
        yield Step("commits acknowledged" if after else "is stale", at(after or w, i, "destroy" if after else "idle"))

    def destroy(self, w: World, i: int, _: Worker) -> Iterator[Step]:
        yield Step("destroys the contents", at(replace(w, spool=False), i, "idle"))

    # --- recover ---

    def overdue(self, w: World) -> bool:
        return w.late >= (2 if w.row.dot_begun_at else 1)

    def recover(self, w: World) -> Iterator[Step]:
        if w.recoverer:
            after = self.move(w, AttemptEnded(w.recoverer, "holder gone", AT))
            words = f"recovery ends attempt {w.recoverer}" if after else "recovery is stale"
            yield Step(words, replace(after or w, recoverer=0))
        elif w.row.state is State.SENDING and self.overdue(w):
            yield Step(f"recovery finds attempt {w.row.fence} overdue", replace(w, recoverer=w.row.fence))

    def around(self, w: World) -> Iterator[Step]:
        """What happens behind the mail server."""
        yield from ()

    def restart(self, w: World) -> World:
        """A new process has locked the store: every open attempt is over."""
        bare = replace(w, workers=(IDLE, IDLE), recoverer=0, crashes=w.crashes - 1)
        return self.move(bare, AttemptEnded(w.row.fence, "restart", AT)) or bare


def at(w: World, i: int, step: str, fence: int = 0, knows: str = "") -> World:
    """The world with worker `i` at that step."""
    part = w.row.part if step == "body" else w.workers[i].part if fence else 1
    here = Worker(step, fence, knows, part)
    return replace(w, workers=(here, w.workers[1]) if i == 0 else (w.workers[0], here))


def healed(w: World) -> bool:
    return w.row.fence >= w.attempts


def environment(w: World, program: Program) -> Iterator[Step]:
    """What time, machines and people may do at any moment."""
    sending = w.row.state is State.SENDING
    if sending and w.late < 2 and not healed(w):
        yield Step("the reply wait passes" if w.late else "the deadline passes", replace(w, late=w.late + 1))
    if w.crashes and not (sending and healed(w)):
        for i, worker in enumerate(w.workers):
            if worker != IDLE:
                yield Step(f"worker {i + 1} crashes", replace(at(w, i, "idle"), crashes=w.crashes - 1), fault=True)
        if w.workers != (IDLE, IDLE):
            yield Step("the daemon is killed and starts again", program.restart(w), fault=True)
    if w.losses and w.spool and w.row.contents and not healed(w):
        yield Step("the sealed file breaks", replace(w, spool=False, losses=w.losses - 1), fault=True)
    if w.paused:
        yield Step("the mailbox is resumed", replace(w, paused=False))
    elif w.pauses and not healed(w):
        yield Step("the mailbox is paused", replace(w, paused=True, pauses=w.pauses - 1), fault=True)
    if w.released < w.releases and (after := program.move(w, Released("anna", AT))):
        yield Step("Anna releases it", replace(after, released=w.released + 1), fault=True)
    if w.dismissals and (after := program.move(w, Dismissed("anna"))):
        yield Step("Anna dismisses it", replace(after, dismissals=w.dismissals - 1), fault=True)


def everything(w: World, program: Program) -> Iterator[Step]:
    """All that may happen next."""
    for i in range(2):
        if i == 0 or w.workers[0] != w.workers[1]:  # two workers in the same place are one case
            yield from (Step(f"worker {i + 1} {s.words}", s.after, s.fault) for s in program.steps(w, i))
    yield from program.recover(w)
    yield from program.around(w)
    yield from environment(w, program)
