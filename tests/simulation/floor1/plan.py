"""What a schedule holds, drawn from its seed: who is there, what comes, what people do, which faults and how often.

Swarm: each family of faults is on with a chance of its own, and then with a rate of its own; a run in which everything
fails now and then finds less than one in which few things fail often.
"""

from dataclasses import dataclass
from random import Random

from nemboks.domain.mailbox import Face
from nemboks.domain.pace import Pace
from tests.helpers import builders as make
from tests.helpers.fake_inbox import Removal
from tests.model.desk_acts import NAMES
from tests.simulation.floor1.ground import DIRECT, RELAY, TRUSTED, Box

HOUR, DAY = 3600.0, 86_400.0
UPSTREAM = ("H01", "H02", "H03", "H04", "H05", "H06", "H07", "H08", "H09", "H11", "H13", "H14", "H20", "H22", "H24",
            "Hlost")  # fmt: skip
LETTERS = ("H12", "H15", "H19", "H26", "H27", "Hcvr", "Hbad", "M03")
MAIL = ("S01", "S02", "S04", "S07", "S09", "S10", "S11", "S12", "S13", "S15", "S16", "S17", "S18", "S19", "S20",
        "S21", "S22", "S23", "S25", "S26", "S27", "slow", "silent", "Rfailed", "Rsilent", "Rjunk")  # fmt: skip
STORE = ("D01", "full", "D13", "frozen")
CLOCK = ("clock", "skew")
PEOPLE = ("notices",)
# Few kinds, for each set of mailboxes needs a ledger of its own to copy.
OTHERS = (
    (Box(Face.IMAP, DIRECT), Box(Face.REST, RELAY, True)), (Box(Face.REST, TRUSTED), Box(Face.IMAP, make.SERVER)),
    (Box(Face.REST, DIRECT), Box(Face.IMAP, RELAY)),
)  # fmt: skip
RARELY = frozenset({"H01", "H02", "H03", "H22", "S09", "D01", "full", "D13", "S25", "H20", "H13", "H04"})
OWN = (
    "legal_hold",
    "shadow",
    "keep",
    "other_stop",
    "plan_ends",
)  # acts of this floor beside those of the desk's machine


@dataclass(frozen=True)
class Posting:
    """A letter that comes: when, for whom, and what is odd about it."""

    at: float
    box: int
    kind: str
    docs: int
    says: int


@dataclass(frozen=True)
class Happening:
    """Something that people, authorities or the machine do at a time."""

    at: float
    name: str
    number: int
    step: str = ""  # when this step is met for the n-th time, instead of at a time
    nth: int = 1


@dataclass(frozen=True)
class Death:
    """The process ends: when a step is met for the n-th time, or at a moment; then nothing for a while."""

    kind: str  # kill, sigterm
    step: str  # "" for a moment
    nth: int
    at: float
    down: float


@dataclass(frozen=True)
class Plan:
    seed: int
    boxes: tuple[Box, ...]
    seats: tuple[int, ...]  # of each daemon over the store
    removal: Removal
    pace: Pace
    fused: bool
    span: float  # seconds until all faults heal
    postings: tuple[Posting, ...]
    happenings: tuple[Happening, ...]
    deaths: tuple[Death, ...]
    rates: dict[str, float]
    limit: int  # octets that the company's own server takes; 0: any


MACHINE = frozenset({"H15", "H26", "M03", "D13", "clock", "skew", "D01", "full"})  # happenings that nobody wants
STEPS = ("L", "P", "F", "C", "D", "T", "E", "M", "R", "A", "B", "Z", "J", "K", "V", "N")


def drawn(seed: int) -> Plan:
    """The plan of this seed."""
    r = Random(f"plan {seed}")
    boxes = _boxes(r)
    span = r.choice((60.0, 1800.0, 2 * HOUR, 8 * HOUR, DAY, 3 * DAY))
    rates = _rates(r)
    acts = (*_happenings(r, span, rates), *_led_away(seed, rates), *_decreed(seed, boxes[0]))
    removal = r.choice((Removal.ON_RECEIPT, Removal.ON_RECEIPT, Removal.ON_FETCH, Removal.FORGETS, Removal.EVENTUALLY))
    seats = _seats(r)
    if removal is Removal.FORGETS or (removal is Removal.ON_FETCH and "H04" in rates):
        seats = seats[:1]  # two that fetch at once what is forgotten then have leases or a lock (decision 0031)
    return Plan(
        seed, boxes, seats, removal,
        _pace(r, span), r.random() < 0.5, span,
        _postings(r, boxes, span, "S26" in rates, acts), acts, _deaths(r, span), rates,
        r.choice((17_000, 24_000)) if "S26" in rates else 0,
    )  # fmt: skip


def _boxes(r: Random) -> tuple[Box, ...]:
    more = r.choice((0, 0, 0, 0, 1, 1, 2, 3))
    first = Box(landing=r.random() < 0.3, server=r.choice((make.SERVER, make.SERVER, RELAY)))
    return (first, *(r.choice(OTHERS[number]) for number in range(more)))


