"""What Postfix answers to RCPT and to the dot: its access map, as a policy service that can be swapped at any moment.

An answer is an action of access(5) such as "450 4.2.0 later", so what the daemon reads is Postfix' own words for it.
At END-OF-MESSAGE Postfix has read the dot and has not committed the mail yet: that moment is noted for each queue id,
and nothing that the daemon does before it can have been done with a confirmation.
"""

import threading
import time
from dataclasses import dataclass, field

from tests.helpers.postfix_policy import Asked, Greylist

DUNNO = "DUNNO"
TLS = ("TLSv1.2", "TLSv1.3")
CODES = {
    "450": "450 4.2.0 mailbox is busy", "451": "451 4.3.0 local error", "452": "452 4.2.2 mailbox is full",
    "421": "421 4.3.2 shutting down", "550": "550 5.1.1 nobody here by that name", "552": "552 5.2.2 mailbox is full",
}  # fmt: skip
GREYLIST = "greylist"


@dataclass
class Say:
    """The answers. `stage`: RCPT or END-OF-MESSAGE, at which the present answer is given; elsewhere DUNNO."""

    answer: str = DUNNO
    stage: str = "RCPT"
    taken: dict[str, float] = field(default_factory=dict)  # by queue id
    plain: int = 0
    given: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _grey: Greylist = field(default_factory=lambda: Greylist(time.monotonic, 1.0))

    def swap(self, name: str, stage: str = "RCPT") -> None:
        """The access map is another one now: a code, or the greylist."""
        if name == GREYLIST:
            self._grey = Greylist(time.monotonic, 1.0)
        self.answer, self.stage = CODES.get(name, name), stage

    def heal(self) -> None:
        self.answer = DUNNO

    def __call__(self, asked: Asked) -> str:
        """The action; asked by one thread of each of Postfix' processes."""
        now, stage = time.time(), asked.get("protocol_state", "")
        with self._lock:
            if stage == "END-OF-MESSAGE":
                self.taken.setdefault(asked.get("queue_id", ""), now)
                self.plain += asked.get("encryption_protocol", "") not in TLS
            if stage != self.stage or self.answer == DUNNO:
                return DUNNO
            self.given += 1
            return self._grey(asked) if self.answer == GREYLIST else self.answer
