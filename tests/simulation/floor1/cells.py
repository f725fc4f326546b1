"""Which faults can meet which steps on this floor: what a long run has to have fired, as data.

Steps as in RELIABILITY 4: L lease, P poll, F fetch, C compose, D dns and connect, T tls, E ehlo and auth, M mail,
R rcpt, A data, B body, Z dot to reply, J commit of the outcome, K receipt, V is it gone, N notices. An act of a
person meets a letter's state, or a step that it was timed by.
"""

from collections.abc import Iterator

from tests.simulation.floor1.courier import ENDINGS, STAGES
from tests.simulation.floor1.plan import OWN, STEPS

STATES = ("FOUND", "WAITING", "SENDING", "DOT", "HANDED_OVER", "FORWARDED", "ACKNOWLEDGED", "HELD", "DISMISSED")
ACTS = ("agree", "approved", "away", "back", "copy", "decree", "hold", "leave", "let_go", "move", "moved", "rule",
        "stop", "tray", "undecree", "unmove", "unrule", *OWN)  # fmt: skip
TIMED = ("F", "C", "D", "T", "E", "M", "R", "A", "B", "Z", "J", "K")

MET: dict[str, tuple[str, ...]] = {
    "kill": STEPS,
    "sigterm": STEPS,
    "H01": ("P", "F", "K", "V"), "H02": ("P", "F", "K", "V"), "H03": ("P", "V"), "H04": ("F",), "H05": ("K",),
    "H06": ("K",), "H07": ("P", "F", "K", "V"), "H08": ("P", "F", "K", "V"), "H09": ("P", "F", "K", "V"),
    "H11": ("F",), "H12": ("F",), "H13": ("F",), "H14": ("P", "V"), "H20": ("K",), "H22": ("K",), "H24": ("P", "V"),
    "H27": ("F",), "Hbad": ("F",), "Hcvr": ("F",), "Hlost": ("F",),
    "H15": ("FOUND", "WAITING", "SENDING", "FORWARDED", "HELD"),
    "H26": ("unknown", "FOUND", "WAITING", "SENDING", "FORWARDED"),
    "M03": ("unknown", "FOUND", "WAITING", "SENDING", "FORWARDED"),
    "D13": ("FOUND", "WAITING", "SENDING", "FORWARDED", "HELD"),
    "D01": ("L", "P", "F", "A", "J", "K"), "full": ("L", "P", "F", "A", "J", "K"),
    "frozen": ("L", "F", "C", "A", "J", "K"),
    "S26": ("M",), "slow": ("B",), "S25": ("V",), "Rfailed": ("V",), "Rsilent": ("V",), "Rjunk": ("V",),
    "notices": ("N",),
    "clock": ("FOUND", "WAITING", "SENDING", "FORWARDED", "HELD"),
    "skew": ("FOUND", "WAITING", "SENDING", "FORWARDED", "HELD"),
}  # fmt: skip


def reachable() -> Iterator[str]:
    """Every cell that a long run must have fired."""
    for fault, steps in MET.items():
        yield from (f"{fault} × {step}" for step in steps)
    yield from sorted({f"{one.fault} × {STAGES[one.stage]}" for one in ENDINGS})
    for act in ACTS:
        yield from (f"act {act} × {where}" for where in (*STATES[:6], *TIMED))
