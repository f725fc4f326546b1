"""A small world of troubles: what is wrong is a list, time passes by hand, and every notice owed is kept."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from nemboks.domain.assess import assess, closing
from nemboks.domain.incidents import Cause, Incident, Notice, NoticeKind, Sick
from nemboks.domain.mailbox import DIRECT, Address, Mailbox, Options
from nemboks.domain.pace import Pace
from tests.helpers import builders as make
from tests.helpers.clock import START

PACE = Pace()
CONTACT, OPERATOR = Address("bo@bogholder.example"), Address("drift@nemboks.example")
BY_MAIL, TO_OPERATOR = f"mail:da:{CONTACT}", f"mail:da:{OPERATOR}"
TO_ANNA = f"mail:da:{make.ADDRESS}"
DAY, HOUR, MINUTE = 86_400, 3_600, 60


def company(id_: int = 1, contact: Address | None = CONTACT, **changes: Any) -> Mailbox:
    """Anna's bakery with a second contact at another domain."""
    options = replace(Options(second_contact=contact), **changes.pop("options", {}))
    return make.mailbox(id_, **{"options": options, **changes})


def ill(letter: int | None = 1, cause: Cause = Cause.ADDRESS, **changes: Any) -> Sick:
    """A letter of Anna's whose address the server does not know."""
    whole = Sick(cause, 1, letter, START, str(letter), "550 5.1.1 no such user", "bageri", make.ADDRESS, True)
    return replace(whole, **changes)


class Troubles:
    """The keeper of incidents as the journey is one, without a store."""

    def __init__(self, *mailboxes: Mailbox, operator: Address | None = None, through: str = DIRECT) -> None:
        self.mailboxes = mailboxes or (company(),)
        self.operator, self.through = operator, through
        self.now = START
        self.sick: list[Sick] = []
        self.waiting: set[int] = set()  # letters that are not delivered, whatever is wrong with them
        self.incidents: dict[str, Incident] = {}
        self.closed: list[Incident] = []
        self.owed: list[Notice] = []
        self._last = 0

    def look(self, seconds: float = 0) -> list[Notice]:
        """The notices that are owed after so much time."""
        self.now += timedelta(seconds=seconds)
        known = list(self.incidents.values())
        assert all(one.told_at for one in closing(known, self.now, PACE))
        changed, owed = assess(
            self.sick, known, self.mailboxes, self.now, PACE, self.operator, self.through, self.waiting
        )
        for incident in changed:
            assert incident.closed_at or incident != self.incidents.get(incident.key)
            if incident.closed_at:
                self.closed.append(incident)
                del self.incidents[incident.key]
            else:
                self._last += not incident.id
                self.incidents[incident.key] = replace(incident, id=incident.id or self._last)
        self.owed += owed
        return owed

    def watch(self, seconds: float, every: float = 60) -> list[Notice]:
        """The notices that come to be owed while we look again and again for so long."""
        before = len(self.owed)
        for _ in range(int(seconds // every)):
            self.look(every)
        return self.owed[before:]

    def told(self, *sick: Sick) -> list[Notice]:
        """The notices after these troubles came and were gathered."""
        self.sick = list(sick)
        return self.look() + self.look(PACE.gather_seconds)


def kinds(notices: list[Notice]) -> list[NoticeKind]:
    return [notice.kind for notice in notices]
