"""The chain over history: each row's hash covers the row, its number and the hash of the row before.

Promises: whoever alters a row, takes one out or puts one in between breaks the chain at that row. Whoever makes the
chain anew from there on, or cuts its tail, is found out by a head that was kept elsewhere.
What a chain cannot prove: anything after the last head that was kept out of the thief's reach. Rows written since then
may have been cut off or made anew; the time between two kept heads is the time in which that can be done unseen.
Never changed: `hash_of`. Another recipe would fit no row that is written and no head that is kept.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

FIELDS: Final = ("at", "letter_id", "mailbox_id", "event", "from_state", "to_state", "fence", "detail")
GENESIS: Final = "0" * 64  # stands for the hash of the row before the first
_CANONICAL: Final = json.JSONEncoder(separators=(",", ":"))
_HEAD: Final = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")


def hash_of(number: int, before: str, fields: Iterable[Any]) -> str:
    """The row's hash: SHA-256 in hex of the ASCII text of one JSON list without blanks, [number, before, *fields].

    `fields`: in the order of FIELDS, texts, integers or None exactly as they lie in the database; `before`: the hash of
    the row before. JSON, because its quotes and commas leave no doubt where a value ends.
    """
    return hashlib.sha256(_CANONICAL.encode([number, before, *fields]).encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """A row's number and hash: kept elsewhere, it vouches for every row up to this one. `at`: when it was written."""

    number: int
    hash: str
    at: datetime | None = None

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


def head_from(text: str) -> Head:
    """The head of NUMBER:HASH. ValueError."""
    found = _HEAD.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"{text.strip()[:80]!r} is no head; write NUMBER:HASH as `nemboks audit head` does")
    return Head(int(found[1]), found[2])


@dataclass(frozen=True, slots=True)
class Link:
    """A row of history exactly as it lies in the database; `fields` in the order of FIELDS."""

    number: int
    hash: Any  # a text, unless somebody was at it
    fields: tuple[Any, ...]
    cvr: str | None = None  # of its mailbox; no part of the chain

    def follows(self, before: Head) -> bool:
        """Whether the row fits behind that one: the next number, and the hash that belongs to it."""
        if self.number != before.number + 1 or not all(_plain(value) for value in self.fields):
            return False
        return bool(self.hash == hash_of(self.number, before.hash, self.fields))


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int)


class Outcome(StrEnum):
    """What was found. The last three are told apart because they point to different hands."""

    WHOLE = "whole"
    ALTERED = "altered"  # a row does not fit behind the one before it, or is missing between two
    CUT = "cut"  # what is left fits, and ends before a head that was kept
    REWRITTEN = "rewritten"  # every row fits the one before, and a kept head fits none of them


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk along the chain found."""

    outcome: Outcome
    rows: int  # that fit each other, from the first on
    row: int | None = None  # the first that does not fit, is missing, or is not what a kept head says
    proven: int = 0  # the last row for which a head that was kept elsewhere vouches; 0: none
    head: Head | None = None  # the last row that fits


class Walk:
    """Follows the chain from its first row, in constant memory, and remembers which kept heads it passed."""

    def __init__(self, expected: Iterable[Head], kept: Iterable[Head] = ()) -> None:
        """`expected`: heads that were kept elsewhere; `kept`: beside the chain itself, so that they prove nothing."""
        self._heads: dict[int, set[str]] = {}
        vouching = list(expected)
        for head in [*vouching, *kept]:
            self._heads.setdefault(head.number, set()).add(head.hash)
        self._vouching = {head.number for head in vouching}
        self._last = Head(0, GENESIS)
        self._proven = 0
        self._broken = False
        self._differs: int | None = None  # the first row that is not what a kept head says

    def step(self, link: Link) -> bool:
        """Whether the next row fits; after one that does not, the walk is over."""
        if not link.follows(self._last):
            self._broken = True
            return False
        self._last = Head(link.number, link.hash)
        said = self._heads.pop(link.number, {link.hash})
        if said != {link.hash}:
            self._differs = self._differs or link.number
        elif link.number in self._vouching and self._differs is None:
            self._proven = link.number
        return True

    def verdict(self) -> Verdict:
        """What was found, when no row is left or one did not fit."""
        rows, head = self._last.number, self._last if self._last.number else None
        outcome, row = Outcome.WHOLE, None
        if self._broken:
            outcome, row = Outcome.ALTERED, rows + 1
        elif self._differs is not None:
            outcome, row = Outcome.REWRITTEN, self._differs
        elif self._heads:  # those that were not passed
            outcome, row = Outcome.CUT, rows + 1
        return Verdict(outcome, rows, row, self._proven, head)
