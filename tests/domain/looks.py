"""A small world for one look at what is wrong (assess.py): Anna's bakery, whose second contact is Kim."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from nemboks.domain.assess import assess
from nemboks.domain.incidents import Cause, Incident, Notice, NoticeKind, Sick
from nemboks.domain.mailbox import Address, Mailbox, Options
from nemboks.domain.pace import Pace
from tests.domain.samples import AT, MAILBOX

C, K = Cause, NoticeKind
PACE = Pace()  # 20 s to gather, 4 h until late, a day between reminders, half an hour of quiet
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
GATHER, LATE, QUIET = 20 * SECOND, 4 * HOUR, HOUR / 2
NEAR = timedelta(days=7)
ANNA, KIM, OPERATOR = "anna@bageri.example", "kim@far.example", Address("drift@nemboks.example")
BOX = replace(MAILBOX, options=Options(second_contact=Address(KIM)))
BY_KIM, BY_ANNA = f"mail:da:{KIM}", f"mail:da:{ANNA}"


def ill(letter: int | None = 1, cause: Cause = C.ADDRESS, **changes: Any) -> Sick:
    return replace(Sick(cause, 1, letter, AT, "17", "550 no such user", "bageri", ANNA, True), **changes)


def look(
    sick: Sequence[Sick], open: Sequence[Incident] = (), now: datetime = AT, boxes: Sequence[Mailbox] = (BOX,),
    waiting: Collection[int] = (), operator: Address | None = None,
) -> tuple[list[Incident], list[Notice]]:  # fmt: skip
    return assess(sick, open, boxes, now, PACE, operator, "relay", waiting)


NEW = Incident(
    0, f"address|bageri.example|{BY_KIM}", C.ADDRESS, "bageri", ANNA, (BY_KIM,), AT, (1,), (1,), "550 no such user"
)
KNOWN = replace(NEW, id=7)
TOLD = replace(KNOWN, told_at=AT, notices=1)
NOTICE = Notice(
    0, 7, NEW.key, K.STOPPED, C.ADDRESS, BY_KIM, 1, 1, (1,), (1,), AT, "550 no such user", "bageri", ANNA, AT + GATHER,
    AT + GATHER,
)  # fmt: skip
