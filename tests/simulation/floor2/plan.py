"""What goes wrong in one schedule: some cells of the table "fault × step", chosen by the seed, each once.

A cell waits for its step to be reached, lets it pass a few times, then fires. Every fault has a name of its own
("3: reset × smtp Z"), so that a run may be repeated with some of them only.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from random import Random

ENDS = ("fin", "cut", "reset", "silence", "hole")
SPEECH = ("garbage", "mixed", "half", "endless", "twice", "three", "drip", "late", "lines", "bare", "nul")
REFUSALS = ("4xx", "5xx", "421", "421_stays")
AFTERS = ("then_fin", "then_reset", "then_421")
ANSWER = (*ENDS, *SPEECH, *REFUSALS, *AFTERS)
WAYS_TO = ("dns_fails", "dns_silent", "refused", "unreachable", "hole")
TLS = ("name", "expired", "stranger", "old", "fin", "reset", "hole", "rubbish")

SMTP = {
    "D": WAYS_TO,
    "T": (*TLS, "strip", "454", "inject"),
    "G": (*ENDS, "garbage", "half", "endless", "drip", "late", "lines", "4xx", "5xx", "421", "three"),
    "E": (*ENDS, "garbage", "half", "endless", "drip", "late", "bare", "4xx", "5xx", "421", "three", "then_fin"),
    "U": (*ENDS, "garbage", "half", "drip", "late", "4xx", "5xx", "421", "three", "then_fin"),
    "M": ANSWER,
    "R": (*ANSWER, "354_anyway"),
    "A": (*ANSWER, "early"),
    "B": (*ENDS, "stop_reading", "421", "5xx", "early", "garbage", "half", "4xx"),
    "Z": (*ANSWER, "other_2yz", "blank"),
    "Q": (*ENDS, "4xx", "421", "garbage", "twice", "late"),
}
IMAP_ENDS = (*ENDS, "bye", "drip", "late", "garbage")
IMAP_EVENTS = ("renumbered", "neighbour", "flags", "exists")
IMAP = {
    "D": WAYS_TO,
    "T": TLS,
    "G": (*ENDS, "bye", "garbage", "late"),
    "U": (*IMAP_ENDS, "no", "bad", "no_inuse"),
    "S": (*IMAP_ENDS, *IMAP_EVENTS, "no", "bad", "read_only", "no_validity", "no_inuse"),
    "P": (*IMAP_ENDS, *IMAP_EVENTS, "no", "bad", "half", "doubled", "no_dates"),
    "F": (
        *IMAP_ENDS, *IMAP_EVENTS, "no", "bad", "half", "short", "long", "nil", "size_lies", "other_uid", "two",
        "vanishes", "quoted",
    ),
    "I": (*IMAP_ENDS, *IMAP_EVENTS, "no", "bad", "half", "swapped", "vanishes"),
    "K": (*IMAP_ENDS, *IMAP_EVENTS, "no", "bad", "half"),
    "X": (*IMAP_ENDS, *IMAP_EVENTS, "no", "bad", "half", "done_unsaid", "undone"),
    "V": (*IMAP_ENDS, *IMAP_EVENTS, "no", "bad"),
    "W": (*ENDS, "bye", "no", "bad", "exists", "neighbour"),
}  # fmt: skip
HTTP_ANY = (
    *ENDS, "half", "drip", "late", "garbage", "html", "gzip", "redirect", "400", "401", "403", "404", "429", "429_odd",
    "429_date", "500", "503", "then_fin", "short", "reset_mid",
)  # fmt: skip
HTTP = {
    "D": WAYS_TO,
    "T": TLS,
    "P": (*HTTP_ANY, "json", "charset", "twice", "endless", "missing", "reversed", "number", "odd_id"),
    "F": (*HTTP_ANY, "410", "206", "no_length", "bad_chunk", "vanishes", "truncated", "other"),
    "K": (*HTTP_ANY, "409", "410", "422", "done_unsaid", "stays", "204"),
    "X": (*ENDS, "404", "409", "500", "503", "done_unsaid", "401", "late"),
}
TABLE = {"smtp": SMTP, "imap": IMAP, "http": HTTP}
CELLS = [
    (f"{party} {step}", fault) for party, steps in TABLE.items() for step, faults in steps.items() for fault in faults
]


@dataclass
class Target:
    """One fault that is to be."""

    name: str
    step: str
    fault: str
    skip: int
    fired: bool = False


@dataclass
class Plan:
    """The schedule's faults. After `heal` there are none."""

    random: Random
    targets: list[Target]
    cells: Counter[str] = field(default_factory=Counter)
    fired: list[str] = field(default_factory=list)
    healed: bool = False

    def strike(self, step: str, *without: str) -> str | None:
        """The fault that befalls this step now, if one does; `without`: what makes no sense here."""
        if self.healed:
            return None
        for target in self.targets:
            if target.step != step or target.fired or target.fault in without:
                continue
            if target.skip > 0:
                target.skip -= 1
                continue
            target.fired = True
            self.cells[f"{target.fault} × {step}"] += 1
            self.fired.append(target.name)
            return target.fault
        return None

    def quiet(self) -> bool:
        """Whether nothing is left that might still happen."""
        return self.healed or all(target.fired for target in self.targets)

    def heal(self) -> None:
        self.healed = True


def make_plan(seed: int, parties: Collection[str], only: Collection[str] | None) -> Plan:
    """The plan of a seed for the parties that it has. Neighbouring seeds have neighbouring cells: all come round."""
    random = Random(f"plan {seed}")
    targets = []
    cells = [cell for cell in CELLS if cell[0].split()[0] in parties]
    for number, (step, fault) in enumerate(_chosen(seed, random, cells)):
        skip = random.choice((0, 0, 0, 0, 1, 1, 2, 4))
        name = f"{number}: {fault} × {step}"
        if only is None or name in only:
            targets.append(Target(name, step, fault, skip))
    return Plan(random, targets)


def _chosen(seed: int, random: Random, cells: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """One cell by turn, the others by chance; now and then none at all, or many."""
    if seed % 25 == 0:
        return
    yield cells[seed * 7919 % len(cells)]
    for _ in range(random.choice((0, 1, 2, 3, 4, 6, 8, 12))):
        yield random.choice(cells)
