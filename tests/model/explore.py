"""Every interleaving of tests/model/way.py, each world visited once, and what must be true in all of them."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from nemboks.domain.letter import State
from nemboks.domain.proof import Way
from tests.model.way import IDLE, Program, Step, World, everything

ENDS = (State.ACKNOWLEDGED, State.DISMISSED)
GOOD = (*ENDS, State.HELD)


@dataclass(frozen=True, slots=True)
class Found:
    """How much was looked at, and the shortest way to the first breach, in words."""

    worlds: int
    steps: int
    breach: str = ""
    trace: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = "".join(f"\n  {n}. {words}" for n, words in enumerate(self.trace, 1))
        return f"{self.worlds} worlds, {self.steps} steps. {self.breach}{told}"


def explore(program: Program, start: World) -> Found:
    """The first breach in any reachable world or, when there is none, the first world that no good end is seen from."""
    came: dict[tuple[object, ...], tuple[World, Step] | None] = {start.key(): None}
    back: dict[tuple[object, ...], list[tuple[object, ...]]] = {}
    good: list[tuple[object, ...]] = []
    queue, steps = deque([start]), 0
    while queue:
        w = queue.popleft()
        here = w.key()
        if (
            w.row.state in GOOD
            or w.row.bounced
            or (w.row.fence >= w.attempts and w.row.state in (State.WAITING, State.FOUND))
        ):
            good.append(here)
        for step in everything(w, program):
            steps += 1
            if breach := next(breaches(w, step, program), ""):
                return Found(len(came), steps, breach, (*way_to(here, came), step.words))
            there = step.after.key()
            if not step.fault:
                back.setdefault(there, []).append(here)
            if there not in came:
                came[there] = (w, step)
                queue.append(step.after)
    stuck = came.keys() - _reaching(good, back)
    trace = min((way_to(x, came) for x in stuck), key=len, default=())
    return Found(len(came), steps, "no good end can be reached without another fault" if stuck else "", trace)


def _good(w: World) -> bool:
    """Whether all is well, or a person's business, or waits for an attempt that lies beyond the bounds."""
    beyond = w.row.fence >= w.attempts and w.row.state in (State.WAITING, State.FOUND)
    return w.row.state in GOOD or bool(w.row.bounced) or beyond


def _reaching(good: list[tuple[object, ...]], back: dict[tuple[object, ...], list[tuple[object, ...]]]) -> set[object]:
    seen = set(good)
    while good:
        new = [x for x in back.get(good.pop(), ()) if x not in seen]
        seen.update(new)
        good.extend(new)
    return seen  # type: ignore[return-value]


def way_to(here: tuple[object, ...], came: dict[tuple[object, ...], tuple[World, Step] | None]) -> tuple[str, ...]:
    words: list[str] = []
    while (link := came[here]) is not None:
        words.append(link[1].words)
        here = link[0].key()
    return tuple(reversed(words))


def breaches(w: World, step: Step, program: Program) -> Iterator[str]:
    """What must never be true after a step; each line says which invariant of DESIGN 3 it is."""
    after = step.after
    row, was = after.row, w.row
    if w.upstream and not after.upstream:
        if was.confirmation is None:
            yield "1: a receipt went upstream before a committed confirmation"
        if was.confirmation is not None and w.proven < was.parts:
            yield f"1: a receipt went upstream after {w.proven} of {was.parts} parts"
        if not all(w.copies):
            yield "1: a receipt went upstream for a letter that the company does not have"
    if program.way is Way.RELAY and after.proven > w.proven and not after.copies[after.proven - 1]:
        yield f"1: part {after.proven} is confirmed, and the company does not have it"
    if not (after.upstream or all(after.copies) or (after.spool and row.contents)):
        yield "2: the letter is nowhere"
    if row.contents and not after.spool and not (w.losses > after.losses or w.spool is False):
        yield "2: the contents are destroyed while the row still names them"
    if was.state in ENDS and row.state is not was.state:
        yield f"3: {was.state} was left"
    if was.state is State.FORWARDED and row.state not in (State.FORWARDED, State.ACKNOWLEDGED):
        yield "3: FORWARDED was left for something else than ACKNOWLEDGED"
    if row.state is State.ACKNOWLEDGED and (after.upstream or not all(after.copies)):
        yield "1: ACKNOWLEDGED, but Digital Post still has the letter, or the company has not"
    if was.state is State.DISMISSED and w.upstream and not after.upstream:
        yield "4: a dismissed letter was acknowledged"
    again = sum(max(0, number - 1) for number in after.copies)
    if again > row.uncertain:
        yield f"5: {again + 1} copies after {row.uncertain} uncertain ends"
    in_doubt = row.state is State.SENDING and not row.proofs  # a part that was confirmed after all ends the doubt
    if in_doubt and row.uncertain >= 3 * (1 + after.released):
        yield "5: sent again after three uncertain ends without a person"
    yield from _attempts(w, step, program)


def _attempts(w: World, step: Step, program: Program) -> Iterator[str]:
    after, row, was = step.after, step.after.row, w.row
    ended = was.state is State.SENDING and (row.state is not State.SENDING or row.fence != was.fence)
    holder = next((x for x in after.workers if x != IDLE and x.fence == was.fence), None)
    fact = after.proven > w.proven or row.state in (State.FORWARDED, State.HANDED_OVER)  # whoever holds it, and late
    if ended and holder and w.late < (2 if was.dot_begun_at else 1) and not fact:
        yield "I4: an attempt was ended in time, and its holder still works on it"
    told = next((x for x, y in zip(w.workers, after.workers, strict=True) if x.knows == "250" and y == IDLE), None)
    crashed = after.crashes < w.crashes
    heard = program.way is Way.RELAY or (told is not None and after.proven >= told.part)
    if told and not crashed and not heard and row.state not in (State.FOUND, State.DISMISSED):
        yield "6: a confirmation was read and thrown away"