def _seats(r: Random) -> tuple[int, ...]:
    return tuple(r.choice((1, 2, 4)) for _ in range(r.choice((1, 1, 1, 2, 2, 3))))


def _pace(r: Random, span: float) -> Pace:
    poll = max(60.0, span / r.choice((2, 4, 8)))
    return Pace(poll_seconds=poll, sweep_seconds=1.0)


def _rates(r: Random) -> dict[str, float]:
    if r.random() < 0.05:
        return {}
    rates = {}
    for family in (UPSTREAM, LETTERS, MAIL, STORE, CLOCK, PEOPLE):
        on = r.random() < 0.6
        for name in family:
            chance, rate = r.random(), r.choice((0.03, 0.1, 0.3))
            if name == "slow":
                rate = max(rate, 0.3)  # two attempts at a time need two slow ones
            if on and chance < 0.3:
                rates[name] = rate * (0.3 if name in RARELY else 1.0)
    return rates


def _postings(
    r: Random, boxes: tuple[Box, ...], span: float, limited: bool, acts: tuple[Happening, ...]
) -> tuple[Posting, ...]:
    number = 3 + int(10 * r.random() ** 3)
    together = r.random() < 0.5
    many = (2, 3, 3) if limited else (1, 1, 1, 2, 3)
    posts = [
        Posting(
            r.random() * (1.0 if together else span * 0.8), r.randrange(len(boxes)),
            r.choice(("H12", "Hbad", "Hcvr", "H27")) if r.random() < 0.12 else "ordinary", r.choice(many),
            r.randrange(4),
        )
        for _ in range(number)
    ]  # fmt: skip
    for act in acts:  # around what is dated
        if act.name in ("away", "approved", "decree") and not act.step and len(posts) < 12:
            posts.append(
                Posting(act.at + r.choice((0.4, 0.9, 1.1, 2.5, 20.5)) * HOUR, 0, "ordinary", 1, r.randrange(4))
            )
    return tuple(posts)


def _happenings(r: Random, span: float, rates: dict[str, float]) -> tuple[Happening, ...]:
    acts: list[Happening] = []
    if r.random() < 0.5:
        names = r.sample(sorted({*NAMES, *OWN}), r.randint(1, 4))
        for name in names:
            acts += [Happening(_when(r, span), name, r.randrange(36), *_at(r)) for _ in range(r.randint(1, 3))]
    for name in ("H15", "H26", "M03", "D13", "clock", "skew"):
        if name in rates:
            acts += [Happening(_when(r, span), name, r.randrange(1000), *_at(r)) for _ in range(r.randint(1, 3))]
    for name in ("D01", "full"):
        if name in rates:
            acts.append(Happening(_when(r, span), name, r.choice((3, 30, 600)), *_at(r)))
    return tuple(sorted(acts, key=lambda x: x.at))


def _led_away(seed: int, rates: dict[str, float]) -> tuple[Happening, ...]:
    """Between two mails of one letter its company goes on holiday, and comes back between two others (decision 0035).

    From a chance of its own, so that no other schedule is another one for it.
    """
    r = Random(f"led away {seed}")
    if "S26" not in rates or r.random() < 0.3:
        return ()
    first = r.randint(1, 4)
    return (Happening(0.0, "away", 6, "Z", first), Happening(0.0, "back", 0, "Z", first + r.randint(1, 3)))


def _decreed(seed: int, box: Box) -> tuple[Happening, ...]:
    """A relay has the company's letters, and nobody knows yet whether they arrived, when a decree comes."""
    r = Random(f"decreed {seed}")
    if box.server != RELAY or r.random() < 0.95:
        return ()
    return (Happening(0.0, "decree", r.randrange(36), r.choice(("M", "Z", "V")), r.randint(2, 5)),)


def _at(r: Random) -> tuple[str, int]:
    """A step that is waited for, or none."""
    step = r.choice(("", "", "F", "C", "D", "T", "E", "M", "R", "A", "B", "B", "Z", "J", "K"))
    return step, r.choice((1, 1, 2, 3, 4))


def _when(r: Random, span: float) -> float:
    """Mostly while letters are on their way, which is soon after they came."""
    return r.choice((r.random() * min(span, 20.0), r.random() * min(span, 600.0), r.random() * span))


def _deaths(r: Random, span: float) -> tuple[Death, ...]:
    if r.random() >= 0.4:
        return ()
    kinds = r.choice((("kill",), ("kill",), ("sigterm",), ("kill", "sigterm")))
    return tuple(
        Death(
            r.choice(kinds), r.choice(("", *STEPS, *STEPS)), r.choice((1, 1, 2, 3, 5, 8)), _when(r, span),
            r.choice((0.5, 5.0, 120.0, HOUR)),
        )
        for _ in range(r.choice((1, 1, 2, 3, 5)))
    )  # fmt: skip
