"""The faults the simulator can play, by name, and the switchboard that says which are on.

Promises: a fault that is on for n times hits exactly n times and then heals by itself; off is off. Each fault says
what must come out when it never heals: `held` (no mail may be delivered and confirmed) or `delivered`.
"""

from dataclasses import dataclass
from typing import Any, Literal

Outcome = Literal["held", "delivered"]

FACES = ("rest", "imap")
REMOVALS = ("on-receipt", "on-delete", "on-fetch", "eventual")
SERVERS = ("implicit", "starttls")
REST_CODES = {
    "list": (401, 403, 404, 429, 503),
    "fetch": (401, 403, 404, 429, 503),
    "receipt": (401, 403, 404, 409, 422, 429, 503),
    "delete": (403, 404, 409, 422, 503),
}
SMTP_STAGES = ("greeting", "mail", "rcpt", "data", "dot")
# Enhanced codes after RFC 3463 and RFC 5248; `rcpt` differs because there the fault is the mailbox's.
SMTP_REPLIES = {
    421: ("4.3.2", "4.3.2", "service not available, closing"),
    450: ("4.7.1", "4.7.1", "try again later"),
    451: ("4.3.0", "4.3.0", "local error in processing"),
    452: ("4.3.1", "4.2.2", "insufficient storage"),
    550: ("5.7.1", "5.1.1", "not accepted here"),
    552: ("5.3.4", "5.2.2", "storage allocation exceeded"),
}


@dataclass(frozen=True)
class Fault:
    """One way to misbehave; faces, removals and servers say where it can show."""

    name: str
    stage: str
    what: str
    expect_forever: Outcome = "held"
    faces: tuple[str, ...] = FACES
    removals: tuple[str, ...] = REMOVALS
    servers: tuple[str, ...] = SERVERS


def smtp_reply(stage: str, code: int) -> str:
    """The reply line of a refusing mail server at the stage."""
    general, at_rcpt, text = SMTP_REPLIES[code]
    return f"{code} {at_rcpt if stage == 'rcpt' else general} {text} (simulated)"


def _rest(stage: str, name: str, what: str, outcome: Outcome, removals: tuple[str, ...] = REMOVALS) -> Fault:
    return Fault(f"rest-{stage}-{name}", f"rest-{stage}", what, outcome, ("rest",), removals)


def _catalogue() -> list[Fault]:
    # A receipt or removal that never succeeds does not stop the mail: by then it has been delivered.
    late: dict[str, Outcome] = {"receipt": "delivered", "delete": "delivered"}
    faults = [
        _rest(stage, str(code), f"the {stage} call answers {code}", late.get(stage, "held"), where)
        for stage, codes in REST_CODES.items()
        for where in [("on-delete",) if stage == "delete" else REMOVALS]
        for code in codes
    ]
    faults += [
        _rest("fetch", "reset", "the connection is reset in mid-body", "held"),
        _rest("fetch", "truncated", "200 with the XML cut, Content-Length of the cut body", "held"),
        _rest("receipt", "lost", "the receipt is taken, the connection reset before the reply", "delivered"),
        _rest("list", "twice", "ids are listed twice, also over two pages", "delivered"),
        _rest("receipt", "reappear", "after the receipt the id is listed again for three listings", "delivered"),
    ]
    faults += [
        Fault("imap-login-no", "imap-login", "LOGIN answers NO", "held", ("imap",)),
        Fault("imap-fetch-cut", "imap-fetch", "the connection drops in the middle of a letter", "held", ("imap",)),
        Fault("imap-idle-cut", "imap-idle", "the connection drops during IDLE", "delivered", ("imap",)),
        Fault(
            "imap-uidvalidity", "imap-select", "the mailbox is rebuilt, new UIDs (once a user)", "delivered", ("imap",)
        ),
    ]
    faults += [
        Fault(f"smtp-{stage}-{code}", f"smtp-{stage}", f"{stage} answers: {smtp_reply(stage, code)}")
        for stage in SMTP_STAGES
        for code in SMTP_REPLIES
    ]
    faults += [
        Fault("smtp-body-cut", "smtp-body", "the connection drops in the middle of the body"),
        Fault("smtp-dot-cut-kept", "smtp-dot", "after the dot the connection drops; the mail is kept"),
        Fault("smtp-dot-cut-lost", "smtp-dot", "after the dot the connection drops; the mail is not kept"),
        Fault("smtp-dot-silence-kept", "smtp-dot", "no reply to the dot for up to 60 s; the mail is kept"),
        Fault("smtp-dot-silence-lost", "smtp-dot", "no reply to the dot for up to 60 s; the mail is not kept"),
        Fault("smtp-data-glued", "smtp-data", "354 with a false 250 behind it; the body is refused with 451"),
        Fault("smtp-starttls-missing", "smtp-tls", "STARTTLS is not offered and refused", servers=("starttls",)),
        Fault("smtp-certificate-wrong", "smtp-tls", "a certificate of another authority and name"),
        Fault("smtp-dot-multiline", "smtp-dot", "the 250 comes as three lines (harmless)", "delivered"),
    ]
    return faults


CATALOGUE: dict[str, Fault] = {fault.name: fault for fault in _catalogue()}


class Switchboard:
    """Which faults are on, how often they still hit, how often they hit since they were switched on."""

    def __init__(self) -> None:
        self._left: dict[str, int | None] = {}
        self._hits: dict[str, int] = dict.fromkeys(CATALOGUE, 0)

    def arm(self, name: str, times: int | None) -> None:
        """Nothing; the fault is on for so many hits (None: for ever, 0: off). KeyError for an unknown name."""
        if name not in CATALOGUE:
            raise KeyError(name)
        self._hits[name] = 0
        self._left.pop(name, None)
        if times is None or times > 0:
            self._left[name] = times

    def heal(self) -> None:
        """Nothing; every fault is off."""
        self._left.clear()

    def armed(self, name: str) -> bool:
        """True while the fault is on; does not count as a hit."""
        return name in self._left

    def hit(self, name: str) -> bool:
        """True when the fault is on; that was one hit, and the last one heals it."""
        if name not in self._left:
            return False
        self._hits[name] += 1
        left = self._left[name]
        if left is not None:
            self._left[name] = left - 1
            if left == 1:
                del self._left[name]
        return True

    def hit_code(self, stage: str, codes: tuple[int, ...]) -> int | None:
        """The status code that the stage (`rest-list`, `smtp-dot` …) must answer with now, or None; counts a hit."""
        return next((code for code in codes if self.hit(f"{stage}-{code}")), None)

    def hits(self, name: str) -> int:
        """How often the fault hit since it was last switched on."""
        return self._hits[name]

    def items(self) -> list[dict[str, Any]]:
        """The catalogue as JSON shows it; `times` is what is left, null for ever, 0 when the fault is off."""
        return [
            {
                "name": fault.name,
                "stage": fault.stage,
                "what": fault.what,
                "heals": True,
                "expect_forever": fault.expect_forever,
                "faces": fault.faces,
                "removals": fault.removals,
                "servers": fault.servers,
                "armed": fault.name in self._left,
                "times": self._left.get(fault.name, 0),
                "hits": self._hits[fault.name],
            }
            for fault in CATALOGUE.values()
        ]
