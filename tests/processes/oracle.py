"""What the torture is judged by: what was posted, what lies in the Maildirs, what upstream still has, and when.

Pure: facts in, a verdict out, so that the judge itself can be put to the test with made-up facts. Of our own ledger it
believes two things only: how often an attempt ended uncertain, and which state a letter claims to be in.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of nothing: many letters have one
ACKNOWLEDGED = "ACKNOWLEDGED"
SHOWN = 12  # problems told in words


@dataclass(frozen=True)
class Posted:
    """A letter that was put into a mailbox of Digital Post."""

    key: str  # as the ledger and the mail's label name it: CVR, slash, upstream id
    cvr: str
    documents: tuple[str, ...]  # SHA-256 of each


@dataclass(frozen=True)
class Mail:
    """A mail in somebody's Maildir."""

    to: str
    parts: tuple[str, ...]  # SHA-256 of each leaf, decoded
    taken_at: float  # not before this did its mail server have it whole
    wire: str  # SHA-256 of what we sent, without what the servers put on top
    key: str = ""  # what its label says
    cvr: str = ""
    part: tuple[int, int] = (1, 1)  # which mail of how many it says it is


@dataclass(frozen=True)
class Row:
    """A letter as the ledger has it."""

    state: str
    uncertain: int


@dataclass(frozen=True)
class Facts:
    """One look at everything, at rest."""

    posted: Mapping[str, Posted]
    mails: Sequence[Mail]
    removed: Mapping[str, float | None]  # by key: not later than this it left upstream; None: nobody saw when
    owners: Mapping[str, str]  # CVR by address
    rows: Mapping[str, Row]
    orders: int = 0
    plain: int = 0  # mails whose connection was not encrypted by TLS 1.2 or later


@dataclass
class Verdict:
    """The counts of harm, each with words for the first of its kind."""

    lost: int = 0
    premature: int = 0
    misdelivered: int = 0
    copies: int = 0
    uncertain: int = 0
    unsettled: int = 0
    altered: int = 0  # copies to one address that differ
    unexplained: int = 0  # copies without an uncertain end of their own letter
    torn: int = 0  # mails in one piece that have not all of their letter's documents
    orders: int = 0
    plain: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether no promise was broken."""
        harm = (self.lost, self.premature, self.misdelivered, self.unsettled, self.altered, self.unexplained,
                self.torn, self.orders, self.plain)  # fmt: skip
        return not any(harm) and self.copies <= self.uncertain

    def tell(self, words: str) -> None:
        if len(self.problems) < SHOWN:
            self.problems.append(words)


def judge(facts: Facts) -> Verdict:
    """The verdict over all letters and all mails."""
    verdict = Verdict(orders=facts.orders, plain=facts.plain)
    verdict.uncertain = sum(row.uncertain for row in facts.rows.values())
    by_document = {digest: one.key for one in facts.posted.values() for digest in one.documents if digest != EMPTY}
    arrived: dict[str, list[Mail]] = defaultdict(list)
    for mail in facts.mails:
        keys = {by_document[part] for part in mail.parts if part in by_document} or {mail.key} & facts.posted.keys()
        if not _in_the_right_hands(mail, keys, facts, verdict):
            continue
        for key in keys:
            arrived[key].append(mail)
    for letter in facts.posted.values():
        _letter(letter, arrived[letter.key], facts, verdict)
    return verdict


def _in_the_right_hands(mail: Mail, keys: Iterable[str], facts: Facts, verdict: Verdict) -> bool:
    """Whether the address is the letter's own company's; a mail of ours that is no letter's may go to any known one."""
    owner = facts.owners.get(mail.to)
    meant = {facts.posted[key].cvr for key in keys}
    labels = {mail.cvr} if mail.cvr else set()
    labels |= {facts.posted[mail.key].cvr} if mail.key in facts.posted else set()
    right = owner is not None and (meant | labels) <= {owner} and not (mail.key and not meant)
    if not right:
        verdict.misdelivered += 1
        verdict.tell(f"misdelivered: {mail.to} has a mail of {sorted(meant | labels) or mail.key or 'nobody'}")
    return right


def _letter(letter: Posted, mails: Sequence[Mail], facts: Facts, verdict: Verdict) -> None:
    row = facts.rows.get(letter.key)
    torn = [mail for mail in mails if mail.part == (1, 1) and Counter(letter.documents) - Counter(mail.parts)]
    if torn:
        verdict.torn += len(torn)
        verdict.tell(f"torn: {letter.key}: {len(torn)} mails without all of its documents")
    whole_at = _whole_at(letter, mails)
    gone, at = letter.key in facts.removed, facts.removed.get(letter.key)
    if gone and whole_at is None:
        verdict.lost += 1
        verdict.tell(f"lost: {letter.key} left upstream and lies whole in no Maildir of {letter.cvr}")
    if gone and (whole_at is None or (at is not None and at < whole_at)):
        verdict.premature += 1
        verdict.tell(f"premature: {letter.key} left upstream at {at}, and no server had it whole before {whole_at}")
    if not gone or row is None or row.state != ACKNOWLEDGED:
        verdict.unsettled += 1
        verdict.tell(f"unsettled: {letter.key} is {row.state if row else 'unknown to the ledger'}, removed: {gone}")
    _copies(letter, mails, row, verdict)


def _whole_at(letter: Posted, mails: Sequence[Mail]) -> float | None:
    """When all documents were at one address: in one mail, or in the parts of one division; None if never."""
    divisions: dict[tuple[str, int], dict[int, list[Mail]]] = defaultdict(lambda: defaultdict(list))
    for mail in mails:
        divisions[mail.to, mail.part[1]][mail.part[0]].append(mail)
    moments = []
    for (_, count), parts in divisions.items():
        held = Counter[str]()
        for copies in parts.values():  # copies of a part are the same mail
            held += Counter(copies[0].parts)
        if len(parts) == count and not Counter(letter.documents) - held:
            moments.append(max(min(mail.taken_at for mail in copies) for copies in parts.values()))
    return min(moments, default=None)


def _copies(letter: Posted, mails: Sequence[Mail], row: Row | None, verdict: Verdict) -> None:
    """At each address all beyond the first of each part of its last division; and each address beyond the first that
    has the letter whole. One that it was led away from half-way has no copy of it."""
    runs: dict[str, list[Mail]] = defaultdict(list)
    for mail in mails:
        runs[mail.to].append(mail)
    kept = [{mail.part for mail in run if mail.part[1] == max(x.part[1] for x in run)} for run in runs.values()]
    whole = sum(len(parts) == next(iter(parts))[1] for parts in kept)
    copies = len(mails) - sum(map(len, kept)) + max(0, whole - 1)
    verdict.copies += copies
    if copies > (row.uncertain if row else 0):
        verdict.unexplained += 1
        verdict.tell(f"unexplained: {letter.key} has {copies} copies after {row and row.uncertain} uncertain ends")
    wires: dict[tuple[str, tuple[int, int]], set[str]] = defaultdict(set)
    for mail in mails:
        wires[mail.to, mail.part].add(mail.wire)
    if any(len(different) > 1 for different in wires.values()):
        verdict.altered += 1
        verdict.tell(f"altered: the copies of {letter.key} differ")
