"""What a report makes of the letter that was being sent: its state, why, and when it is tried again."""

from dataclasses import dataclass, replace
from datetime import timedelta

from nemboks.domain.letter import State, move
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Report, Stage
from nemboks.domain.verdict import judge
from tests.helpers.builders import ADDRESS, claimed, copy, headline, letter, sealed
from tests.helpers.clock import START


@dataclass(frozen=True)
class Ending:
    """`seconds` until the next try, without the spread; None: never by itself."""

    state: State
    why: str
    seconds: float | None


def ending(report: Report, failures: int = 0, why: str = "") -> Ending:
    """The letter after this report, with production's waits; it had so many troubles of the kind `why` before."""
    waiting = letter(State.WAITING, headline=headline(), contents=sealed(), copy=copy(), failures=failures, why=why)
    sending = move(waiting, claimed(), START)
    if report.stage is Stage.DOT:
        sending = replace(sending, dot_begun_at=START)
    event = judge(report, sending, ADDRESS, START, Pace(), 0.5, "8d0e5a52-6b6e-4e56-9f0e-2f4b3f3f9a01")
    after = move(sending, event, START)
    seconds = None if after.due_at is None else (after.due_at - START) / timedelta(seconds=1)
    return Ending(after.state, after.why, seconds)
