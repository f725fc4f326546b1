"""The letter's way holds its promises in every interleaving, and each planted mistake is found, with its story."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from nemboks.domain import letter as rules
from nemboks.domain.events import AttemptEnded, Claimed, Confirmed, DotBegun, Event, Later
from nemboks.domain.letter import Letter, Stale, State
from tests.domain.samples import AT, SORRY, confirmation, report
from tests.model.explore import explore
from tests.model.way import Program, Step, Worker, World, at

SCENES = {
    "machines die": World(crashes=2),
    "people meddle": World(pauses=1, releases=1, dismissals=1),
    "upstream and spool fail": World(attempts=3, crashes=1, losses=1, oddities=1),
    "all at once": World(attempts=3, crashes=1, losses=1, oddities=1, pauses=1, dismissals=1),
}


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_every_interleaving_keeps_the_promise(scene: str) -> None:
    """No loss, no early receipt, no uncounted copy, no end left, no dead end, wherever the actors stand."""
    found = explore(Program(), SCENES[scene])
    print(f"{scene}: {found}")

    assert not found.breach, str(found)
    assert found.worlds > 10_000, "the bounds leave too little to look at"


# --- planted mistakes: each is one method of Program done wrongly ---


class ReceiptBeforeCommit(Program):
    """The receipt goes out on the reply itself."""

    def judged(self, w: World, i: int, me: Worker) -> Iterator[Step]:
        if me.knows == "250":
            yield Step("does not wait for the commit", at(w, i, "receipt"))
        else:
            yield from super().judged(w, i, me)


class DotBeforeItsCommit(Program):
    """The dot is written first and dot_begun is never committed."""

    def begin(self, w: World, i: int, me: Worker) -> Iterator[Step]:
        yield Step("goes straight to the dot", at(w, i, "dot", me.fence))


class OldFenceAccepted(Program):
    """Whoever comes is taken for the open attempt's holder."""

    @staticmethod
    def rule(row: Letter, event: Event, now: datetime) -> Letter:
        fenced = getattr(event, "fence", None) is not None and row.state is State.SENDING
        return rules.move(row, replace(event, fence=row.fence) if fenced else event, now)  # type: ignore[call-arg]


class RecoveryBeforeTheDeadline(Program):
    """Every open attempt looks overdue."""

    def overdue(self, w: World) -> bool:
        return True


class RecoveryBeforeTheReplyWait(Program):
    """An attempt past its dot is ended at the deadline."""

    def overdue(self, w: World) -> bool:
        return w.late >= 1


class SilenceIsSuccess(Program):
    """A time-out at the dot counts as delivered."""

    def event(self, w: World, me: Worker) -> Event:
        return Confirmed(confirmation(me.fence), "t1", AT) if me.knows == "silence" else super().event(w, me)


class SilenceIsRefusal(Program):
    """A time-out at the dot counts as a definite no, so the copy that follows is not counted."""

    def event(self, w: World, me: Worker) -> Event:
        if me.knows == "silence":
            return Later(me.fence, "temporary", "", AT, report(reply=SORRY))
        return super().event(w, me)


class DotNotChecked(Program):
    """The answer to the last question before the dot is not read."""

    def begin(self, w: World, i: int, me: Worker) -> Iterator[Step]:
        after = self.move(w, DotBegun(me.fence))
        yield Step("begins the dot whatever the ledger says", at(after or w, i, "dot", me.fence))


class DotAfterTheDeadline(Program):
    """The deadline is looked at before the commit of dot_begun and not in it."""

    @staticmethod
    def rule(row: Letter, event: Event, now: datetime) -> Letter:
        return rules.move(row, event, AT if isinstance(event, DotBegun) else now)


class ConfirmationNeedsTheFence(Program):
    """A 250 that comes after recovery is refused."""

    @staticmethod
    def rule(row: Letter, event: Event, now: datetime) -> Letter:
        if isinstance(event, Confirmed) and (row.state, row.fence) != (State.SENDING, event.confirmation.attempt):
            raise Stale("not the open attempt")
        return rules.move(row, event, now)


class ContentsDestroyedEarly(Program):
    """The sealed file goes when the mail server has it."""

    def judged(self, w: World, i: int, me: Worker) -> Iterator[Step]:
        for step in super().judged(w, i, me):
            done = step.after.row.state is State.FORWARDED
            yield Step(step.words, replace(step.after, spool=step.after.spool and not done))


class GoneAtOnce(Program):
    """The first "no such letter" is believed, and the list is not asked."""

    def settle(self, w: World, i: int, me: Worker) -> Iterator[Step]:
        yield Step("believes that it is gone", at(w, i, "taken"))


class NeverHeld(Program):
    """The third uncertain end is sent again like the first."""

    @staticmethod
    def rule(row: Letter, event: Event, now: datetime) -> Letter:
        after = rules.move(row, event, now)
        return replace(after, state=State.WAITING) if isinstance(event, AttemptEnded) else after


class SecondClaim(Program):
    """A letter in SENDING may be claimed again."""

    @staticmethod
    def rule(row: Letter, event: Event, now: datetime) -> Letter:
        if isinstance(event, Claimed) and row.state is State.SENDING:
            row = replace(row, state=State.WAITING)
        return rules.move(row, event, now)


class StopForgetsTheDot(Program):
    """A restart ends every attempt as cut."""

    def restart(self, w: World) -> World:
        return super().restart(replace(w, row=replace(w.row, dot_begun_at=None)))


class NeverRecovers(Program):
    """Nobody looks for attempts whose holder is gone."""

    def recover(self, w: World) -> Iterator[Step]:
        yield from ()


MISTAKES = {
    ReceiptBeforeCommit: "1: a receipt went upstream before a committed confirmation",
    DotBeforeItsCommit: "5: 2 copies after 0 uncertain ends",
    OldFenceAccepted: "I4: ",
    RecoveryBeforeTheDeadline: "I4: ",
    RecoveryBeforeTheReplyWait: "I4: ",
    SilenceIsSuccess: "1: a receipt went upstream for a letter that the company does not have",
    SilenceIsRefusal: "5: 2 copies after 0 uncertain ends",
    DotNotChecked: "5: 2 copies after 0 uncertain ends",
    DotAfterTheDeadline: "I4: ",
    ConfirmationNeedsTheFence: "6: a confirmation was read and thrown away",
    ContentsDestroyedEarly: "2: the contents are destroyed",
    GoneAtOnce: "1: ACKNOWLEDGED, but Digital Post still has the letter",
    NeverHeld: "5: sent again after three uncertain ends",
    SecondClaim: "I4: ",
    StopForgetsTheDot: "5: 2 copies after 0 uncertain ends",
    NeverRecovers: "no good end can be reached",
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda x: x.__name__)
def test_a_planted_mistake_is_found(mistake: type[Program]) -> None:
    """The shortest story that leads to the breach is told in words."""
    found = explore(mistake(), World(crashes=1, oddities=1))
    print(f"{mistake.__name__}: {mistake.__doc__} {found}")

    assert found.breach.startswith(MISTAKES[mistake]) and found.breach, str(found)
    assert found.trace
